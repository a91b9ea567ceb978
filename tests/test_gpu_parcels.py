"""What travels to a GPU: data packed without loss, and a folder of a commit."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, in_git
from hypothesis import given
from hypothesis import strategies as st

from memutils import data, sources
from memutils.errors import UserError
from memutils.runs import provenance

sys.path.insert(0, str(REPOSITORY / "workflow/gpu"))
import pack
import send


def made_up(name: str, n: int = 23, seed: int = 0):
    """Arrays in the form of MNIST or CIFAR-10."""
    generator, shape = np.random.default_rng(seed), (28, 28) if name == "mnist" else (32, 32, 3)
    images = [generator.integers(0, 256, (k, *shape), np.uint8) for k in (n, 3)]
    classes = np.arange(n, dtype=np.uint8) % 10
    return images[0], classes, images[1], classes[:3]


@pytest.fixture
def known(monkeypatch):
    """Has the fingerprints of the made-up arrays be those of the data sets."""
    for name in ("mnist", "cifar10"):
        x_train, y_train, x_test, y_test = made_up(name)
        for part, pair in (("train", (x_train, y_train)), ("test", (x_test, y_test))):
            monkeypatch.setitem(
                data.FINGERPRINTS, (name, part), data.fingerprint(data.canonical(*pair))
            )


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_data_are_packed_and_unpacked_without_loss(name, tmp_path, monkeypatch):
    """In two halves, the second at another time; the order of the source stays."""
    monkeypatch.setattr(pack, "SHEET", 4)
    arrays, root, there = made_up(name), tmp_path / "root", tmp_path / "there"
    root.mkdir()
    np.savez(root / f"{name}.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays)))
    parts = [part for part in pack.PARTS if part.startswith(name)]
    for i, part in enumerate(parts):
        pack.pack(tmp_path / part, [part], root)
        assert pack.unpack(tmp_path / part, there) == ([name] if i == len(parts) - 1 else [])
    found = sources.mnist_raw(there) if name == "mnist" else sources.read_npz(there / "cifar10.npz")
    assert all(np.array_equal(a, b) for a, b in zip(found, arrays))
    assert pack.unpack(tmp_path / parts[-1], there) == [name]


@given(st.integers(1, 6), st.integers(1, 5), st.randoms())
def test_a_sheet_is_lossless(n, side, random):
    images = np.frombuffer(random.randbytes(n * side * side * 3), np.uint8).reshape(
        n, side, side, 3
    )
    assert np.array_equal(pack.decoded(pack.encoded(images)), images)


@pytest.mark.usefixtures("known")
def test_what_came_damaged_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "SHEET", 4)
    came = tmp_path / "came"
    for number in (1, 2):
        pack.pack_cifar10(made_up("cifar10", seed=1), came, number)
    with pytest.raises(UserError, match="damaged or not cifar10"):
        pack.unpack(came, tmp_path / "other")
    (came / "cifar10.2.zip").write_bytes((came / "cifar10.2.zip").read_bytes()[:-40])
    with pytest.raises(UserError, match="send it again"):
        pack.unpack(came, tmp_path / "cut")
    assert not (tmp_path / "cut/cifar10.npz").exists()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A clone of one commit of what is here, as which this process takes itself."""
    folder = tmp_path / "checkout"
    files = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files", "-z", *send.CODE], capture_output=True, check=True
    ).stdout
    for name in files.decode().split("\0")[:-1]:
        if (REPOSITORY / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    (folder / ".gitignore").write_text("/provenance.json\n")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t"]
    for words in (["init", "--quiet"], ["add", "-A"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(provenance, "__file__", str(folder / "src/memutils/runs/provenance.py"))
    return folder


@in_git
def test_the_folder_that_travels_holds_a_commit_its_note_and_what_is_missing(
    checkout, tmp_path, monkeypatch, capsys
):
    parcel, commit = tmp_path / "parcel", provenance.state_in_git()["commit"]
    assert send.main([str(parcel)]) == 0 and "is ready" in capsys.readouterr().out
    assert not (parcel / "results").exists() and not (checkout / "provenance.json").exists()
    assert (parcel / "src/memutils/step.py").read_bytes() == (
        checkout / "src/memutils/step.py"
    ).read_bytes()
    assert "cifar10-inception-lite-rll-eta0-seed0" in (parcel / "workflow/queue.yaml").read_text()
    monkeypatch.setattr(provenance, "__file__", str(parcel / "src/memutils/runs/provenance.py"))
    assert provenance.source_state() == {"commit": commit, "dirty": False}


@in_git
def test_nothing_travels_that_is_no_commit_and_no_other_folder_is_replaced(
    checkout, tmp_path, capsys
):
    (tmp_path / "mine").mkdir()
    assert (
        send.main([str(tmp_path / "mine")]) == 1 and "name another one" in capsys.readouterr().err
    )
    (checkout / "src/memutils/step.py").write_text("changed")
    assert send.main([str(tmp_path / "parcel")]) == 1 and "Commit first" in capsys.readouterr().err
    assert not (tmp_path / "parcel").exists()

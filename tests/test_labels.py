"""Labels of people: found in files of two orders, which are checked."""

import os
import pickle
import tarfile

import numpy as np
import pytest
import torch
from conftest import ROOTS, full_size
from hypothesis import given
from hypothesis import strategies as st
from test_sources import npz

from memutils import data, label_sets, labeling, sources
from memutils.errors import UserError

N, CLASSES = 400, 10


@pytest.fixture(scope="module")
def people() -> dict:
    """A small CIFAR-10 in 'torchvision's order', its annotators' labels in that order,
    and it as a data set."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
    clean = np.concatenate([np.arange(CLASSES), rng.integers(0, CLASSES, N - CLASSES)])
    labels = {"clean_label": clean}
    for name, rate in (("aggre", 0.1), ("worse", 0.4), *((f"random{i}", 0.2) for i in (1, 2, 3))):
        wrong = rng.permutation(N) < round(rate * N)
        given = np.where(wrong, (clean + rng.integers(1, CLASSES, N)) % CLASSES, clean)
        labels[label_sets.OFFICIAL[name]] = given
    there = rng.permutation(N)  # the data file has an order of its own
    dataset = data.from_arrays(
        "cifar10", images[there], clean[there], images[:20], clean[:20], classes=data.CIFAR_CLASSES
    )
    return {
        "images": images,
        "labels": labels,
        "dataset": dataset,
        "index": there[dataset.order["train"]],
    }


def official(folder, labels: dict, **how) -> None:
    (folder / "CIFAR-10N").mkdir(exist_ok=True)
    torch.save(labels, folder / "CIFAR-10N" / "CIFAR-10_human.pt", **how)


def ours(folder, people: dict, *names: str, **change) -> None:
    arrays = {
        name: people["labels"][label_sets.OFFICIAL[name]][people["index"]].astype(np.uint8)
        for name in names
    }
    (folder / "CIFAR-10N").mkdir(exist_ok=True)
    arrays |= {"torchvision_index": people["index"].astype(np.uint16)} | change
    (folder / "CIFAR-10N" / "cifar10n.npz").write_bytes(npz(**arrays))


def worse(people: dict, root, dataset=None) -> np.ndarray:
    return labeling.settle("given", 0.4, "cifar10n-worse", dataset or people["dataset"], root).given


def archive(folder, people: dict) -> None:
    """torchvision's binary archive of these images."""
    (folder / "batches").mkdir()
    planes = people["images"].transpose(0, 3, 1, 2).reshape(N, -1)
    rows = np.concatenate([people["labels"]["clean_label"][:, None], planes], 1).astype(np.uint8)
    with tarfile.open(folder / sources.RAW["cifar10"], "w:gz") as tar:
        for name, part in zip(
            [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"],
            [*np.split(rows, 5), rows[:20]],
        ):
            (folder / "batches" / f"{name}.bin").write_bytes(part.tobytes())
            tar.add(folder / "batches" / f"{name}.bin", f"cifar-10-batches-bin/{name}.bin")


def expected(people: dict) -> np.ndarray:
    return people["labels"]["worse_label"][people["index"]]


def test_the_fixture_means_what_it_says(people):
    np.testing.assert_array_equal(people["images"][people["index"]], people["dataset"].train.images)
    np.testing.assert_array_equal(
        people["labels"]["clean_label"][people["index"]], people["dataset"].train.labels
    )


def test_the_canonical_file_is_read_as_it_is(people, tmp_path):
    ours(tmp_path, people, "clean", "worse")
    np.testing.assert_array_equal(worse(people, tmp_path), expected(people))


@pytest.mark.parametrize(
    "how", [{}, {"_use_new_zipfile_serialization": False}], ids=["zip", "legacy"]
)
@pytest.mark.parametrize("index", ["in the npz", "by the archive", "by the data file"])
def test_the_official_file_is_brought_into_canonical_order(people, tmp_path, how, index):
    official(tmp_path, people["labels"], **how)
    dataset = people["dataset"]
    if index == "in the npz":
        ours(tmp_path, people)
    elif index == "by the archive":
        archive(tmp_path, people)
    else:
        x, y = people["images"], people["labels"]["clean_label"]
        dataset = data.from_arrays("cifar10", x, y, x[:20], y[:20], classes=data.CIFAR_CLASSES)
    np.testing.assert_array_equal(worse(people, tmp_path, dataset), expected(people))


def test_a_file_that_an_older_numpy_wrote_is_read(people, tmp_path):
    official(tmp_path, people["labels"], _use_new_zipfile_serialization=False)
    path = tmp_path / "CIFAR-10N" / "CIFAR-10_human.pt"
    content = path.read_bytes()
    assert b"numpy._core.multiarray" in content
    path.write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    ours(tmp_path, people)
    np.testing.assert_array_equal(worse(people, tmp_path), expected(people))


def test_an_order_that_cannot_be_established_is_one_sentence(people, tmp_path):
    official(tmp_path, people["labels"])
    with pytest.raises(UserError, match="cannot be established: put cifar10n.npz beside it"):
        worse(people, tmp_path)
    ours(
        tmp_path, people, torchvision_index=people["index"][::-1].astype(np.uint16)
    )  # another permutation
    with pytest.raises(UserError, match="cannot be established"):
        worse(people, tmp_path)
    ours(tmp_path, people, torchvision_index=np.zeros(N, dtype=np.uint16))  # none at all
    with pytest.raises(UserError, match="cannot be established"):
        worse(people, tmp_path)


def test_labels_sorted_by_class_cannot_tell_their_order(people, tmp_path):
    order = people["labels"]["clean_label"].argsort(kind="stable")
    official(tmp_path, {name: labels[order] for name, labels in people["labels"].items()})
    with pytest.raises(UserError, match="sorted by class"):
        worse(people, tmp_path)


def test_a_canonical_file_in_another_order_is_refused(people, tmp_path):
    shuffled = {
        name: people["labels"][label_sets.OFFICIAL[name]].astype(np.uint8)
        for name in ("clean", "worse")
    }
    ours(tmp_path, people, **shuffled)
    with pytest.raises(UserError, match=r"cifar10n\.npz are not in the canonical order of cifar10"):
        worse(people, tmp_path)


def test_no_file_says_what_to_put_where(people, tmp_path):
    with pytest.raises(
        UserError, match="not in .*CIFAR-10N. Put cifar10n.npz or the official CIFAR-10_human.pt"
    ):
        worse(people, tmp_path)


class Payload:
    """Unpickling it would create a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_label_file_is_never_run(people, tmp_path, zipped):
    made = tmp_path / "made"
    official(
        tmp_path, people["labels"] | {"more": Payload(made)}, _use_new_zipfile_serialization=zipped
    )
    with pytest.raises(
        UserError, match=r"CIFAR-10_human\.pt holds more than integer arrays and is not read"
    ):
        worse(people, tmp_path)
    (tmp_path / "CIFAR-10N" / "CIFAR-10_human.pt").write_bytes(
        pickle.dumps(Payload(made), protocol=2)
    )
    with pytest.raises(UserError, match=r"CIFAR-10_human\.pt"):
        worse(people, tmp_path)
    assert not made.exists()


ANYTHING_ELSE = {
    "texts": {"clean_label": np.array(["a", "b"])},
    "objects": {"clean_label": np.array([{}], dtype=object)},
    "a list": [1, 2],
    "one-hot": {"clean_label": np.eye(3, dtype=int)},
    "no clean labels": {"worse_label": np.zeros(3, dtype=int)},
    "floats": {"clean_label": np.zeros(3)},
    "other images": {"clean_label": np.arange(3), "worse_label": np.arange(3)},
}


@pytest.mark.parametrize("labels", ANYTHING_ELSE.values(), ids=ANYTHING_ELSE)
def test_a_file_of_anything_else_is_refused(people, tmp_path, labels):
    official(tmp_path, labels)
    with pytest.raises(UserError, match=r"CIFAR-10_human\.pt"):
        worse(people, tmp_path)


@given(place=st.floats(0, 1), change=st.integers(0, 255), cut=st.booleans(), zipped=st.booleans())
def test_a_damaged_file_is_an_error_or_the_same_labels(
    people, tmp_path_factory, place, change, cut, zipped
):
    root = tmp_path_factory.mktemp("labels")
    official(root, people["labels"], _use_new_zipfile_serialization=zipped)
    ours(root, people)
    path = root / "CIFAR-10N" / "CIFAR-10_human.pt"
    content = bytearray(path.read_bytes())
    at = int(place * (len(content) - 1))
    content = content[:at] if cut else content
    if not cut:
        content[at] ^= change
    path.write_bytes(content)
    try:
        found = worse(people, root)
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert (
            found != expected(people)
        ).sum() <= 1  # one label of the legacy format, which has no checksum


RATES = {"aggre": 0.0901, "worse": 0.4021, "random1": 0.1723, "random2": 0.1812, "random3": 0.1764}


@pytest.mark.parametrize("which", RATES)
def test_the_real_labels_have_their_published_rates(which):
    root = next((r for r in ROOTS if (r / "CIFAR-10N" / "cifar10n.npz").exists()), None)
    if root is None:
        pytest.skip("CIFAR-10N is not on disk")
    source = labeling.settle(
        "given", round(RATES[which], 2), f"cifar10n-{which}", full_size("cifar10"), root
    )
    assert (
        source.facts["set_rate"] == pytest.approx(RATES[which], abs=5e-5)
        and len(source.facts["label_file_sha256"]) == 64
    )
    with pytest.raises(UserError, match="has a noise rate of .*: set eta to .*, not 0.6"):
        labeling.settle("given", 0.6, f"cifar10n-{which}", full_size("cifar10"), root)

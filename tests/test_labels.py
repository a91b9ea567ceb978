"""Labels of people: found in files of two orders, which are checked,
and taken into runs as they are or shuffled."""

import dataclasses
import os
import pickle
import tarfile

import numpy as np
import pytest
import torch
from conftest import ROOTS, full_size, run_spec, smoke
from hypothesis import given
from hypothesis import strategies as st
from test_sources import npz

from memutils import data, label_sets, labeling, noise, runs, sources
from memutils.errors import UserError
from memutils.runs import records, specs

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


@pytest.fixture
def own(monkeypatch, mnist5k):
    """mnist5k with annotators who take half of all dark images for the next class: labels that
    depend on the image."""
    train, rng = mnist5k.train, np.random.default_rng(0)
    ink = train.images.reshape(len(train), -1).mean(1)
    wrong = (ink > np.quantile(ink, 0.2)) & (rng.random(len(train)) < 0.5)
    noisy = np.where(wrong, (train.labels + 1) % 10, train.labels)
    shuffle = rng.permutation(len(train))
    test = mnist5k.test.images, mnist5k.test.labels
    dataset = data.from_arrays(
        "mnist5k", train.images[shuffle], train.labels[shuffle], *test, noisy=noisy[shuffle]
    )
    monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: dataset)
    return dataset, noisy


def test_labels_of_ones_own_stay_beside_their_images(own, mnist5k):
    dataset, noisy = own
    assert dataset.fingerprints == mnist5k.fingerprints
    np.testing.assert_array_equal(dataset.noisy, noisy)


@given(seed=st.integers(0, 1000), n=st.integers(4, 40))
def test_what_lies_beside_ones_arrays_can_be_brought_along(seed, n):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 256, (n, 3, 3), dtype=np.uint8), np.arange(n) % 2
    dataset = data.from_arrays("own", x, y, x[::-1], y[::-1], noisy=1 - y[:, None])
    np.testing.assert_array_equal(x[dataset.order["train"]], dataset.train.images[..., 0])
    np.testing.assert_array_equal(x[::-1][dataset.order["test"]], dataset.test.images[..., 0])
    np.testing.assert_array_equal(dataset.noisy, 1 - dataset.train.labels)


def test_given_and_shuffled_labels_share_images_and_counts(own):
    dataset, noisy = own
    spec = {"noise": "given", "labels": "own", "eta": 0.4, "n_train": 1000, "n_holdout": 300}
    splits, human = runs.prepare(smoke(**spec), dataset)
    again, shuffled = runs.prepare(smoke(**spec | {"noise": "shuffled"}), dataset)
    other = runs.prepare(smoke(**spec | {"noise": "shuffled", "seed": 1}), dataset)[1]
    beside = {
        image.tobytes(): label for image, label in zip(dataset.train.images, noisy, strict=True)
    }
    for part in ("train", "holdout"):
        np.testing.assert_array_equal(splits[part].images, again[part].images)
        assert [beside[i.tobytes()] for i in splits[part].images] == human[part].noisy.tolist()
        counts = [noise.transition_counts(labels[part], 10) for labels in (human, shuffled)]
        np.testing.assert_array_equal(*counts)
        assert (human[part].noisy != shuffled[part].noisy).any()
    assert not np.array_equal(shuffled["train"].noisy, other["train"].noisy)
    assert human["test"].rate == shuffled["test"].rate == 0


@pytest.mark.parametrize("kind", ["given", "shuffled"])
def test_a_run_on_labels_of_ones_own(own, kind):
    record = run_spec(smoke(noise=kind, labels="own", n_train=1000, n_holdout=200, epochs=1))
    assert "-labelsown-" in record.key and record.key.endswith(f"-noise{kind}")
    told = record.content["noise"]
    counts = np.array(told["matrix_counts"])
    assert counts.sum() == 1000 and 1 - counts.trace() / 1000 == pytest.approx(record.noise_rate)
    assert told["label_file_sha256"] is None and len(told["labels_sha256"]) == 64
    assert told["set_rate"] == pytest.approx(0.4, abs=0.01) and told["license"] and told["source"]
    fresh = record.risks["test"]["cce"]
    assert fresh["fresh"] != fresh["true"]
    oracle = run_spec(smoke(noise=kind, labels="own", n_train=1000, train_on="clean", epochs=1))
    assert (
        oracle.noise_rate == 0
        and np.array(oracle.content["noise"]["matrix_counts"]).trace()
        == oracle.dataset["sizes"]["train"]
    )


def test_labels_are_told_apart_by_what_a_checkpoint_holds(own, monkeypatch):
    dataset, noisy = own
    facts = labeling.settle("given", 0.4, "own", dataset).facts
    changed = noisy.copy()
    changed[0] = (changed[0] + 1) % 10
    other = data.Dataset(
        "mnist5k", dataset.train, dataset.test, "arrays", dataset.classes, {}, changed
    )
    assert (
        labeling.settle("given", 0.4, "own", other).facts["labels_sha256"] != facts["labels_sha256"]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": "given"}, "needs the setting labels: a label set"),
        ({"noise": "matrix"}, "needs the setting labels: a matrix"),
        ({"labels": "own"}, "goes with noise: given, shuffled, matrix, not with 'others'"),
        (
            {"noise": "given", "labels": "cifar10n-worst", "dataset": "cifar10"},
            "Did you mean 'cifar10n-worse'",
        ),
        ({"noise": "given", "labels": "cifar10n-worse"}, "belongs to cifar10, not to mnist5k"),
        ({"noise": "matrix", "labels": "../secret"}, "name is made of letters"),
        ({"noise": "give"}, "Did you mean 'given'"),
    ],
)
def test_settings_that_do_not_go_together(change, message):
    with pytest.raises(UserError, match=message):
        smoke(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"noise": "given", "labels": "own", "eta": 0.3},
            "label set own has a noise rate of 0.4.*: set eta to 0.41, not 0.3",
        ),
        (
            {"noise": "random", "eta": 0.4},
            "drawn at random from 10 classes has a noise rate of 0.9000: set eta to 0.9",
        ),
        ({"noise": "matrix", "labels": "none"}, "There is no noise matrix none.csv or none.npy"),
        ({"noise": "asymmetric"}, "defined for CIFAR-10's classes"),
    ],
)
def test_labels_that_a_run_cannot_have(own, change, message, monkeypatch, tmp_path):
    monkeypatch.setenv("MEMUTILS_DATA", str(tmp_path))
    with pytest.raises(UserError, match=message):
        run_spec(smoke(**change))
    assert records.load("smoke") == []


@pytest.mark.usefixtures("quick_data")
def test_a_data_set_without_labels_of_its_own_says_how_to_bring_them():
    with pytest.raises(
        UserError, match="no labels of its own; hand them to data.from_arrays as noisy="
    ):
        run_spec(smoke(noise="given", labels="own"))


def test_what_a_record_may_hold():
    scale = specs.load_scale("cpu")
    human = scale.spec(
        network="inception-lite", loss="cce", eta=0.4, noise="given", labels="cifar10n-worse"
    )
    assert not human.redistributable
    assert smoke().redistributable and smoke(noise="shuffled", labels="own").redistributable


@pytest.mark.parametrize("kind", ["given", "shuffled"])
def test_a_record_holds_no_label_that_must_not_be_handed_on(own, monkeypatch, kind):
    change = dataclasses.replace(label_sets.LABEL_SETS["own"], redistributable=False)
    monkeypatch.setitem(label_sets.LABEL_SETS, "own", change)
    run = {"noise": kind, "labels": "own", "n_train": 1000, "n_holdout": 100, "epochs": 1}
    arrays = run_spec(smoke(**run)).arrays()
    classes = {
        f"{split}_{what}"
        for split in ("train", "holdout")
        for what in ("noisy", "true", "predicted")
    }
    assert not (classes | {"mislabeled_predicted", "train_log_p"}) & arrays.keys()
    assert {"train_outcome", "mislabeled_outcome", "test_predicted"} <= arrays.keys()


MATRIX = np.array([[0.9, 0.1, 0], [0, 0.5, 0.5], [0.25, 0.25, 0.5]])


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_a_matrix_of_ones_own_is_the_law_of_a_run(tmp_path, kind):
    (tmp_path / "noise").mkdir()
    path = tmp_path / "noise" / f"mine.{kind}"
    np.savetxt(path, MATRIX, delimiter=",", fmt="%g") if kind == "csv" else np.save(path, MATRIX)
    x = np.random.default_rng(0).integers(0, 256, (9000, 2, 2), dtype=np.uint8)
    dataset = data.from_arrays("three", x, np.arange(9000) % 3, x[:9], np.arange(9) % 3)
    source = labeling.settle("matrix", 0.37, "mine", dataset, tmp_path)  # (.1 + .5 + .5) / 3
    drawn = source.label(dataset.train.labels, np.arange(9000), 5, 5)
    counts = noise.transition_counts(drawn, 3)
    assert (
        np.abs(counts / 3000 - MATRIX) <= 5 * np.sqrt(MATRIX * (1 - MATRIX) / 3000) + 1e-9
    ).all()
    assert (
        source.facts["set_rate"] == pytest.approx(1.1 / 3)
        and len(source.facts["label_file_sha256"]) == 64
    )
    with pytest.raises(UserError, match="has a noise rate of 0.3667: set eta to 0.37, not 0.4"):
        labeling.settle("matrix", 0.4, "mine", dataset, tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.csv"),
        ("a,b,c\n" * 3, "cannot be read"),
        ("1,0\n0,1\n", "is for 2 classes, the data set has 3"),
        ("1,0,0\n0,1,0\n0,1,1\n", "each row must sum to 1"),
        ("1,0,0\n0,1,0\n0,0\n", "cannot be read"),
        ("1,0,0\n0,2,-1\n0,0,1\n", "without negative entries"),
        ("nan,0,0\n0,1,0\n0,0,1\n", "must be square"),
    ],
)
def test_a_matrix_that_is_none(tmp_path, text, message):
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "mine.csv").write_text(text)
    x = np.arange(36, dtype=np.uint8).reshape(9, 2, 2)
    dataset = data.from_arrays("three", x, np.arange(9) % 3, x, np.arange(9) % 3)
    with pytest.raises(UserError, match=message) as error:
        labeling.settle("matrix", 0.4, "mine", dataset, tmp_path)
    assert "mine.csv" in str(error.value)

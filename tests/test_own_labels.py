"""Runs on labels of one's own, as they are or shuffled, and on noise by a matrix."""

import dataclasses

import numpy as np
import pytest
from conftest import run_spec, smoke
from hypothesis import given
from hypothesis import strategies as st

from memutils import data, label_sets, labeling, noise, runs
from memutils.errors import UserError
from memutils.runs import records, specs


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


def test_a_record_does_not_come_back_for_other_labels_of_its_name(own, monkeypatch):
    dataset, noisy = own
    spec = smoke(noise="given", labels="own", epochs=1)
    record = run_spec(spec)
    assert run_spec(spec).content == record.content
    changed = noisy.copy()
    changed[0] = (changed[0] + 1) % 10
    other = dataclasses.replace(dataset, noisy=changed)
    monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: other)
    with pytest.raises(UserError, match="when the labels 'own' stood for something else"):
        run_spec(spec)
    nothing = dataclasses.replace(dataset, noisy=None)
    monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: nothing)
    assert records.find("smoke", record.key, spec), "a reader needs no labels"


def test_a_record_does_not_come_back_for_another_matrix_of_its_name(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMUTILS_DATA", str(tmp_path))
    path = tmp_path / "noise/m.csv"
    path.parent.mkdir()
    np.savetxt(path, noise.symmetric_matrix(0.4, 10, "others"), delimiter=",")
    spec = smoke(noise="matrix", labels="m", epochs=1)
    record = run_spec(spec)
    np.savetxt(path, noise.pair_matrix(0.4, 10), delimiter=",")
    with pytest.raises(UserError, match="when the labels 'm' stood for something else"):
        run_spec(spec)
    path.unlink()
    assert records.find("smoke", record.key, spec)


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
        ("1,0,0\n0,1,0\n0,1,1\n", "Row 2 .* sums to 2; divide it by its sum"),
        ("1,0,0\n0,1,0\n0,0\n", "cannot be read"),
        ("1,0,0\n0,2,-1\n0,0,1\n", "Row 1 .* has an entry that is negative"),
        ("nan,0,0\n0,1,0\n0,0,1\n", "Row 0 .* has an entry that .* not finite"),
        ("inf,0,0\n0,1,0\n0,0,1\n", "Row 0 .* has an entry that .* not finite"),
        ("1,0,0\n0,1,0\n", r"must be square, .* this one has the shape 2 x 3"),
        ("a b c\n1 0 0\n0 1 0\n0 0 1\n", "commas between them, and no header"),
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


def test_a_spreadsheet_s_mark_at_the_start_of_a_file_does_no_harm(tmp_path):
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "mine.csv").write_text("0.6,0.4\n0.4,0.6\n", encoding="utf-8-sig")
    matrix, _ = labeling.read_matrix("mine", 2, tmp_path)
    assert matrix.tolist() == [[0.6, 0.4], [0.4, 0.6]]


@pytest.mark.parametrize("name", ["mine.csv", "mine.npy"])
def test_a_matrix_is_named_without_its_ending(name):
    with pytest.raises(UserError, match="without its ending: 'mine'"):
        labeling.check_setting("matrix", name, "mnist")


def test_symmetric_noise_is_told_its_two_names():
    with pytest.raises(UserError, match="set noise to 'others', the paper's, .* or to 'all'"):
        smoke(noise="symmetric")

"""The gallery's pictures, from records of real runs."""

import numpy as np
import pytest

from memutils import runs
from memutils.names import LOSS_NAMES
from memutils.report import figures
from memutils.report.grids import gallery
from memutils.runs import specs


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    scale = specs.load_scale("smoke")
    return runs.run(
        scale.spec(dataset="mnist5k", network="mlp", loss="cce", eta=0.4), scale, progress=False
    )


def test_pictures_are_mislabeled_images_with_the_labels_of_the_arrays(record):
    arrays, pictures = record.arrays(), gallery.mislabeled(record)
    names = [str(c) for c in record.dataset["classes"]]
    wrong = np.flatnonzero(arrays["train_noisy"] != arrays["train_true"])[: len(pictures)]
    assert len(pictures) >= 12
    for picture, i in zip(pictures, wrong, strict=True):
        labels = [names[arrays[f"train_{part}"][i]] for part in ("noisy", "true", "predicted")]
        assert [picture.given, picture.true, picture.predicted] == labels
        fate = (
            "memorized"
            if labels[2] == labels[0]
            else "recovered"
            if labels[2] == labels[1]
            else "neither"
        )
        assert picture.fate == fate


def test_every_record_shows_the_same_images_and_counts_their_fates(record):
    figure = gallery.draw([record, record], n=6, ncols=3)
    left, right = figure.subfigs
    drawn = [
        [axis.images[0].get_array() for axis in part.axes if axis.images] for part in (left, right)
    ]
    assert len(drawn[0]) == 6 and all(np.array_equal(a, b) for a, b in zip(*drawn, strict=True))
    for fate in gallery.FATES:
        count = sum(p.fate == fate for p in gallery.mislabeled(record)[:6])
        assert f"{count} {fate}" in left.get_suptitle()
    assert LOSS_NAMES["cce"] in left.get_suptitle()


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_labels_without_predictions_are_under_their_images(record, width):
    pictures = gallery.mislabeled(record)[:5]
    axes = [axis for axis in gallery.draw_labels(pictures, 4, width).axes if axis.images]
    assert [axis.get_xlabel() for axis in axes] == [
        f"given {p.given}\ntrue {p.true}" for p in pictures
    ]
    columns = axes[0].get_subplotspec().get_gridspec().ncols
    assert columns == (2 if width == figures.NARROW else 4)

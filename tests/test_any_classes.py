"""From 2 to 256 classes, any number of channels, any noise rates: runs, figures, tables,
gallery and explorer.
"""

import json

import numpy as np
import pytest
from conftest import run_spec, smoke
from hypothesis import given
from hypothesis import strategies as st
from test_committed_records import check_identities

from memutils import data, labeling, noise, runs
from memutils.report import curves, explorer, notebooks, plots
from memutils.report.grids import gallery
from memutils.runs import records, specs
from memutils.runs.storage import Storage


@pytest.fixture
def made(monkeypatch):
    """Registers a data set of K classes and so many channels, whose images show their class."""

    def register(k: int = 3, channels: int = 1, side: tuple[int, int] = (6, 6)) -> str:
        rng = np.random.default_rng(0)
        prototypes = rng.integers(0, 200, (k, *side, channels))

        def part(n: int) -> tuple[np.ndarray, np.ndarray]:
            y = np.arange(n) % k
            return (prototypes[y] + rng.integers(0, 50, (n, *side, channels))).astype(np.uint8), y

        dataset = data.from_arrays("made", *part(max(300, 2 * k)), *part(max(100, k)))
        monkeypatch.setitem(data.DATASETS, "made", lambda root: dataset)
        return "made"

    return register


def pictured_run(name: str, loss: str) -> records.Record:
    """A run of a scale that asks for thumbnails."""
    settings = {"dataset": name, "network": "mlp", "epochs": 2, "lr": 0.005, "device": "cpu"}
    scale = specs.Scale("made", settings, records=Storage(thumbnails=True))
    return runs.run(scale.spec(loss=loss, eta=0.4), scale, progress=False)


@pytest.mark.parametrize("k", [2, 3, 11, 100, 256])
def test_any_number_of_classes_everywhere(made, k):
    found = [pictured_run(made(k), loss) for loss in ("cce", "rll")]
    for record in found:
        check_identities(record)
    counts = np.array(found[0].content["noise"]["matrix_counts"])
    assert counts.shape == (k, k) and 1 - counts.trace() / counts.sum() == pytest.approx(
        found[0].noise_rate
    )
    assert len(records.load("made")) == 2
    figure = curves.draw([("both", found)], {"j1": "-", "j2": "--"})
    gallery.draw(found)
    figure.canvas.draw()
    assert "classes" in notebooks.table(plots.final_table(found)).to_html()
    page = explorer.html(found)
    start = page.index('{"choices"')
    shown = json.loads(page[start : page.index("</script>", start)])["runs"]
    assert [run["key"] for run in shown] == [record.key for record in found]


@pytest.mark.parametrize("k", [2, 3, 100, 256])
def test_any_number_of_classes_for_every_noise(made, k, monkeypatch):
    made(k)
    dataset = data.load("made")
    rates = {"others": 0.4, "all": 0.4, "pair": 0.4, "random": 1 - 1 / k}
    for kind, eta in rates.items():
        source = labeling.settle(kind, eta, "", dataset)
        labels = source.label(dataset.train.labels, np.arange(len(dataset.train)), 1, 2)
        expected = eta * (k - 1) / k if kind == "all" else eta
        assert labels.rate == pytest.approx(expected, abs=5 * (0.25 / len(labels.true)) ** 0.5)
        assert noise.transition_counts(labels, k).sum() == len(labels.true)


@pytest.mark.parametrize(
    ("channels", "side"),
    [(1, (6, 6)), (2, (6, 6)), (3, (6, 6)), (4, (6, 6)), (5, (6, 7)), (13, (9, 9)), (1, (1, 9))],
)
def test_any_number_of_channels_is_drawn(made, channels, side):
    record = pictured_run(made(3, channels, side), "cce")
    figure = gallery.draw([record])
    figure.canvas.draw()
    drawn = [
        axis.get_images()[0].get_array()
        for part in figure.subfigs
        for axis in part.axes
        if axis.get_images()
    ]
    assert len(drawn) == 12 and drawn[0].shape[:2] == side


@given(st.integers(1, 7), st.integers(0, 99))
def test_what_is_drawn_of_an_image(channels, seed):
    image = np.random.default_rng(seed).integers(0, 256, (3, 4, channels), dtype=np.uint8)
    drawn = gallery.drawable(image)
    if channels in (3, 4):
        np.testing.assert_array_equal(drawn, image)
    else:
        np.testing.assert_allclose(
            drawn, sum(image[..., c].astype(float) for c in range(channels)) / channels
        )


def test_a_noise_rate_looks_the_same_in_every_panel_of_a_figure(made):
    made(10)
    name = {"dataset": "made", "n_train": 0, "n_test": 0, "epochs": 1, "network": "mlp"}
    found = {
        eta: run_spec(smoke(eta=eta, **name)) for eta in (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
    }
    figure = curves.draw(
        [("all", list(found.values())), ("few", [found[0.9], found[0.5]])], {"memorized": "-"}
    )
    strengths = [
        [line.get_alpha() for line in axis.lines if line.get_linestyle() == "-"]
        for axis in figure.axes
    ]
    every = dict(zip(found, strengths[0], strict=True))
    assert list(every.values()) == sorted(set(every.values())), "more noise is drawn more strongly"
    assert strengths[1] == [every[0.9], every[0.5]]

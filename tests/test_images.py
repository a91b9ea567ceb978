"""Images followed through training: definitions against a plain loop, pairs against closed forms,
sprites against what a run is trained on.
"""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, full_size, made
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from memutils.errors import UserError
from memutils.report import figures
from memutils.report.images import drawings, page, sentences, sprites, trajectories
from memutils.runs import records, setup
from memutils.runs.scale import Scale

GIVEN = np.array([1, 2, 3, 0, 1, 2, 3, 0])
TRUE = np.array([0, 0, 1, 1, 2, 1, 2, 3])
HELD = sorted((REPOSITORY / "results").glob("mislabeled-*.png"))
BY_FILE = {page.sprite_file(c): c for c in trajectories.choices() if c.network != "mlp"}


def record(loss, predicted, noisy=GIVEN, true=TRUE, key="", scale="made-up", fitted=1.0):
    """A run's record with these predictions of its images, all of them mislabeled."""
    spec = Scale("a").spec(dataset="mnist5k", network="mlp", loss=loss, eta=0.4, epochs=9)
    shares = {"j1": 0.5, "memorized": 0.5, "fitted": fitted}
    rows = [{"epoch": 2 * i + 1} | shares for i in range(len(predicted))]
    execution = {"device": "cpu", "precision": "float32"}
    found = made(
        key or loss,
        rows,
        spec=records.spec_dict(spec),
        scale=scale,
        noise_rate=0.4,
        provenance={"execution": execution},
        dataset={"classes": [str(k) for k in range(4)], "sizes": {"train": len(noisy)}},
    )
    kept = found.kept | {"train_noisy": noisy, "train_true": true}
    kept |= {"mislabeled_predicted": np.asarray(predicted, np.uint8)}
    return records.Record(found.path, found.content, kept)


def fates(*words):
    """Predictions (evaluations, images): g, t or o in a word an evaluation."""
    other = np.array([next(k for k in range(4) if k not in p) for p in zip(GIVEN, TRUE)])
    classes = {"g": GIVEN, "t": TRUE, "o": other}
    return [[classes[c][i] for i, c in enumerate(word)] for word in words]


PAIR = (
    record("cce", fates("tttttttt", "ggggtttt")),
    record("rll", fates("gggggggg", "ttttttog")),
)


def shown(*found):
    """A set that the page shows, of these records."""
    runs = trajectories.follow(found, "MLP on digits")
    images = np.arange(8 * 9, dtype=np.uint8).reshape(8, 3, 3, 1)
    places = sprites.chosen(GIVEN, TRUE)
    sprite = sprites.png(images[places], places)
    return page.Shown(runs, sprite, trajectories.at(runs, places))


@given(arrays(np.uint8, st.tuples(st.integers(1, 7), st.just(4)), elements=st.integers(0, 2)))
@settings(max_examples=200)
def test_memorized_since_is_the_first_evaluation_from_which_the_label_stays(predicted):
    labels = np.array([0, 1, 2, 0])
    for i, since in enumerate(trajectories.memorized_since(predicted, labels)):
        stays = [all(p == labels[i] for p in predicted[at:, i]) for at in range(len(predicted))]
        assert since == (stays.index(True) if any(stays) else len(predicted))


def test_recovered_is_at_any_evaluation():
    runs = trajectories.follow([record("cce", fates("gtotgoot", "gggggggg"))], "a")
    assert runs.courses[0].recovered.tolist() == [c == "t" for c in "gtotgoot"]
    assert runs.courses[0].since.tolist() == [0, 1, 1, 1, 0, 1, 1, 1]


@pytest.mark.parametrize("part", ["labels", "evaluations"])
def test_runs_of_a_set_share_their_images_and_evaluations(part):
    first, second = record("cce", fates("gggggggg")), record("rll", fates("tttttttt"))
    if part == "labels":
        second.kept["train_noisy"] = np.where(np.arange(8) == 3, 2, GIVEN)
    else:
        second.kept["evaluated_epochs"] = np.array([7])
    with pytest.raises(UserError, match="cce and rll differ in mislabeled images or evaluations"):
        trajectories.follow([first, second], "a")


def test_pairs_count_what_is_shared_and_what_independence_gives():
    runs = [record("cce", fates("ggggtttt")), record("rll", fates("ggtttttg"))]
    (row,) = trajectories.pairs(trajectories.follow(runs, "a")).to_dict("records")
    assert (row["both"], row["expected"], row["most"], row["images"]) == (2, 4 * 3 / 8, 3, 8)
    assert (row["low"], row["high"]) == (0, 3) and math.isnan(row["order"])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=20, max_size=60))
def test_the_order_is_spearmans_rank_correlation(pairs):
    a, b = np.array(pairs).T
    rho, low, high = trajectories.spearman(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert math.isnan(rho)
    else:
        assert rho == pytest.approx(spearmanr(a, b).statistic)
        assert low - 1e-5 <= rho <= high + 1e-5


def test_too_few_images_have_no_order():
    few = np.arange(trajectories.ENOUGH - 1)
    assert all(map(math.isnan, trajectories.spearman(few, few)))


def test_labels_alone_choose_the_images():
    noisy, true = np.array([1, 0, 0, 1, 1, 2, 0]), np.array([0, 0, 1, 0, 0, 2, 1])
    assert sprites.chosen(noisy, true).tolist() == [0, 3, 4, 2, 6]
    assert sprites.chosen(noisy, true, each=2).tolist() == [0, 3, 2, 6]
    assert len(sprites.chosen(true, true)) == 0


@given(st.integers(0, 30), st.sampled_from([1, 3]))
def test_a_sprite_holds_its_images_and_places(n, channels):
    images = np.random.default_rng(n).integers(0, 256, (n, 5, 4, channels), dtype=np.uint8)
    found, places = sprites.unpacked(sprites.png(images, np.arange(n) * 3))
    assert np.array_equal(found, images) and places.tolist() == list(range(0, 3 * n, 3))


def test_what_is_no_sprite_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    for name in ("a.png", "b.png"):
        with pytest.raises(UserError, match="workflow/sprites.py"):
            sprites.read(tmp_path / name)


def test_each_set_without_embedded_images_has_a_small_sprite():
    assert {path.name for path in HELD} == set(BY_FILE)
    assert all(path.stat().st_size < 400_000 for path in HELD)


@pytest.mark.parametrize("path", HELD, ids=lambda path: path.stem)
def test_a_sprite_shows_what_the_set_is_trained_on(path):
    (spec, *others) = BY_FILE[path.name].specs.values()
    dataset = full_size(spec.dataset)
    images, places = sprites.read(path)
    expected, where = sprites.of_run(spec, dataset)
    assert np.array_equal(images, expected) and np.array_equal(places, where)
    splits, labels = setup.prepare(others[-1], dataset)
    assert np.array_equal(splits["train"].images[places], images)
    assert labels["train"].mislabeled[places].all() and len(places) == 120


@pytest.mark.parametrize("choice", trajectories.choices("quick"), ids=lambda c: c.network)
def test_the_recorded_runs_of_a_set_share_their_mislabeled_images(choice, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))
    found = choice.found()
    assert len(found) + len(choice.missing(found)) == len(choice.specs)
    if len(found) >= 2:
        runs = trajectories.follow(found, choice.title)
        _, places = page.sprite(choice)
        trajectories.at(runs, places)
        for course in runs.courses:
            ended = course.record.history["memorized"].iloc[-1]
            assert course.memorized.mean() == pytest.approx(ended, abs=1e-6)


def test_the_page_holds_the_predictions_of_the_images_on_its_wall():
    found = shown(*PAIR)
    held = json.loads(re.search(r"<script[^>]*>(.*?)</script>", page.html([found]))[1])
    (data,) = held["sets"]
    assert data["places"] == sprites.chosen(GIVEN, TRUE).tolist() and data["epochs"] == [1, 3]
    for k, place in enumerate(data["places"]):
        assert (data["given"][k], data["true"][k]) == (GIVEN[place], TRUE[place])
        for course, run in zip(data["courses"], found.followed.courses, strict=True):
            assert course["predicted"][k] == "".join(map(str, run.predicted[:, place]))
            assert course["since"][k] == run.since[place]


def test_words_count_images():
    found = shown(
        record("cce", fates("tttttttt", "ggggtttt")),
        record("rll", fates("ttttgggg", "tttttttg"), fitted=0.86),
    )
    text = sentences.seen([found.followed])
    assert '<span class="from" data-runs="made-up/cce">50 %</span>' in text
    text = re.sub("</?span[^>]*>", "", text)
    assert "8 mislabeled images the network has memorized 50 % with CCE and 12 % with RLL (" in text
    assert "RLL (inconclusive: it fits 86 % of the clean images) at the last" in text
    assert "0 are memorized with both losses, 4 with cross entropy alone and 3 with none" in text
    assert "0 to 100 % were recovered before" in text
    assert "The share at the end, the median of the last evaluations, is 50 % with RLL." in text


def test_runs_that_repeat_those_of_other_pages_are_named(monkeypatch):
    first, mine = record("cce", fates("gggggggg")), record("rll", fates("tttttttt"))
    monkeypatch.setattr(records, "load", {sentences.FIRST: [first]}.get)
    told = sentences.again(shown(record("cce", fates("ggggtttt")), mine).followed)
    assert told.startswith("The run with CCE repeats, with the same settings and seed, what other")
    assert told.endswith('data-runs="made-up/cce">50 %</span> with CCE.')
    assert sentences.again(shown(mine).followed) == ""


def test_the_verdict_follows_the_pairs():
    held = {"set": "a", "first": "RLL", "second": "GCE", "images": 1000, "expected": 10.0}
    held |= {"low": 5.0, "high": 16.0, "most": 100, "order_low": 0.0, "order_high": 0.2}
    frame = pd.DataFrame([held | {"both": 80, "order": 0.1}])
    assert sentences.verdict(frame).startswith("**The same images.**")
    assert "agrees only weakly" in sentences.verdict(frame)
    assert "agrees" not in sentences.verdict(frame.assign(order=0.7))
    assert sentences.verdict(frame.assign(both=12)).startswith("**Undecided.**")
    assert sentences.verdict(frame.assign(both=40)).startswith("**Undecided.**")
    assert sentences.verdict(frame.assign(most=15)).startswith("**Open.**")
    assert sentences.verdict(pd.DataFrame(columns=trajectories.PAIR)).startswith("**Open.**")


def test_without_records_the_page_says_which_runs_are_missing():
    sets, told = page.load(trajectories.choices())
    assert (
        sets == []
        and page.conditions(sets) == ""
        and sentences.seen(sets) == "No set has two recorded runs yet."
    )
    assert "Of MLP on MNIST (5k), no run is recorded with its predictions yet" in told
    assert len(page.compared(sets)) == 0


def test_figures_are_drawn_at_both_widths():
    found = shown(*PAIR)
    frame = page.compared([found])
    html = figures.html(drawings.draw, frame, alt=drawings.alt(frame))
    assert html.count("<svg") == 2 and "CCE, RLL" in html
    assert page.html([found]).count("<svg") == 2


def test_of_a_large_set_those_pairs_are_drawn_that_have_the_papers_losses():
    losses = ("cce", "rll", "mse", "nmse", "gce")
    runs = trajectories.follow([record(loss, fates("ggggtttt")) for loss in losses], "a")
    drawn = drawings.drawn(trajectories.pairs(runs))
    assert len(drawn) == 7 and all(
        {"CCE", "RLL"} & {a, b} for a, b in zip(drawn["first"], drawn["second"])
    )


def test_a_loss_with_which_nothing_is_memorized_is_compared_with_none():
    found = shown(PAIR[0], record("mae", fates("tttttttt", "tttttttt")))
    frame = page.compared([found])
    assert drawings.alt(frame) == "1 pair of losses, with too few memorized images to compare."
    assert sentences.verdict(frame).startswith("**Open.**")
    assert "tells nothing here" in sentences.seen([found.followed])
    assert figures.html(drawings.draw, frame, alt="").count("<svg") == 2

"""The chapter on the number of images, on made-up records: cases, trends and what follows."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from chapter import execute
from hypothesis import given
from hypothesis import strategies as st
from made_up import write

from memutils.claims.selection import Pool
from memutils.report import plots
from memutils.report.size import chapter as size
from memutils.report.size import first_epochs, passes, sentences, verdict
from memutils.runs import records, specs

F = np.array([0.3, 0.6, 0.92, 0.99])
NETWORKS = ("resnet18", "inception-lite")


def is_longer(spec):
    """Of the size grid: the largest sets at more steps than the others."""
    return spec.epochs * spec.n_train > 1.2 * 60 * 5000


def write_all(share=None, among=lambda spec: True):
    """Records of the scales cpu and size; ``share`` gives what a run memorizes in the end."""
    share = share or usual
    for scale in ("cpu", "size"):
        for key, spec in specs.load_scale(scale).specs().items():
            if spec.network in NETWORKS and spec.loss in ("cce", "rll") and among(spec):
                x = share(spec) * F**4 if spec.eta else 0 * F
                images = spec.n_train if spec.train_on == "all" else round(0.6 * spec.n_train)
                write(scale, key, spec, F, x, images)


def usual(spec):
    """RLL memorizes less of more images, CCE all of them if it has the time."""
    if spec.loss == "rll":
        return 500 / spec.n_train
    return 1.0 if spec.n_train < 10_000 or is_longer(spec) else 0.3


def test_a_scale_of_whole_data_sets_has_their_number_of_images():
    paper = specs.load_scale("paper")
    key, spec = next((k, s) for k, s in paper.specs().items() if (s.loss, s.eta) == ("rll", 0.4))
    write("paper", key, spec, F, F**4, images=60_000)
    (record,) = records.load("paper")
    found = size.described(record, paper)
    assert spec.n_train == 0 and found["case"] == "RLL" and found["images"] >= 50_000


def test_cases_are_told_by_loss_labels_and_steps():
    write_all()
    frame = size.load("cpu").frame
    late = frame[frame["case"].isin(("CCE, longer", "RLL, longer"))]
    assert set(late["images"]) == {10_000, 20_000}
    kinds = [
        f"{loss}{kind}" for loss in ("CCE", "RLL") for kind in ("", ", longer", ", clean labels")
    ]
    assert set(frame["case"]) == {*kinds, "oracle"}
    oracle = frame[frame["case"] == "oracle"]
    assert set(oracle["images"]) == {1250, 2500, 5000, 10_000, 20_000}
    assert (oracle["loss"] == "cce").all() and oracle["memorized"].isna().all()


def test_the_chapter_says_what_more_images_do():
    write_all()
    chapter = execute("size")
    text = sentences.seen(chapter["frame"])
    m = {n: 500 / n * F[-1] ** 4 for n in (1250, 20_000)}
    told = f"from {100 * m[1250]:.0f} % with 1,250 images to {100 * m[20_000]:.0f} % with 20,000"
    assert f"RLL: the memorized share goes {told}" in text and "- Inception-Lite, CCE: " in text
    assert f"After longer training the share is {100 * F[-1] ** 4:.0f} % with 10,000 images" in text
    told = verdict.verdict(chapter["frame"], chapter["groups"])
    assert f"On ResNet-18 RLL memorizes less with more images: from {100 * m[1250]:.0f} %" in told
    assert "trained for longer, on both networks" in told
    assert "On ResNet-18 and Inception-Lite more images help RLL to resist" in told
    gap = {1250: F[-1] ** 4 - m[1250], 20_000: 0.3 * F[-1] ** 4 - m[20_000]}
    gap = {n: f"{100 * value:.0f} points" for n, value in gap.items()}
    goes = f"goes from {gap[1250]} with 1,250 images to {gap[20_000]} with 20,000 after"
    assert told.count(goes) == 2 and told.count("excess memorization x goes from") == 2
    late = F[-1] ** 4 - m[20_000]
    assert f"and is {100 * late:.0f} points with 20,000 after 4 times as many." in told
    assert "inconclusive" not in text and not chapter["frame"]["inconclusive"].any()
    at_fits = sentences.at_fits(chapter["groups"])
    assert at_fits.startswith("At f = 0.9 the excess memorization goes")
    assert at_fits.count(f"from {500 / 1250 * np.interp(0.9, F, F**4):.2f} with RLL") == 2


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (lambda spec: 0.5, "do not show that more images help RLL"),
        (lambda spec: 500 / spec.n_train, "help RLL to resist, up to the sizes tried here"),
    ],
    ids=["no effect", "of both losses"],
)
def test_another_outcome_is_another_take_away(share, told):
    write_all(share)
    assert told in verdict.verdict(size.load("cpu").frame)


def test_what_is_underfitted_does_not_count():
    write_all()
    for scale in ("cpu", "size"):
        for key, spec in specs.load_scale(scale).specs().items():
            of_rll = (spec.network, spec.loss) == ("inception-lite", "rll")
            if of_rll and spec.eta and spec.n_train >= 10_000:
                write(scale, key, spec, 0.85 * F, usual(spec) * F**4, spec.n_train)
    found = size.load("cpu")
    unfit = found.frame[found.frame["inconclusive"] == "RLL is underfitted"]
    assert set(unfit["network"]) == {"inception-lite"} and unfit["images"].min() == 10_000
    text, seen = verdict.verdict(found.frame, found.groups), sentences.seen(found.frame)
    assert "from 10,000 images on RLL does not fit the clean images, so this does not count" in text
    assert "**Take-away.** On ResNet-18 more images help RLL to resist" in text
    assert "With 10,000 and 20,000 images it is underfitted" in seen
    assert "(inconclusive)" in seen
    _, inception, *_ = size.draw(found.frame).axes
    faces = {line.get_markerfacecolor() for line in inception.lines if len(line.get_xdata()) == 1}
    assert "none" in faces and size.look("rll").color in faces


def test_a_difference_that_ends_at_equal_fit_is_said_to():
    """The more images, the later CCE begins to memorize: at f = 0.9 it has not in the largest."""
    write_all(lambda spec: usual(spec) * (spec.n_train < 10_000 or spec.loss == "cce"))
    late = np.array([0.0, 0.0, 0.0, 0.98])
    for key, spec in specs.load_scale("size").specs().items():
        if spec.network == "resnet18" and spec.n_train == 20_000 and spec.eta and spec.lr == 0.001:
            x = late if spec.loss == "cce" and spec.train_on == "all" else 0 * late
            write("size", key, spec, F, x, spec.n_train)
    found = size.load("cpu")
    text = verdict.of_equal_fit(found.groups, "resnet18")
    assert "memorization x goes from " in text and text.endswith("begun to memorize at that fit.")
    assert verdict.of_equal_fit([], "resnet18") == ""


@pytest.mark.parametrize(
    "among",
    [lambda spec: spec.n_train == 5000, lambda spec: spec.loss == "rll", lambda spec: False],
)
def test_part_of_the_records_renders_and_is_open(among):
    write_all(among=among)
    chapter = execute("size")
    assert verdict.verdict(chapter["frame"]) == sentences.TOO_FEW
    assert sentences.seen(chapter["frame"]) == sentences.TOO_FEW


def test_the_second_size_at_the_paper_s_learning_rate_fills_itself_in():
    write_all(among=lambda spec: spec.lr != 0.01 or spec.n_train == 5000)
    slower = size.load("cpu").slower
    text = sentences.paper_rate(slower, plots.final_table(slower))
    assert text.endswith(
        "of 5,000 images. A second size is not run ({doc}`all runs <../book/runs>`)."
    )
    write_all(among=lambda spec: spec.lr == 0.01)
    slower = size.load("cpu").slower
    text = sentences.paper_rate(slower, plots.final_table(slower))
    assert text.endswith("with CCE (1 seed) of 20,000 images.")
    assert "20,000" in size.paper_rate(slower)
    assert sentences.paper_rate([], plots.final_table([])).startswith("No pair of runs")


def test_the_first_epochs_of_the_paper_s_run_are_told_at_equal_fit_and_judged_by_no_claim():
    assert first_epochs.load() is None
    assert first_epochs.told(None).startswith(
        "A run by the paper's own protocol, on all 50,000 images for 100"
    )
    begun = specs.load_scale("paper-start")
    paper = specs.load_scale("paper").specs()
    for key, spec in begun.specs().items():
        assert spec == dataclasses.replace(paper[key], epochs=20, evaluations=6)
        fitted, x = (F, F**4) if spec.loss == "cce" else (0.85 * F, 0 * F)
        write("paper-start", key, spec, fitted, x, 50_000)
    whole = first_epochs.load()
    text = first_epochs.told(whole)
    assert "All 50,000 images" in text and "which has 100 epochs, the first 20 are recorded" in text
    assert "CCE repeats 96 % of the wrong labels and fits 99 % of the right ones" in text
    assert "RLL repeats 0 % and fits 84 %" in text
    x = np.interp(0.8, F, F**4)
    assert "first fit 80 % of the right labels, counted while they train, the excess " in text
    assert f"memorization $x$ is {x:.2f}" in text
    assert "Of new images it gets 52 % right with CCE and 100 % with RLL." in text
    assert re.search(r"These shares still change fast: after epoch \d+ CCE repeats \d\d %\. ", text)
    still = dataclasses.replace(whole, runs=whole.runs | {("cce", 0): whole.runs["rll", 0]})
    assert "change fast" not in first_epochs.told(still)
    short = first_epochs.in_short(whole)
    assert "repeats 0 % of the wrong labels and 84 % of the right ones with RLL, 96 % and" in short
    assert short.endswith("of new images it gets 100 % and 52 % right (one seed).")
    over_epochs, over_fit = first_epochs.draw(whole, None).axes
    assert over_epochs.get_xlabel() == "epoch" and "fitted" in over_fit.get_xlabel()
    assert Pool.load().runs == []


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_a_trend_names_the_first_and_the_last_value(values):
    images = [1000 * 2**i for i in range(len(values))]
    text = sentences.trend(pd.Series(values, index=images))
    assert text == (
        f"from {values[0]:.2f} with 1,000 images to {values[-1]:.2f} with {images[-1]:,}"
    )
    assert sentences.trend(pd.Series(values[:1], index=images[:1])) == ""


@pytest.mark.parametrize("width", [680, 342])
def test_the_figure_has_a_panel_a_network_and_metric(width):
    write_all()
    figure = size.draw(size.load("cpu").frame, width)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert len(titles) == 4 and all(any(name in t for t in titles) for name in size.LABELS.values())


def test_as_many_passes_leave_out_runs_that_are_shorter_or_do_not_fit(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    write_all(among=lambda spec: spec.network == "resnet18" and spec.epochs in (60, 260))
    found = passes.table(size.load("cpu").records)
    assert set(found["images"]) == {5000, 10000, 20000}, "they have an evaluation in epoch 60"
    rll = passes.shares(found, "resnet18", "rll")
    assert rll.index.tolist() == [5000, 10000, 20000] and rll[20000] < rll[5000]
    text = passes.sentence(found)
    assert "at 60, and with 5,000, 10,000 and 20,000 images, ResNet-18 memorizes" in text
    both = pd.DataFrame({"rll": [0.25, 0.02], "cce": [1.0, 0.97]}, index=[1250, 20000])
    assert passes.falls(both).endswith("falls with more images, and with CCE it hardly falls.")
    both["cce"] = [0.97, 1.0]
    assert passes.falls(both).endswith("falls with more images, and with CCE it does not fall.")
    assert passes.falls(both[["cce", "cce"]].set_axis(["rll", "cce"], axis=1)) == (
        "So with both losses it does not fall with more images."
    )
    assert passes.sentence(found.assign(fitted=0.9)) == passes.sentence(passes.table([])) == ""

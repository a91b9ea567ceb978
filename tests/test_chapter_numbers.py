"""What the chapters on MNIST and CIFAR-10 say in numbers and tables, from made-up runs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import INCEPTION, MNIST, curve, make

from memutils.claims.measured import Measured
from memutils.claims.selection import Pool
from memutils.report.claims import page
from memutils.report.grids import chapters, paper_numbers, tables


def grid(rll=0.05, etas=(0.0, 0.4), **settings):
    """CCE and RLL at noise rates; CCE memorizes all."""
    found = []
    for eta in etas:
        found.append(make("cce", eta, m=1.0, test=0.6, **settings))
        found.append(make("rll", eta, m=rll, r=0.9 - rll, test=0.9, **settings))
    return found


def measured(*found):
    return [Measured.of(record) for record in found]


def test_a_chapter_shows_the_protocol_with_the_most_runs():
    small = grid(**MNIST)
    large = grid(etas=(0.4,), n=20_000, n_train=20_000, **MNIST)
    assert {r.images for r in chapters.runs_of(Pool([*small, *large]), "resnet18")} == {5000}
    large = grid(n=20_000, n_train=20_000, **MNIST)
    assert {r.images for r in chapters.runs_of(Pool([*small, *large]), "resnet18")} == {20_000}
    assert chapters.runs_of(Pool([]), "resnet18") == []


def test_runs_are_of_one_learning_rate_and_alpha():
    others = [make("rll", m=0.5, loss_parameters={"alpha": 0.45}, **INCEPTION)]
    others += [make("gce", m=0.5, **INCEPTION)]  # a loss of another chapter
    pool = Pool([*grid(**INCEPTION), *grid(**INCEPTION | {"lr": 0.1}), *others])
    for column, lr in (("inception-lite", 0.01), ("inception-lite-lr", 0.1)):
        found = chapters.runs_of(pool, column)
        assert [r.spec["lr"] for r in found] == [lr] * 4
        assert {r.spec["loss_parameters"].get("alpha") for r in found} == {None, 0.1}
        assert [r.spec["loss"] for r in found] == ["cce", "cce", "rll", "rll"]


def test_panels_are_a_matrix_of_rows_and_losses():
    runs = measured(*grid())
    found = chapters.panels({"A": runs, "B": []}, ("cce", "mse"), eta=0.4)
    assert [(p.row, p.title, len(p.runs)) for p in found] == [
        ("A", "CCE", 1),
        ("A", "MSE", 0),
        ("B", "CCE", 0),
        ("B", "MSE", 0),
    ]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=3))
def test_a_number_is_the_range_over_seeds(values):
    runs = measured(*(make("rll", m=v / 100, seed=i) for i, v in enumerate(values)))
    low, high = min(values), max(values)
    expected = f"{low} %" if low == high else f"{low} to {high} %"
    assert chapters.at_end(runs, "memorized") == expected
    assert chapters.at_end([], "memorized") == chapters.MISSING


def test_a_run_that_cannot_tell_counts_only_where_none_can(monkeypatch):
    clear = [make("rll", m=0.47), make("cce")]
    underfitted = make("rll", m=0.2, f=0.8, seed=1)
    assert chapters.numbers(measured(*clear, underfitted))["rll-0.4-memorized"] == "47 %"
    assert "more than one seed yet" in chapters.widest(measured(*clear, underfitted))
    alone = measured(underfitted, clear[1])
    assert chapters.numbers(alone)["rll-0.4-memorized"] == "20 %"
    kept = {}
    monkeypatch.setattr(chapters.notebooks, "glue", lambda name, *of: kept.update({name: of}))
    chapters.keep("mlp", measured(*clear, underfitted))
    assert kept["mlp-rll-0.4-memorized"] == ("47 %", [measured(clear[0])[0].name])


def test_the_drop_is_compared_with_that_of_unchanged_predictions():
    runs = measured(*grid(rll=0.0))  # f = 1: J1 falls from 1 to 0.6
    found = chapters.numbers(runs)
    assert (found["rll-0.4-drop"], found["rll-0.4-ideal"]) == ("40", "40")
    assert found["rll-0.2-drop"] == chapters.MISSING
    half = measured(make("rll", 0.0, f=0.5), make("rll", 0.4, f=0.5, m=0.0))
    assert chapters.drop(half, "rll", 0.4, ideal=True) == "18", "0.4 (10 * 0.5 - 1) / 9"


@pytest.mark.parametrize(
    ("ats", "told"),
    [
        ((20,), r"in epoch 1\d"),
        ((20, 20), r"in epoch 1\d"),
        ((20, 40), r"in epochs 1\d to \d\d"),
        ((None, None), "in no epoch"),
        ((20, None), r"in epoch 1\d or never"),
        ((), re.escape(chapters.MISSING)),
    ],
)
def test_a_crossover_is_told_over_seeds(ats, told):
    ways = [
        {"m": curve(0, 1, at), "r": curve(0.8, 0, at)} if at else {"r": 0.9, "m": 0.0} for at in ats
    ]
    runs = measured(*(make("cce", seed=i, **way) for i, way in enumerate(ways)))
    assert re.fullmatch(told, chapters.crossover(runs))


def test_the_widest_range_is_named():
    found = [make("rll", m=m, seed=i, test=t) for i, (m, t) in enumerate([(0.1, 0.8), (0.4, 0.85)])]
    told = chapters.widest(measured(*found, make("cce"), make("mae", f=0.8)))
    assert "one inconclusive run is left out, and then 1 of 2 settings have" in told
    assert "30 points (RLL, η = 0.4)" in told and "5 points (RLL, η = 0.4)" in told
    assert "more than one seed yet" in chapters.widest(measured(make("cce")))


def table_of(words, column="resnet18"):
    """A table of claims with these words, by (claim, part), on one network."""
    claims: dict = {}
    for (claim, part), word in words.items():
        row = {"column": column, "part": part, "word": word, "unit": "seed", "seeds": 3}
        row |= {
            "cells": [],
            "sizes": [5000],
            "inconclusive": 0,
            "described": False,
            "why": "",
            "others": {},
        }
        claims.setdefault(claim, []).append(row)
    listed = [{"id": c, "reading": f"What {c} says.", "verdicts": v} for c, v in claims.items()]
    return {"columns": [{"id": column, "main": True, "title": column}], "claims": listed}


def test_the_verdict_lists_every_claim():
    content = table_of(
        {
            ("C1", ""): "fails",
            ("C2", ""): "holds",
            ("C3", ""): "2 of 3 seeds",
            ("C4", "left"): "holds",
            ("C4", "right"): "holds",
            ("C5", "left"): "holds",
            ("C5", "right"): "not tested",
        }
    )
    assert tables.words(content, "resnet18") == (
        "- **Holds**: memorization with MSE (C2); memorization with CCE (C4); a high $J_1$ below "
        "100 % with MSE (C5: left).\n- **Fails**: memorization with CCE (C1).\n- **2 of 3 seeds**: "
        "a later fit where more labels are wrong (C3).\n- **Not tested**: a high $J_1$ below 100 % "
        "with MSE (C5: right)."
    )
    html = tables.verdicts(content, {"resnet18": "verdict"})
    for claim in ("C1", "C2", "C3", "C4", "C5"):
        assert f'href="claims.html#claim-{claim}"' in html
    assert html.count("<tr>") == 8 and "What C1 says." in html and "2 of 3 seeds" in html


def test_the_table_of_claims_is_in_words_for_each_network():
    content = page.load(Pool(grid(etas=(0.0, 0.2, 0.4, 0.6), **MNIST)))
    for column in ("resnet18", "inception-lite"):
        assert tables.words(content, column).endswith(".")
    about_networks = {c["id"] for c in content["claims"] if c["weight"] != "mathematics"}
    assert set(tables.TOPICS) == about_networks


def test_every_number_beside_the_papers_has_a_name_even_without_runs():
    ways = {
        "mnist": paper_numbers.MNIST,
        "inception": paper_numbers.INCEPTION,
        "resnet32": paper_numbers.RESNET32,
    }
    for prefix, lines in ways.items():
        text = tables.paper_beside(lines, **{prefix: []})
        assert "{" not in text and "–" in text and chapters.MISSING not in text
        told = tables.paper_beside(lines, **{prefix: measured(*grid())})
        assert "5,000 of" in told and "{" not in told


def test_what_is_behind_a_figure_has_every_run_and_its_data():
    runs = measured(*grid())
    text = tables.behind(runs, "mine")
    assert "The 4 runs behind" in text and text.count("<tr>") == 5 and "mine.csv" in text
    assert tables.behind([], "mine") == ""


def test_a_control_is_beside_what_it_is_compared_with():
    runs = measured(make("rll", m=0.25, r=0.5, test=0.75))
    text = re.sub("</?span[^>]*>", "", tables.compared({"falls": runs, "constant": []}))
    assert all(f">{x}</td>" in text for x in ("falls", "RLL", "0.25", "0.50", "0.75"))


def test_seeds_and_noise_rates_are_those_that_are_recorded():
    one = grid(etas=(0.0, 0.4))
    told = tables.setting(measured(*one, *grid(etas=(0.0, 0.4), seed=1)))
    assert (told["seeds"], told["etas"]) == ("2", "0, 0.4")
    told = tables.setting(measured(*one, *grid(etas=(0.4,), seed=1)))
    assert told["seeds"] == "2, not of every setting"

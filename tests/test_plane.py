"""The plane of the losses: traits by closed forms, points and pictures by made-up runs, and the
regression by planted truth.
"""

import math
import types

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import changed
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import curve, make

from memutils import losses
from memutils.report import figures
from memutils.report.looks import look
from memutils.report.symmetry import loss_rows, plane, plane_figure, regression, traits
from memutils.runs import records
from memutils.runs.record import Record

UNBOUNDED = {"cce", "unhinged", "label-smoothing", "sce", "eps-softmax"}
MLP = {"network": "mlp", "dataset": "mnist5k", "schedule": "constant", "optimizer": "sgd"}
RATES = {"cce": 0.01054, "mse": 0.0527, "mae": 0.0527, "rll": 0.01897, "gce": 0.05283}
"""Learning rates of s = .01, from configs/plane.yaml."""


@pytest.mark.parametrize("name", losses.OWN)
def test_traits_are_what_the_formulas_say(name):
    found = traits.traits(name)
    assert found.bounded == (name not in UNBOUNDED)
    assert found.symmetric == (losses.check_symmetry(losses.build(name)).answer == "symmetric")
    assert found.kind in traits.KINDS and 0 < found.pull < 2


def test_the_pull_by_closed_form():
    p, rest = np.array([0.01, 0.98, *[0.01 / 8] * 8]), np.full(10, 0.1)
    label = np.eye(10)[0]
    cce = [np.linalg.norm(q - label) for q in (p, rest)]
    mae = [2 * q[0] * np.linalg.norm(q - label) for q in (p, rest)]  # d(-2 p_y)/dz
    for name, (sure, uniform) in {"cce": cce, "mae": mae}.items():
        assert traits.traits(name).pull == pytest.approx(sure / uniform)
        assert traits.traits(name).log_pull == pytest.approx(math.log10(sure / uniform))
    assert traits.traits("unhinged").pull == pytest.approx(1)  # linear in the logits


def test_where_the_pull_is_taken_is_told():
    names = [name for name in plane.distinct(losses.OWN) if name != "unhinged"]
    at = {name: traits.traits(name, sure=0.1).log_pull for name in names}
    rows = [{"loss": n, "symmetric": traits.traits(n).symmetric, "x": at[n]} for n in names]
    found = pd.DataFrame(rows).assign(collapsed=False)
    found["bounded"] = [traits.traits(name).bounded for name in names]
    text = regression.elsewhere(found, "x", (0.1,))
    assert text.endswith("alone it explains 100 % at 0.1.")
    assert regression.elsewhere(found[:5], "x") == ""


def test_multiples_are_one_point():
    assert plane.distinct(["cce", "mae", "rce", "rll"]) == ["cce", "mae", "rll"]


def run(loss, m, f=None, seed=0, lr=None, **more):
    """A run of 40 epochs in which m, and f, rise to these values at the end."""
    m, f = curve(0, m, 40), curve(0.5, 1.0 if f is None else f, 40)
    return make(loss, m=m, r=1 - m, f=f, seed=seed, lr=lr or RATES[loss], n=3000, **MLP, **more)


def test_a_point_is_the_mean_of_its_seeds_at_equal_fit_and_at_the_end():
    made = [
        run("cce", 0.4),
        run("cce", 0.8, seed=1),
        run("mae", 0.1, lr=0.1581),
        run("rll", 0.1, 0.9),
    ]
    found = plane.points(plane.paths(made)).set_index("loss")
    assert found.index.tolist() == ["rll", "cce"], "MAE has no run at s = .01"
    cce = found.loc["cce"]
    assert (cce.seeds, cce.kind) == (2, "unbounded, not symmetric")
    assert cce.x_at_fit == pytest.approx(0.9 * 0.6), "f is .95 after nine tenths of the way"
    assert cce.x_at_end == pytest.approx(0.6) and not cce.collapsed
    assert math.isnan(found.loc["rll"].x_at_fit)
    assert plane.left_out(found.reset_index()).startswith("RLL does not reach a fit of 0.95")


def test_the_runs_of_steps_are_the_planes_too(monkeypatch):
    spec = next(
        records.spec_dict(s)
        for s in plane.load_scale("plane").specs().values()
        if (s.loss, s.seed, s.lr) == ("cce", 0, 0.01054) and s.network == "mlp"
    )
    of = {
        "plane": [spec],
        "steps": [spec | {"n_test": 0}, spec | {"n_test": 0, "lr": 0.1054}, spec | {"epochs": 528}],
    }
    made = {
        scale: [types.SimpleNamespace(spec=s, scale=scale) for s in specs]
        for scale, specs in of.items()
    }
    monkeypatch.setattr(records, "load", made.get)
    assert [r.scale for r in plane.load()] == ["plane"]
    made["plane"] = []
    assert [r.scale for r in plane.load()] == ["steps"]


def design(n, generator):
    """Made-up losses: a third of each kind, their pulls at random."""
    kind = np.arange(n) % 3
    return pd.DataFrame(
        {
            "symmetric": kind == 0,
            "bounded": kind < 2,
            "log_pull": generator.uniform(-1.2, 0.2, n),
            "collapsed": False,
        }
    )


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.floats(-2, 2)] * 4), st.integers(12, 30), st.integers(0, 1000))
def test_planted_coefficients_come_back(planted, n, seed):
    found = design(n, np.random.default_rng(seed))
    parts = found[["symmetric", "bounded", "log_pull"]].to_numpy(float)
    found["x"] = planted[0] + parts @ planted[1:] + 1e-9 * np.sin(np.arange(n))
    fit = regression.regress(found, "x")
    assert fit.table["estimate"].tolist() == pytest.approx(planted[1:], abs=1e-6)
    assert fit.table["least"].tolist() == pytest.approx(planted[1:], abs=1e-6)
    assert (fit.table["low"] <= fit.table["estimate"]).all() and (
        fit.table["inflation"] > 0.999
    ).all()


def test_intervals_cover_as_often_as_they_say():
    generator = np.random.default_rng(0)
    covered = np.zeros(3)
    for _ in range(400):
        found = design(20, generator)
        parts = found[["symmetric", "bounded", "log_pull"]].to_numpy(float)
        found["x"] = parts @ [-0.3, 0.0, 0.2] + generator.normal(0, 0.1, 20)
        table = regression.regress(found, "x").table
        covered += ((table["low"] < [-0.3, 0, 0.2]) & ([-0.3, 0, 0.2] < table["high"])).to_numpy()
    assert (covered / 400 > 0.92).all() and (covered / 400 < 0.98).all()


def test_a_single_loss_that_decides_a_sign_is_seen():
    found = design(15, np.random.default_rng(1))
    found["x"] = np.where(np.arange(15) == 4, 5.0, 0.0) + 0.001 * np.arange(15)
    fit = regression.regress(found, "x")
    assert not any(fit.clear(trait) for trait in regression.TRAITS)
    assert "No trait's sign is certain" in regression.sentence(fit, "at the end")
    assert "nothing is settled about symmetry, boundedness and the pull." in regression.limits(fit)


def test_too_few_losses_or_traits_that_are_one_give_no_fit():
    found = design(15, np.random.default_rng(1)).assign(x=1.0)
    assert regression.regress(found[:11], "x") is None
    assert regression.regress(found.assign(bounded=found["symmetric"]), "x") is None
    assert regression.regress(found.assign(collapsed=[True] * 4 + [False] * 11), "x") is None
    assert "Too few losses" in regression.sentence(None, "at the end")
    assert regression.limits(None) == ""


def test_a_clear_trait_is_named_with_its_interval():
    found = design(18, np.random.default_rng(2))
    noise = 0.02 * np.sin(7 * np.arange(18))
    found["x"] = 0.5 + 0.4 * found["log_pull"] + noise
    fit = regression.regress(found, "x")
    text = regression.sentence(fit, "at the end")
    assert "Only for the pull does the interval leave out zero" in text
    assert regression.limits(fit).endswith("What the regression says is a hint.")
    assert f"ten times the pull goes with {fit.table['estimate'].iloc[2]:+.3f}" in text


def test_losses_that_are_not_in_the_picture_are_named():
    text = plane.missing([run("cce", 1.0)])
    assert (
        text.startswith("These losses have no run at s = 0.01: MSE, MAE, RLL,")
        and "CCE," not in text
    )
    base = run("rll", 0.1)
    lost = Record(base.path, base.content | {"diverged": {"epoch": 4}}, base.kept)
    text = plane.missing([run("cce", 1.0), lost])
    assert text.startswith("These losses diverged at s = 0.01: RLL. These losses have no run at")
    assert plane.paths([run("cce", 1.0), lost])["loss"].unique().tolist() == ["cce"]


def test_exceptions_are_losses_that_do_not_fit_the_claim():
    text = plane.exceptions(plane.points(plane.paths([run("rll", 0.75), run("gce", 0.1)])))
    assert (
        "this MLP symmetry is not enough: among symmetric losses *x* ends at 0.75 for RLL." in text
    )
    assert "is not needed: among losses without it *x* ends at 0.10 for GCE." in text
    assert plane.exceptions(plane.points(plane.paths([run("rll", 0.1), run("cce", 1.0)]))) == ""
    small = [run("rll", 0.1), run("mae", 0.9), run("cce", 1.0)]
    told = plane.exceptions(plane.points(plane.paths(small)))
    assert (
        "A small pull (below the median) is not enough: with it *x* ends at 0.90 for MAE." in told
    )


def test_what_the_runs_have_in_common():
    made = [run("cce", 1.0), run("cce", 1.0, seed=1), run("rll", 0.1)]
    text = plane.conditions(made, plane.paths(made))
    assert text.startswith("MLP on MNIST (5k), n = 3,000, η = 0.4, SGD") and "1 to two" not in text
    assert "one to two seeds a loss" in text and plane.conditions([], plane.paths([])) == ""
    begun = [run("cce", 1.0, lr=0.3 * RATES["cce"])]
    assert plane.conditions(begun, plane.paths(begun)) == ""  # a grid that has only begun
    assert plane.spreads(plane.paths(made)).endswith("and from 0.10 to 1.00 at the end.")


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_each_path_ends_in_its_losss_mark_in_the_panel_of_its_kind(width):
    made = [run("cce", 1.0), run("mse", 0.5), run("rll", 0.1, 0.9)]
    frame = plane.paths(made)
    points = plane.points(frame)
    with mpl.rc_context(figures.style(width)):
        figure = plane_figure.draw(frame, points, width)
        pulls = loss_rows.draw_pulls(points, width)
    for axis, loss, x, y in zip(
        figure.axes,
        ("rll", "mse", "cce"),
        (0.1, plane_figure.RIGHT, plane_figure.RIGHT),
        (0.1, 0.5, 1.0),
        strict=True,
    ):
        marks = [line for line in axis.lines if line.get_marker() == look(loss).marker]
        assert [(m.get_xdata()[-1], m.get_ydata()[-1]) for m in marks] == [pytest.approx((x, y))]
        assert axis.get_title(loc="left").replace("\n", " ") == traits.traits(loss).kind
    ends, beside = pulls.axes
    ordered = points.sort_values("x_at_end")
    assert [t.get_text() for t in ends.get_yticklabels()] == ["RLL", "MSE", "CCE"]
    marks = [line for line in ends.lines if line.get_linestyle() == "None"]
    fits, at_end = ([m.get_xdata()[0] for m in marks[i::2]] for i in (0, 1))
    assert fits == pytest.approx(list(ordered["x_at_fit"]), nan_ok=True)
    assert at_end == pytest.approx(list(ordered["x_at_end"]))
    assert {m.get_mfc() for m in marks[0::2]} == {"none"}, "hollow where the fits are equal"
    assert [m.get_xdata()[0] for m in beside.lines] == pytest.approx(list(ordered["pull"]))
    drawn = [(m.get_marker(), m.get_color()) for m in beside.lines]
    looks = [look(loss) for loss in ("rll", "mse", "cce")]
    assert drawn == [(of.marker, of.color) for of in looks], "its kind's look"
    assert plane_figure.alt(points).endswith("unbounded, not symmetric: CCE 100 %.")


def test_a_collapsed_run_is_a_point_of_no_picture():
    lost = changed(run("cce", 1.0), j2=0.1, classes=1)
    points = plane.points(plane.paths([lost, run("rll", 0.1)]))
    assert points.set_index("loss").loc["cce", "collapsed"]
    assert plane.exceptions(points) == "" and "CCE" in plane.left_out(points)

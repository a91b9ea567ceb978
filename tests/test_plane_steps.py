"""The plane at several step sizes, on made-up runs and planted regressions."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import changed
from test_plane import design, run

from memutils.report import figures
from memutils.report.symmetry import plane, plane_steps

RATES = {
    0.003: {"cce": 0.003162, "rll": 0.005692, "mse": 0.01581},
    0.01: {"cce": 0.01054, "rll": 0.01897, "mse": 0.0527},
    0.03: {"cce": 0.03162, "rll": 0.05692, "mse": 0.1581},
}
"""Learning rates by step size, from configs/plane.yaml."""

ENDS = {
    0.003: {"cce": 0.9, "rll": 0.1, "mse": 0.5},
    0.01: {"cce": 1.0, "rll": 0.2, "mse": 0.6},
    0.03: {"cce": 0.1, "rll": 0.9, "mse": 0.5},
}


def points(**more):
    made = [run(loss, ENDS[s][loss], lr=lr) for s, of in RATES.items() for loss, lr in of.items()]
    return plane_steps.points(plane.paths([*made, *more.values()]))


def test_a_step_size_is_a_row_a_loss_and_the_order_is_compared():
    found = points()
    assert len(found) == 9 and set(found["s"]) == set(plane_steps.STEPS)
    x = plane_steps.telling(found, "x_at_end")
    assert x.loc["rll"].tolist() == pytest.approx([0.1, 0.2, 0.9])
    text = plane_steps.order(found)
    assert "at the end, 1.00 at s = 0.003 (3 losses) and -1.00 at s = 0.03 (3 losses)." in text
    assert plane_steps.order(found[found["s"] == 0.01]) == ""
    assert plane_steps.alt(found).startswith("Excess memorization at the end")
    assert "s = 0.003: 3 losses, from 0.10 to 0.90" in plane_steps.alt(found)


def test_the_table_and_the_figure_have_every_loss_at_every_step():
    found = points()
    rows = plane_steps.table(found).set_index("loss")
    assert rows.index.tolist() == ["rll", "mse", "cce"], "by kind"
    assert rows["x at the end, s = 0.003"].to_dict() == pytest.approx(ENDS[0.003])
    for width in (figures.WIDE, figures.NARROW):
        with mpl.rc_context(figures.style(width)):
            figure = plane_steps.draw(found, width)
        named = [t.get_text() for t in figure.axes[0].get_yticklabels()]
        assert named == ["RLL", "MSE", "CCE"], "the highest at the middle step on top"
        for axis, (s, ends) in zip(figure.axes, ENDS.items(), strict=True):
            assert axis.get_title(loc="left") == f"s = {s:g}"
            marks = [line.get_xdata()[0] for line in axis.lines if line.get_marker() != "None"]
            assert marks == pytest.approx([ends[loss] for loss in ("rll", "mse", "cce")])


def test_a_run_that_collapsed_is_in_neither():
    lost = changed(run("gce", 1.0, lr=0.1585), j2=0.1, classes=1)
    found = points(lost=lost)
    assert "gce" not in plane_steps.telling(found, "x_at_end").index
    assert np.isnan(plane_steps.table(found).set_index("loss").loc["gce"].iloc[-1])


def test_signs_that_are_certain_are_told_with_their_step_sizes():
    made = []
    for s, slope in ((0.01, 0.4), (0.03, 0.3)):
        found = design(18, np.random.default_rng(2))
        x = 0.5 + slope * found["log_pull"] + 0.02 * np.sin(7 * np.arange(18))
        made.append(found.assign(s=s, x_at_end=x, x_at_fit=np.nan))
    found = pd.concat(made, ignore_index=True)
    text = plane_steps.agreement(found)
    assert text.startswith("By the regressions, at the end, of two step sizes, the sign is clear")
    assert "for the pull at s = 0.01 and 0.03 (its estimates at all are +0.3" in text
    assert "symmetry" not in text
    rows = plane_steps.regressions(found)
    assert rows["s"].tolist() == [0.01, 0.03] and rows["losses"].tolist() == [18, 18]
    assert plane_steps.agreement(found[found["s"] == 0.01]) == ""
    assert plane_steps.regressions(found[:3]).empty

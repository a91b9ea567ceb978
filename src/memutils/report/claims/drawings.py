"""The figures of the primary claims: P0's differences with their intervals, and P1's excess
memorization at equal fit.
"""

import matplotlib.pyplot as plt

from memutils.claims.contrasts import by_step, x_at_level
from memutils.claims.outcomes import Measured
from memutils.claims.selection import Pool
from memutils.claims.thresholds import LIMITS
from memutils.names import NETWORK_NAMES
from memutils.report import figures
from memutils.report.claims.page import claim_of
from memutils.report.claims.vocabulary import SHORT
from memutils.report.looks import INK, looks

PARTS = (
    ("m below CCE's", "m(CCE) − m(RLL)"),
    ("m below MSE's", "m(MSE) − m(RLL)"),
    ("test accuracy above CCE's", "test accuracy, RLL − CCE"),
    ("test accuracy above MSE's", "test accuracy, RLL − MSE"),
)
MARKERS, MAIN = {0.2: "s", 0.4: "^", 0.6: "D"}, LIMITS.main_eta


def differences(content: dict, width: float = figures.WIDE) -> plt.Figure:
    """P0: every pair's difference with its interval (sampling of images), a panel a verdict,
    a row a network.

    Filled: the main noise rate, 0.4; light gray: an inconclusive pair.
    """
    claim = claim_of(content, "P0")
    height = 190 if figures.is_narrow(width) else 230
    figure, axes = figures.panels(width, len(PARTS), height, across=2, sharey=True)
    for axis, (part, title) in zip(axes, PARTS, strict=True):
        found = {v["column"]: v["cells"] for v in claim["verdicts"] if v["part"] == part}
        for row, column in enumerate(SHORT):
            cells = sorted(found[column], key=lambda c: (c["eta"], c["seed"]))
            for i, cell in enumerate(cells):
                bar(axis, cell, row + 0.35 - 0.7 * (i + 0.5) / len(cells))
        axis.axvline(0, color=INK, linewidth=1)
        names = [name.replace(", ", "\n") for name in SHORT.values()]
        axis.set(yticks=range(len(SHORT)), yticklabels=names, ylim=(len(SHORT) - 0.4, -0.6))
        axis.set_title(title, loc="left")
    marks = {
        f"η = {eta:g}": {"marker": m, "mfc": INK if eta == MAIN else "none", "linestyle": ""}
        for eta, m in MARKERS.items()
    }
    figures.legend(figure, also=marks, ncols=3)
    return figure


def bar(axis: plt.Axes, cell: dict, y: float) -> None:
    """A pair's difference with its interval, as a mark with a bar."""
    (low, high), middle = cell["interval"], cell["statistics"]["difference"]
    faint = cell["state"] == "inconclusive"
    axis.errorbar(
        middle,
        y,
        xerr=[[middle - low], [high - middle]],
        fmt=MARKERS[cell["eta"]],
        color=INK,
        alpha=0.4 if faint else 1,
        mfc=INK if cell["eta"] == MAIN else "none",
        ms=5,
    )


def at_steps(pool: Pool, scale: str) -> list[Measured]:
    """The runs of RLL and CCE of a scale, 'steps-cnn' or, as a description, 'steps'."""
    return [
        r
        for r in pool.of_scale(scale)
        if r.spec["train_on"] == "all" and r.spec["loss"] in ("rll", "cce")
    ]


def equal_fits(runs: list[Measured], width: float = figures.WIDE) -> plt.Figure:
    """P1: x where the training-mode f first reaches a level, over the step size; a dot a run, lines
    join a seed's, a row of panels a network.

    Args:
        runs: from ``at_steps``.
        width: in pixels.
    """
    levels, there = LIMITS.fit_levels, {r.spec["network"] for r in runs}
    networks = [n for n in NETWORK_NAMES if n in there]
    panels = [(network, level) for network in networks for level in levels]
    height = 260 if figures.is_narrow(width) else 270
    figure, axes = figures.panels(width, len(panels), height, across=len(levels), sharey=True)
    for axis, (network, level) in zip(axes, panels, strict=True):
        at_a_level(axis, by_step(r for r in runs if r.spec["network"] == network), level)
        axis.set_title(f"{NETWORK_NAMES[network]}, f = {level:g}", loc="left")
    figures.legend(figure, axes[:1], ncols=2)
    return figure


def at_a_level(axis: plt.Axes, found: dict, level: float) -> None:
    """A panel: x at a level of the fit over the step size, of runs from ``by_step``."""
    for seed, of in sorted(found.items()):
        for loss, drawn in looks(("cce", "rll")).items():
            steps = sorted(s for name, s in of if name == loss)
            x = [x_at_level(of[loss, s], level) for s in steps]
            label = drawn.name if seed == min(found) else None
            style = drawn.line | {"marker": drawn.marker, "label": label}
            axis.plot(steps, x, linewidth=0.8, markersize=4, **style)
    axis.set(xscale="log", xlabel="step size s", ylabel="excess memorization x")

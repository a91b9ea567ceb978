"""The figures of the primary claims: P0's differences with their intervals, and P1's excess
memorization at equal fit.
"""

import matplotlib.pyplot as plt

from memutils.claims.contrasts import by_step, x_at_level
from memutils.claims.selection import Pool
from memutils.claims.thresholds import Thresholds
from memutils.report.claims.vocabulary import SHORT
from memutils.report.looks import looks

PARTS = (
    ("m below CCE's", "m(CCE) − m(RLL)"),
    ("m below MSE's", "m(MSE) − m(RLL)"),
    ("test accuracy above CCE's", "test accuracy, RLL − CCE"),
    ("test accuracy above MSE's", "test accuracy, RLL − MSE"),
)
MARKERS = {0.2: "s", 0.4: "^", 0.6: "D"}


def differences(content: dict) -> plt.Figure:
    """P0: every pair's difference with its interval (sampling of images), a panel a verdict,
    a row a network.

    Filled: the main noise rate, 0.4; light gray: an inconclusive pair.
    """
    claim = next(c for c in content["claims"] if c["id"] == "P0")
    figure, axes = plt.subplots(2, 2, figsize=(9, 5), sharey=True, layout="constrained")
    for axis, (part, title) in zip(axes.flat, PARTS, strict=True):
        for row, column in enumerate(SHORT):
            verdict = next(
                v for v in claim["verdicts"] if (v["part"], v["column"]) == (part, column)
            )
            for i, c in enumerate(sorted(verdict["cells"], key=lambda c: (c["eta"], c["seed"]))):
                low, high = c["interval"]
                middle, y = (
                    c["statistics"]["difference"],
                    row + 0.35 - 0.7 * (i + 0.5) / len(verdict["cells"]),
                )
                color = "0.6" if c["state"] == "inconclusive" else "0.2"
                face = color if c["eta"] == 0.4 else "white"
                axis.errorbar(
                    middle,
                    y,
                    xerr=[[middle - low], [high - middle]],
                    fmt=MARKERS[c["eta"]],
                    color=color,
                    mfc=face,
                    ms=5,
                )
        axis.axvline(0, color="0.3", linewidth=1)
        axis.set(
            yticks=range(len(SHORT)),
            yticklabels=[name.replace(", ", "\n") for name in SHORT.values()],
            ylim=(len(SHORT) - 0.4, -0.6),
        )
        axis.set_title(title, fontsize=11, loc="left")
    marks = [
        plt.Line2D(
            [], [], color="0.3", marker=m, linestyle="", mfc="0.3" if eta == 0.4 else "white"
        )
        for eta, m in MARKERS.items()
    ]
    figure.legend(marks, [f"η = {eta:g}" for eta in MARKERS], loc="outside lower center", ncols=3)
    return figure


def equal_fits(
    pool: Pool, scale: str, levels: tuple[float, ...] | None = None
) -> plt.Figure | None:
    """P1: x where the training-mode f first reaches a level, over the step size; a dot a run, lines
    join a seed's. None without runs.

    Args:
        pool: of records.
        scale: 'steps-cnn' or, as a description, 'steps'.
        levels: of f.
    """
    levels = levels or Thresholds().fit_levels
    runs = [
        r
        for r in pool.of_scale(scale)
        if r.spec["train_on"] == "all" and r.spec["loss"] in ("rll", "cce")
    ]
    if not runs:
        return None
    figure, axes = plt.subplots(
        1,
        len(levels),
        figsize=(4.5 * len(levels), 3.4),
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for axis, level in zip(axes.flat, levels, strict=True):
        for seed, found in sorted(by_step(runs).items()):
            for loss, drawn in looks(("cce", "rll")).items():
                steps = sorted(s for name, s in found if name == loss)
                x = [x_at_level(found[loss, s], level) for s in steps]
                label = drawn.name if seed == min(by_step(runs)) else None
                style = {"color": drawn.color, "marker": drawn.marker, "label": label}
                axis.plot(steps, x, linewidth=0.8, markersize=4, **style)
        axis.set(xscale="log", xlabel="step size s", title=f"f = {level:g}")
    axes[0, 0].set_ylabel("excess memorization x")
    axes[0, 0].legend()
    return figure

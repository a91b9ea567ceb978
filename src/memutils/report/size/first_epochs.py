"""The first epochs of the paper's own run: Inception-Lite on all of CIFAR-10, by its schedule.

Its training is not at its end, so it is described, and compared at equal fit; no claim reads it.
"""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np

from memutils.claims import equal_fit
from memutils.claims.equal_fit import Group
from memutils.claims.outcomes import excess
from memutils.claims.selection import Pool
from memutils.claims.thresholds import LIMITS
from memutils.report import figures
from memutils.report.figures import WIDE
from memutils.report.looks import INK, look
from memutils.report.plots import NOT_RUN, of_grid
from memutils.report.size.chapter import PAPER_RATE
from memutils.report.steps.drawings import BELOW, TALL, F, X, legend
from memutils.runs.grid import SIZES
from memutils.runs.record import Record
from memutils.runs.specs import load_scale
from memutils.words import counted, percent

SCALE, PAPERS = "paper-start", "paper"
FITS = tuple(np.arange(0.5, 1, 0.05).round(2))
"""Levels of f, of which the highest that both losses reach is told."""

THICK, THIN = 2.4, 1.0
"""Widths of lines in pixels: of all images, and of fewer."""


def load() -> Group | None:
    """The pairs of RLL and CCE on all images; None without one."""
    found = equal_fit.groups(Pool(of_grid(SCALE)))
    return found[0] if found else None


def beside(found: Iterable[Record]) -> Group | None:
    """The pairs on fewer images by the same schedule, the largest number of them."""
    return next((g for g in equal_fit.groups(Pool(found)) if g.learning_rate == PAPER_RATE), None)


def end(whole: Group, loss: str, column: str) -> str:
    """A metric of the evaluation after the last epoch, over the seeds: '73 %'."""
    return percent([float(whole.runs[loss, seed].columns[column][-1]) for seed in whole.seeds])


def told(whole: Group | None) -> str:
    """What the first epochs show, in words."""
    epochs = load_scale(PAPERS).usual("inception-lite")["epochs"]
    if whole is None:
        return (
            f"A run by the paper's own protocol, on all {SIZES['cifar10']:,} images for {epochs} "
            f"epochs, is {NOT_RUN}."
        )
    cce, rll = (
        [end(whole, loss, part) for part in ("memorized", "fitted", "test_accuracy")]
        for loss in ("cce", "rll")
    )
    text = (
        f"**All {whole.images:,} images.** Of a run by the paper's own protocol, which has "
        f"{epochs} epochs, the first {whole.epochs} are recorded "
        f"({counted(len(whole.seeds), 'seed')}). After them CCE repeats {cce[0]} of the wrong "
        f"labels and fits {cce[1]} of the right ones; RLL repeats {rll[0]} and fits {rll[1]}. Of "
        f"new images it gets {cce[2]} right with CCE and {rll[2]} with RLL."
    )
    rate = whole.runs["rll", whole.seeds[0]].columns["lr"][-1] / whole.learning_rate
    last = (
        f"The learning rate is then still {percent([rate])} of what it was, so this is not the end "
        "of training, and no claim is judged by it."
    )
    return " ".join(filter(None, (text, moving(whole), at_fit(whole), last)))


def moving(whole: Group) -> str:
    """What CCE repeats one evaluation earlier, where it differs from the last; '' where it hardly
    does.
    """
    runs = [whole.runs["cce", seed] for seed in whole.seeds]
    ends = [run.columns["memorized"][run.evaluated][-2:] for run in runs]
    if max(float(np.ptp(shares)) for shares in ends) <= LIMITS.fit_gap:
        return ""
    epoch = runs[0].columns["epoch"][runs[0].evaluated][-2]
    earlier = percent([float(shares[0]) for shares in ends])
    return f"These shares still change fast: after epoch {epoch:g} CCE repeats {earlier}."


def in_short(whole: Group) -> str:
    """The same in a sentence."""
    m, f, new = (
        [end(whole, loss, part) for loss in ("rll", "cce")]
        for part in ("memorized", "fitted", "test_accuracy")
    )
    return (
        f"On all {whole.images:,} images of CIFAR-10, after the first {whole.epochs} epochs of a "
        f"run by the paper's own protocol, Inception-Lite repeats {m[0]} of the wrong labels and "
        f"{f[0]} of the right ones with RLL, {m[1]} and {f[1]} with cross entropy; of new images "
        f"it gets {new[0]} and {new[1]} right ({counted(len(whole.seeds), 'seed')})."
    )


def at_fit(whole: Group) -> str:
    """x at the highest fit that both losses reach in every seed; '' without one."""
    rows = equal_fit.highest(whole, levels=FITS)
    if rows.empty:
        return ""
    return (
        f"Where both first fit {percent([*rows['level']])} of the right labels, counted while they "
        f"train, the excess memorization $x$ is {rows['cce'].mean():.2f} with CCE and "
        f"{rows['rll'].mean():.2f} with RLL."
    )


def draw(whole: Group, fewer: Group | None, width: float = WIDE) -> plt.Figure:
    """Memorized over the epochs, and x over f, in training mode; fewer images thin."""
    figure, axes = figures.panels(width, 2, TALL, below=BELOW)
    drawn = [(whole, THICK), *([(fewer, THIN)] if fewer else [])]
    for group, thick in drawn:
        for (loss, _), run in group.runs.items():
            if loss in ("cce", "rll"):
                n = min(whole.epochs, len(run.columns["epoch"]))
                part = {name: values[:n] for name, values in run.columns.items()}
                draw_run(axes, part, loss, run.classes, thick)
    axes[0].set(xlabel="epoch", ylabel="memorized share m", ylim=(-0.03, 1.03))
    figures.whole_ticks(axes[0])
    axes[1].axhline(0, color=INK, linewidth=0.9)
    axes[1].set(xlabel=F, ylabel=X, xlim=(0, 1.02), ylim=(-0.06, 1.03))
    sizes = {f"{group.images:,} images": {"linewidth": thick} for group, thick in drawn}
    legend(figure, ("cce", "rll"), **sizes)
    return figure


def draw_run(
    axes: Iterable[plt.Axes], part: dict[str, np.ndarray], loss: str, classes: int, thick: float
) -> None:
    """One run's epochs in both panels."""
    style = look(loss).line | {"linewidth": thick}
    m, r = part["training_memorized"], part["training_recovered"]
    over_epochs, over_fit = axes
    over_epochs.plot(part["epoch"], m, **style)
    over_fit.plot(part["training_fitted"], excess(m, r, classes), **style)

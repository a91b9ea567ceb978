"""What the runs say about time: smaller learning rates, longer training, and early stopping as the
rival of the loss, in sentences whose words follow from the numbers.
"""

import math
from collections.abc import Collection

import pandas as pd

from memutils.claims.early_stopping import EARLY, END, difference, of, told_apart
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.plots import ALL_RUNS, NOT_RUN
from memutils.report.steps.sentences import LEVELS
from memutils.words import counted, listed, plural


def unit(epochs: float) -> str:
    """The unit of time in words; NaN where CCE does not get there in every seed."""
    if math.isnan(epochs):
        return (
            f"CCE does not reach J1 = {LIMITS.first_j1:g} in every recorded seed, so there is no "
            "unit of time yet."
        )
    return f"The unit is {epochs:.0f} epochs."


def within(fits: pd.DataFrame, ends: pd.DataFrame, level: float) -> str:
    """How much the learning rate alone moves x at one fit, for CCE and RLL.

    Args:
        fits: from ``steps.at_fits`` at this level.
        ends: the last evaluation of each run.
        level: of f.
    """
    texts = []
    for loss in ("cce", "rll"):
        x = fits[fits["loss"] == loss].groupby("s")["x"].mean()
        last = ends[ends["loss"] == loss]["x"]
        if len(x) and len(last):
            texts.append(
                f"With {LOSS_NAMES[loss]}, x at f = {level:g} lies between {x.min():.3f} and "
                f"{x.max():.3f}, depending on the learning rate; at the end of training it reaches "
                f"{last.max():.3f}."
            )
    return " ".join(texts) or f"No path reaches f = {level:g} yet."


def slower(ends: pd.DataFrame) -> str:
    """Whether a smaller learning rate keeps CCE from memorizing.

    Args:
        ends: the last evaluation of each run.
    """
    by_s = ends[ends["loss"] == "cce"].groupby("s")[["x", "fitted"]].mean()
    if by_s.empty:
        return "No run of CCE is recorded."
    low, full = by_s.index.min(), by_s[by_s["x"] >= LIMITS.first_memorized].index
    text = (
        f"At s = {low:g} CCE ends at x = {by_s['x'][low]:.3f} with f = {by_s['fitted'][low]:.3f}."
    )
    if len(full):
        told = listed(f"{s:g}" for s in full)
        text += (
            f" At s = {told} it memorizes nearly everything (x of {LIMITS.first_memorized:g} or "
            "more)."
        )
    return f"{text} How much a smaller learning rate saves depends on when one stops."


def patience(extended: pd.DataFrame) -> str:
    """What sixteen times CCE's time adds.

    Args:
        extended: from ``steps.at_times``, at 4 and 16 times among others.
    """
    if extended.empty:
        return f"The runs of sixteen times that length are {NOT_RUN}."
    wide = extended.pivot_table(
        index=["loss", "s", "seed"], columns="times", values=["x", "fitted"]
    )
    learned = wide["fitted", 16].groupby(level=[0, 1]).min() >= min(LEVELS)
    mean = wide["x"].groupby(level=[0, 1]).mean()[learned]
    rest = wide["fitted", 16].groupby(level=[0, 1]).min()[~learned]
    left = "".join(
        f" {LOSS_NAMES[loss]} at s = {s:g} is left out, since its f ends at {f:.3f} at worst."
        for (loss, s), f in rest.items()
    )
    if mean.empty:
        return f"No loss has learned the clean labels in the longer runs.{left}"
    texts = [
        f"from {row[4]:.3f} to {row[16]:.3f} with {LOSS_NAMES[loss]} at s = {s:g}"
        for (loss, s), row in mean.iterrows()
    ]
    text = f"Between four and sixteen times CCE's time x goes {listed(texts)}.{left}"
    return text + (of_mae(mean.loc["mae"]) if "mae" in mean.index else "")


def of_mae(mean: pd.DataFrame) -> str:
    """Whether MAE comes to memorize in the longer runs, as the objection has it."""
    rise = float((mean[16] - mean[4]).max())
    if rise > LIMITS.fit_gap:
        return f" So MAE begins to memorize within that time: its x rises by {rise:.3f}."
    return (
        " The objection says that MAE comes to memorize too; here it does not, where it learns and "
        "within that time."
    )


def against_others(chosen: pd.DataFrame, images: int) -> str:
    """Test accuracy of RLL trained to the end against CCE and RLL stopped early and the oracle,
    by seed.

    Args:
        chosen: from ``early_stopping.choices``.
        images: number of test images.
    """
    mine = of(chosen, "rll", END)
    rivals = {
        "CCE stopped early": of(chosen, "cce", EARLY),
        "RLL stopped early": of(chosen, "rll", EARLY),
        "the oracle": of(chosen, "cce", END, oracle=True),
    }
    gaps = {n: gap for n, other in rivals.items() if len(gap := difference(mine, other))}
    if not gaps:
        return "Early stopping cannot be compared: no seed has runs of RLL and a rival."
    parts = [
        f"by {gap.mean():+.3f} from {name} (higher in {int((gap > 0).sum())} of "
        f"{plural(len(gap), 'seed')})"
        for name, gap in gaps.items()
    ]
    accuracy = float(mine["test_accuracy"].mean())
    text = (
        f"The test accuracy of RLL trained to the end differs {listed(parts)}. "
        f"{precision(accuracy, images)}"
    )
    if "CCE stopped early" not in gaps:
        return text
    rival = rivals["CCE stopped early"]
    return f"{text} {verdict(mine, rival, images)}{at_edge(rival)}"


def precision(accuracy: float, images: int) -> str:
    """What a test accuracy is worth on so many images."""
    error = math.sqrt(accuracy * (1 - accuracy) / images)
    return (
        f"The standard error of one accuracy on {images:,} test images, the same ones for every "
        f"seed, is {error:.3f}. That of a difference of two is not known: it needs the predictions "
        "at the epoch that is stopped at, and those of the last epoch alone are recorded. So the "
        "words here go by what it is if the two err independently; where they err on the same "
        "images it is less."
    )


def convolutional(found: Collection[str]) -> str:
    """What leads to the comparisons on convolutional networks, or that there are none.

    Args:
        found: what they are of, from ``steps_data.held_out``.
    """
    if found:
        return f"The same on {counted(len(found), 'convolutional setting')}:"
    return (
        "On a convolutional network early stopping is not compared, since no run with held-out "
        f"images is recorded ({ALL_RUNS})."
    )


def verdict(mine: pd.DataFrame, rival: pd.DataFrame, images: int) -> str:
    """RLL trained to the end against CCE stopped early: is one of them clearly more accurate?"""
    if not told_apart(mine, rival, images):
        return "RLL trained to the end and CCE stopped early cannot be told apart by test accuracy."
    side = "more" if difference(mine, rival).mean() > 0 else "less"
    return f"RLL trained to the end is clearly {side} accurate than CCE stopped early."


def at_edge(rival: pd.DataFrame) -> str:
    """That CCE chose a step size at the edge of what was tried, so that another may do better; ''
    where it did in no seed.
    """
    edges = [edge for edge in rival["edge"] if edge]
    if not edges:
        return ""
    return (
        f" CCE's step size is the {' or '.join(dict.fromkeys(edges))} one tried in {len(edges)} of "
        f"{plural(len(rival), 'seed')}, so it might do better with another."
    )


def alike(chosen: pd.DataFrame, images: int) -> str:
    """Every loss stopped early alike: RLL against CCE by seed, on so many test images; and x of CCE
    stopped early beside RLL trained to the end.
    """
    mine, other, late = (
        of(chosen, *named) for named in (("rll", EARLY), ("cce", EARLY), ("rll", END))
    )
    gap = difference(mine, other)
    if gap.empty:
        return "No seed has both losses stopped early."
    values = ", ".join(f"{g:+.3f}" for g in gap)
    means = [
        f"f = {rows['fitted'].mean():.3f}, x = {rows['x'].mean():.3f}, test accuracy "
        f"{rows['test_accuracy'].mean():.3f}"
        for rows in (other, late)
    ]
    side = "lower" if other["x"].mean() < late["x"].mean() else "higher"
    return (
        f"If every loss is stopped early alike, the test accuracy of RLL differs from that of CCE "
        f"by {gap.mean():+.3f} on average, and is higher in {int((gap > 0).sum())} of "
        f"{plural(len(gap), 'seed')} ({values}), on one test set of {images:,} images. "
        f"RLL trained to the end differs from CCE stopped early by "
        f"{difference(late, other).mean():+.3f}. CCE stopped early "
        f"({means[0]}) has a {side} excess memorization than RLL trained to the end ({means[1]})."
    )

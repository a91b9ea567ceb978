"""The plane at its other step sizes: does the order of the losses hang on the step, and do the
regressions agree?
"""

import matplotlib.pyplot as plt
import pandas as pd
from scipy.stats import spearmanr

from memutils.report import figures
from memutils.report.symmetry import loss_rows, plane, regression
from memutils.report.symmetry.plane import STEP
from memutils.report.symmetry.regression import TRAITS, WORDS
from memutils.report.symmetry.traits import KINDS
from memutils.words import in_words, listed

STEPS = (0.003, STEP, 0.03)
"""The plane's step sizes s."""

ENDS = {"x_at_fit": f"where {plane.LEVEL:g} of the clean are fitted", "x_at_end": "at the end"}


def points(frame: pd.DataFrame) -> pd.DataFrame:
    """``plane.points`` at every step size below each other, with a column ``s``."""
    found = [plane.points(frame, step).assign(s=step) for step in STEPS]
    return pd.concat([of for of in found if len(of)] or found, ignore_index=True)


def telling(found: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row a loss, a column a step size, without runs that collapsed or miss the fit."""
    kept = found[~found["collapsed"].astype(bool)]
    return kept.pivot_table(index="loss", columns="s", values=column)


def order(found: pd.DataFrame) -> str:
    """How the order of the losses at other step sizes agrees with that at the middle one; ''
    without another.
    """
    told = []
    for column, where in ENDS.items():
        x = telling(found, column)
        parts = [
            f"{spearmanr(both[STEP], both[s]).statistic:.2f} at s = {s:g} ({len(both)} losses)"
            for s in STEPS
            if s != STEP and {s, STEP} <= set(x) and len(both := x[[s, STEP]].dropna()) > 2
        ]
        told += [f"{where}, {listed(parts)}"] if parts else []
    if not told:
        return ""
    return (
        f"Does the order of the losses hang on the step size? Spearman's rank correlation of *x* "
        f"with that at s = {STEP:g} is: {'; '.join(told)}."
    )


def fits(found: pd.DataFrame, column: str) -> dict[float, regression.Fit]:
    """The regression at each step size that has enough losses."""
    made = {s: regression.regress(found[found["s"] == s], column) for s in STEPS}
    return {s: fit for s, fit in made.items() if fit}


def agreement(found: pd.DataFrame) -> str:
    """At which step sizes a trait's sign is certain, and its estimates; '' with fewer than two
    regressions.
    """
    told = []
    for column, where in ENDS.items():
        made = fits(found, column)
        if len(made) < 2:
            continue
        parts = []
        for t in TRAITS:
            clear = [f"{s:g}" for s, fit in made.items() if fit.clear(t)]
            every = [fit.table["estimate"][t] for fit in made.values()]
            span = f"its estimates at all are {min(every):+.2f} to {max(every):+.2f}"
            parts += [f"{WORDS[t]} at s = {listed(clear)} ({span})"] if clear else []
        certain = f"the sign is clear for {listed(parts)}" if parts else "no sign is clear"
        told.append(f"{where}, of {in_words(len(made))} step sizes, {certain}")
    return f"By the regressions, {'; '.join(told)}." if told else ""


def table(found: pd.DataFrame) -> pd.DataFrame:
    """A row a loss, with x at equal fit and at the end at each step size."""
    named = {"x_at_fit": "x at fit", "x_at_end": "x at the end"}
    x = {column: telling(found, column) for column in named}
    parts = [x[n].rename(columns=lambda s, t=t: f"{t}, s = {s:g}") for n, t in named.items()]
    rows = found.drop_duplicates("loss").set_index("loss")[["kind"]].join(pd.concat(parts, axis=1))
    ordered = rows.sort_values("kind", key=lambda c: c.map(KINDS.index), kind="stable")
    return ordered.reset_index()


def regressions(found: pd.DataFrame) -> pd.DataFrame:
    """A row a regression: where, step size, losses, and each trait's estimate and interval."""
    return pd.DataFrame(
        [
            {"x": where, "s": s, "losses": fit.losses, "explained": fit.explained}
            | {
                WORDS[t]: f"{row.estimate:+.2f} ({row.low:+.2f} to {row.high:+.2f})"
                for t, row in fit.table.iterrows()
            }
            for column, where in ENDS.items()
            for s, fit in fits(found, column).items()
        ]
    )


def draw(found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """x at the end, a row a loss, a panel a step size."""
    kinds = found.drop_duplicates("loss").set_index("loss")["kind"]
    return loss_rows.draw_steps(telling(found, "x_at_end"), kinds, width)


def alt(found: pd.DataFrame) -> str:
    """The figure in words."""
    x = telling(found, "x_at_end")
    told = (
        f"s = {s:g}: {x[s].count()} losses, from {x[s].min():.2f} to {x[s].max():.2f}" for s in x
    )
    return f"Excess memorization at the end of training at each step size. {'; '.join(told)}."

"""Which trait of a loss goes with what it memorizes: a regression over losses, and its limits."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from memutils.report.symmetry.traits import traits
from memutils.words import listed

TRAITS = ("symmetric", "bounded", "log_pull")
PLACES = (0.001, 0.01, 0.03, 0.1)
"""Other p_y at which the pull may be taken; 0.1 is the uniform one."""

FEWEST = 12
"""Losses that a regression on three traits needs at least: three for each coefficient."""


@dataclass(frozen=True)
class Fit:
    """A least-squares fit of x on the three traits, a loss a point.

    Attributes:
        losses: how many.
        table: a row a trait: estimate, low and high (95 %, ``half_widths``), least and most (the
            estimates when any one loss is left out), covering (how many losses there are without
            which the interval covers zero), alone (the share of the variance that the trait
            explains by itself), inflation (of its variance, by the other traits).
        explained: the share of the variance that the three explain together.
    """

    losses: int
    table: pd.DataFrame
    explained: float

    def clear(self, trait: str) -> bool:
        """Whether the interval leaves out zero, and no single loss decides the sign."""
        row = self.table.loc[trait]
        return all(a * b > 0 for a, b in ((row.low, row.high), (row.least, row.most)))


def regress(found: pd.DataFrame, column: str = "x_at_fit") -> Fit | None:
    """x on symmetric, bounded (0 or 1) and log_pull; None with too few losses, or where two
    traits tell the losses apart in one and the same way.
    """
    kept = found.dropna(subset=[column])
    kept = kept[~kept["collapsed"].astype(bool)]
    design = np.column_stack([np.ones(len(kept)), kept[list(TRAITS)].to_numpy(float)])
    x, n = kept[column].to_numpy(float), len(kept)
    if n < FEWEST or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    (estimates, explained), half = least_squares(design, x), half_widths(design, x)
    inverse = np.linalg.inv(design.T @ design)
    without = [(np.delete(design, i, 0), np.delete(x, i)) for i in range(n)]
    others = np.array([least_squares(*rest)[0] for rest in without])
    covers = np.abs(others) <= [half_widths(*rest) for rest in without]
    rows = [
        {
            "estimate": estimates[j],
            "low": estimates[j] - half[j],
            "high": estimates[j] + half[j],
            "least": others[:, j].min(),
            "most": others[:, j].max(),
            "covering": int(covers[:, j].sum()),
            "alone": least_squares(design[:, [0, j]], x)[1],
            "inflation": inverse[j, j] * ((design[:, j] - design[:, j].mean()) ** 2).sum(),
        }
        for j in (1, 2, 3)
    ]
    return Fit(n, pd.DataFrame(rows, index=list(TRAITS)), explained)


def least_squares(design: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, float]:
    """The coefficients, and the share of the variance of x that they explain."""
    estimates = np.linalg.lstsq(design, x, rcond=None)[0]
    left = ((x - design @ estimates) ** 2).sum()
    return estimates, float(1 - left / ((x - x.mean()) ** 2).sum())


def half_widths(design: np.ndarray, x: np.ndarray) -> np.ndarray:
    """By how much the coefficients' intervals of 95 % reach to either side, by Student's t;
    infinite where the traits do not tell the losses apart.

    The errors may have unequal variances (HC3, MacKinnon and White, J. Econometrics 1985): most
    losses end near x = 0 or near 1, and the spread about the fit is not the same everywhere.
    """
    n, k = design.shape
    if np.linalg.matrix_rank(design) < k:
        return np.full(k, np.inf)
    bread = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    if leverage.max() > 1 - 1e-9:  # a loss that a coefficient fits alone says nothing of its spread
        return np.full(k, np.inf)
    left = (x - design @ least_squares(design, x)[0]) / (1 - leverage)
    variance = np.diag(bread @ (design.T * left**2) @ design @ bread)
    return stdtrit(n - k, 0.975) * np.sqrt(variance)


WORDS = {"symmetric": "symmetry", "bounded": "boundedness", "log_pull": "the pull"}


def sentence(fit: Fit | None, where: str) -> str:
    """What a fit says, in Markdown; ``where`` names the x, e.g. 'at the end'."""
    if fit is None:
        return f"Too few losses are recorded for a regression of excess memorization {where}."
    told = [
        f"{'ten times ' * (t == 'log_pull')}{WORDS[t]} goes with {row.estimate:+.3f} "
        f"({row.low:+.3f} to {row.high:+.3f})"
        for t, row in fit.table.iterrows()
    ]
    alone = listed(f"{WORDS[t]} {100 * row.alone:.0f} %" for t, row in fit.table.iterrows())
    clear = [WORDS[t] for t in TRAITS if fit.clear(t)]
    verdict = (
        f"Only for {listed(clear)} does the interval leave out zero and the estimate keep its sign "
        "whichever loss is left out."
        if 0 < len(clear) < len(TRAITS)
        else "No trait's sign is certain: each interval covers zero, or one loss decides it."
        if not clear
        else "All three intervals leave out zero, and each estimate keeps its sign whichever loss "
        "is left out."
    )
    for t in (t for t in TRAITS if fit.clear(t) and fit.table["covering"][t]):
        verdict += (
            f" But in {fit.table['covering'][t]} of {fit.losses} cases the interval of {WORDS[t]} "
            "covers zero once one loss is left out."
        )
    return (
        f"Over {fit.losses} losses, in excess memorization {where}, with the other two held fixed, "
        f"{listed(told)}. {verdict} The three together explain {100 * fit.explained:.0f} % of the "
        f"variance; alone, {alone}."
    )


def elsewhere(found: pd.DataFrame, column: str, places: Iterable[float] = PLACES) -> str:
    """How much the pull explains alone where it is taken at another p_y; '' without a fit."""
    told = []
    for sure in places:
        pulls = [traits(loss, sure=sure).log_pull for loss in found["loss"]]
        fit = regress(found.assign(log_pull=pulls), column)
        if fit:
            told.append(f"{100 * fit.table['alone']['log_pull']:.0f} % at {sure:g}")
    if not told:
        return ""
    return f"The pull depends on the $p_y$ at which it is taken: alone it explains {listed(told)}."


def limits(fit: Fit | None) -> str:
    """What so few points cannot carry, in words; '' without a fit."""
    if fit is None:
        return ""
    unsure = [WORDS[t] for t in TRAITS if not fit.clear(t) or fit.table["covering"][t]]
    text = f"{fit.losses} losses are few, and nobody drew them at random"
    text += f", so nothing is settled about {listed(unsure)}." if unsure else "."
    return f"{text} What the regression says is a hint."


def rows(fit: Fit) -> pd.DataFrame:
    """A fit's table for the reader, a row a trait."""
    return fit.table.reset_index(names="trait").assign(trait=[WORDS[t] for t in fit.table.index])

"""A cell is one judgment of a claim, of a loss, noise rate and seed;
and the word that cells come to.

Rules of the table (book/rules.md): a seed passes if all its cells that can tell pass; a verdict
needs that half of the cells can tell, one at the noise rate 0.4 among them.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

from memutils.claims.cases import (
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    NOT_TESTED,
    OPEN,
    Finding,
    case_of,
    collapsed,
    inconclusive,
)
from memutils.claims.intervals import Interval, over_seeds
from memutils.claims.selection import ALPHA, Column, Pool, Protocol, differing
from memutils.claims.statements import Part
from memutils.claims.thresholds import Thresholds
from memutils.values import grouped


@dataclass(frozen=True)
class Cell:
    """One judgment: of which loss, noise rate (None where it spans them) and seed, on how many
    images, and by which runs.
    """

    finding: Finding
    loss: str
    eta: float | None
    seed: int
    images: int
    learning_rate: float
    records: tuple[str, ...]
    differ: str = ""

    @property
    def tells(self) -> bool:
        """Whether its runs can tell, even if an interval leaves it open."""
        return self.finding.state in (HOLDS, FAILS, OPEN)


def cell(
    part: Part,
    protocol: Protocol,
    column: Column,
    where: tuple[str, float, int],
    limits: Thresholds,
) -> Cell | None:
    """The judgment of a loss, noise rate and seed in a protocol;
    None where a run that it compares is missing.
    """
    loss, eta, seed = where
    etas = limits.etas if part.across else (eta,)
    wanted = [(name, e) for name in (loss, *part.against) for e in etas]
    wanted += [(loss, 0.0)] if part.clean else []
    case = case_of(protocol, wanted, seed, column.alpha, limits)
    if not case:
        return None
    finding = part.judge(case, limits)
    if why := (collapsed if part.collapse_only else inconclusive)(case):
        finding = replace(finding, state=INCONCLUSIVE, why=why)
    runs = [run.measured for run in case.runs.values()]
    names, trained = tuple(run.name for run in runs), (protocol.images, protocol.settings["lr"])
    eta = None if part.across else eta
    return Cell(finding, loss, eta, seed, *trained, names, differing(runs))


def cells(part: Part, pool: Pool, column: Column, limits: Thresholds) -> list[Cell]:
    """Every cell of a part on a column, of every size:
    of one size that of the protocol with the most epochs.
    """
    etas = limits.low_etas if part.low else limits.etas
    found: dict[tuple, Cell] = {}
    for loss in part.losses if column.alpha == ALPHA else ("rll",):
        for protocol in pool.fitting(column.wanted(loss)):
            for eta in etas[:1] if part.across else etas:
                for seed in protocol.seeds():
                    judged = cell(part, protocol, column, (loss, eta, seed), limits)
                    if judged:
                        found.setdefault((loss, eta, seed, protocol.images), judged)
    return list(found.values())


def largest(found: Iterable[Cell]) -> list[Cell]:
    """Of each loss and noise rate the cells of the largest size."""
    found = list(found)
    sizes = grouped(((c.loss, c.eta), c.images) for c in found)
    return [c for c in found if c.images == max(sizes[c.loss, c.eta])]


def enough(found: list[Cell], limits: Thresholds) -> bool:
    """Whether at least half of the cells can tell, one at the main noise rate among them."""
    telling = [c for c in found if c.tells]
    return 0 < len(telling) >= limits.telling_share * len(found) and any(
        c.eta in (None, limits.main_eta) for c in telling
    )


def weigh(found: list[Cell], by_pairs: bool, limits: Thresholds) -> tuple[str, int, int]:
    """The word of these cells, and how many seeds pass of how many (for E1: pairs).

    A seed fails if one of its cells does, is open if one is and none fails, and passes if all that
    can tell pass.
    """
    telling = [c for c in found if c.tells]
    if not enough(found, limits):
        return NOT_TESTED, 0, 0
    if by_pairs:
        failed = sum(c.finding.state == FAILS for c in telling)
        word = FAILS if failed > limits.pair_share * len(telling) else HOLDS
        return word, len(telling) - failed, len(telling)
    seeds = {c.seed for c in telling}
    failed, undecided = (
        {c.seed for c in telling if c.finding.state == state} for state in (FAILS, OPEN)
    )
    passed = len(seeds - failed - undecided)
    if passed == len(seeds):
        return HOLDS, passed, len(seeds)
    if not passed and len(failed) in (0, len(seeds)):
        return (FAILS if failed else OPEN), 0, len(seeds)
    return f"{passed} of {len(seeds)} seeds", passed, len(seeds)


def in_every_seed(pairs: Iterable[tuple[str, int]]) -> set[str]:
    """The losses, of pairs of a loss and a seed, that every seed has."""
    by_seed = grouped((seed, loss) for loss, seed in pairs)
    return set.intersection(*map(set, by_seed.values())) if by_seed else set()


def over_main(
    found: list[Cell], confidence: float, limits: Thresholds
) -> tuple[float, Interval | None] | None:
    """The mean over seeds of the deciding number at the main noise rate, over the cells that can
    tell, with its interval; None where no loss has every seed.

    A seed's value is the mean over the losses that every seed has, so that seeds alone differ.
    """
    at = [c for c in found if c.eta == limits.main_eta and c.tells]
    shared = in_every_seed((c.loss, c.seed) for c in at)
    pairs = ((c.seed, next(iter(c.finding.statistics.values()))) for c in at if c.loss in shared)
    return by_seeds(pairs, confidence)


def by_seeds(
    pairs: Iterable[tuple[int, float]], confidence: float
) -> tuple[float, Interval | None] | None:
    """The mean over seeds with its interval, from pairs of a seed and a number; a seed's value is
    the mean of its numbers. None without a pair.
    """
    values = [fmean(of) for _, of in sorted(grouped(pairs).items())]
    if not all(map(math.isfinite, values)):  # an epoch that is never reached
        return math.inf, None
    return (fmean(values), over_seeds(values, confidence)) if values else None

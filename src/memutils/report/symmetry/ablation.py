"""A loss and the same one made symmetric: how much each memorizes, paired over seeds.

A chain begins with a loss and goes on with what is made of it: first bounded, then symmetrized, or
only one of the two. Its last step is one operation, ``losses.symmetrized``, which makes the loss
symmetric and changes the shape of its gradient too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from statistics import fmean

import pandas as pd

from memutils.claims.cases import Case, case_of, inconclusive
from memutils.claims.contrasts import over_enough, step_size
from memutils.claims.outcomes import Measured
from memutils.claims.selection import ALPHA, SHOWN, Pool, Protocol, place
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, title
from memutils.report.markup import interval
from memutils.words import percent

CHAINS = (
    ("cce", "shifted-ce", "rll"),
    ("cce", "gce", "symmetrized-gce"),
    ("mse", "mae"),
    ("cce", "unhinged"),
)
"""Loss, bounded, symmetrized; the unhinged loss is CCE symmetrized, and stays unbounded."""

PAIRS = tuple(chain[-2:] for chain in CHAINS)
"""A loss and the same one symmetrized."""

THREE = tuple(chain for chain in CHAINS if len(chain) == 3)
FIRST = tuple((loss, bounded) for loss, bounded, _ in THREE)
WHOLE = tuple((loss, symmetric) for loss, _, symmetric in THREE)
"""A loss and the same one bounded; a loss and the same one bounded and symmetrized."""


@dataclass(frozen=True)
class Seed:
    """What two losses did with one seed, at the main noise rate and at the end.

    Attributes:
        seed: of both runs.
        memorized, test_accuracy: of the first loss and of the second.
        why: why the pair is inconclusive; '' if it is not.
    """

    seed: int
    memorized: tuple[float, float]
    test_accuracy: tuple[float, float]
    why: str = ""

    @property
    def difference(self) -> float:
        """m of the second less m of the first: negative where the second memorizes less."""
        return self.memorized[1] - self.memorized[0]


@dataclass(frozen=True)
class Contrast:
    """Two losses under the same settings, a ``Seed`` for each seed that both have.

    Attributes:
        where: network and data set, and the step size s where each loss has its own learning rate.
        images: of the training.
        first, second: names of the losses.
        seeds: in order.
    """

    where: str
    images: int
    first: str
    second: str
    seeds: tuple[Seed, ...]

    @property
    def told(self) -> list[Seed]:
        """The seeds that can tell."""
        return [seed for seed in self.seeds if not seed.why]

    @property
    def mean(self) -> float:
        """The mean of the differences over the seeds that can tell."""
        return fmean(seed.difference for seed in self.told)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval by Student's t over seeds; None for fewer than three."""
        return over_enough([seed.difference for seed in self.told], LIMITS.confidence, LIMITS)


def convolutional(pool: Pool) -> Iterator[tuple[str, Protocol, float]]:
    """Where the convolutional networks' losses can be compared: title, runs, RLL's alpha."""
    for column in SHOWN:
        for protocol in pool.fitting(column.wanted("rll")):
            yield column.title, protocol, column.alpha


def at_steps(runs: Iterable[Measured], scales: Iterable[float]) -> Iterator[tuple]:
    """The same for SGD at a constant learning rate, where losses compare at one step size s."""
    runs = list(runs)
    for s in scales:
        own = [run for run in runs if step_size(run) == s]
        if own:
            spec, found = own[0].spec, {place(run): run for run in own}
            where = f"{title(spec['network'], spec['dataset'])}, s = {s:g}"
            yield where, Protocol(spec, own[0].images, found), ALPHA


def contrasts(
    found: Iterable[tuple[str, Protocol, float]],
    pairs: Iterable[tuple[str, str]] = PAIRS,
    clean: Protocol | None = None,
) -> list[Contrast]:
    """The contrasts of these pairs wherever a seed has both losses; ``clean`` as in ``case_of``."""
    made = (contrast(*where, pair, clean) for where in found for pair in pairs)
    return [c for c in made if c]


def contrast(
    where: str, protocol: Protocol, alpha: float, losses: tuple[str, str], clean: Protocol | None
) -> Contrast | None:
    """A pair of losses by seed; None where no seed has both."""
    runs = [(loss, LIMITS.main_eta) for loss in losses]
    cases = (case_of(protocol, runs, seed, alpha, LIMITS, clean) for seed in protocol.seeds())
    seeds = tuple(of_seed(case) for case in cases if case)
    return Contrast(where, protocol.images, *losses, seeds) if seeds else None


def of_seed(case: Case) -> Seed:
    """What a pair of runs of one seed came to."""
    parts = ("memorized", "test_accuracy")
    ends = (tuple(run.end(part) for run in case.runs.values()) for part in parts)
    return Seed(case.seed, *ends, inconclusive(case))


def of_chains(
    found: Iterable[Contrast], chains: Iterable[tuple[str, str, str]]
) -> Iterator[tuple[tuple, Contrast, dict[int, tuple[float, float]]]]:
    """Wherever a chain is whole: the chain, the contrast of its first two losses, and by seed that
    can tell the differences of its middle and of its last loss to the first.
    """
    by_name = {(c.where, c.images, c.first, c.second): c for c in found if c.told}
    for c, chain in product(by_name.values(), chains):
        first, middle, last = chain
        whole = by_name.get((c.where, c.images, first, last))
        if (c.first, c.second) == (first, middle) and whole:
            ends = {s.seed: s.difference for s in whole.told}
            yield chain, c, {s.seed: (s.difference, ends[s.seed]) for s in c.told if s.seed in ends}


def means(found: Iterable[Contrast]) -> pd.DataFrame:
    """A row a contrast that can tell: what its two losses memorize, from the lowest to the highest
    seed, and the mean difference with its interval.
    """
    return pd.DataFrame(
        {
            "where": c.where,
            "losses": f"{LOSS_NAMES[c.first]} → {LOSS_NAMES[c.second]}",
            "memorized with the first": percent([seed.memorized[0] for seed in c.told]),
            "with the second": percent([seed.memorized[1] for seed in c.told]),
            "mean difference": c.mean,
            "95 % interval": interval(c.interval) or "–",
            "seeds": str(len(c.told)),
        }
        for c in found
        if c.told
    )


def table(found: Iterable[Contrast]) -> pd.DataFrame:
    """A row a contrast and seed: what each loss memorized, the differences, and why not."""
    return pd.DataFrame(
        {
            "where": c.where,
            "losses": f"{LOSS_NAMES[c.first]} → {LOSS_NAMES[c.second]}",
            "seed": str(s.seed),
            "memorized with the first": s.memorized[0],
            "with the second": s.memorized[1],
            "difference": s.difference,
            "gain in test accuracy": s.test_accuracy[1] - s.test_accuracy[0],
            "inconclusive": s.why or "no",
            "n": c.images,
        }
        for c in found
        for s in c.seeds
    )

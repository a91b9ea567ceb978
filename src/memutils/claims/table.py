"""The table of claims: what the records say of each claim on each network, as data.

A cell is one judgment; a verdict is what the cells of a claim and a network come to. Rules of the
table (book/rules.md): a seed passes if all its cells that can tell pass; a verdict needs that half
of the cells can tell, one at the noise rate 0.4 among them; of several sizes the largest is shown,
and another one beside it where its word differs.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import fmean

from memutils.claims import proofs
from memutils.claims.cases import (
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    NOT_TESTED,
    OPEN,
    Case,
    Finding,
    collapsed,
    inconclusive,
)
from memutils.claims.intervals import Interval, over_seeds
from memutils.claims.outcomes import Measured, Run
from memutils.claims.selection import ALPHA, COLUMNS, Column, Pool, Protocol, differing
from memutils.claims.statements import CLAIMS, MATHEMATICS, PRIMARY, Claim, Part
from memutils.claims.thresholds import Thresholds


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


@dataclass(frozen=True)
class Verdict:
    """What a part of a claim comes to on a network.

    Attributes:
        claim, part, column: ids, and the part's title.
        word: 'holds', 'fails', 'k of n seeds', 'open', 'not tested', or of mathematics.
        passed, seeds: how many seeds pass, of how many that can tell.
        cells: what it was made of.
        sizes: training images of these cells, largest first.
        others: the word at each other size where it differs, by number of images.
        mean: of the deciding number at the main noise rate over seeds, with its interval over
            seeds.
        described: True for a primary claim with fewer seeds than a test needs.
        why: what the word does not say.
        extra: of a contrast, its rows and intervals.
    """

    claim: str
    part: str
    column: str
    word: str
    passed: int = 0
    seeds: int = 0
    cells: tuple[Cell, ...] = ()
    sizes: tuple[int, ...] = ()
    others: dict[int, str] = field(default_factory=dict)
    mean: tuple[float, Interval | None] | None = None
    described: bool = False
    why: str = ""
    extra: dict = field(default_factory=dict)

    def count(self, state: str) -> int:
        """How many of its cells are in this state."""
        return sum(cell.finding.state == state for cell in self.cells)


def cell(
    part: Part,
    protocol: Protocol,
    column: Column,
    where: tuple[str, float, int],
    limits: Thresholds,
) -> Cell | None:
    """The judgment of a loss, noise rate and seed in a protocol; None where a run that it compares
    is missing.
    """
    loss, eta, seed = where
    etas = limits.etas if part.across else (eta,)
    wanted = [(name, e) for name in (loss, *part.against) for e in etas] + (
        [(loss, 0.0)] if part.clean else []
    )
    found: dict[tuple[str, float], Measured | None] = {
        k: protocol.get(*k, seed, column.alpha) for k in wanted
    }
    if not all(found.values()):
        return None
    runs = {key: Run(run, limits) for key, run in found.items()}
    marks = {name: protocol.get(name, 0.0, seed, column.alpha) for name in (loss, *part.against)}
    clean = {name: Run(run, limits) for name, run in marks.items() if run}
    case = Case(loss, etas[0], seed, runs, clean, part.against)
    finding = part.judge(case, limits)
    if why := (collapsed if part.collapse_only else inconclusive)(case):
        finding = replace(finding, state=INCONCLUSIVE, why=why)
    names = tuple(run.name for run in found.values())
    eta = None if part.across else eta
    return Cell(
        finding,
        loss,
        eta,
        seed,
        protocol.images,
        protocol.settings["lr"],
        names,
        differing(found.values()),
    )


def cells(part: Part, pool: Pool, column: Column, limits: Thresholds) -> list[Cell]:
    """Every cell of a part on a column, of every size: of one size that of the protocol with the
    most epochs.
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
    most: dict[tuple, int] = {}
    for c in found:
        most[c.loss, c.eta] = max(c.images, most.get((c.loss, c.eta), 0))
    return [c for c in found if c.images == most[c.loss, c.eta]]


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


def over_main(
    found: list[Cell], confidence: float, limits: Thresholds
) -> tuple[float, Interval | None] | None:
    """The mean over seeds of the deciding number at the main noise rate, over the cells that can
    tell, with its interval.

    A seed's value is the mean over its losses.
    """
    by_seed: dict[int, list[float]] = {}
    for c in found:
        if c.eta == limits.main_eta and c.tells:
            by_seed.setdefault(c.seed, []).append(next(iter(c.finding.statistics.values())))
    values = [fmean(v) for _, v in sorted(by_seed.items())]
    if not all(map(math.isfinite, values)):  # an epoch that is never reached
        return math.inf, None
    return (fmean(values), over_seeds(values, confidence)) if values else None


def judge_part(claim: Claim, part: Part, pool: Pool, column: Column, limits: Thresholds) -> Verdict:
    """The verdict of one part of a claim on one column."""
    every = cells(part, pool, column, limits)
    shown = largest(every)
    word, passed, seeds = weigh(shown, claim.by_pairs, limits)
    sizes = sorted({c.images for c in every}, reverse=True)
    at_size = {
        n: weigh([c for c in every if c.images == n], claim.by_pairs, limits)[0] for n in sizes
    }
    others = {n: w for n, w in at_size.items() if w not in (word, NOT_TESTED) and len(sizes) > 1}
    primary = claim.weight == PRIMARY
    confidence = limits.primary_confidence if primary else limits.confidence
    return Verdict(
        claim.id,
        part.title,
        column.id,
        word,
        passed,
        seeds,
        tuple(shown),
        tuple(sorted({c.images for c in shown}, reverse=True)),
        others,
        over_main(shown, confidence, limits),
        primary and 0 < seeds < limits.seeds,
        why=reason(word, shown),
    )


def reason(word: str, found: list[Cell]) -> str:
    """Why a verdict is not reached, from its cells; '' otherwise."""
    if word not in (NOT_TESTED, OPEN):
        return ""
    whys = sorted({c.finding.why for c in found if c.finding.why})
    return "; ".join(whys) if found else "no run is recorded"


def judge_contrast(claim: Claim, pool: Pool, column: Column, limits: Thresholds) -> Verdict:
    """The verdict of a claim over seeds on one column."""
    found = claim.contrast(pool, column, limits)
    seeds = len({row["seed"] for row in found.rows})
    extra = {"rows": found.rows, "intervals": found.intervals, "records": found.records}
    sizes = (found.images,) if found.images else ()
    return Verdict(
        claim.id, "", column.id, found.state, seeds=seeds, sizes=sizes, why=found.why, extra=extra
    )


def judge_mathematics(claim: Claim, limits: Thresholds) -> list[Verdict]:
    """The verdict of each statement of a claim about mathematics; it has no column."""
    proved = claim.prove(replace(Thresholds(), rounding=limits.rounding, etas=limits.etas))
    return [
        Verdict(claim.id, p.what, "", p.state, why=p.why, extra={"numbers": p.numbers})
        for p in proved
    ]


def judge(
    pool: Pool,
    limits: Thresholds,
    columns: tuple[Column, ...] = COLUMNS,
    claims: tuple[Claim, ...] = CLAIMS,
) -> list[Verdict]:
    """Every verdict on these claims: claim by claim, part by part, column by column."""
    verdicts = []
    for claim in claims:
        if claim.weight == MATHEMATICS:
            verdicts += judge_mathematics(claim, limits)
        for part in claim.parts:
            verdicts += [
                judge_part(claim, part, pool, c, limits)
                for c in columns
                if concerns(claim, part, c)
            ]
        if claim.contrast:
            verdicts += [
                judge_contrast(claim, pool, c, limits) for c in columns if c.id in claim.networks
            ]
    return verdicts


def concerns(claim: Claim, part: Part, column: Column) -> bool:
    """Whether a part of a claim is about a column, which may be a control of one of its networks.

    A column with another alpha is about RLL alone, and not about the risks of other networks, which
    records hold for one alpha.
    """
    network = column.settings["network"].removesuffix("-no-bn")
    return network in part.networks and (
        column.alpha == ALPHA or ("rll" in part.losses and not claim.by_pairs)
    )


def mathematical(verdict: Verdict) -> bool:
    """Whether a verdict is one of mathematics."""
    return verdict.word in (proofs.PROVED, proofs.WITH_HYPOTHESIS, proofs.REFUTED)

"""The table of claims: what the records say of each claim on each network, as data.

A verdict is what the cells of a claim and a network come to. Of several sizes the largest is shown,
and another one beside it where its word differs (book/rules.md).
"""

from dataclasses import dataclass, field, replace

from memutils.claims.cases import NOT_TESTED, OPEN
from memutils.claims.cells import Cell, cells, largest, over_main, weigh
from memutils.claims.intervals import Interval
from memutils.claims.selection import ALPHA, COLUMNS, Column, Pool
from memutils.claims.statements import CLAIMS, MATHEMATICS, PRIMARY, Claim, Part
from memutils.claims.thresholds import Thresholds


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
            seeds, of the level ``confidence``.
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
    confidence: float = 0.0
    described: bool = False
    why: str = ""
    extra: dict = field(default_factory=dict)

    def count(self, state: str) -> int:
        """How many of its cells are in this state."""
        return sum(cell.finding.state == state for cell in self.cells)


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
    confidence = level(claim, limits)
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
        confidence,
        claim.weight == PRIMARY and 0 < seeds < limits.seeds,
        why=reason(word, shown),
    )


def level(claim: Claim, limits: Thresholds) -> float:
    """Of a claim's intervals over seeds."""
    return limits.primary_confidence if claim.weight == PRIMARY else limits.confidence


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
    found_by = {"confidence": level(claim, limits), "why": found.why, "extra": extra}
    return Verdict(claim.id, "", column.id, found.state, seeds=seeds, sizes=sizes, **found_by)


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
            concerned = (c for c in columns if concerns(claim, part, c))
            verdicts += [judge_part(claim, part, pool, c, limits) for c in concerned]
        if claim.contrast:
            concerned = (c for c in columns if c.id in claim.networks)
            verdicts += [judge_contrast(claim, pool, c, limits) for c in concerned]
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

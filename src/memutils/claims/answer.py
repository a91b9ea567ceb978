"""The start page's word: yes, no or partly, by the two verdicts of P0 about memorization
(book/rules.md, "The start page's word").
"""

from dataclasses import dataclass
from statistics import fmean

from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED
from memutils.claims.outcomes import Run
from memutils.claims.selection import MAIN, Column, Pool
from memutils.claims.table import Cell, Verdict
from memutils.claims.thresholds import Thresholds
from memutils.words import counted, in_words, percent

YES, NO, PARTLY, UNKNOWN = "Yes", "No", "Partly", "Not answered yet"


@dataclass(frozen=True)
class Network:
    """What the answer says of a network, at the main noise rate.

    Attributes:
        column: id and title of the column.
        images, seeds, learning_rate: beside its numbers; a seed is one pair of RLL and CCE.
        inconclusive: further seeds, whose pair cannot tell.
        numbers: mean, lowest and highest over the seeds by '<loss>_<memorized|test_accuracy>'.
        underfitted: True where the pair is inconclusive, so that nothing follows from it.
    """

    column: str
    title: str
    images: int
    seeds: int
    inconclusive: int
    learning_rate: float
    numbers: dict[str, tuple[float, float, float]]
    underfitted: bool = False


@dataclass(frozen=True)
class Answer:
    """The word, and the numbers of each network that has any."""

    word: str
    networks: tuple[Network, ...]


def at_main(verdict: Verdict, limits: Thresholds) -> list[Cell]:
    """The cells of the main noise rate; the inconclusive ones only where there are no others."""
    found = [c for c in verdict.cells if c.eta == limits.main_eta]
    return [c for c in found if c.tells] or found


def network(verdict: Verdict, column: Column, pool: Pool, limits: Thresholds) -> Network | None:
    """The numbers of RLL and CCE on a network; None without a run at the main noise rate."""
    cells = at_main(verdict, limits)
    if not cells:
        return None
    named = {run.name: run for run in pool.runs}
    numbers = {}
    for i, loss in enumerate(("rll", "cce")):  # the order in which a cell names its records
        for name in ("memorized", "test_accuracy"):
            values = [Run(named[c.records[i]], limits).end(name) for c in cells]
            numbers[f"{loss}_{name}"] = (fmean(values), min(values), max(values))
    first = cells[0]
    seeds = len({c.seed for c in cells})
    silent = len({c.seed for c in verdict.cells if c.eta == limits.main_eta}) - seeds
    size = first.images, seeds, silent, first.learning_rate
    return Network(column.id, column.title, *size, numbers, not first.tells)


def answer(verdicts: list[Verdict], pool: Pool, limits: Thresholds) -> Answer:
    """The start page's word.

    Yes: on every network P0's two verdicts about memorization hold, and RLL memorizes at most 0.1
    at the main noise rate, in every seed. No: on some network its verdict against CCE fails.
    Partly: otherwise. Where no network has a verdict against CCE, it is not answered yet.
    """
    of = {(v.part, v.column): v for v in verdicts if v.claim == "P0"}
    cce = {c.id: of["m below CCE's", c.id] for c in MAIN}
    words = {c.id: (cce[c.id].word, of["m below MSE's", c.id].word) for c in MAIN}
    networks = tuple(filter(None, (network(cce[c.id], c, pool, limits) for c in MAIN)))
    low = {n.column: n.numbers["rll_memorized"][2] <= limits.resisted for n in networks}
    if all(against == NOT_TESTED for against, _ in words.values()):
        word = UNKNOWN
    elif any(against == FAILS for against, _ in words.values()):
        word = NO
    elif all(pair == (HOLDS, HOLDS) and low.get(name) for name, pair in words.items()):
        word = YES
    else:
        word = PARTLY
    return Answer(word, networks)


def of_network(n: Network) -> str:
    """A clause for a network."""
    memorized = [percent(n.numbers[f"{loss}_memorized"]) for loss in ("cce", "rll")]
    silent = f" beside {in_words(n.inconclusive)} inconclusive" if n.inconclusive else ""
    seeds = f"{counted(n.seeds, 'seed')}{silent}"
    given = f"{n.images:,} images, {seeds}, learning rate {n.learning_rate:g}"
    open_ = "; one of the two underfits, so nothing follows" if n.underfitted else ""
    repeats = f"repeats {memorized[0]} of the wrong labels with cross entropy"
    return f"{n.title} {repeats} and {memorized[1]} with RLL ({given}{open_})"


def sentences(found: Answer, limits: Thresholds) -> str:
    """The answer in words, each network's numbers with images,
    seeds and learning rate beside them.
    """
    if not found.networks:
        return f"{found.word}."
    told = "; ".join(map(of_network, found.networks))
    wrong = f"Of the training labels {100 * limits.main_eta:.0f} % are wrong."
    return f"{found.word}. {wrong} {told}."

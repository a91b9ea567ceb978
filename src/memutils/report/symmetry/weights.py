"""Weight or symmetry: what even RLL and even MSE memorize beside the losses whose weight they have.

A chain begins with a loss, goes on with one that has the weight of its last loss, or of its first
one, and not the symmetry; and ends with a symmetric loss. The share of the middle is how much of
what the last one takes off the first one's memorized share it takes off too.
"""

import re
from collections.abc import Iterable

from memutils.claims.outcomes import Measured
from memutils.claims.selection import Pool
from memutils.report.looks import look
from memutils.report.plots import NOT_RUN
from memutils.report.symmetry import ablation
from memutils.report.symmetry.ablation import Contrast
from memutils.runs import records
from memutils.runs.records import Record
from memutils.words import counted, listed, percent, typeset

CHAINS = (("cce", "even-rll", "rll"), ("mse", "even-mse", "mae"))
"""The weight of RLL without its symmetry; the weight of MSE, which near p_y = 1 is not MAE's."""

PAIRS = tuple(pair for a, b, c in CHAINS for pair in ((a, b), (a, c), (b, c)))

MOST, LEAST = 0.9, 0.1
"""The share from which on the middle does as the last loss does, and up to which it does as the
first; written into ``configs/even.yaml`` before the runs.
"""


def contrasts(pool: Pool, mlp: Iterable[Record]) -> list[Contrast]:
    """Every pair of the chains, on the convolutional networks and on the MLP at the plane's steps.

    Args:
        pool: the runs of the claims.
        mlp: the plane's runs; those of the scale ``even`` are read here.
    """
    own = [record for record in records.load("even") if record.spec["network"] == "mlp"]
    runs = [Measured.of(record) for record in (*mlp, *own) if not record.diverged]
    places = [*ablation.convolutional(pool), *ablation.at_steps(runs, (0.003, 0.01, 0.03))]
    found = ablation.contrasts(places, PAIRS)
    middles = {chain[1] for chain in CHAINS}
    there = {(c.where, c.images) for c in found if middles & {c.first, c.second}}
    return [c for c in found if (c.where, c.images) in there]


def shares(found: Iterable[Contrast], chain: tuple[str, str, str]) -> dict[str, dict[int, float]]:
    """The share of a chain's middle by place and seed, of the seeds that have all three losses and
    can tell; a place is named with its number of images.
    """
    first, middle, last = chain
    by_name = {(named(c), c.first, c.second): c for c in found}
    of = {}
    for place in dict.fromkeys(name[0] for name in by_name):
        part, whole = (by_name.get((place, first, loss)) for loss in (middle, last))
        if not part or not whole:
            continue
        off = [{s.seed: s.difference for s in c.told} for c in (part, whole)]
        common = sorted(off[0].keys() & off[1].keys())
        if of_seeds := {seed: off[0][seed] / off[1][seed] for seed in common if off[1][seed] < 0}:
            of[place] = of_seeds
    return of


def named(c: Contrast) -> str:
    """A contrast's place and number of images."""
    return f"{c.where}, n = {c.images:,}"


def does(values: Iterable[float], like_last: str, like_first: str) -> str:
    """What shares say by the rule: as the last loss, as the first, or in between."""
    values = list(values)
    if min(values) >= MOST:
        return like_last
    return like_first if max(values) <= LEAST else "lies in between"


def told(found: Iterable[Contrast], chain: tuple[str, str, str]) -> str:
    """A chain in words: what each of its losses memorizes, and the share; '' without runs."""
    found, texts = list(found), []
    first, middle, last = (look(loss).name for loss in chain)
    for place, of in shares(found, chain).items():
        memorized = {
            loss: [seed.memorized[i] for seed in c.told if seed.seed in of]
            for c in found
            if named(c) == place
            for i, loss in enumerate((c.first, c.second))
        }
        parts = listed(f"{look(loss).name} {percent(memorized[loss])}" for loss in chain)
        kind = does(of.values(), f"does as {last} does", f"does as {first} does")
        texts.append(
            f"- *{place}*: {parts} of the wrong labels memorized. {middle[0].upper()}{middle[1:]} "
            f"has {percent([round(v, 2) for v in of.values()])} of the effect of {last} "
            f"({counted(len(of), 'seed')}): it {kind}."
        )
    return typeset("\n".join(texts))


RLL_SAYS = {
    "last": "The weight alone protects ({places}): a loss with RLL's weight that is not symmetric "
    "has {share} of RLL's effect.",
    "lies in between": "The weight is part of what protects ({places}): a loss with RLL's weight "
    "that is not symmetric has {share} of RLL's effect.",
    "first": "The weight alone does not protect ({places}): a loss with RLL's weight that is not "
    "symmetric has {share} of RLL's effect. What protects there is RLL's pull among the other "
    "classes, which makes it symmetric.",
}
MSE_SAYS = {
    "last": "Even MSE resists nearly as MAE does ({places}), so what MSE memorizes is due to its "
    "pull among the other classes, and not to its weight.",
    "lies in between": "Even MSE lies between MSE and MAE ({places}), so what MSE memorizes is due "
    "to both: to its weight near $p_y = 1$, and to its pull among the other classes.",
    "first": "Even MSE memorizes nearly as MSE does ({places}), so the weight of MSE near "
    "$p_y = 1$, where it is not MAE's, explains what MSE memorizes.",
}

SAYS = dict(zip(CHAINS, (RLL_SAYS, MSE_SAYS), strict=True))


def verdict(found: Iterable[Contrast], chains: Iterable[tuple] = CHAINS) -> str:
    """What the chains say, in Markdown: places of which the same holds in one sentence, with their
    seeds; '' without runs.
    """
    found, text = list(found), []
    for chain in chains:
        says, kinds = SAYS[chain], {}
        for place, of in shares(found, chain).items():
            kinds.setdefault(does(of.values(), "last", "first"), {})[place] = of
        for kind in (kind for kind in says if kind in kinds):
            values = [round(v, 2) for of in kinds[kind].values() for v in of.values()]
            text.append(says[kind].format(places=seeds_of(kinds[kind]), share=percent(values)))
    return typeset(" ".join(text))


def seeds_of(places: dict[str, dict[int, float]]) -> str:
    """Places in words, without step sizes and numbers of images, each with its number of seeds."""
    seeds: dict[str, set[int]] = {}
    for place, of in places.items():
        seeds.setdefault(re.sub(", [sn] = .*", "", place), set()).update(of)
    return "; ".join(f"{place}, {counted(len(of), 'seed')}" for place, of in seeds.items())


def missing(found: Iterable[Contrast]) -> str:
    """That the runs are not there, where none is; '' else."""
    return "" if list(found) else f"The runs of even RLL and even MSE are {NOT_RUN}."

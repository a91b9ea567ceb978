"""Weight or symmetry: what evened RLL and evened MSE memorize beside RLL, MSE and MAE.

A chain begins with a loss, goes on with one that has the weight of its last loss, or of its first
one, and not the symmetry; and ends with a symmetric loss. The share of the middle is how much of
what the last one takes off the first one's memorized share it takes off too.
"""

import re
from collections.abc import Callable, Iterable

import numpy as np

from memutils.claims.outcomes import Measured
from memutils.claims.selection import ALPHA, Pool, Protocol
from memutils.names import LOSS_NAMES
from memutils.report.plots import NOT_RUN
from memutils.report.symmetry import ablation
from memutils.report.symmetry.ablation import Contrast
from memutils.report.theory.gradient_checks import weights as closed_forms
from memutils.runs import records
from memutils.runs.records import Record
from memutils.values import grouped
from memutils.words import counted, listed, percent, points

CHAINS = (("cce", "even-rll", "rll"), ("mse", "even-mse", "mae"))
"""The weight of RLL without its symmetry; the weight of MSE, which near p_y = 1 is not MAE's."""

PAIRS = tuple(pair for a, b, c in CHAINS for pair in ((a, b), (a, c), (b, c)))

MOST, LEAST = 0.9, 0.1
"""The share from which on the middle does as the last loss does, and up to which it does as the
first; written into ``configs/even.yaml`` before the runs.
"""


def places(pool: Pool, mlp: Iterable[Record]) -> list[tuple[str, Protocol, float]]:
    """Where the chains can be compared: the convolutional networks, and the MLP at the plane's
    steps.

    Args:
        pool: the runs of the claims.
        mlp: the plane's runs; those of the scale ``even`` are read here.
    """
    own = [record for record in records.load("even") if record.spec["network"] == "mlp"]
    runs = [Measured.of(record) for record in (*mlp, *own) if not record.diverged]
    return [*ablation.convolutional(pool), *ablation.at_steps(runs, (0.003, 0.01, 0.03))]


def contrasts(pool: Pool, mlp: Iterable[Record]) -> list[Contrast]:
    """Every pair of the chains; the arguments are those of ``places``."""
    found = ablation.contrasts(places(pool, mlp), PAIRS)
    middles = {chain[1] for chain in CHAINS}
    there = {(c.where, c.images) for c in found if middles & {c.first, c.second}}
    return [c for c in found if (c.where, c.images) in there]


def shares(found: Iterable[Contrast], chain: tuple[str, str, str]) -> dict[str, dict[int, float]]:
    """The share of a chain's middle by place and seed, of the seeds that have all three losses and
    can tell; a place is named with its number of images.
    """
    of = {
        named(c): {seed: part / whole for seed, (part, whole) in of_seeds.items() if whole < 0}
        for _, c, of_seeds in ablation.of_chains(found, [chain])
    }
    return {place: of_seeds for place, of_seeds in of.items() if of_seeds}


def named(c: Contrast) -> str:
    """A contrast's place and number of images."""
    return f"{c.where}, n = {c.images:,}"


def seen(found: Iterable[Contrast]) -> str:
    """What the figure shows of evened RLL, network by network, for its caption; '' without runs."""
    of_network = grouped(
        (place.partition(",")[0], share)
        for place, of in shares(found, CHAINS[0]).items()
        for share in of.values()
    )
    beside = grouped(
        (does(values, "near RLL", "near cross entropy").removeprefix("lies "), network)
        for network, values in of_network.items()
    )
    told = [f"{kind} with {listed(networks)}" for kind, networks in beside.items()]
    return f"Evened RLL lies {listed(told)}." if told else ""


def does(values: Iterable[float], like_last: str, like_first: str) -> str:
    """What shares say by the rule: as the last loss, as the first, or in between."""
    values = list(values)
    if min(values) >= MOST:
        return like_last
    return like_first if max(values) <= LEAST else "lies in between"


def told(found: Iterable[Contrast], chain: tuple[str, str, str]) -> str:
    """A chain in words: what each of its losses memorizes, and the share; '' without runs."""
    found, texts = list(found), []
    first, middle, last = (LOSS_NAMES[loss] for loss in chain)
    for place, of in shares(found, chain).items():
        memorized = {
            loss: [seed.memorized[i] for seed in c.told if seed.seed in of]
            for c in found
            if named(c) == place
            for i, loss in enumerate((c.first, c.second))
        }
        parts = listed(f"{LOSS_NAMES[loss]} {percent(memorized[loss])}" for loss in chain)
        kind = does(of.values(), f"does as {last} does", f"does as {first} does")
        texts.append(
            f"- *{place}*: {parts} of the wrong labels memorized. {middle[0].upper()}{middle[1:]} "
            f"has {percent([round(v, 2) for v in of.values()])} of the effect of {last} "
            f"({counted(len(of), 'seed')}): it {kind}{beyond(found, chain, [place])}."
        )
    return "\n".join(texts)


def beyond(found: Iterable[Contrast], chain: tuple[str, str, str], places: Iterable[str]) -> str:
    """By how much the middle memorizes more than the last loss does, as the end of a sentence: a
    large effect hides it. '' where it does not in every seed.
    """
    more = [
        -seed.difference
        for c in found
        if (c.first, c.second) == chain[1:] and named(c) in places
        for seed in c.told
    ]
    if not more or min(more) <= 0:
        return ""
    return f", and memorizes {points(more)} points more than {LOSS_NAMES[chain[-1]]}"


RLL_SAYS = {
    "last": "With {places} the weight alone nearly suffices: evened RLL{defined} has {share} of "
    "RLL's effect{beyond}.",
    "lies in between": "With {places} the weight does part of it: evened RLL{defined} has {share} "
    "of RLL's effect.",
    "first": "With {places} the weight alone does next to nothing in the end: evened RLL{defined} "
    "has {share} of RLL's effect.{early} What is left comes from where the two losses differ: in "
    "predictions in which the other classes do not share evenly. There RLL's own weight is "
    "smaller, and RLL pulls among the other classes too. Which of the two helps, and whether it "
    "does because it makes the loss symmetric, is not tested.",
}
MSE_SAYS = {
    "last": "With {places} evened MSE{defined} resists nearly as MAE does: it has {share} of MAE's "
    "effect. So what MSE memorizes comes from how it treats uneven predictions, in which the other "
    "classes differ.",
    "lies in between": "With {places} evened MSE{defined} takes off {share} of what MAE takes off "
    "MSE's memorized share. That part comes from where the two losses differ: in "
    "predictions in which the other classes do not share evenly. There MSE pulls harder at the "
    "label, and it pulls among the other classes too. This test cannot say which of the two "
    "matters. The rest comes from the weight of MSE, which vanishes near "
    "$p_y = 1$ where that of MAE is largest.",
    "first": "With {places} evened MSE{defined} memorizes nearly as MSE does: it has {share} of "
    "MAE's effect. So the weight of MSE near $p_y = 1$, where it is not MAE's, explains what MSE "
    "memorizes.",
}

SAYS = dict(zip(CHAINS, (RLL_SAYS, MSE_SAYS), strict=True))
EVENED = (
    ", a loss with about RLL's weight that is not symmetric,",
    ", a loss of $p_y$ alone with MSE's weight where the other classes share evenly,",
)
DEFINED = dict(zip(CHAINS, EVENED, strict=True))
"""What the evened losses are, said once of each."""


def verdict(found: Iterable[Contrast], chains: Iterable[tuple] = CHAINS, **early) -> str:
    """``verdicts`` as one text; '' without runs."""
    return " ".join(verdicts(found, chains, **early))


def verdicts(
    found: Iterable[Contrast],
    chains: Iterable[tuple] = CHAINS,
    early: Callable[[Iterable[str]], str] = lambda places: "",
) -> list[str]:
    """What the chains say, in Markdown: places of which the same holds together, with their seeds.

    Args:
        found: from ``contrasts``.
        chains: of which to tell.
        early: what the weight of RLL does before the end of training, in these places.
    """
    found, text = list(found), []
    for chain in chains:
        says, kinds, defined = SAYS[chain], {}, DEFINED[chain]
        for place, of in shares(found, chain).items():
            kinds.setdefault(does(of.values(), "last", "first"), {})[place] = of
        for kind in (kind for kind in says if kind in kinds):
            values = [round(v, 2) for of in kinds[kind].values() for v in of.values()]
            places, share = seeds_of(kinds[kind]), percent(values)
            words = {"places": places, "share": share, "defined": defined}
            words["beyond"] = beyond(found, chain, kinds[kind])
            text.append(says[kind].format(**words, early=early(kinds[kind])))
            defined = ""
    return text


def seeds_of(places: dict[str, dict[int, float]]) -> str:
    """Places in words, without step sizes and numbers of images, each with its number of seeds:
    'ResNet-18 on MNIST (one seed) and MLP on MNIST (three seeds)'.
    """
    seeds = grouped((network(place), seed) for place, of in places.items() for seed in of)
    return listed(f"{place} ({counted(len(set(of)), 'seed')})" for place, of in seeds.items())


def network(place: str) -> str:
    """A place without its step size and number of images: 'MLP on MNIST'."""
    return re.sub(r" \(5k\)|, [sn] = .*", "", place)


def seen_beside_own() -> str:
    """How the evened losses' weights differ from their own losses' where one other class holds the
    rest, in words with numbers from the closed forms.
    """
    ratio, p_y = {"rll": [], "mse": []}, (0.01, 0.5)
    for own in p_y:
        p = np.zeros((2, 10))
        p[:, 0], p[0, 1], p[1, 1:] = own, 1 - own, (1 - own) / 9
        of = closed_forms(p, np.zeros(2, int), alpha=ALPHA)
        for loss, ratios in ratio.items():
            ratios.append(of[loss][0] / of[loss][1])  # uneven over even
    less = listed(
        f"{percent([1 - r])} smaller at $p_y$ = {own:g}"
        for own, r in zip(p_y, ratio["rll"], strict=True)
    )
    return (
        "The weight is RLL's where the other classes share evenly. Where one class holds all the "
        f"rest, as it does once a network is sure of the true class, RLL's own weight is {less}. "
        f"MSE and evened MSE differ more: there MSE's own weight is {ratio['mse'][0]:.1f} times as "
        "large, at every $p_y$."
    )


def missing(found: Iterable[Contrast]) -> str:
    """That the runs are not there, where none is; '' else."""
    return "" if list(found) else f"The runs of evened RLL and evened MSE are {NOT_RUN}."

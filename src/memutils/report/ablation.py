"""Losses that differ in symmetry alone: how much each memorizes, paired over seeds.

A chain begins with a loss and goes on with what is made of it: first bounded, then symmetrized, or
only one of the two. Its last step changes nothing but symmetry (``losses.symmetrized``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from memutils.claims.answer import counted, percent
from memutils.claims.cases import Case, inconclusive
from memutils.claims.contrasts import step_size
from memutils.claims.intervals import over_seeds
from memutils.claims.outcomes import Measured, Run
from memutils.claims.selection import COLUMNS, Pool, Protocol
from memutils.claims.thresholds import Thresholds
from memutils.names import DATASET_NAMES, NETWORK_NAMES
from memutils.report.looks import look
from memutils.report.start import in_words, listed, spread
from memutils.runs.specs import load_scale

CHAINS = (
    ("cce", "shifted-ce", "rll"),
    ("cce", "gce", "symmetrized-gce"),
    ("mse", "mae"),
    ("cce", "unhinged"),
)
"""Loss, bounded, symmetrized; the unhinged loss is CCE symmetrized, and stays unbounded."""

PAIRS = tuple(chain[-2:] for chain in CHAINS)
"""A loss and the same one symmetrized."""

FIRST = tuple(chain[:2] for chain in CHAINS if len(chain) == 3)
WHOLE = tuple((chain[0], chain[-1]) for chain in CHAINS if len(chain) == 3)
"""A loss and the same one bounded; a loss and the same one bounded and symmetrized."""

SEEDS, CONFIDENCE = 3, 0.95


@dataclass(frozen=True)
class Seed:
    """What two losses did with one seed, at the main noise rate and at the end.

    Attributes:
        seed: of both runs.
        memorized: of the first loss and of the second.
        excess, test_accuracy: likewise.
        why: why the pair is inconclusive; '' if it is not.
    """

    seed: int
    memorized: tuple[float, float]
    excess: tuple[float, float]
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
        images, epochs: of the training.
        first, second: names of the losses.
        seeds: in order.
    """

    where: str
    images: int
    epochs: int
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
        values = [seed.difference for seed in self.told]
        return over_seeds(values, CONFIDENCE) if len(values) >= SEEDS else None


def convolutional(pool: Pool) -> Iterator[tuple[str, Protocol, float]]:
    """Where the convolutional networks' losses can be compared: title, runs, RLL's alpha."""
    for column in (c for c in COLUMNS if c.main or c.id == "inception-lite-lr"):
        for protocol in pool.fitting(column.wanted("rll")):
            yield column.title, protocol, column.alpha


def at_steps(runs: Iterable[Measured], scales: Iterable[float]) -> Iterator[tuple]:
    """The same for SGD at a constant learning rate, where losses compare at one step size s."""
    runs = list(runs)
    for s in scales:
        own = [run for run in runs if step_size(run) == s]
        if own:
            found = {(r.spec["loss"], r.spec["eta"], r.spec["seed"], alpha_of(r)): r for r in own}
            spec = own[0].spec
            network, data = NETWORK_NAMES[spec["network"]], DATASET_NAMES[spec["dataset"]]
            yield f"{network} on {data}, s = {s:g}", Protocol(spec, own[0].images, found), 0.1


def alpha_of(run: Measured) -> float | str:
    """RLL's parameter, as ``Protocol.get`` asks for it; '' for other losses."""
    return run.spec["loss_parameters"]["alpha"] if run.spec["loss"] == "rll" else ""


def contrasts(
    found: Iterable[tuple[str, Protocol, float]], pairs: Iterable[tuple[str, str]] = PAIRS
) -> list[Contrast]:
    """The contrasts of these pairs wherever a seed has both losses."""
    limits, made = Thresholds(), []
    for title, protocol, alpha in found:
        for first, second in pairs:
            seeds = [
                both
                for seed in protocol.seeds()
                if (both := of_seed(protocol, (first, second), seed, alpha, limits))
            ]
            if seeds:
                epochs = protocol.settings["epochs"]
                named = (title, protocol.images, epochs, first, second)
                made.append(Contrast(*named, tuple(seeds)))
    return made


def of_seed(
    protocol: Protocol,
    names: tuple[str, str],
    seed: int,
    alpha: float,
    limits: Thresholds,
    clean: Protocol | None = None,
) -> Seed | None:
    """A pair of one seed; None where one of the two runs is missing.

    ``clean`` holds the runs on clean labels, where the protocol itself has none.
    """
    runs = [protocol.get(loss, limits.main_eta, seed, alpha) for loss in names]
    if not all(runs):
        return None
    of_clean = {loss: (clean or protocol).get(loss, 0.0, seed, alpha) for loss in names}
    of = {(loss, limits.main_eta): Run(r, limits) for loss, r in zip(names, runs, strict=True)}
    marks = {loss: Run(run, limits) for loss, run in of_clean.items() if run}
    case = Case(names[0], limits.main_eta, seed, of, marks, names[1:])
    ends = [tuple(run.end(part) for run in of.values()) for part in ("memorized", "test_accuracy")]
    excess = tuple(run.excess for run in of.values())
    why = inconclusive(case)
    for loss in names:
        why = why.replace(f"{loss} ", f"{look(loss).name} ") if why.startswith(f"{loss} ") else why
    return Seed(seed, ends[0], excess, ends[1], why)


def missing(found: Iterable[Contrast]) -> str:
    """Which pairs of the grid ``symmetry`` have no run of both losses yet; '' if none."""
    there = {(c.where, c.first, c.second) for c in found}
    networks = {spec.network for spec in load_scale("symmetry").specs().values()}
    titles = [c.title for c in COLUMNS if c.main and c.settings["network"] in networks]
    absent = {t: [p for p in PAIRS[:3] if (t, *p) not in there] for t in titles}
    told = [
        f"{listed(f'{look(a).name} and {look(b).name}' for a, b in pairs)} on {title}"
        for title, pairs in absent.items()
        if pairs
    ]
    return f"Not recorded yet: {'; '.join(told)}." if told else ""


def table(found: Iterable[Contrast]) -> pd.DataFrame:
    """A row a contrast and seed: what each loss memorized, the differences, and why not."""
    return pd.DataFrame(
        {
            "where": c.where,
            "n": c.images,
            "losses": f"{look(c.first).name} → {look(c.second).name}",
            "seed": str(s.seed),
            "first_memorized": s.memorized[0],
            "second_memorized": s.memorized[1],
            "difference": s.difference,
            "difference_of_test_accuracy": s.test_accuracy[1] - s.test_accuracy[0],
            "inconclusive": s.why or "no",
        }
        for c in found
        for s in c.seeds
    )


def sentence(c: Contrast) -> str:
    """A contrast in words."""
    pair = f"{c.where}: {look(c.first).name} memorizes"
    if not c.told:
        names = f"{look(c.first).name} and {look(c.second).name}"
        return f"{c.where}: {names} cannot be compared, since {c.seeds[0].why}."
    shares = [percent(spread([seed.memorized[i] for seed in c.told])) for i in (0, 1)]
    text = f"{pair} {shares[0]} of the wrong labels and {look(c.second).name} {shares[1]}"
    if c.interval:
        low, high = (100 * value for value in c.interval)
        apart = f"{100 * c.mean:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"
        return f"{text}; the mean difference over {counted(len(c.told), 'seed')} is {apart}."
    few = counted(len(c.told), "seed")
    return f"{text}; the difference is {100 * c.mean:+.1f} points ({few}: described, not tested)."


def summary(found: Iterable[Contrast]) -> str:
    """In how many pairs of runs the symmetric loss memorizes less, and where an interval says so;
    '' without a pair that can tell.
    """
    found = [c for c in found if c.told]
    seeds = [seed for c in found for seed in c.told]
    if not seeds:
        return ""
    less = sum(seed.difference < 0 for seed in seeds)
    tested = [c for c in found if c.interval]
    surely = sum(c.interval[1] < 0 for c in tested)
    text = (
        f"In {in_words(less)} of {in_words(len(seeds))} pairs of runs the symmetrized loss "
        "memorizes less than the loss it is made of."
    )
    if tested:
        text += (
            f" {in_words(len(tested)).capitalize()} comparisons have three seeds or more, and in "
            f"{in_words(surely)} of them the interval of the difference lies below zero."
            if len(tested) > 1
            else f" One comparison has three seeds, and the interval of its difference "
            f"{'lies below' if surely else 'does not lie below'} zero."
        )
    return text


def bounding(found: Iterable[Contrast]) -> str:
    """How much of what the whole chain takes off comes from bounding alone; '' without such a
    chain.

    ``found``: contrasts of the first step and of the whole chain (``FIRST`` and ``WHOLE``).
    """
    by_name = {(c.where, c.images, c.first, c.second): c for c in found if c.told}
    told = []
    for where, images in dict.fromkeys((c[0], c[1]) for c in by_name):
        for start, bounded, end in (chain for chain in CHAINS if len(chain) == 3):
            step = by_name.get((where, images, start, bounded))
            whole = by_name.get((where, images, start, end))
            if not (step and whole):
                continue
            common = {s.seed for s in step.told} & {s.seed for s in whole.told}
            parts = [[s.difference for s in c.told if s.seed in common] for c in (step, whole)]
            if common and fmean(parts[1]) < 0:
                share = percent((fmean(parts[0]) / fmean(parts[1]),) * 3)
                names = look(bounded).name, look(end).name
                told.append(f"{share} for {names[0]} and {names[1]} ({where})")
    if not told:
        return ""
    text = "Bounding cross entropy, without making it symmetric, already takes off this share of "
    return f"{text}what the bounded and symmetric loss does not memorize: {listed(told)}."

"""The start page after the answer: why, as far as that is known, and what could change it.

Every number is a record's; what a sentence says without one is tested against the records.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from memutils.claims import equal_fit
from memutils.claims.cases import FAILS, HOLDS
from memutils.claims.outcomes import Run
from memutils.claims.selection import Pool
from memutils.claims.thresholds import LIMITS
from memutils.report import origins, plots, switching
from memutils.report.claims.strip import verdicts_on
from memutils.report.human import sentences as human_sentences
from memutils.report.size import chapter, first_epochs, passes
from memutils.report.size.sentences import means
from memutils.report.start.sentences import whole
from memutils.report.steps import at_the_end, data, p1, verdict
from memutils.report.symmetry import ablation, plane, rivals, rivals_at_fit, weights, weights_at_fit
from memutils.report.symmetry.ablation import Contrast
from memutils.report.symmetry.ablation_words import bounded_shares, by_network
from memutils.runs.records import Record
from memutils.words import counted, listed, percent

CLEAR = 0.5
"""A share that rises by this much after a switch rises clearly."""


@dataclass(frozen=True)
class Switch:
    """Networks trained with RLL and then with cross entropy: the share of wrong labels memorized,
    lowest and highest over seeds, at the switch and at the end; and the names of the runs.
    """

    before: tuple[float, float]
    after: tuple[float, float]
    runs: tuple[str, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether it rose clearly in every seed."""
        return self.after[0] - self.before[1] > CLEAR


def why(content: dict, pool: Pool) -> str:
    """What is known of the reason, in Markdown; '' where nothing that bears on it is recorded."""
    told = [*symmetry(content, pool), *minima(content)]
    mlp = plane.load()
    fits = weights_at_fit.table(pool, mlp)
    found = weight(weights.contrasts(pool, mlp), fits)
    if found:
        lead, *said = found
        lead = f"**Why, as far as it is known.** {lead}\n"
        return "\n".join([lead, *(f"- {one}" for one in (*said, *told))])
    if not told:
        return ""
    told.append(
        "A likely reason is the [gradient](theory_gradients.ipynb): RLL hardly pulls at a label "
        "that the network finds improbable."
    )
    return "**Why** is not settled. " + " ".join(told)


def weight(found: list[Contrast], fits: pd.DataFrame) -> list[str]:
    """What RLL's weight alone does: the question, and what the runs say; empty without runs.

    Args:
        found: from ``weights.contrasts``.
        fits: from ``weights_at_fit.table``.
    """
    early = functools.partial(weights_at_fit.delayed, fits)
    said = weights.verdicts(found, weights.CHAINS[:1], early)
    lead = (
        "RLL hardly pulls at a label that the network finds improbable: there its "
        "[weight](symmetry.ipynb) is small. So is squared error's, and it memorizes; what may "
        "count is the weight for every label, from impossible to sure. Is that enough, without "
        "RLL's symmetry?"
    )
    return [lead, *said] if said else []


def symmetry(content: dict, pool: Pool) -> list[str]:
    """That symmetry, the paper's reason, is not enough; and what a bound does without it."""
    told, verdicts = [], verdicts_on(content, ["resnet18"], "C17")
    cells = (cell for v in verdicts for cell in v["cells"])
    failing = [c for c in cells if (c["loss"], c["state"]) == ("nce", FAILS)]
    if failing:
        shares = percent([c["statistics"]["memorized"] for c in failing])
        number = origins.number(shares, [c["records"][0] for c in failing])
        seeds = counted(len({c["seed"] for c in failing}), "seed")
        told.append(
            "The paper's reason, [symmetry](symmetry.ipynb), is not enough: normalized cross "
            f"entropy is symmetric, and ResNet-18 on MNIST repeats {number} of the wrong labels "
            f"with it ({seeds})."
        )
    found = [*ablation.convolutional(pool)]
    parts = bounded_shares(ablation.contrasts(found, ablation.FIRST + ablation.WHOLE))
    if parts:
        told.append(
            "RLL and symmetrized GCE (generalized cross entropy) are made from cross entropy in "
            "two steps: bound the loss, then make it symmetric. Of what both steps take off, the "
            "bounded loss alone, whose weight also differs, already takes off "
            f"{listed(by_network(parts))}."
        )
    return told


def minima(content: dict) -> list[str]:
    """That RLL has no higher risk where a network has memorized (claim E1)."""
    main = [c["id"] for c in content["columns"] if c["main"]]
    cells = (cell for v in verdicts_on(content, main, "E1") for cell in v["cells"])
    telling = [c for c in cells if c["state"] in (HOLDS, FAILS)]
    lower = [c for c in telling if c["state"] == FAILS]
    if len(lower) * 2 <= len(telling):
        return []
    pairs = f"{len(lower)} of {len(telling)}"
    number = origins.number(pairs, (name for c in lower for name in c["records"]))
    return [
        f"RLL's own objective does not favor resistance either: in {number} pairs the network that "
        "memorized with cross entropy has the [lower RLL risk](theory_theorem.ipynb) on the "
        "training labels."
    ]


def limits(content: dict, pool: Pool, switch: Switch | None) -> str:
    """What could change the answer, a list in Markdown."""
    told = [*images(content), *clock(pool)]
    told += [path(switch)] if switch and switch.clear else []
    if rival := rivals_at_fit.augmented(rivals.load(pool)):
        told.append(f"**[Another remedy](symmetry.ipynb).** {rival}")
    human = human_sentences.in_short(pool).replace(
        "labels from people", "[labels from people](human.ipynb)", 1
    )
    told.append(f"**Other noise.** {human}")
    return "\n".join(f"- {one}" for one in told)


def images(content: dict) -> list[str]:
    """How the memorized shares change with the number of images, on MNIST."""
    runs = chapter.load("cpu")
    found = runs.frame
    shares = {loss: means(found, "resnet18", loss, "memorized") for loss in ("RLL", "CCE")}
    both = pd.DataFrame(shares).dropna()
    if len(both) < 2:
        return []
    few, many = both.index[0], both.index[-1]
    told = (
        f"**[More images](size.ipynb).** From {few:,} to {many:,} images, with the number of "
        "training steps held fixed, the memorized share of ResNet-18 on MNIST "
        f"{change(both['RLL'], both['CCE'], few, many)}{one_seed(found, few, many)}."
    )
    as_often = passes.table(runs.records)
    by_passes = [passes.shares(as_often, "resnet18", loss) for loss in ("rll", "cce")]
    if all({few, many} <= set(share.index) for share in by_passes):
        told += (
            f" With as many passes over each image instead ({passes.EPOCHS}; in training mode), it "
            f"{change(*by_passes, few, many)}."
        )
    if any(n["images"] >= whole(n) for n in content["answer"]["networks"]):
        return [told]
    begun = first_epochs.load()
    return [
        f"{told} {first_epochs.in_short(begun)} More of the paper's full data is not run."
        if begun
        else f"{told} The paper's full data sets are not run."
    ]


def change(rll: pd.Series, cce: pd.Series, few: int, many: int) -> str:
    """'goes from 12 % to 9 % with RLL and from ...': shares by number of images."""
    rll, cce = (f"{percent([share[few]])} to {percent([share[many]])}" for share in (rll, cce))
    return f"goes from {rll} with RLL and from {cce} with cross entropy"


def one_seed(frame: pd.DataFrame, *sizes: int) -> str:
    """' (one seed of each size)' where RLL on ResNet-18 has no more; else ''."""
    rows = frame[(frame["network"] == "resnet18") & (frame["case"] == "RLL")]
    seeds = rows[rows["images"].isin(sizes)].groupby("images")["seed"].nunique()
    return " (one seed of each size)" if seeds.max() == 1 else ""


def clock(pool: Pool) -> list[str]:
    """Whether RLL is more than slower learning, and early stopping as its rival."""
    mlp, groups = data.mlp(), equal_fit.groups(pool)
    told = verdict.conclusion(groups, mlp.compared, data.stopped(mlp), p1.judged(pool))
    if not told:
        return []
    *clock, early = told
    lead = (
        "**[The clock](steps.ipynb).** A loss that only learns more slowly would look robust. So "
        "RLL and cross entropy (CCE) are compared at equal fit, where both have learned the same "
        "share *f* of the clean images. *Less* means that the excess memorization *x*, what is "
        f"memorized beyond chance, is lower by more than {LIMITS.fit_gap:g}."
    )
    ends = " ".join(at_the_end.sentences(at_the_end.table(pool)))
    size = (
        "**The step size** *s*, the learning rate times the size of a loss's gradient at the start,"
    )
    steps = [f"{size} counts as well as the loss. {ends}"] if ends else []
    return ["\n".join([lead, *(f"  - {one}" for one in clock)]), *steps, early]


def path(switch: Switch) -> str:
    """What a switch of the loss shows."""
    most, least = switch.before[1], switch.after[0]
    before, after = (origins.number(percent([v]), switch.runs) for v in (most, least))
    return (
        "**Another loss later.** RLL protects while it is used: when cross entropy "
        "[replaces it half-way](switching.ipynb), an MLP on MNIST that repeats at most "
        f"{before} of the wrong labels comes to repeat at least {after}."
    )


def switched(found: Iterable[Record]) -> Switch | None:
    """The runs that switch from RLL to CCE, at the main noise rate; None without any."""
    way = {"loss": "rll", "switch_loss": "cce", "eta": LIMITS.main_eta}
    runs = [Run(record) for record in plots.select(found, **way) if not record.diverged]
    if not runs:
        return None
    before = [switching.at_switch(run) for run in runs]
    after = [run.end("memorized") for run in runs]
    ends = (min(before), max(before)), (min(after), max(after))
    return Switch(*ends, tuple(run.name for run in runs))


def load_switched() -> Switch | None:
    """The same of the records of the scale ``switch``, of its own grid."""
    return switched(switching.load())

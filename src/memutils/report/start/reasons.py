"""The start page after the answer: why, as far as that is known, and what could change it.

Every number is a record's; what a sentence says without one is tested against the records.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from memutils.claims import equal_fit
from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED
from memutils.claims.outcomes import Run
from memutils.claims.selection import Pool
from memutils.claims.thresholds import Thresholds
from memutils.report import origins
from memutils.report.human.arms import arms, described, source
from memutils.report.size import chapter, first_epochs
from memutils.report.size.sentences import means
from memutils.report.start.sentences import whole
from memutils.report.steps import data, verdict
from memutils.report.switching import at_switch
from memutils.report.symmetry import ablation, plane, weights
from memutils.report.symmetry.ablation import Contrast
from memutils.report.symmetry.ablation_words import bounded_shares
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import load_scale
from memutils.words import counted, percent, typeset

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
    found = weight(weights.contrasts(pool, plane.load()))
    if found:
        lead = f"**Why, as far as it is known.** {found}\n"
        return typeset("\n".join([lead, *(f"- {one}" for one in told)]).rstrip())
    if not told:
        return ""
    told.append(
        "A likely reason is the [gradient](theory_gradients.ipynb): RLL hardly pulls at a label "
        "that the network finds improbable."
    )
    return typeset("**Why** is not settled. " + " ".join(told))


def weight(found: list[Contrast]) -> str:
    """What RLL's weight alone does, from ``weights.contrasts``; '' without its runs."""
    said = weights.verdict(found, weights.CHAINS[:1])
    small = "RLL hardly pulls at a label that the network finds improbable: there its"
    return said and f"{small} [weight](symmetry.ipynb) is small. {said}"


def symmetry(content: dict, pool: Pool) -> list[str]:
    """That symmetry, the paper's reason, is not enough; and what a bound does without it."""
    told, cells = [], of_claim(content, "C17", "resnet18")
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
    for place in dict.fromkeys(where for *_, where in parts):
        taken = percent([share for share, _, where in parts if where == place])
        told.append(
            f"With {place}, bounding cross entropy without making it symmetric takes off {taken} "
            "of what the bound and symmetry take off together."
        )
    return told


def minima(content: dict) -> list[str]:
    """That RLL has no higher risk where a network has memorized (claim E1)."""
    main = [c["id"] for c in content["columns"] if c["main"]]
    cells = [c for name in main for c in of_claim(content, "E1", name)]
    telling = [c for c in cells if c["state"] in (HOLDS, FAILS)]
    lower = [c for c in telling if c["state"] == FAILS]
    if len(lower) * 2 <= len(telling):
        return []
    pairs = f"{len(lower)} of {len(telling)}"
    number = origins.number(pairs, (name for c in lower for name in c["records"]))
    return [
        f"Nor does the risk of RLL on the training labels favor resistance: in {number} pairs the "
        "network that memorized with cross entropy has the "
        "[lower RLL risk](theory_theorem.ipynb)."
    ]


def limits(content: dict, pool: Pool, switch: Switch | None) -> str:
    """What could change the answer, a list in Markdown."""
    told = [*images(content), *clock(pool)]
    told += [path(switch)] if switch and switch.clear else []
    if word(content, "H1", "inception-lite") == NOT_TESTED:
        told.append(f"**Other noise.** {people(content, pool)}")
    return typeset("\n".join(f"- {one}" for one in told))


def people(content: dict, pool: Pool) -> str:
    """What labels from people do to RLL's advantage, where too few seeds are there to test it."""
    claim = next(c for c in content["claims"] if c["id"] == "H1")
    rows = [row for v in claim["verdicts"] for row in v["extra"].get("rows", [])]
    text = described(rows) or "With labels from people nothing is trained yet."
    text = text.replace("labels from people", "[labels from people](human.ipynb)", 1)
    return f"{text} {source(arms(pool))}".rstrip()


def images(content: dict) -> list[str]:
    """How the memorized shares change with the number of images, on MNIST."""
    found = chapter.load("size").frame
    shares = {loss: means(found, "resnet18", loss, "memorized") for loss in ("RLL", "CCE")}
    both = pd.DataFrame(shares).dropna()
    if len(both) < 2:
        return []
    few, many = both.index[0], both.index[-1]
    rll, cce = (f"{percent([both[x].iloc[0]])} to {percent([both[x].iloc[-1]])}" for x in both)
    told = (
        f"**[More images](size.ipynb).** From {few:,} to {many:,} images, with the number of "
        "training steps held fixed, the memorized share of ResNet-18 on MNIST goes from "
        f"{rll} with RLL and from {cce} with cross entropy."
    )
    late = [means(found, "resnet18", f"{loss}, longer", "memorized") for loss in shares]
    if all(len(share) and share.index[-1] == many for share in late):
        rll, cce = (percent([share.iloc[-1]]) for share in late)
        told += f" Trained for longer on {many:,} images, it is {rll} and {cce}."
    if any(n["images"] >= whole(n) for n in content["answer"]["networks"]):
        return [told]
    begun = first_epochs.load()
    return [
        f"{told} {first_epochs.in_short(begun)} More of the paper's full data is not run."
        if begun
        else f"{told} The paper's full data sets are not run."
    ]


def clock(pool: Pool) -> list[str]:
    """Whether RLL is more than slower learning, and early stopping as its rival."""
    mlp, groups = data.mlp(), equal_fit.groups(pool)
    told = verdict.conclusion(groups, mlp.compared, data.stopped(mlp), verdict.p1(pool))
    link = "**[The clock](steps.ipynb).** Does RLL do more than learn slowly?"
    return [f"{link} {told}"] if told else []


def path(switch: Switch) -> str:
    """What a switch of the loss shows."""
    most, least = switch.before[1], switch.after[0]
    before, after = (origins.number(percent([v]), switch.runs) for v in (most, least))
    return (
        "**Another loss later.** RLL protects while it is used: when cross entropy "
        "[replaces it half-way](switching.ipynb), an MLP on MNIST that repeats at most "
        f"{before} of the wrong labels comes to repeat at least {after}."
    )


def of_claim(content: dict, claim: str, column: str) -> list[dict]:
    """A claim's cells on a network."""
    return [
        cell
        for c in content["claims"]
        if c["id"] == claim
        for v in c["verdicts"]
        if v["column"] == column
        for cell in v["cells"]
    ]


def word(content: dict, claim: str, column: str) -> str:
    """A claim's verdict on a network."""
    found = next(c for c in content["claims"] if c["id"] == claim)
    return next((v["word"] for v in found["verdicts"] if v["column"] == column), NOT_TESTED)


def switched(found: Iterable[Record], limits: Thresholds | None = None) -> Switch | None:
    """The runs that switch from RLL to CCE, at the main noise rate; None without any."""
    limits = limits or Thresholds()
    before, after, runs = [], [], []
    for record in found:
        spec = record.spec
        ways = spec["loss"], spec["switch_loss"], spec["eta"]
        if ways == ("rll", "cce", limits.main_eta) and not record.diverged:
            run = Run(record, limits)
            before.append(at_switch(run))
            after.append(run.end("memorized"))
            runs.append(f"{record.scale}/{record.key}")
    ends = [(min(values), max(values)) for values in (before, after) if values]
    return Switch(*ends, tuple(runs)) if ends else None


def load_switched() -> Switch | None:
    """The same of the records of the scale ``switch``, of its own grid."""
    keys = load_scale("switch").specs()
    return switched(r for r in records.load("switch") if r.key in keys)

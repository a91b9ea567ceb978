"""The start page's sentences: the answer in words, with every number computed from records."""

from collections.abc import Iterable
from dataclasses import dataclass

from memutils.claims.cases import FAILS, HOLDS, OPEN
from memutils.claims.outcomes import Run
from memutils.claims.thresholds import Thresholds
from memutils.report import origins
from memutils.report.switching import at_switch
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import load_scale
from memutils.words import in_words, listed, percent, range_of

AGAINST_CCE = "m below CCE's"
"""The part of P0 that compares RLL with CCE."""

CLEAR = 0.5
"""A share that rises by this much after a switch rises clearly."""


@dataclass(frozen=True)
class Switch:
    """Networks trained with RLL and then with cross entropy: the share of wrong labels memorized,
    mean, lowest and highest over seeds, at the switch and at the end; and the names of the runs.
    """

    before: tuple[float, float, float]
    after: tuple[float, float, float]
    runs: tuple[str, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether it rose clearly in every seed."""
        return self.after[1] - self.before[2] > CLEAR


def answer(content: dict, switch: Switch | None = None) -> str:
    """The answer in Markdown: a word, what was done, who memorizes less, where, and the path.

    Args:
        content: the table of claims, from ``claims_page.load``.
        switch: from ``switched``; None where no run switches.
    """
    found = content["answer"]
    if not found["networks"]:
        return f"**{found['word']}.** No run of the paper's networks is recorded yet."
    told = [done(content), compared(content), *by_network(content)]
    if switch and switch.clear:
        told.append(path(switch))
    text = f"**{found['word']}.** " + " ".join(filter(None, told))
    return text.replace(" %", "\u00a0%")  # a number and its sign stay on one line


def done(content: dict) -> str:
    """What was trained on what."""
    images = range_of(n["images"] for n in content["answer"]["networks"])
    eta = content["thresholds"]["main_eta"]
    return (
        f"We trained the paper's networks on {images} images, "
        f"of which {percent([eta])} carry a wrong label."
    )


def deciding(content: dict, *columns: str) -> list[dict]:
    """The cells that compare RLL with CCE at the main noise rate, on these networks."""
    return [
        c
        for claim in content["claims"]
        for v in claim["verdicts"]
        if (claim["id"], v["part"]) == ("P0", AGAINST_CCE) and v["column"] in columns
        for c in v["cells"]
        if c["eta"] == content["thresholds"]["main_eta"] and c["state"] in (HOLDS, FAILS, OPEN)
    ]


def compared(content: dict) -> str:
    """In how many pairs of runs RLL memorizes less than CCE; '' where no pair can tell."""
    cells = deciding(content, *(c["id"] for c in content["columns"] if c["main"]))
    fewer, n = sum(c["state"] == HOLDS for c in cells), len(cells)
    if not n:
        return ""
    if n == 1:
        pairs = "In the one pair" if fewer else "Not in the one pair"
    else:
        counted = f"{'all' if fewer == n else f'{in_words(fewer)} of'} {in_words(n)} pairs"
        pairs = f"In {origins.number(counted, (name for c in cells for name in c['records']))}"
    return (
        f"{pairs} of runs that differ in the loss alone, the network memorizes clearly fewer of "
        "them with the [symmetric](losses.ipynb) robust log loss (RLL) than with cross "
        "entropy."
    )


def by_network(content: dict) -> list[str]:
    """A sentence on the networks that hardly memorize with RLL, and one on those that do."""
    low = content["thresholds"]["resisted"]
    tells = [n for n in content["answer"]["networks"] if not n["underfitted"]]
    few = [n for n in tells if n["numbers"]["rll_memorized"][2] <= low]
    many = [n for n in tells if n not in few]
    told = []
    if few:
        told.append(
            f"Memorization almost stops for {names(few)}: the network repeats "
            f"{shares(content, few, 'rll')} of the wrong labels with RLL and "
            f"{shares(content, few, 'cce')} with cross entropy."
        )
    if many:
        stop = "not" if few else "not stop"
        told.append(f"It does {stop} for {names(many, content)}.")
    return told


def path(switch: Switch) -> str:
    """What a switch of the loss shows."""
    return (
        "And the loss shapes the *path* of training, not what a network can store: when cross "
        "entropy replaces RLL half-way, the share that an MLP repeats rises "
        f"from {origins.number(f'{100 * switch.before[0]:.0f} %', switch.runs)} "
        f"to {origins.number(f'{100 * switch.after[0]:.0f} %', switch.runs)}."
    )


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
    return Switch(spread(before), spread(after), tuple(runs)) if before else None


def load_switched() -> Switch | None:
    """The same of the records of the scale ``switch``, of its own grid."""
    keys = load_scale("switch").specs()
    return switched(r for r in records.load("switch") if r.key in keys)


def spread(values: list[float]) -> tuple[float, float, float]:
    """Mean, lowest and highest."""
    return sum(values) / len(values), min(values), max(values)


def shares(content: dict, networks: list[dict], loss: str) -> str:
    """What the networks memorize with a loss: '7 %' or '73 to 80 % and 47 %'."""
    place = ("rll", "cce").index(loss)  # the order in which a cell names its records
    return listed(
        origins.number(
            percent(n["numbers"][f"{loss}_memorized"]),
            (c["records"][place] for c in deciding(content, n["column"])),
        )
        for n in networks
    )


def names(networks: list[dict], content: dict | None = None) -> str:
    """'ResNet-18 on MNIST', or of one data set 'Inception-Lite (73 to 80 %) and ResNet-32 (47 %) on
    CIFAR-10', with the share that is memorized with RLL where the table of claims is given.
    """
    by_data: dict[str, list[str]] = {}
    for n in networks:
        network, _, data = n["title"].partition(" on ")
        beside = f" ({shares(content, [n], 'rll')})" if content else ""
        by_data.setdefault(data, []).append(network + beside)
    return listed(f"{listed(of)} on {data}" for data, of in by_data.items())

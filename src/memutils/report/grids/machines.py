"""The same run on another kind of processor: what a seed does not decide."""

from memutils.claims.outcomes import Run
from memutils.names import LOSS_NAMES
from memutils.runs import records
from memutils.runs.records import Record
from memutils.values import grouped
from memutils.words import counted, listed, plural

METRICS = {"memorized": "the memorized share", "test_accuracy": "test accuracy"}


def twice(network: str) -> list[tuple[Record, Record]]:
    """Runs of one network with the same settings, seed and precision that two processors made."""
    by_settings = grouped(
        (f"{r.spec} {r.provenance['execution']['precision']}", r)
        for scale in ("cpu", "symmetry")
        for r in records.load(scale)
        if r.spec["network"] == network and r.spec["eta"]
    )
    pairs = (found[:2] for found in by_settings.values() if len(found) > 1)
    return [(a, b) for a, b in pairs if a.provenance["machine"] != b.provenance["machine"]]


def sentence(pairs: list[tuple[Record, Record]]) -> str:
    """How far such pairs are apart at the end of training, loss by loss; '' without one."""
    told = []
    for loss, own in grouped((pair[0].spec["loss"], pair) for pair in pairs).items():
        apart = listed(f"{widest(own, part)} in {name}" for part, name in METRICS.items())
        by = "by" if len(own) == 1 else "by up to"
        told.append(f"{by} {apart} with {LOSS_NAMES[loss]} ({counted(len(own), 'pair')})")
    if not told:
        return ""
    return (
        "The seed does not decide everything either: some runs were made again with the same "
        "settings and the same seed on another kind of processor, whose rounding differs. At the "
        f"end of training the two runs differ {listed(told)}."
    )


def widest(pairs: list[tuple[Record, Record]], metric: str) -> str:
    """The largest difference of a metric at the end: '2 points'."""
    apart = max(abs(Run(a).end(metric) - Run(b).end(metric)) for a, b in pairs)
    return plural(round(100 * apart), "point")

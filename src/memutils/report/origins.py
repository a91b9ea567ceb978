"""Where a number comes from: a number on a page names its runs, and ``book/_static/origins.js``
shows each run's seed, images, machine and commit, and the line that trains it again.

Text readers, print and pages without JavaScript show the number alone.
"""

from collections.abc import Iterable

from memutils.names import LOSS_NAMES, title
from memutils.report.explorer import embed
from memutils.report.markup import Safe, safe, tag
from memutils.runs.records import Record


def number(text: object, runs: Iterable[str]) -> Safe:
    """A number with the runs that it comes from, as HTML; without runs the text alone.

    Args:
        text: the number for the reader.
        runs: names of records, scale and key: 'cpu/mnist-resnet18-rll-eta0.4-seed0'.
    """
    names = " ".join(dict.fromkeys(runs))
    return tag("span", text, class_="from", **{"data-runs": names}) if names else safe(text)


def entry(record: Record) -> dict[str, str]:
    """What a page tells of a run: its settings, data, machine and code, in words."""
    spec, made = record.spec, record.provenance
    of = title(spec["network"], spec["dataset"])
    execution = made.get("execution", {})
    where = [made.get("machine"), execution.get("device", "").upper(), execution.get("precision")]
    return {
        "run": f"{LOSS_NAMES[spec['loss']]}, {of}, η = {spec['eta']:g}",
        "seed": str(spec["seed"]),
        "images": f"{record.dataset['sizes']['train']:,}",
        "machine": ", ".join(filter(None, where)),
        "commit": code(made),
    }


def code(made: dict) -> str:
    """The commit that made a run; where the history does not have it, the code's hash too."""
    commit = (made.get("commit") or "")[:7] or "not recorded"
    if made.get("commit_in_history") is False:
        return f"{commit} (not in the history; code {made.get('code', '')[:7]})"
    return f"{commit} (with changes)" if made.get("dirty") else commit


def script(found: Iterable[Record]) -> str:
    """The script ``_static/runs.js``: every run by its name, for the page that asks."""
    runs = {record.name: entry(record) for record in found}
    return f"self.memutilsRuns = {embed(runs)};\n"

"""The table of all runs: a row a record, with its settings,
its values at the end and links to what it left.
"""

from memutils.claims.outcomes import Run
from memutils.names import DATASET_NAMES, LOSS_NAMES, NETWORK_NAMES
from memutils.report.markup import Safe, joined, number, table, tag
from memutils.runs.records import Record

FILTERS = ("network", "data", "loss", "η", "scale")
"""The columns with a list to choose from."""

MEASURED = {
    "m": "memorized",
    "r": "recovered",
    "test accuracy": "test_accuracy",
    "J1": "j1",
    "J2": "j2",
}
"""Columns of values at the end, and their names in a history."""


def loss_name(spec: dict) -> str:
    """The loss and its parameters: 'RLL, alpha 0.1'."""
    name = LOSS_NAMES[spec["loss"]]
    return ", ".join([name, *(f"{p} {v:g}" for p, v in sorted(spec["loss_parameters"].items()))])


def further(record: Record) -> str:
    """The settings that the key names beyond data, network, loss, noise rate and seed."""
    _, _, settings = record.key.partition(f"-seed{record.spec['seed']}")
    return settings.removeprefix("-").replace("-", ", ")


def row(record: Record, records: str, notebook: str | None) -> dict:
    """A run as a row of the table: column to content.

    Args:
        records: address of the folder with the records, a folder a scale.
        notebook: address of the run's executed notebook, or None.
    """
    run, spec = Run(record), record.spec
    files = [tag("a", "record", href=f"{records}/{record.name}.json")]
    if notebook:
        saved = notebook.rpartition("/")[2]
        files.append(tag("a", "notebook", href=notebook, download=saved))
    values = {name: float(run.final[column]) for name, column in MEASURED.items()}
    return {
        "network": NETWORK_NAMES[spec["network"]],
        "data": DATASET_NAMES[spec["dataset"]],
        "loss": loss_name(spec),
        "η": f"{spec['eta']:g}",
        "seed": spec["seed"],
        **{n: number(v) for n, v in values.items()},
        "end": "diverged" if record.diverged else "collapsed" if run.collapsed else "",
        "learning rate": f"{spec['lr']:g}",
        "images": number(record.dataset["sizes"]["train"]),
        "epochs": spec["epochs"],
        "further settings": further(record),
        "scale": record.scale,
        "files": joined(files, " "),
    }


def html(found: list[Record], records: str, notebooks: dict[tuple[str, str], str]) -> Safe:
    """All runs as one table that the page's script makes sortable.

    Args:
        found: the records, in the order of the rows.
        records: address of the folder with the records.
        notebooks: scales and keys to addresses of executed notebooks.
    """
    rows = [row(r, records, notebooks.get((r.scale, r.key))) for r in found]
    made = table(rows, "runs sortable", f"All {len(rows):,} runs; values are those at the end.")
    return Safe(made.replace("<table ", f'<table data-filters="{",".join(FILTERS)}" ', 1))

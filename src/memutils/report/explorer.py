"""The explorer: one interactive figure over many records, in a single piece of HTML that needs no
network and no server.
"""

import json
from importlib import resources

from memutils.claims.outcomes import Run
from memutils.report import plots
from memutils.runs.records import Record, results_root

CHOICES = {
    "dataset": "Data set",
    "network": "Network",
    "loss": "Loss",
    "eta": "Noise rate η",
    "seed": "Seed",
    "variant": "Scale and settings",
}
METRICS = {
    "j1": "J1: training labels",
    "j2": "J2: true labels",
    "memorized": "memorized, of the mislabeled",
    "recovered": "recovered, of the mislabeled",
    "test_accuracy": "test accuracy",
}
NAMES = {"dataset": plots.DATASET_NAMES, "network": plots.NETWORK_NAMES, "loss": plots.LOSS_NAMES}


def scales_with_records(default: str) -> list[str]:
    """The scales whose records the explorer shows: every one that has some; quick and smoke only
    where they are the default.
    """
    found = sorted({path.parent.name for path in results_root().glob("*/*.json")})
    return [name for name in found if name == default or name not in ("quick", "smoke")]


def variant(record: Record) -> str:
    """What sets a run apart from others of its data set, network, loss, rate and seed: its scale,
    and settings in its key.
    """
    _, _, settings = record.key.partition(f"-seed{record.spec['seed']}")
    return f"{record.scale}{settings.replace('-', ', ', 1)}"


def entry(record: Record) -> dict:
    """One run as the page holds it: its choices, and each metric at the evaluations, rounded to
    four decimals.
    """
    run = Run(record)
    columns = {
        name: [None if v != v else round(v, 4) for v in run.evaluations[name]] for name in METRICS
    }
    return {
        **{name: record.spec[name] for name in CHOICES if name != "variant"},
        "variant": variant(record),
        "key": record.key,
        "n": record.dataset["sizes"]["train"],
        "rate": record.noise_rate,
        "collapsed": run.collapsed,
        "epoch": [int(e) for e in run.evaluations["epoch"]],
        **columns,
    }


def start(runs: list[dict]) -> list[int]:
    """Places of the two runs compared at first: cross entropy at η = 0.4, and RLL at the same
    settings, where possible.
    """

    def rank(run: dict, loss: str, other: dict) -> int:
        same = sum(run[n] == other[n] for n in ("dataset", "network", "seed", "variant"))
        return 100 * (run["loss"] == loss) + 10 * (run["eta"] == other["eta"]) + same

    first = max(range(len(runs)), key=lambda i: rank(runs[i], "cce", runs[0] | {"eta": 0.4}))
    return [first, max(range(len(runs)), key=lambda i: rank(runs[i], "rll", runs[first]))]


def embed(content: dict) -> str:
    """JSON that may stand in a script element: no character of it can end the element or begin
    another.
    """
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def html(records: list[Record]) -> str:
    """The explorer over these records, as HTML for a notebook's output.

    Args:
        records: at least one that came to its end; those of several scales may be mixed.
    """
    order = {name: list(values) for name, values in NAMES.items()}

    def place(run: dict) -> list:
        named = [order[n].index(run[n]) if run[n] in order[n] else len(order[n]) for n in order]
        return [*named, *(str(run[n]) for n in order), run["eta"], run["seed"], run["variant"]]

    runs = sorted((entry(record) for record in records if not record.diverged), key=place)
    lists = {"choices": list(CHOICES.items()), "metrics": list(METRICS.items())}
    content = {**lists, "names": NAMES, "runs": runs, "start": start(runs)}
    template = resources.files("memutils.report") / "explorer.html"
    return template.read_text(encoding="utf-8").replace("@DATA@", embed(content))

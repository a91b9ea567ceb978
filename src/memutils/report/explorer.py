"""The explorer: one interactive figure over many records, in a single piece of HTML that needs no
network and no server.
"""

import json
from importlib import resources

from memutils.claims.outcomes import Run
from memutils.names import DATASET_NAMES, LOSS_NAMES, NETWORK_NAMES
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
SETTINGS = {
    "lr": "learning rate",
    "n_train": "training images",
    "alpha": "α",
    "gamma": "decay",
    "train_on": "trained on",
    "weight_decay": "weight decay",
    "switch_epoch": "switches after epoch",
    "switch_loss": "switches to",
}
"""Settings in words, where their names are not."""

SUGGESTED = {
    "ResNet-18 on MNIST: CCE and RLL": (
        "cpu/mnist-resnet18-cce-eta0.4-seed0",
        "cpu/mnist-resnet18-rll-eta0.4-seed0",
    ),
    "Inception-Lite on CIFAR-10: CCE and RLL": (
        "cpu/cifar10-inception-lite-cce-eta0.4-seed0",
        "cpu/cifar10-inception-lite-rll-eta0.4-seed0",
    ),
    "ResNet-18: RLL with a small and with a large α": (
        "alpha/mnist-resnet18-rll-eta0.4-seed0-alpha0.01",
        "alpha/mnist-resnet18-rll-eta0.4-seed0-alpha0.45",
    ),
    "MLP: CCE to the end, and CCE for 60 epochs, then RLL": (
        "switch/mnist5k-mlp-cce-eta0.4-seed0",
        "switch/mnist5k-mlp-cce-eta0.4-seed0-switch_epoch60-switch_lossrll",
    ),
}
"""Comparisons to try, by the scales and keys of their runs; the first is shown at first."""

NAMES = {"dataset": DATASET_NAMES, "network": NETWORK_NAMES, "loss": LOSS_NAMES}


def scales_with_records(default: str) -> list[str]:
    """The scales whose records the explorer shows: every one that has some; quick and smoke only
    where they are the default.
    """
    found = sorted({path.parent.name for path in results_root().glob("*/*.json")})
    return [name for name in found if name == default or name not in ("quick", "smoke")]


def variant(record: Record) -> str:
    """What sets a run apart from others of its data set, network, loss, rate and seed: its scale,
    and the settings in its key in words.
    """
    _, _, settings = record.key.partition(f"-seed{record.spec['seed']}-")
    named = (in_words(text, record.spec) for text in settings.split("-") if text)
    return ", ".join([record.scale, *named])


def in_words(text: str, spec: dict) -> str:
    """A setting as a key has it, in words: 'learning rate 0.1' for lr0.1."""
    known = [*spec, *spec.get("loss_parameters", {}), *SETTINGS]
    name = max((n for n in known if text.startswith(n)), key=len, default="")
    value = text.removeprefix(name)
    return f"{SETTINGS.get(name, name.replace('_', ' '))} {value}".strip()


def entry(record: Record) -> dict:
    """One run as the page holds it: its choices, and each metric at the evaluations,
    rounded to four decimals.
    """
    run = Run(record)
    columns = {
        name: [None if v != v else round(v, 4) for v in run.evaluations[name]] for name in METRICS
    }
    return {
        **{name: record.spec[name] for name in CHOICES if name != "variant"},
        "variant": variant(record),
        "key": record.key,
        "name": record.name,
        "n": record.dataset["sizes"]["train"],
        "rate": record.noise_rate,
        "collapsed": run.collapsed,
        "epoch": [int(e) for e in run.evaluations["epoch"]],
        **columns,
    }


def start(runs: list[dict]) -> list[int]:
    """Places of the two runs compared at first: cross entropy at η = 0.4,
    and RLL at the same settings, where possible.
    """

    def rank(run: dict, loss: str, other: dict) -> int:
        same = sum(run[n] == other[n] for n in ("dataset", "network", "seed", "variant"))
        return 100 * (run["loss"] == loss) + 10 * (run["eta"] == other["eta"]) + same

    first = max(range(len(runs)), key=lambda i: rank(runs[i], "cce", runs[0] | {"eta": 0.4}))
    return [first, max(range(len(runs)), key=lambda i: rank(runs[i], "rll", runs[first]))]


def suggested(runs: list[dict]) -> list[dict]:
    """The comparisons to try of which both runs are there: title, and places of the runs."""
    at = {run["name"]: place for place, run in enumerate(runs)}
    return [
        {"title": title, "runs": [at[name] for name in names]}
        for title, names in SUGGESTED.items()
        if all(name in at for name in names)
    ]


def embed(content: dict) -> str:
    """JSON that may stand in a script element:
    no character of it can end the element or begin another.
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
    tries = suggested(runs)
    first = tries[0]["runs"] if tries else start(runs)
    content = {**lists, "names": NAMES, "runs": runs, "start": first, "suggested": tries}
    template = resources.files("memutils.report") / "explorer.html"
    return template.read_text(encoding="utf-8").replace("@DATA@", embed(content))

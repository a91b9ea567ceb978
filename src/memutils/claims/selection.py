"""Which runs a claim is judged by: from records of all scales,
by their settings and never by their names.

Read are the records of ``SCALES`` that are runs of their grids: there a network is trained to the
end in one way for all losses. The scale ``size`` varies the epochs with the number of images, and
its chapter reads that; of it only runs of the paper's own schedule are judged. Runs that differ in
loss, noise rate, seed or a parameter of their loss alone form a ``Protocol``, and only runs of one
protocol are compared. So the runs of a pair share the learning rate, the epochs and the number of
images.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial

from memutils.claims.measured import Measured
from memutils.runs import records
from memutils.runs.records import RESULTS_VERSION, Record
from memutils.runs.specs import load_scale

SCALES = (
    "paper",
    "cpu",
    "symmetry",
    "even",
    "control",
    "readings",
    "alpha",
    "human",
    "steps-cnn",
    "steps",
)
"""The scales whose runs are judged; of a run that two of them hold the first one's record is taken.
"""

PARTLY = "size"
"""The scale of which only runs of the paper's own schedule are judged."""

OWN = ("loss", "eta", "seed", "loss_parameters")
"""Settings in which the runs of one protocol differ."""

ALPHA = 0.1
"""RLL's parameter, but for the columns that vary it."""


@dataclass(frozen=True)
class Column:
    """A column of the table: a network as the paper trains it, or with one thing changed.

    Attributes:
        id, title: of the column.
        settings: what its runs have.
        learning_rates: of losses that are trained at another one, instead of that in ``settings``.
        main: False for a control.
        alpha: RLL's parameter.
    """

    id: str
    title: str
    settings: dict
    learning_rates: dict[str, float] = field(default_factory=dict)
    main: bool = True
    alpha: float = ALPHA

    def wanted(self, loss: str) -> dict:
        """The settings of a protocol in which this loss is judged."""
        usual = {"noise": "others", "train_on": "all", "switch_loss": ""} | self.settings
        return usual | ({"lr": self.learning_rates[loss]} if loss in self.learning_rates else {})


INCEPTION = {
    "dataset": "cifar10",
    "network": "inception-lite",
    "lr": 0.01,
    "schedule": "exponential",
    "momentum": 0.9,
}
RESNET18 = {"dataset": "mnist", "network": "resnet18", "optimizer": "adam", "precision": "auto"}
RESNET32 = {"dataset": "cifar10", "network": "resnet32", "schedule": "step"}
SCRIPT = {"lr": 0.1, "schedule": "step", "crop": 0, "inputs": "standardize"}
control = partial(Column, main=False)
"""A column beside the paper's networks: one of them with other settings."""

COLUMNS = (
    Column("resnet18", "ResNet-18 on MNIST", RESNET18),
    Column("inception-lite", "Inception-Lite on CIFAR-10", INCEPTION, {"nmse": 0.1}),
    Column("resnet32", "ResNet-32 on CIFAR-10", RESNET32),
    control("inception-lite-lr", "Inception-Lite, learning rate 0.1", INCEPTION | {"lr": 0.1}),
    control("inception-lite-momentum", "Inception-Lite, momentum 0", INCEPTION | {"momentum": 0.0}),
    control(
        "inception-lite-no-bn",
        "Inception-Lite without BatchNorm",
        INCEPTION | {"network": "inception-lite-no-bn"},
    ),
    control("inception-lite-alpha0.01", "Inception-Lite, α = 0.01", INCEPTION, alpha=0.01),
    control("inception-lite-alpha0.45", "Inception-Lite, α = 0.45", INCEPTION, alpha=0.45),
    control(
        "inception-lite-script", "Inception-Lite as in the authors' script", INCEPTION | SCRIPT
    ),
    control("resnet18-float32", "ResNet-18 in float32", RESNET18 | {"precision": "float32"}),
    control("resnet18-alpha0.01", "ResNet-18, α = 0.01", RESNET18, alpha=0.01),
    control("resnet18-alpha0.45", "ResNet-18, α = 0.45", RESNET18, alpha=0.45),
    control(
        "resnet32-constant",
        "ResNet-32, constant learning rate",
        RESNET32 | {"schedule": "constant"},
    ),
)
"""The columns: the paper's three networks, then the controls."""


def column(name: str) -> Column:
    """The column of this id."""
    return next(c for c in COLUMNS if c.id == name)


MAIN = tuple(c for c in COLUMNS if c.main)

SHOWN = tuple(c for c in COLUMNS if c.main or c.id == "inception-lite-lr")
"""The columns that are drawn: Inception-Lite at ten times its learning rate beside the main ones.
"""

LOSSES = ("cce", "mse", "rll")
"""The losses of the main comparison, in the order in which they are drawn."""


def place(run: Measured) -> tuple[str, float, int, float | str]:
    """A run's place in its protocol: loss, noise rate, seed, and RLL's alpha ('' for others)."""
    loss, eta, seed, parameters = (run.spec[name] for name in OWN)
    return loss, eta, seed, parameters["alpha"] if loss == "rll" else ""


@dataclass(frozen=True, eq=False)
class Protocol:
    """Runs that differ in nothing but their loss, noise rate and seed (and their loss's
    parameters), by ``place``.
    """

    settings: dict
    images: int
    runs: dict[tuple[str, float, int, float | str], Measured] = field(default_factory=dict)

    def get(self, loss: str, eta: float, seed: int, alpha: float) -> Measured | None:
        """The run, or None; ``alpha`` counts for RLL only."""
        return self.runs.get((loss, eta, seed, alpha if loss == "rll" else ""))

    def seeds(self) -> list[int]:
        """Every seed of these runs."""
        return sorted({seed for _, _, seed, _ in self.runs})


def is_of_a_grid(found: Iterable[Record]) -> list[Record]:
    """The records that are runs of a grid of ``SCALES``, made by this version,
    and did not diverge.
    """
    found, specs = list(found), []
    for scale in {r.scale for r in found} & {*SCALES, PARTLY}:
        specs += [records.spec_dict(spec) for spec in load_scale(scale).specs().values()]
    asked = {json.dumps(spec, sort_keys=True) for spec in specs}
    return [
        r
        for r in found
        if json.dumps(r.spec, sort_keys=True) in asked
        and r.content["results_version"] == RESULTS_VERSION
        and not r.diverged
    ]


def of_the_papers_schedule(found: Iterable[Record]) -> list[Record]:
    """The records of runs that are trained as in the scale ``paper``, on however many images."""
    paper, free = load_scale("paper"), ("evaluations", "threads")

    def is_as_there(spec: dict) -> bool:
        usual = paper.usual(spec["network"]).items()
        return spec["network"] in paper.networks and all(
            spec[name] == value for name, value in usual if name not in free
        )

    return [record for record in found if is_as_there(record.spec)]


class Pool:
    """The records that claims are judged by; what depends on no threshold is read once."""

    def __init__(self, found: Iterable[Record | Measured]):
        order = {name: i for i, name in enumerate(SCALES)}
        every = [r if isinstance(r, Measured) else Measured.of(r) for r in found]
        self.runs = sorted(every, key=lambda r: (order.get(r.name.partition("/")[0], 99), r.name))

    @classmethod
    def load(cls) -> "Pool":
        """From the results folder.

        Raises:
            UserError: a record that cannot be read.
        """
        found = [record for scale in SCALES for record in records.load(scale)]
        larger = of_the_papers_schedule(records.load(PARTLY))
        return cls(is_of_a_grid([*found, *larger]))

    @cached_property
    def protocols(self) -> list[Protocol]:
        """The protocols, the largest number of images first, then the most epochs."""
        groups: dict[str, Protocol] = {}
        for run in self.runs:
            settings = {n: v for n, v in run.spec.items() if n not in OWN}
            key = json.dumps(settings, sort_keys=True)
            group = groups.setdefault(key, Protocol(settings, run.images))
            group.runs.setdefault(place(run), run)
        return sorted(groups.values(), key=lambda p: (-p.images, -p.settings["epochs"]))

    def fitting(self, wanted: dict) -> list[Protocol]:
        """The protocols with these settings, in that order."""
        key = json.dumps(wanted, sort_keys=True)
        if key not in self._fitting:
            self._fitting[key] = [
                p for p in self.protocols if all(p.settings.get(n) == v for n, v in wanted.items())
            ]
        return self._fitting[key]

    @cached_property
    def _fitting(self) -> dict[str, list[Protocol]]:
        return {}

    def of_size(self, wanted: dict, images: int) -> Protocol | None:
        """The first of them with so many images; None without one."""
        return next((p for p in self.fitting(wanted) if p.images == images), None)

    def of_scale(self, scale: str) -> list[Measured]:
        """The runs recorded under a scale's name."""
        return [run for run in self.runs if run.name.startswith(f"{scale}/")]


def differing(runs: Iterable[Measured]) -> str:
    """In what kind of device or precision the runs of a cell differ, for the reader;
    '' where in neither.
    """
    runs = list(runs)
    told = [sorted({getattr(r, part) for r in runs}) for part in ("device", "precision")]
    return "; ".join(" and ".join(values) for values in told if len(values) > 1)

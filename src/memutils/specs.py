"""What a run is: its full specification, its readable key, and the scales and grids of ``configs/*.yaml``."""

import dataclasses
import itertools
import math
import os
import re
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path

from memutils import config_text, data, labeling, losses, models, noise, paths, values
from memutils.errors import UserError, unknown_name
from memutils.recipe import CHOICES, Recipe


@dataclass(frozen=True, kw_only=True)
class Spec(Recipe):
    """One run in full: five settings that name it, and every other one (those of ``Recipe`` too).

    Attributes:
        dataset, network, loss: names in ``data.DATASETS``, ``models.NETWORKS``, ``losses.LOSSES``.
        eta: noise rate in [0, 1], by the convention ``noise``.
        seed: decides subset, noise, initialization and order, which all losses of a seed share.
        n_train, n_test: images of a stratified subset; 0 takes all.
        n_holdout: further training images, noisy too, that are only evaluated.
        noise: 'others' (the paper's), 'all', 'pair', 'asymmetric', 'random' or 'matrix', which are drawn (``memutils.noise``);
            'given' or 'shuffled': a label set as it is, or permuted among the images of each true class.
        labels: the label set (``label_sets.LABEL_SETS``), or the noise matrix's file; '' for noise that needs none.
        train_on: 'all' examples, or only the 'clean' ones (an oracle that knows which labels were replaced).
        crop: side of the center crop in pixels; 0 for none.
        alpha: RLL's parameter; unused by other losses.
        switch_loss, switch_epoch: the loss from epoch switch_epoch + 1 on; '' for no switch.
    """

    dataset: str
    network: str
    loss: str
    eta: float
    seed: int = 0
    n_train: int = 0
    n_test: int = 0
    n_holdout: int = 0
    noise: str = "others"
    labels: str = ""
    train_on: str = "all"
    crop: int = 0
    alpha: float = 0.1
    switch_loss: str = ""
    switch_epoch: int = 0

    def __post_init__(self):
        check_types(self)
        check_values(self)

    @property
    def redistributable(self) -> bool:
        """Whether a record may hold the training labels, and what was predicted for their images."""
        return labeling.redistributable(self.noise, self.labels)

    def build_loss(self, name: str | None = None):
        """The loss of this run, or the named one with this run's parameters."""
        name = name or self.loss
        return losses.build(name, alpha=self.alpha) if name == "rll" else losses.build(name)


NAMING = ("dataset", "network", "loss", "eta", "seed")
"""The settings that every key names."""

FIELDS = {f.name: f for f in dataclasses.fields(Spec)}


def check_types(spec: Spec) -> None:
    """Brings each field to its declared type, or raises a UserError that names field and type."""
    hints = typing.get_type_hints(Spec)
    for name in FIELDS:
        value, kind = values.plain(getattr(spec, name)), hints[name]
        if isinstance(kind, types.GenericAlias):  # the milestones
            ok = isinstance(value, list | tuple) and all(is_whole(v) and v > 0 for v in value)
            value, text = (tuple(map(int, value)) if ok else value), "a list of epochs"
        elif kind is float:
            ok = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
            value, text = (values.as_held(value) if ok else value), "a finite number"
        elif kind is int:
            ok = is_whole(value) and abs(value) < 2**53
            value, text = (int(value) if ok else value), "a whole number"
        else:
            if isinstance(value, bool) and {"yes", "no"} <= set(CHOICES.get(name, ())):
                value = "yes" if value else "no"
            ok, text = isinstance(value, kind), "a text"
        if not ok:
            hint = values.hint(value) if kind in (int, float) else ""
            raise UserError(f"The setting {name!r} must be {text}, not {str(value)[:80]!r}.{hint}")
        object.__setattr__(spec, name, value)


def is_whole(value: object) -> bool:
    """Whether a value is a whole number: 3 or 3.0."""
    return type(value) is int or (isinstance(value, float) and value.is_integer())


def check_values(spec: Spec) -> None:
    """Raises a UserError for a name that is not registered or a number out of range."""
    choices = {
        "dataset": data.DATASETS,
        "network": models.NETWORKS,
        "loss": losses.LOSSES,
        "switch_loss": ["", *losses.LOSSES],
        "noise": (*labeling.DRAWN, *labeling.GIVEN),
        "train_on": ("all", "clean"),
        **CHOICES,
    }
    for name, valid in choices.items():
        if getattr(spec, name) not in valid:
            raise unknown_name(name, getattr(spec, name), valid)
    noise.check_eta(spec.eta)
    labeling.check_setting(spec.noise, spec.labels, spec.dataset)
    at_least, at_most = {"epochs": 1, "batch_size": 2, "evaluations": 1}, {"epochs": 1_000_000, "threads": 1024}
    for name in (n for n in FIELDS if isinstance(getattr(spec, n), int | float)):
        low, high = at_least.get(name, 0), at_most.get(name, math.inf)
        if getattr(spec, name) < low:
            raise UserError(f"The setting {name!r} must be at least {low}, not {getattr(spec, name)}.")
        if getattr(spec, name) > high:
            raise UserError(f"The setting {name!r} must be at most {high}, not {getattr(spec, name)}.")
    for name in ("lr", "alpha", "gamma"):
        if getattr(spec, name) <= 0:
            raise UserError(f"The setting {name!r} must be greater than 0, not {getattr(spec, name)}.")
    try:
        spec.lr_at(spec.epochs)
    except OverflowError:
        raise UserError(f"With gamma {spec.gamma} the learning rate grows beyond all bounds; lower gamma.") from None
    if bool(spec.switch_loss) != bool(spec.switch_epoch):
        raise UserError("switch_loss and switch_epoch go together: give both or neither.")
    if spec.switch_epoch >= spec.epochs:
        raise UserError(f"The loss cannot switch after epoch {spec.switch_epoch} of {spec.epochs}; lower switch_epoch.")


def text_of(value) -> str:
    """A setting's value as it stands in a key: letters, digits, '.', '+' and '-'."""
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    text = format(value, ".12g") if isinstance(value, float) else str(value)
    return text or "none"


@dataclass(frozen=True)
class Scale:
    """A file of ``configs``: defaults for every run, for each network, and the grid of runs.

    Attributes:
        name: of the file and of the folder of its records.
        defaults: settings of every run.
        networks: settings of each network, over the defaults.
        grid: entries in the order they are to be run; lists in an entry are axes of a product.
    """

    name: str
    defaults: dict = field(default_factory=dict)
    networks: dict[str, dict] = field(default_factory=dict)
    grid: tuple[dict, ...] = ()

    def spec(self, **settings) -> Spec:
        """The run with these settings, and the scale's defaults for its network elsewhere.

        Raises:
            UserError: an unknown setting (named with the nearest valid one), a missing or a wrong one.
        """
        check_known(settings)
        network = settings.get("network", self.defaults.get("network"))
        merged = self.defaults | (self.networks.get(network, {}) if isinstance(network, str) else {}) | settings
        missing = [n for n in NAMING[:4] if n not in merged]
        if missing:
            raise UserError(f"A run needs {', '.join(missing)}.")
        return Spec(**merged)

    def key(self, spec: Spec) -> str:
        """The run's name: data set, network, loss, eta, seed and each setting that differs from the scale's default."""
        named = [spec.dataset, spec.network, spec.loss, f"eta{text_of(spec.eta)}", f"seed{spec.seed}"]
        key = "-".join(named + [f"{n}{text_of(getattr(spec, n))}" for n in self.differing(spec)])
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", key):
            raise UserError(f"The run's name {key!r} must be made of letters, digits and . _ + - only.")
        return key

    def differing(self, spec: Spec) -> list[str]:
        """The settings, beyond those that every key names, that differ from this scale's default; sorted."""
        base = self.spec(**{n: getattr(spec, n) for n in NAMING})
        return [n for n in sorted(FIELDS) if n not in NAMING and getattr(spec, n) != getattr(base, n)]

    def parameters(self, spec: Spec) -> str:
        """What tells a run from this scale's defaults, as YAML for papermill's ``-y``: plain values, never code."""
        told = {n: getattr(spec, n) for n in (*NAMING, *self.differing(spec))}
        return "{" + ", ".join(f'"{n}": {values.as_text(v)}' for n, v in told.items()) + "}"

    def specs(self, only: str = "") -> dict[str, Spec]:
        """The grid's runs by key, in order; ``only`` keeps the keys that contain it."""
        runs = {}
        for entry in self.grid:
            axes = [(n, axis(n, v)) for n, v in entry.items()]
            if math.prod(len(v) for _, v in axes) > 100_000:
                raise UserError("An entry of the grid has more than 100,000 runs; shorten its lists.")
            for chosen in itertools.product(*(v for _, v in axes)):
                spec = self.spec(**dict(zip((n for n, _ in axes), chosen, strict=True)))
                runs.setdefault(self.key(spec), spec)
        return {key: spec for key, spec in runs.items() if only in key}


def axis(name: str, value: object) -> list:
    """The values of a setting in an entry of the grid: those of a list, or the one value.

    The list of a setting that is a list itself is one value; a list of lists has several.

    Raises:
        UserError: a list without values, which would leave the whole entry out.
    """
    if isinstance(FIELDS[name].default, tuple) and isinstance(value, list):
        return value if value and all(isinstance(v, list) for v in value) else [value]
    if value == []:
        raise UserError(f"The setting {name!r} in an entry of the grid has no value; give it one, or leave it out.")
    return value if isinstance(value, list) else [value]


def check_known(settings) -> None:
    """Raises a UserError for a setting that no run has."""
    for name in settings:
        if name not in FIELDS:
            raise unknown_name("setting", name, FIELDS)


def configs_root() -> Path:
    """The folder of the configs: MEMUTILS_CONFIGS, else ``configs`` in the repository."""
    return paths.folder("MEMUTILS_CONFIGS", "configs")


def scale_name(name: str = "") -> str:
    """The name, or where it is empty the environment's MEMUTILS_SCALE, else 'quick'."""
    return name or os.environ.get("MEMUTILS_SCALE") or "quick"


def load_scale(name: str = "", within: tuple[str, ...] = ()) -> Scale:
    """Reads ``configs/<name>.yaml``; ``extends`` in it names a scale whose defaults and networks it starts from.

    An empty name means ``scale_name()``; ``within`` holds the scales on the way here, none of which it may extend.

    Raises:
        UserError: no such scale, a file that is not a scale, or an unknown or wrong setting in it.
    """
    root, name = configs_root(), scale_name(name)
    valid = sorted(p.stem for p in root.glob("*.yaml"))
    if name not in valid:
        raise unknown_name("scale", name, valid)
    path = root / f"{name}.yaml"
    try:
        return parse_scale(name, config_text.parse(path.read_text(encoding="utf-8")), (*within, name))
    except UnicodeDecodeError as error:
        raise UserError(f"The config {path} is not valid YAML: it is not in UTF-8.") from error
    except UserError as error:
        raise UserError(f"In the config {path}: {error}") from error


def parse_scale(name: str, content: object, within: tuple[str, ...] = ()) -> Scale:
    """A scale from a config's content; ``within`` as in ``load_scale``."""
    parts = ("extends", "defaults", "networks", "grid")
    if not isinstance(content, dict):
        raise UserError(f"A config must have the parts {', '.join(parts)}.")
    for part in content:
        if part not in parts:
            raise unknown_name("part", part, parts)
    defaults, networks, grid = content.get("defaults") or {}, content.get("networks") or {}, content.get("grid") or []
    tables = [defaults, networks, *(networks.values() if isinstance(networks, dict) else [])]
    tables += grid if isinstance(grid, list) else [grid]
    if not isinstance(grid, list) or not all(isinstance(t, dict) for t in tables):
        raise UserError("defaults and each network must be tables of settings, and grid a list of such tables.")
    for settings in (defaults, *networks.values(), *grid):
        check_known(settings)
    for network in networks:
        if network not in models.NETWORKS:
            raise unknown_name("network", network, models.NETWORKS)
    if content.get("extends"):
        if content["extends"] in (name, *within):
            raise UserError("A scale cannot extend itself.")
        base = load_scale(content["extends"], within)
        defaults = base.defaults | defaults
        networks = {n: base.networks.get(n, {}) | networks.get(n, {}) for n in base.networks | networks}
    scale = Scale(name, defaults, networks, tuple(grid))
    scale.specs()  # every run of the grid must be valid
    return scale

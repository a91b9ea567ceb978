"""What a run is: its full specification, its readable key, and the scales and grids of
``configs/*.yaml``.
"""

import contextlib
import dataclasses
import itertools
import math
import os
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from memutils import data, labeling, losses, models, noise, paths, values
from memutils.errors import UserError, unknown_name
from memutils.recipe import CHOICES, Recipe
from memutils.runs import config_text
from memutils.runs.storage import Storage


class LossParameters(dict):
    """The parameters of a run's loss, by name: a dict that cannot be changed, and so has a hash."""

    def __hash__(self):
        return hash(frozenset(self.items()))

    def __reduce__(self):  # a copy is made whole, not item by item
        return LossParameters, (dict(self),)

    def fixed(self, *values, **named):
        """Stands for every method that would change it."""
        raise TypeError("The parameters of a run cannot be changed; make another Spec.")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = fixed


@dataclass(frozen=True, kw_only=True)
class Spec(Recipe):
    """One run in full: five settings that name it, and every other one (those of ``Recipe`` too).

    Attributes:
        dataset, network, loss: names in ``data.DATASETS``, ``models.NETWORKS``, ``losses.LOSSES``.
        eta: noise rate in [0, 1], by the convention ``noise``.
        seed: decides subset, noise, initialization and order, which all losses of a seed share.
        n_train, n_test: images of a stratified subset; 0 takes all.
        n_holdout: further training images, noisy too, that are only evaluated.
        noise: 'others' (the paper's), 'all', 'pair', 'asymmetric', 'random' or 'matrix', which are
            drawn (``memutils.noise``); 'given' or 'shuffled': a label set as it is, or permuted
            among the images of each true class.
        labels: the label set (``label_sets.LABEL_SETS``), or the noise matrix's file; '' for noise
            that needs none.
        train_on: 'all' examples, or only the 'clean' ones (an oracle that knows which labels were
            replaced).
        crop: side of the center crop in pixels; 0 for none.
        loss_parameters: numbers that the loss declares, by name, defaults filled in. A run that
            switches has those of both losses, and one that both have is the same for both.
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
    loss_parameters: Mapping[str, float] = field(default_factory=dict)
    switch_loss: str = ""
    switch_epoch: int = 0

    def __post_init__(self):
        check_types(self)
        check_values(self)
        parameters = all_parameters(self.trained_with, self.loss_parameters)
        object.__setattr__(self, "loss_parameters", parameters)

    @property
    def trained_with(self) -> tuple[str, ...]:
        """The loss's name, and that of the loss it switches to."""
        return (self.loss, self.switch_loss) if self.switch_loss else (self.loss,)

    @property
    def redistributable(self) -> bool:
        """Whether a record may hold the training labels, and what was predicted for their
        images.
        """
        return labeling.redistributable(self.noise, self.labels)

    def build_loss(self, name: str | None = None):
        """This run's loss, or the named one, with its defaults where this run does not train with
        it.
        """
        name = name or self.loss
        own = losses.parameters_of(name) if name in self.trained_with else {}
        return losses.build(name, **{n: v for n, v in self.loss_parameters.items() if n in own})


NAMING = ("dataset", "network", "loss", "eta", "seed")
"""The settings that every key names."""

FIELDS = {f.name: f for f in dataclasses.fields(Spec)}


def all_parameters(trained_with: Iterable[str], given: object) -> LossParameters:
    """All parameters of these losses: the given ones, and defaults elsewhere.

    One that two losses have is one, with the first loss's default.

    Raises:
        UserError: one that no loss here has, a value out of range, or one that is named as a
        setting.
    """
    if not isinstance(given, Mapping):
        raise no_table(given)
    declared = {loss: losses.parameters_of(loss) for loss in trained_with}
    given = {n: values.rounded(v) for n, v in given.items()}
    every = {n for own in declared.values() for n in own}
    found, others = {}, {n: v for n, v in given.items() if n not in every}
    for loss, own in declared.items():
        if clash := sorted(own.keys() & FIELDS.keys()):
            what = f"The loss {loss!r} has a parameter {clash[0]!r}"
            raise UserError(f"{what}, which is a setting of every run; rename it.")
        mine = {n: v for n, v in (given | found).items() if n in own}
        found |= losses.complete(loss, mine | others)
    return LossParameters(sorted(found.items()))


def flat(settings: Mapping) -> dict:
    """Settings with the loss's parameters beside the others instead of in a table of their own.

    Raises:
        UserError: loss_parameters is no table, or it names a setting or what stands beside it.
    """
    others = {n: v for n, v in settings.items() if n != "loss_parameters"}
    table = settings.get("loss_parameters", {})
    if not isinstance(table, Mapping):
        raise no_table(table)
    for name in table:
        if name in FIELDS:
            what = f"The setting {name!r} is no parameter of a loss"
            raise UserError(f"{what}; take it out of loss_parameters.")
        if name in others:
            what = f"The parameter {name!r} is given twice"
            raise UserError(f"{what}; take it out of loss_parameters, or leave it only there.")
    return others | dict(table)


def no_table(value: object) -> UserError:
    """The error for loss parameters that are no table."""
    what = "The setting 'loss_parameters' must be a table of numbers, as {alpha: 0.1}"
    return UserError(f"{what}, not {str(value)[:80]!r}.")


def check_types(spec: Spec) -> None:
    """Brings each field but loss_parameters to its type, or raises a UserError that names both."""
    hints = typing.get_type_hints(Spec)
    for name in (n for n in FIELDS if n != "loss_parameters"):
        value, kind = values.plain(getattr(spec, name)), hints[name]
        if isinstance(kind, types.GenericAlias):  # the milestones
            ok = isinstance(value, list | tuple) and all(is_whole(v) and v > 0 for v in value)
            value, text = (tuple(map(int, value)) if ok else value), "a list of epochs"
        elif kind is float:
            ok = (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and abs(value) < 1e300
            )
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
    at_least, at_most = (
        {"epochs": 1, "batch_size": 2, "evaluations": 1},
        {"epochs": 1_000_000, "threads": 1024},
    )
    for name in (n for n in FIELDS if isinstance(getattr(spec, n), int | float)):
        low, high = at_least.get(name, 0), at_most.get(name, math.inf)
        if getattr(spec, name) < low:
            raise UserError(
                f"The setting {name!r} must be at least {low}, not {getattr(spec, name)}."
            )
        if getattr(spec, name) > high:
            raise UserError(
                f"The setting {name!r} must be at most {high}, not {getattr(spec, name)}."
            )
    for name in ("lr", "gamma"):
        if getattr(spec, name) <= 0:
            raise UserError(
                f"The setting {name!r} must be greater than 0, not {getattr(spec, name)}."
            )
    try:
        spec.lr_at(spec.epochs)
    except OverflowError:
        raise UserError(
            f"With gamma {spec.gamma} the learning rate grows beyond all bounds; lower gamma."
        ) from None
    if bool(spec.switch_loss) != bool(spec.switch_epoch):
        raise UserError("switch_loss and switch_epoch go together: give both or neither.")
    if spec.switch_epoch >= spec.epochs:
        raise UserError(
            f"The loss cannot switch after epoch {spec.switch_epoch} of {spec.epochs}; lower"
            " switch_epoch."
        )


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
        records: what its records hold beyond what every record does.
    """

    name: str
    defaults: dict = field(default_factory=dict)
    networks: dict[str, dict] = field(default_factory=dict)
    grid: tuple[dict, ...] = ()
    records: Storage = field(default_factory=Storage)

    def spec(self, **settings) -> Spec:
        """The run with these settings, and the scale's defaults for its network elsewhere.

        Raises:
            UserError: an unknown setting (named with the nearest valid one), a missing or a wrong
            one.
        """
        settings = flat(settings)
        merged = self.usual(settings.get("network", self.defaults.get("network"))) | settings
        trained_with = registered(merged.get("loss"), merged.get("switch_loss"))
        check_known(settings, trained_with)
        missing = [n for n in NAMING[:4] if n not in merged]
        if missing:
            raise UserError(f"A run needs {', '.join(missing)}.")
        own = {n for loss in trained_with for n in losses.parameters_of(loss)}
        others = {
            n: v for n, v in merged.items() if n not in FIELDS and (n in settings or n in own)
        }
        return Spec(**{n: v for n, v in merged.items() if n in FIELDS}, loss_parameters=others)

    def usual(self, network: object) -> dict:
        """The defaults for a network; a loss's parameter among them counts for losses that
        have it.
        """
        of_network = self.networks.get(network, {}) if isinstance(network, str) else {}
        return flat(self.defaults) | flat(of_network)

    def key(self, spec: Spec) -> str:
        """The run's name: data set, network, loss, eta, seed and each setting that differs from the
        scale's default.
        """
        named = [
            spec.dataset,
            spec.network,
            spec.loss,
            f"eta{text_of(spec.eta)}",
            f"seed{spec.seed}",
        ]
        key = "-".join(named + [f"{n}{text_of(v)}" for n, v in self.differing(spec).items()])
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", key):
            raise UserError(
                f"The run's name {key!r} must be made of letters, digits and . _ + - only."
            )
        return key

    def differing(self, spec: Spec) -> dict[str, object]:
        """Settings and loss parameters, beyond those every key names, with other than default
        values.

        Sorted by name.
        """
        base, made = self.spec(**{n: getattr(spec, n) for n in NAMING}), spec.loss_parameters
        usual = {n: v for n, v in self.usual(spec.network).items() if n in made}
        usual = all_parameters(spec.trained_with, usual)
        names = [n for n in FIELDS if n not in (*NAMING, "loss_parameters")]
        changed = {n: getattr(spec, n) for n in names if getattr(spec, n) != getattr(base, n)}
        changed |= {n: v for n, v in made.items() if v != usual[n]}
        return dict(sorted(changed.items()))

    def parameters(self, spec: Spec) -> str:
        """What tells a run from this scale's defaults, as YAML for papermill's ``-y``: plain
        values, never code.
        """
        told = {n: getattr(spec, n) for n in NAMING} | self.differing(spec)
        return "{" + ", ".join(f'"{n}": {values.as_text(v)}' for n, v in told.items()) + "}"

    def specs(self, only: str = "") -> dict[str, Spec]:
        """The grid's runs by key, in order; ``only`` keeps the keys that contain it."""
        runs = {}
        for entry in self.grid:
            axes = [(n, axis(n, v)) for n, v in flat(entry).items()]
            if math.prod(len(v) for _, v in axes) > 100_000:
                raise UserError(
                    "An entry of the grid has more than 100,000 runs; shorten its lists."
                )
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
    if name in FIELDS and isinstance(FIELDS[name].default, tuple) and isinstance(value, list):
        return value if value and all(isinstance(v, list) for v in value) else [value]
    if value == []:
        raise UserError(
            f"The setting {name!r} in an entry of the grid has no value; give it one, or leave it"
            " out."
        )
    return value if isinstance(value, list) else [value]


def registered(*names: object) -> list[str]:
    """Those of the names under which a loss is registered."""
    return [name for name in names if isinstance(name, str) and name in losses.LOSSES]


def check_known(
    settings: Iterable[str],
    trained_with: Iterable[str] = (),
    kind: str = "setting",
    also: tuple[str, ...] = (),
) -> None:
    """Raises a UserError for what is neither a setting of a run nor a parameter of a loss.

    Args:
        settings: their names.
        trained_with: the run's losses, of which one must have each parameter; none: any loss may.
        kind: what the error calls them.
        also: names that are valid beside the settings.
    """
    declared = {}
    for loss in losses.LOSSES:
        with contextlib.suppress(UserError):  # an entry that is no loss costs no other loss's run
            declared[loss] = losses.parameters_of(loss)
    own = {n for loss in trained_with or declared for n in declared.get(loss, {})}
    for name in settings:
        if name in FIELDS or name in own or name in also:
            continue
        if any(name in parameters for parameters in declared.values()):
            loss = next(iter(trained_with))
            raise losses.no_such_parameter(loss, name, declared.get(loss, {}))
        raise unknown_name(kind, name, [*also, *FIELDS, *own])


def configs_root() -> Path:
    """The folder of the configs: MEMUTILS_CONFIGS, else ``configs`` in the repository."""
    return paths.folder("MEMUTILS_CONFIGS", "configs")


def scale_name(name: str = "") -> str:
    """The name, or where it is empty the environment's MEMUTILS_SCALE, else 'quick'."""
    return name or os.environ.get("MEMUTILS_SCALE") or "quick"


def load_scale(name: str = "", within: tuple[str, ...] = ()) -> Scale:
    """Reads ``configs/<name>.yaml``; ``extends`` in it names a scale whose defaults, networks and
    records it starts from.

    An empty name means ``scale_name()``; ``within`` holds the scales on the way here, none of which
    it may extend.

    Raises:
        UserError: no such scale, a file that is not a scale, or an unknown or wrong setting in it.
    """
    root, name = configs_root(), scale_name(name)
    valid = sorted(p.stem for p in root.glob("*.yaml"))
    if not valid:
        raise UserError(
            f"There is no scale in {root}; let MEMUTILS_CONFIGS name a folder that has some, or"
            " unset it."
        )
    if name not in valid:
        raise unknown_name("scale", name, valid)
    path = root / f"{name}.yaml"
    try:
        return parse_scale(
            name, config_text.parse(path.read_text(encoding="utf-8")), (*within, name)
        )
    except UnicodeDecodeError as error:
        raise UserError(f"The config {path} is not valid YAML: it is not in UTF-8.") from error
    except UserError as error:
        raise UserError(f"In the config {path}: {error}") from error


def parse_scale(name: str, content: object, within: tuple[str, ...] = ()) -> Scale:
    """A scale from a config's content; ``within`` as in ``load_scale``."""
    parts = ("extends", "defaults", "networks", "records", "grid")
    if not isinstance(content, dict):
        raise UserError(f"A config must have the parts {', '.join(parts)}.")
    for part in content:
        if part not in parts:
            raise unknown_name("part", part, parts)
    defaults, networks, grid = (
        content.get("defaults") or {},
        content.get("networks") or {},
        content.get("grid") or [],
    )
    tables = [defaults, networks, *(networks.values() if isinstance(networks, dict) else [])]
    tables += grid if isinstance(grid, list) else [grid]
    if not isinstance(grid, list) or not all(isinstance(t, dict) for t in tables):
        raise UserError(
            "defaults and each network must be tables of settings, and grid a list of such tables."
        )
    for settings in (defaults, *networks.values(), *grid):
        check_known(flat(settings))
    for network in networks:
        if network not in models.NETWORKS:
            raise unknown_name("network", network, models.NETWORKS)
    storage = Storage()
    if content.get("extends"):
        if content["extends"] in (name, *within):
            raise UserError("A scale cannot extend itself.")
        base = load_scale(content["extends"], within)
        defaults, storage = flat(base.defaults) | flat(defaults), base.records
        names = base.networks | networks
        networks = {n: flat(base.networks.get(n, {})) | flat(networks.get(n, {})) for n in names}
    scale = Scale(name, defaults, networks, tuple(grid), storage.over(content.get("records") or {}))
    scale.specs()  # every run of the grid must be valid
    return scale

"""A scale: defaults, a grid of runs, and the readable key of each."""

import itertools
import math
import re
from dataclasses import dataclass, field
from functools import cached_property

from memutils import losses, values
from memutils.errors import UserError
from memutils.runs.spec import FIELDS, NAMING, Spec, all_parameters, check_known, flat, registered
from memutils.runs.storage import Storage


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
        own |= settings.keys()
        named = {n: v for n, v in merged.items() if n in FIELDS}
        others = {n: v for n, v in merged.items() if n not in FIELDS and n in own}
        return Spec(**named, loss_parameters=others)

    def usual(self, network: object) -> dict:
        """The defaults for a network; a loss's parameter among them counts for losses
        that have it.
        """
        of_network = self.networks.get(network, {}) if isinstance(network, str) else {}
        return flat(self.defaults) | flat(of_network)

    def key(self, spec: Spec) -> str:
        """The run's name: data set, network, loss, eta,
        seed and each setting that differs from the scale's default.
        """
        named = [spec.dataset, spec.network, spec.loss]
        named += [f"eta{text_of(spec.eta)}", f"seed{spec.seed}"]
        key = "-".join(named + [f"{n}{text_of(v)}" for n, v in self.differing(spec).items()])
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", key):
            wanted = "must be made of letters, digits and . _ + - only."
            raise UserError(f"The run's name {key!r} {wanted}")
        return key

    def differing(self, spec: Spec) -> dict[str, object]:
        """Settings and loss parameters, beyond those every key names,
        with other than default values.

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
        """What tells a run from this scale's defaults, as YAML for papermill's ``-y``:
        plain values, never code.
        """
        told = {n: getattr(spec, n) for n in NAMING} | self.differing(spec)
        return "{" + ", ".join(f'"{n}": {values.as_text(v)}' for n, v in told.items()) + "}"

    def specs(self, only: str = "") -> dict[str, Spec]:
        """The grid's runs by key, in order; ``only`` keeps the keys that contain it."""
        return {key: spec for key, spec in self._runs.items() if only in key}

    @cached_property
    def _runs(self) -> dict[str, Spec]:
        """Every run of the grid by key."""
        runs = {}
        for entry in self.grid:
            axes = [(n, axis(n, v)) for n, v in flat(entry).items()]
            if math.prod(len(v) for _, v in axes) > 100_000:
                text = "An entry of the grid has more than 100,000 runs; shorten its lists."
                raise UserError(text)
            for chosen in itertools.product(*(v for _, v in axes)):
                spec = self.spec(**dict(zip((n for n, _ in axes), chosen, strict=True)))
                runs.setdefault(self.key(spec), spec)
        return runs


def axis(name: str, value: object) -> list:
    """The values of a setting in an entry of the grid: those of a list, or the one value.

    The list of a setting that is a list itself is one value; a list of lists has several.

    Raises:
        UserError: a list without values, which would leave the whole entry out.
    """
    if name in FIELDS and isinstance(FIELDS[name].default, tuple) and isinstance(value, list):
        return value if value and all(isinstance(v, list) for v in value) else [value]
    if value == []:
        what = f"The setting {name!r} in an entry of the grid has no value"
        raise UserError(f"{what}; give it one, or leave it out.")
    return value if isinstance(value, list) else [value]

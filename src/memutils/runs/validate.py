"""The checks of a specification: each setting is of its type, registered, and in its range."""

import dataclasses
import functools
import math
import types
import typing
from typing import TYPE_CHECKING

from memutils import data, labeling, losses, models, noise, values
from memutils.errors import UserError, unknown_name
from memutils.recipe import CHOICES

if TYPE_CHECKING:
    from memutils.runs.spec import Spec

LEAST = {"epochs": 1, "batch_size": 2, "evaluations": 1}
"""What a number must at least be; 0 for others."""

MOST = {"epochs": 1_000_000, "threads": 1024}
"""What a number may at most be; without bound for others."""


def check_types(spec: "Spec") -> None:
    """Brings each field but loss_parameters to its type, or raises a UserError that names both."""
    hints = types_of(type(spec))
    for name in (f.name for f in dataclasses.fields(spec) if f.name != "loss_parameters"):
        given = values.as_python(getattr(spec, name))
        if isinstance(given, bool) and {"yes", "no"} <= set(CHOICES.get(name, ())):
            given = "yes" if given else "no"
        value, wanted = of_type(given, hints[name])
        if value is None:
            hint = values.hint(given) if hints[name] in (int, float) else ""
            shown = repr(str(given)[:80])
            raise UserError(f"The setting {name!r} must be {wanted}, not {shown}.{hint}")
        object.__setattr__(spec, name, value)


@functools.cache
def types_of(kind: type) -> dict[str, type]:
    """The types of a class's fields."""
    return typing.get_type_hints(kind)


def of_type(value: object, kind: type) -> tuple[object, str]:
    """The value as a setting of that type has it, or None; and what is wanted, in words."""
    if isinstance(kind, types.GenericAlias):  # the milestones
        ok = isinstance(value, list | tuple) and all(is_whole(v) and v > 0 for v in value)
        return (tuple(map(int, value)) if ok else None), "a list of epochs"
    if kind is int:
        ok = is_whole(value) and abs(value) < 2**53
        return (int(value) if ok else None), "a whole number"
    if kind is float:
        ok = type(value) in (int, float) and abs(value) < 1e300
        return (values.as_held(value) if ok else None), "a finite number"
    return (value if isinstance(value, kind) else None), "a text"


def is_whole(value: object) -> bool:
    """Whether a value is a whole number: 3 or 3.0."""
    return type(value) is int or (isinstance(value, float) and value.is_integer())


def check_values(spec: "Spec") -> None:
    """Raises a UserError for a name that is not registered or a number out of range."""
    check_names(spec)
    noise.check_eta(spec.eta)
    labeling.check_setting(spec.noise, spec.labels, spec.dataset)
    check_numbers(spec)
    if bool(spec.switch_loss) != bool(spec.switch_epoch):
        raise UserError("switch_loss and switch_epoch go together: give both or neither.")
    if spec.switch_epoch >= spec.epochs:
        after = f"after epoch {spec.switch_epoch} of {spec.epochs}"
        raise UserError(f"The loss cannot switch {after}; lower switch_epoch.")


def check_names(spec: "Spec") -> None:
    """Raises a UserError for a setting that names what is not registered, with the nearest name."""
    choices = {
        "dataset": data.DATASETS,
        "network": models.NETWORKS,
        "loss": losses.LOSSES,
        "switch_loss": ["", *losses.LOSSES],
        "noise": (*labeling.DRAWN, *labeling.GIVEN),
        "train_on": ("all", "clean"),
        **CHOICES,
    }
    if spec.noise == "symmetric":
        raise UserError(
            "Symmetric noise has two names: set noise to 'others', the paper's, where a replaced "
            "label is never the true one, or to 'all'."
        )
    for name, valid in choices.items():
        if getattr(spec, name) not in valid:
            raise unknown_name(name, getattr(spec, name), valid)


def check_numbers(spec: "Spec") -> None:
    """Raises a UserError for a number out of its range, or a learning rate without bound."""
    for name, value in vars(spec).items():
        if not isinstance(value, int | float):
            continue
        low, high = LEAST.get(name, 0), MOST.get(name, math.inf)
        if value < low:
            raise UserError(f"The setting {name!r} must be at least {low}, not {value}.")
        if value > high:
            raise UserError(f"The setting {name!r} must be at most {high}, not {value}.")
        if value == 0 and name in ("lr", "gamma"):
            raise UserError(f"The setting {name!r} must be greater than 0, not {value}.")
    try:
        spec.lr_at(spec.epochs)
    except OverflowError:
        raise UserError(
            f"With gamma {spec.gamma} the learning rate grows beyond all bounds; lower gamma."
        ) from None

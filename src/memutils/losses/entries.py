"""What may be registered as a loss: a function of (logits, target), a module, or what makes one."""

import functools
import inspect
from collections.abc import Callable

from torch import nn

from memutils.errors import UserError, nearest
from memutils.losses.base import Loss, Parameter, number_defaults


def arguments_of(entry: Callable) -> dict[str, inspect.Parameter]:
    """The arguments an entry is called with; none for a module, and where Python cannot tell."""
    try:
        return {} if isinstance(entry, nn.Module) else dict(inspect.signature(entry).parameters)
    except (TypeError, ValueError):
        return {}


def is_loss(entry: Callable) -> bool:
    """Whether an entry is a loss itself, called with (logits, target), and not what makes one."""
    arguments = arguments_of(entry).values()
    if isinstance(entry, type) or not arguments:
        return isinstance(entry, nn.Module)
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = sum(p.default is p.empty and p.kind in places for p in arguments)
    return needed > 1 or any(p.kind is p.VAR_POSITIONAL for p in arguments)


def parameters_of_entry(name: str, entry: object) -> dict[str, Parameter]:
    """What an entry declares, or else its arguments with a number as default; a module has none.

    Raises:
        UserError: it is nothing that can be called.
    """
    if not callable(entry):
        what = f"The loss {name!r} is registered as {str(entry)[:40]!r}, which is no loss"
        raise UserError(f"{what}; register a class, a function of logits and target, or a module.")
    declared = entry.loss_parameters if isinstance(entry, type) and issubclass(entry, Loss) else {}
    found = number_defaults(entry) if arguments_of(entry) else {}
    same = {n for n, p in found.items() if n in declared and declared[n].default == p.default}
    return {n: declared[n] if n in same else p for n, p in found.items()}


def checked(name: str, entry: object, parameters: dict) -> dict[str, float]:
    """All parameters of an entry as plain numbers: these, and its defaults elsewhere.

    Raises:
        UserError: a parameter it does not have, or a value out of range.
    """
    declared = parameters_of_entry(name, entry)
    for parameter in parameters:
        if parameter not in declared:
            raise no_such_parameter(name, parameter, declared)
    try:
        return {n: p.check(n, parameters.get(n, p.default)) for n, p in declared.items()}
    except ValueError as error:
        raise UserError(f"In the loss {name!r}, {error}.") from error


def no_such_parameter(name: str, parameter: object, declared: dict) -> UserError:
    """The error for a parameter a loss does not have; names the nearest one, or those it has."""
    hint = nearest(parameter, declared) or f" It has {', '.join(declared) or 'none'}."
    return UserError(f"The loss {name!r} has no parameter {str(parameter)[:80]!r}.{hint}")


def make(name: str, entry: object, parameters: dict) -> Callable:
    """The loss that an entry stands for, with these parameters; a class takes ``reduction`` too.

    Raises:
        UserError: a parameter the entry does not take or accept, or what it makes is no loss.
    """
    declared, arguments = parameters_of_entry(name, entry), arguments_of(entry)
    if is_loss(entry):
        numbers = checked(name, entry, parameters)
        return functools.partial(entry, **numbers) if numbers else entry
    others = {n: v for n, v in parameters.items() if n in arguments and n not in declared}
    numbers = checked(name, entry, {n: v for n, v in parameters.items() if n not in others})
    try:
        loss = entry(**numbers, **others)
    except Exception as error:  # it is the user's code
        values = (numbers | others).items()
        given = ", ".join(f"{n}={str(v)[:40]}" for n, v in values) or "no parameters"
        why = f"{error}".partition("\n")[0][:200].rstrip(".")
        raise UserError(f"The loss {name!r} cannot be built with {given}: {why}.") from error
    if not callable(loss):
        raise UserError(
            f"The loss {name!r} makes {str(loss)[:40]!r}, which cannot be called; "
            "let it return a function of logits and target, or a module."
        )
    return loss

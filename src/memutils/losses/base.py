"""What a loss is: the parameters it declares, and the way from logits to one number."""

import contextlib
import functools
import inspect
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from memutils.errors import UserError


@dataclass(frozen=True)
class Parameter:
    """A number that a loss depends on.

    Attributes:
        default: its value where none is given. Where this is an int, whole numbers stay ints.
        low, high: its range, both ends included.
        text: what it does.
        whole: whether it is a whole number only.
    """

    default: float
    low: float = -math.inf
    high: float = math.inf
    text: str = ""
    whole: bool = False

    def check(self, name: str, value: object) -> float:
        """The value as a plain number; ``name`` is the parameter's, for the error.

        Raises:
            ValueError: it is no finite number (a bool is none), out of range, or not whole.
        """
        number = math.nan
        if isinstance(value, numbers.Real) and not isinstance(value, bool):
            with contextlib.suppress(OverflowError):  # an int beyond every float
                number = float(value)
        fits = math.isfinite(number) and self.low <= number <= self.high
        if not fits or (self.whole and not number.is_integer()):
            bounded = math.isfinite(self.low) or math.isfinite(self.high)
            kind = "a whole number" if self.whole else "a number"
            within = f" from {self.low:g} to {self.high:g}" if bounded else ""
            raise ValueError(f"{name} must be {kind}{within}, not {str(value)[:80]!r}")
        return int(number) if isinstance(self.default, int) and number.is_integer() else number


def number_defaults(function: Callable) -> dict[str, Parameter]:
    """The arguments of a function that have a number as default, as parameters without a range."""
    arguments = inspect.signature(function).parameters.items()
    return {n: Parameter(p.default) for n, p in arguments if type(p.default) in (int, float)}


class Loss(nn.Module):
    """Base of the losses: hands log-probabilities to ``per_example`` and reduces what it returns.

    A subclass defines ``per_example`` and declares its parameters in ``loss_parameters``; they are
    arguments of the class, checked, and attributes of the loss. Number defaults of
    ``per_example``'s own arguments count as declared. (Not ``parameters``: a method of modules.)

    Args:
        one for each declared parameter, in order.
        reduction: 'mean' (over examples, never over classes), 'sum' or 'none'.

    Shape:
        logits: (N, K), any floating type. target: (N,), integers in [0, K).
        Output: scalar, or (N,) with 'none'.

    Raises:
        TypeError: an argument that the class does not have; logits or targets that are no tensors.
        ValueError: an unknown reduction, a parameter out of range, other shapes and types, or fewer
            than two classes.
    """

    loss_parameters: ClassVar[dict[str, Parameter]] = {}
    """The numbers the loss depends on, by name."""

    from_logits: ClassVar[bool] = False
    """Whether ``per_example`` takes the logits as they are instead of log-probabilities."""

    shift_invariant: ClassVar[bool] = True
    """Whether adding a number to all logits changes nothing: log-probabilities tell the loss."""

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if (function := vars(cls).get("per_example")) and (found := number_defaults(function)):
            cls.loss_parameters = cls.loss_parameters | found | vars(cls).get("loss_parameters", {})
            cls.per_example = filled_in(function, tuple(found))
        for name, parameter in cls.loss_parameters.items():
            if not isinstance(parameter, Parameter):
                raise UserError(
                    f"Declare what the loss depends on as {{{name!r}: Parameter({parameter!r})}}."
                )
            if hasattr(Loss, name) or name in ("training", "reduction"):
                what = f"A loss cannot have a parameter named {name!r}"
                raise UserError(f"{what}, as every loss has something of that name; rename it.")
        plain = cls.__init__ is Loss.__init__
        cls.__signature__ = signature_of(cls) if plain else None  # None: that of its own __init__

    def __init__(self, *values, **named):
        super().__init__()
        try:
            given = signature_of(type(self)).bind(*values, **named)
        except TypeError as error:
            takes = ", ".join([*self.loss_parameters, "reduction"])
            raise TypeError(f"{type(self).__name__}: {error}; it takes {takes}") from None
        given.apply_defaults()
        self.reduction = given.arguments.pop("reduction")
        if self.reduction not in ("mean", "sum", "none"):
            raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {self.reduction!r}")
        for name, value in given.arguments.items():
            setattr(self, name, self.loss_parameters[name].check(name, value))

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        if not (isinstance(logits, Tensor) and isinstance(target, Tensor)):
            kinds = f"{type(logits).__name__} and {type(target).__name__}"
            raise TypeError(f"expected logits and target as tensors, got {kinds}")
        if logits.ndim != 2 or logits.shape[1] < 2 or target.shape != logits.shape[:1]:
            raise ValueError(
                "expected logits (N, K), K of 2 or more, and target (N,), "
                f"got {tuple(logits.shape)} and {tuple(target.shape)}"
            )
        if target.is_floating_point() or target.dtype == torch.bool:
            raise ValueError(f"target must hold class indices as integers, not {target.dtype}")
        if logits.dtype not in (torch.float32, torch.float64):
            logits = logits.float()
        outputs = logits if self.from_logits else F.log_softmax(logits, 1)
        try:
            values = self.per_example(outputs, target.long())
        except (RuntimeError, IndexError) as error:
            if len(target) and not 0 <= int(target.min()) <= int(target.max()) < logits.shape[1]:
                last = logits.shape[1] - 1
                raise ValueError(f"target must hold class indices from 0 to {last}") from error
            raise
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        if shape != tuple(target.shape):
            wanted = f"a value for each example, {tuple(target.shape)}"
            raise ValueError(f"per_example must return {wanted}, not {shape}")
        return values if self.reduction == "none" else getattr(values, self.reduction)()

    def per_example(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Each example's loss, (N,), from log-probabilities or, ``from_logits``, logits (N, K)."""
        raise NotImplementedError("a loss must define per_example(self, outputs, target)")

    def symmetry_constant(self, num_classes: int) -> float | None:
        """C with sum_k L(p, k) = C for every p, or None where the loss is not symmetric."""
        return None

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.loss_parameters)


def signature_of(loss: type[Loss]) -> inspect.Signature:
    """The arguments of ``Loss.__init__`` for this class: its parameters, then reduction."""
    defaults = {n: p.default for n, p in loss.loss_parameters.items()} | {"reduction": "mean"}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(n, kind, default=v) for n, v in defaults.items()])


def filled_in(per_example: Callable, names: tuple[str, ...]) -> Callable:
    """``per_example`` that takes these arguments of its own from the loss's attributes."""

    @functools.wraps(per_example)
    def wrapper(self, outputs, target, *values, **named):
        own = {} if values else {name: getattr(self, name) for name in names}
        return per_example(self, outputs, target, *values, **own | named)

    return wrapper


def check_class(loss: object) -> None:
    """Raises a UserError for anything but a class of losses, such as an object of one."""
    if not (isinstance(loss, type) and issubclass(loss, Loss)):
        raise UserError(f"Give the class of a loss, e.g. CCE, not {loss!r}.")


def pick(values: Tensor, target: Tensor) -> Tensor:
    """values[i, target[i]] for each row i."""
    return values.gather(1, target[:, None])[:, 0]


def over_labels(per_example: Callable[[Tensor, Tensor], Tensor], outputs: Tensor) -> Tensor:
    """``per_example`` under every label: (N, K), column k for label k, from outputs (N, K)."""
    n, k = outputs.shape
    labels = torch.arange(k, device=outputs.device).repeat(n)
    return per_example(outputs.repeat_interleave(k, 0), labels).view(n, k)

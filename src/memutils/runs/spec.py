"""What a run is: its full specification."""

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from memutils import labeling, losses, values
from memutils.errors import UserError, unknown_name
from memutils.recipe import Recipe
from memutils.runs.validate import check_types, check_values


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
        """Whether a record may hold the training labels,
        and what was predicted for their images.
        """
        return labeling.redistributable(self.noise, self.labels)

    def build_loss(self, name: str | None = None):
        """This run's loss, or the named one,
        with its defaults where this run does not train with it.
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


def registered(*names: object) -> list[str]:
    """Those of the names under which a loss is registered."""
    return [name for name in names if isinstance(name, str) and name in losses.LOSSES]


def declared(loss: str) -> dict:
    """A loss's parameters; none of an entry that is no loss, which costs no other loss's run."""
    with contextlib.suppress(UserError):
        return losses.parameters_of(loss)
    return {}


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
    own = {n for loss in trained_with or losses.LOSSES for n in declared(loss)}
    for name in settings:
        if name in FIELDS or name in own or name in also:
            continue
        if any(name in declared(loss) for loss in losses.LOSSES):
            loss = next(iter(trained_with))
            raise losses.no_such_parameter(loss, name, declared(loss))
        raise unknown_name(kind, name, [*also, *FIELDS, *own])

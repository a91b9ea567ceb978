"""Every number that a verdict hangs on, second version:
one frozen object that is handed to the rules.

Symbols: J1 and J2 are the accuracies on the training labels and on the true labels; f, m and r the
fractions fitted (of the correctly labeled examples), memorized and recovered (of the mislabeled
ones); e the empirical noise rate; K the number of classes; x the excess memorization; SE a
standard error. Accuracies and fractions lie in [0, 1].
"""

from dataclasses import Field, dataclass, field, fields

Number = float | tuple[float, ...]


def number(value: Number, meaning: str, *claims: str) -> Field:
    """A threshold with its meaning in words and the claims that it is a part of; none: of all."""
    return field(default=value, metadata={"meaning": meaning, "claims": claims})


@dataclass(frozen=True)
class Thresholds:
    """The thresholds by name; ``dataclasses.replace`` gives an object with one of them moved.

    Accuracies "at the end" are medians over the evaluations of the last epochs; what compares
    two runs image by image takes the last epoch's predictions.
    """

    # Noise rates
    etas: tuple[float, ...] = number((0.2, 0.4, 0.6), "noise rates at which a claim is judged")
    low_etas: tuple[float, ...] = number((0.2, 0.4), "noise rates called low", "C7", "C12")
    main_eta: float = number(0.4, "noise rate that a network's verdict must include")

    # The end of a run
    last_share: float = number(0.1, "share of the epochs that 'at the end' spans")
    last_epochs: int = number(5, "epochs that 'at the end' spans at least")
    late_share: float = number(
        0.2, "last share of the epochs over which J1 is watched", "C1", "C2", "C4", "C5", "C13"
    )
    steady: float = number(
        0.01, "change of J1 over the last fifth that is none", "C1", "C2", "C4", "C5", "C13"
    )

    # Inconclusive runs
    chance_part: int = number(
        9, "collapsed: J2 at most 1/K + min(1/K, (1 - 1/K) / this); with K = 10 twice chance"
    )
    least_classes: int = number(2, "collapsed: fewer classes predicted than this")
    class_share: float = number(0.5, "collapsed: less than this share of the classes predicted")
    clean_fit: float = number(0.95, "underfitted: J1 of the same loss on clean labels below this")
    underfit: float = number(0.05, "underfitted: f more than this below that clean J1")
    telling_share: float = number(0.5, "share of a network's cells that must be able to tell")

    # Uncertainty
    deviations: float = number(
        3.0, "standard errors by which one value leads another", "P0", "C9", "C10", "C11"
    )
    confidence: float = number(0.95, "level of the intervals that describe")
    primary_confidence: float = number(0.975, "level of the t interval of a primary contrast")
    seeds: int = number(3, "seeds that a contrast over seeds needs to be tested")

    # P1: excess memorization at equal fit
    step_scales: tuple[float, ...] = number(
        (0.001, 0.003, 0.01, 0.03), "step sizes s of both losses", "P1"
    )
    fit_levels: tuple[float, ...] = number((0.9, 0.95), "training-mode f at which x is read", "P1")
    fit_gap: float = number(0.05, "x of RLL below that of CCE by more than this", "P1")
    edge_gap: float = number(
        0.05, "x of CCE at the smallest s below that at the next by more than this: open", "P1"
    )

    # C1, C2, C4: memorizing; C5: high, but not near 100 %
    full_j1: float = number(0.95, "J1 of a network that memorizes", "C1", "C2", "C4")
    full_memorized: float = number(0.9, "m of a network that memorizes", "C1", "C2", "C4")
    first_j1: float = number(0.98, "the first version's J1, beside", "C1", "C2", "C4")
    first_memorized: float = number(0.95, "the first version's m, beside", "C1", "C2", "C4")
    high_j1: float = number(0.75, "J1 of MSE that is high", "C5")
    below_cce: float = number(0.02, "J1 of MSE below that of CCE by more than this", "C5")

    # C3: more noise takes longer
    reached: float = number(0.95, "training-mode J1 that is reached when it stays above", "C3")
    drop_epochs: int = number(3, "epochs after a drop of the learning rate that do not tell", "C3")
    lr_drop: float = number(0.5, "factor by which the learning rate falls at once in a drop", "C3")

    # C6 to C8, C12: what wrong labels cost
    drop_share: float = number(0.75, "share of the ideal drop e (Ka - 1) / (K - 1)", "C6")
    drop_close: float = number(0.05, "distance from the ideal drop", "C7")
    gap_share: float = number(0.5, "J1 minus J2, as a share of e", "C8")
    clean_close: float = number(0.05, "J2 below J1 on clean labels by at most this", "C12")

    # C10 and C11: who leads, and when
    leading_share: float = number(0.95, "share of the epochs in which r leads: holds", "C10")
    contrary_evaluations: int = number(2, "evaluations in which m leads: fails", "C10")
    contrary_share: float = number(0.05, "share of the epochs in which m leads: fails", "C10")
    early_lead: int = number(3, "evaluations or epochs in which r leads at first", "C11")

    # C13: normalized MSE
    saturated: float = number(0.95, "J1 of normalized MSE at most this", "C13")

    # C14 and C15: mathematics in float64
    rounding: float = number(1e-10, "relative difference that is rounding", "C14", "C15")

    # C16: test accuracy as without noise
    equivalence: float = number(0.03, "difference of two test accuracies that is none", "C16")
    equivalence_confidence: float = number(0.9, "level of the interval of that difference", "C16")

    # E1 and H1
    memorizer: float = number(0.9, "m of a CCE network that is a memorizer", "E1")
    pair_share: float = number(0.5, "more than this share of the pairs: fails", "E1")
    human_share: float = number(0.5, "share of the difference under symmetric noise", "H1")

    # The start page's word
    resisted: float = number(0.1, "m of RLL at the main noise rate, for a yes: at most this")


LIMITS = Thresholds()
"""The thresholds of the table of claims, as ``book/rules.md`` has them."""


def meaning(name: str) -> str:
    """A threshold in words."""
    return _metadata(name)["meaning"]


def used_by(name: str) -> tuple[str, ...]:
    """The claims that a threshold is a part of; empty where it is a part of all."""
    return _metadata(name)["claims"]


def _metadata(name: str) -> dict:
    return next(f.metadata for f in fields(Thresholds) if f.name == name)

"""The rules of the claims that single runs or pairs of runs decide;
``contrasts`` has those over seeds.

A rule is a function of a ``Case``, the runs that a cell compares, and of the thresholds. It returns
a ``Finding``. Symbols as in ``memutils.claims.thresholds``; SE is the standard error of the
difference of two fractions of the same images. ``fit`` asks how far and how fast training labels
are fitted, ``leads`` whether memorized or recovered labels lead, ``clean`` compares a run with that
on clean labels, and ``pairs`` compares losses.
"""

from memutils.claims.rules.clean import (
    as_accurate,
    drop_is_ideal,
    resists,
    true_near_clean,
    well_below_clean,
)
from memutils.claims.rules.fit import memorizes, saturates, takes_longer
from memutils.claims.rules.leads import (
    always_above,
    crosses_over,
    true_above_training,
    true_below_training,
)
from memutils.claims.rules.pairs import (
    high_not_all,
    memorizer_has_lower_risk,
    memorizes_less,
    more_accurate,
    nearer_to_rll,
)

__all__ = [
    "always_above",
    "as_accurate",
    "crosses_over",
    "drop_is_ideal",
    "high_not_all",
    "memorizer_has_lower_risk",
    "memorizes",
    "memorizes_less",
    "more_accurate",
    "nearer_to_rll",
    "resists",
    "saturates",
    "takes_longer",
    "true_above_training",
    "true_below_training",
    "true_near_clean",
    "well_below_clean",
]

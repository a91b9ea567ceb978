"""The rules of the claims that single runs or pairs of runs decide.

In: a ``Case``, the runs that a cell compares, and the thresholds (``memutils.claims.thresholds``
has the symbols). Out: a ``Finding``. SE is the standard error of the difference of two fractions of
the same images. Begin with ``fit``, how far and how fast training labels are fitted; ``leads`` asks
whether memorized or recovered labels lead, ``clean`` compares a run with that on clean labels,
``pairs`` compares losses. ``memutils.claims.contrasts`` has the claims over seeds.
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

"""From a specification to a record: what a run is, its training, and what is kept of it.

In: a ``Spec`` out of a scale's config (``specs``). Out: a record, a JSON file and arrays
(``records``). Begin with ``run``; ``grid``, ``queue`` and ``merge`` are for many runs.
"""

from memutils.runs.execute import NoGraphError, OutOfTimeError, run
from memutils.runs.setup import PURPOSES, center_crop, child_seed, make_trainer, prepare

__all__ = [
    "PURPOSES",
    "NoGraphError",
    "OutOfTimeError",
    "center_crop",
    "child_seed",
    "make_trainer",
    "prepare",
    "run",
]

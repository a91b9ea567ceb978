"""What a scale's records hold beyond what every record does: the part ``records`` of its config."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memutils.errors import UserError, unknown_name

if TYPE_CHECKING:
    from memutils.runs.specs import Scale, Spec


@dataclass(frozen=True)
class Storage:
    """Options of a scale's records; each costs room or changes what counts as a result.

    Attributes:
        log_probabilities: every log-probability of the final network, float16 (N, K) a split.
        thumbnails: 40 training images, mislabeled ones first, of the runs that a gallery pairs: all
            losses of a setting share them, so only ``pictured`` runs have them.
        diverged: a run whose loss or output becomes infinite is recorded as diverged, not refused.
    """

    log_probabilities: bool = False
    thumbnails: bool = False
    diverged: bool = False

    def over(self, options: object) -> "Storage":
        """These options with those of a config over them.

        Raises:
            UserError: an unknown option (named with the nearest valid one), or not true or false.
        """
        known = [f.name for f in dataclasses.fields(self)]
        if not isinstance(options, dict):
            raise UserError(f"The part records must be a table of {', '.join(known)}.")
        for name, value in options.items():
            if name not in known:
                raise unknown_name("option of records", name, known)
            if not isinstance(value, bool):
                text = f"must be true or false, not {str(value)[:80]!r}"
                raise UserError(f"The option {name!r} of records {text}.")
        return dataclasses.replace(self, **options)


def pictured(scale: "Scale", spec: "Spec") -> bool:
    """Whether a run's record holds thumbnails.

    It does where the scale asks for them and the run is of the scale's own settings, with the first
    seed, η = 0.4, and CCE or RLL: two records of each data set and network.
    """
    paired = spec.seed == 0 and spec.eta == 0.4 and spec.loss in ("cce", "rll")
    return scale.records.thumbnails and paired and not scale.differing(spec)

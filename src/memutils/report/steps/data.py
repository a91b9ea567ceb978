"""The records that the chapter on the loss and the step size reads: the MLP's paths, and the
convolutional runs with held-out images.
"""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from memutils.claims import early_stopping, steps
from memutils.claims.outcomes import Run
from memutils.names import title
from memutils.report.plots import NOT_RUN, conditions, flags, missing, of_grid, standard
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import Scale, load_scale
from memutils.values import grouped

HELD_OUT = ("size", "steps-cnn")
"""Scales whose convolutional runs have held-out images with noisy labels."""


@dataclass(frozen=True, eq=False)
class Paths:
    """The MLP's runs at every step size.

    Attributes:
        scale: ``steps``.
        records: of its grid.
        frame: their evaluations, from ``steps.paths``.
    """

    scale: Scale
    records: list[Record]
    frame: pd.DataFrame

    @property
    def regular(self) -> pd.DataFrame:
        """The runs of the usual number of epochs, the oracle's too."""
        return self.frame[self.frame["epochs"] == self.scale.defaults["epochs"]]

    @property
    def noisy(self) -> pd.DataFrame:
        """All runs on noisy labels."""
        return self.frame[~self.frame["oracle"].astype(bool)]

    @property
    def usual(self) -> pd.DataFrame:
        """Those of the usual number of epochs."""
        return self.regular[~self.regular["oracle"].astype(bool)]

    @property
    def ends(self) -> pd.DataFrame:
        """The last evaluation of each of them."""
        return self.usual.groupby("key").tail(1)

    @property
    def compared(self) -> pd.DataFrame:
        """Those, and the runs at step sizes that need more epochs to get as far."""
        return pd.concat([self.usual, self.noisy[~self.noisy["s"].isin(self.usual["s"])]])

    @cached_property
    def unit(self) -> float:
        """Epochs that CCE needs at its quickest until J1 is near 1; NaN if a seed never does."""
        return steps.steps_needed(self.usual)

    @property
    def extended(self) -> pd.DataFrame:
        """The longer runs after 1, 4 and 16 times that unit; empty without them or a unit."""
        longer = self.noisy[~self.noisy["key"].isin(self.usual["key"])]
        longer = longer if self.unit == self.unit else longer[:0]
        return steps.at_times(longer, self.unit, (1, 4, 16))

    @property
    def test_images(self) -> int:
        """The number of test images; 0 without records."""
        return self.records[0].dataset["sizes"]["test"] if self.records else 0

    @property
    def told(self) -> str:
        """What the figures are drawn from, for the reader."""
        collapsed = sum(Run(record).collapsed for record in self.records)
        absent = len(missing(self.records, self.scale))
        rest = f" {absent} runs of the grid are {NOT_RUN}." if absent else ""
        return (
            f"The MLP has {len(self.records)} runs: {conditions(self.records)}. {collapsed} of "
            f"them collapsed.{rest}{flags(self.records)}"
        )


def mlp() -> Paths:
    """The MLP's runs."""
    scale = load_scale("steps")
    found = standard(records.load("steps"), scale)
    return Paths(scale, found, steps.paths(found))


def stopped(mlp: Paths) -> dict[str, tuple[pd.DataFrame, int]]:
    """What noisy held-out labels choose on the MLP and on each convolutional setting, and the
    number of test images.
    """
    found = {"the MLP": (mlp.regular, mlp.test_images)} | held_out()
    return {
        name: (early_stopping.choices(frame), images) for name, (frame, images) in found.items()
    }


def held_out() -> dict[str, tuple[pd.DataFrame, int]]:
    """The convolutional runs with held-out images: their paths and the number of test images, by
    network and number of training images.
    """
    found = grouped(
        (f"{title(r.spec['network'], r.spec['dataset'])}, n = {r.spec['n_train']:,}", r)
        for scale in HELD_OUT
        for r in early_stopping.with_held_out(of_grid(scale))
    )
    return {
        label: (steps.paths(group), group[0].dataset["sizes"]["test"])
        for label, group in found.items()
    }

"""What a record measured, as the rules read it: what depends on no threshold, so that moving a
threshold reads nothing anew.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from memutils.runs.measured import OUTCOMES
from memutils.runs.records import Record


@dataclass(frozen=True, eq=False)
class Images:
    """The last epoch's predictions, image by image; each a bool array.

    Attributes:
        memorized: of the mislabeled training images, whether each is predicted as its wrong label.
        tested: whether each test image is predicted right.
        given, true: whether each training image is predicted as its training label and as its true
            one; None where the record holds no label.
    """

    memorized: np.ndarray
    tested: np.ndarray
    given: np.ndarray | None = None
    true: np.ndarray | None = None

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> "Images":
        """From the arrays of a record, which holds no classes where the labels may not be handed
        on.
        """
        tested = arrays["test_predicted"] == arrays["test_true"]
        if "mislabeled_outcome" in arrays:
            return cls(arrays["mislabeled_outcome"][-1] == OUTCOMES.index("given"), tested)
        predicted, noisy, true = (arrays[f"train_{n}"] for n in ("predicted", "noisy", "true"))
        given = predicted == noisy
        return cls(given[noisy != true], tested, given, predicted == true)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a record measured, as the rules read it.

    Attributes:
        name: the scale and the key.
        spec: the settings.
        classes, images: K and the number of training images.
        noise_rate: the empirical noise rate e.
        columns: the history, float64 (epochs,) each; metrics are NaN in epochs without an
            evaluation.
        load: reads the arrays of the record.
        risks: mean losses by split, loss and labels.
        device, precision: of the training.
    """

    name: str
    spec: dict
    classes: int
    images: int
    noise_rate: float
    columns: dict[str, np.ndarray]
    load: Callable[[], dict[str, np.ndarray]]
    risks: dict = field(default_factory=dict)
    device: str = ""
    precision: str = ""

    @classmethod
    def of(cls, record: Record) -> "Measured":
        """From a record."""
        history, execution = record.history, record.provenance.get("execution", {})
        columns = {str(name): history[name].to_numpy(float) for name in history}
        return cls(
            record.name,
            record.spec,
            len(record.dataset.get("classes", ())),
            record.dataset.get("sizes", {}).get("train", 0),
            record.noise_rate,
            columns,
            record.arrays,
            record.content.get("risks", {}),
            execution.get("device", ""),
            execution.get("precision", ""),
        )

    @property
    def history(self) -> pd.DataFrame:
        """One row an epoch, as a record has it."""
        return pd.DataFrame(self.columns).astype({"epoch": int})

    @cached_property
    def last(self) -> Images:
        """The last epoch's predictions."""
        return Images.of(self.load())

    def median(self, column: str, epochs: int) -> float:
        """The median of a column over the evaluations of the last epochs; NaN where it has none."""
        if (column, epochs) not in self._medians:
            epoch = self.columns["epoch"]
            late = self.evaluated & (epoch > epoch.max(initial=0) - epochs)
            values = self.columns[column][late]
            self._medians[column, epochs] = float(np.median(values)) if len(values) else math.nan
        return self._medians[column, epochs]

    @cached_property
    def pairs(self) -> dict[tuple[str, str], tuple[int, int, int]]:
        """What was counted already of this run and others, image by image."""
        return {}

    @cached_property
    def _medians(self) -> dict[tuple[str, int], float]:
        return {}

    @cached_property
    def evaluated(self) -> np.ndarray:
        """Whether each epoch ended with an evaluation."""
        return ~np.isnan(self.columns["j1"])

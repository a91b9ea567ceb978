"""Training images with their given label, true label and prediction, from the arrays of records."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from memutils.errors import UserError
from memutils.report.plots import COLORS, LOSS_NAMES
from memutils.runs.records import Record

FATES = {"memorized": (COLORS[1], "✗"), "recovered": (COLORS[0], "✓"), "neither": ("0.45", "?")}
"""What may become of an image whose label was replaced: the frame's color and a sign beside it."""


@dataclass(frozen=True)
class Picture:
    """An image, uint8 (H, W, C), and the names of three classes: the given label, the true one, the
    prediction.
    """

    image: np.ndarray
    given: str
    true: str
    predicted: str

    @property
    def fate(self) -> str:
        """'memorized', 'recovered' or 'neither'."""
        return {self.given: "memorized", self.true: "recovered"}.get(self.predicted, "neither")


def has_pictures(record: Record) -> bool:
    """Whether a record holds training images; ``storage.pictured`` tells which do."""
    return {"thumbnails", "train_noisy"} <= record.arrays().keys()


def mislabeled(record: Record) -> list[Picture]:
    """The stored training images whose label was replaced, in the order of the training set.

    Raises:
        UserError: the record's arrays are missing or damaged, or it holds no pictures.
    """
    if not has_pictures(record):
        who = "runs of CCE and RLL at eta 0.4 and seed 0 with no other setting changed do"
        where = f"where configs/{record.scale}.yaml asks for thumbnails"
        raise UserError(f"The record {record.key} holds no pictures: {who}, {where}.")
    arrays, names = record.arrays(), record.dataset["classes"]
    pictures = []
    classes = [arrays[f"train_{part}"] for part in ("noisy", "true", "predicted")]
    for index, image in zip(arrays["thumbnail_index"], arrays["thumbnails"], strict=True):
        given, true, predicted = (str(names[found[index]]) for found in classes)
        if given != true:
            pictures.append(Picture(image, given, true, predicted))
    return pictures


def show(pairs: list[Record], n: int = 12, ncols: int = 3) -> plt.Figure:
    """The same n images for each record, side by side; frame and sign tell what became of the wrong
    label.

    Args:
        pairs: records of one data set, network, eta and seed, which differ in the loss.
        n: images a record.
        ncols: images in a row of a record.
    """
    rows = -(-n // ncols)
    size = (1.4 * ncols * len(pairs) + 0.4, 1.95 * rows + 0.5)
    figure = plt.figure(figsize=size, layout="constrained")
    parts = np.atleast_1d(figure.subfigures(1, len(pairs), wspace=0.06))
    for record, part in zip(pairs, parts, strict=True):
        pictures, loss = mislabeled(record)[:n], record.spec["loss"]
        share = {fate: sum(p.fate == fate for p in pictures) for fate in FATES}
        told = ", ".join(f"{count} {fate}" for fate, count in share.items())
        part.suptitle(f"{LOSS_NAMES.get(loss, loss)}: {told}", fontsize=11)
        axes = part.subplots(rows, ncols, squeeze=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, picture in zip(axes.flat, pictures, strict=False):
            frame(axis, picture)
    return figure


def drawable(image: np.ndarray) -> np.ndarray:
    """An image (H, W, C) as matplotlib draws it: (H, W), or in color (H, W, 3) or (H, W, 4).

    Of two channels, or more than four, none is red, green or blue: their mean is drawn.
    """
    return image if image.shape[-1] in (3, 4) else image.mean(-1)


def frame(axis: plt.Axes, picture: Picture) -> None:
    """Draws one picture in the color of its fate, its labels beneath."""
    color, sign = FATES[picture.fate]
    axis.set_axis_on()
    image = drawable(picture.image)
    axis.imshow(image, cmap="gray_r" if image.ndim == 2 else None)
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    dash = "--" if picture.fate == "recovered" else "-"
    for spine in axis.spines.values():
        spine.set(visible=True, color=color, linewidth=3, linestyle=dash)
    text = f"given {picture.given}\ntrue {picture.true}\n{sign} says {picture.predicted}"
    ink = "0.3" if picture.fate == "neither" else color
    axis.set_xlabel(text, fontsize=9, color=ink, labelpad=3)

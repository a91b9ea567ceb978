"""Training images with their given label, true label and prediction, from the arrays of records."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from memutils.errors import UserError
from memutils.names import LOSS_NAMES
from memutils.report import figures, looks
from memutils.runs.records import Record

FATES = dict(
    zip(("memorized", "recovered", "neither"), zip(looks.FATES, "✗✓?", strict=True), strict=True)
)
"""What may become of an image whose label was replaced: the frame's color and a sign beside it."""


@dataclass(frozen=True)
class Picture:
    """An image, uint8 (H, W, C), and the names of three classes: the given label,
    the true one, the prediction.
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


def draw(
    pairs: list[Record], n: int = 12, ncols: int = 3, width: float = figures.WIDE
) -> plt.Figure:
    """The same n images for each record; frame and sign tell what became of the wrong label.

    Args:
        pairs: records of one data set, network, eta and seed, which differ in the loss.
        n: images of a record.
        ncols: images in a row of a record.
        width: in pixels; records are side by side, on a phone one above the other.
    """
    rows, narrow = -(-n // ncols), figures.is_narrow(width)
    blocks = (len(pairs), 1) if narrow else (1, len(pairs))
    height = blocks[0] * (rows * (width / ncols / blocks[1] + 46) + 42)
    figure = plt.figure(figsize=(width / figures.UNIT, height / figures.UNIT), layout="constrained")
    parts = figure.subfigures(*blocks, squeeze=False, wspace=0.03).flat
    for record, part in zip(pairs, parts, strict=True):
        pictures = mislabeled(record)[:n]
        part.suptitle(f"{LOSS_NAMES[record.spec['loss']]}\n{counted(pictures)}", fontweight="bold")
        axes = part.subplots(rows, ncols, squeeze=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, picture in zip(axes.flat, pictures, strict=False):
            frame(axis, picture)
    return figure


def counted(pictures: list[Picture]) -> str:
    """How many of the images met which fate: '8 memorized, 3 recovered, 1 neither'."""
    return ", ".join(f"{sum(p.fate == fate for p in pictures)} {fate}" for fate in FATES)


def draw_labels(pictures: list[Picture], ncols: int = 6, width: float = figures.WIDE) -> plt.Figure:
    """Images with their given label, the true one where that is another, and nothing of what a
    network predicts.

    Args:
        pictures: as many as are shown.
        ncols: images in a row; half as many on a phone.
        width: in pixels.
    """
    ncols = -(-ncols // 2) if figures.is_narrow(width) else ncols
    rows = -(-len(pictures) // ncols)
    figure, axes = figures.canvas(width, rows * (width / ncols + 26), rows, ncols)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, picture in zip(axes.flat, pictures, strict=False):
        place(axis, picture)
        wrong = picture.given != picture.true
        text = f"given {picture.given}\n" + f"true {picture.true}" * wrong
        axis.set_xlabel(text, labelpad=3)
    return figure


def drawable(image: np.ndarray) -> np.ndarray:
    """An image (H, W, C) as matplotlib draws it: (H, W), or in color (H, W, 3) or (H, W, 4).

    Of two channels, or more than four, none is red, green or blue: their mean is drawn.
    """
    return image if image.shape[-1] in (3, 4) else image.mean(-1)


def place(axis: plt.Axes, picture: Picture) -> None:
    """Draws one image, without ticks."""
    axis.set_axis_on()
    image = drawable(picture.image)
    axis.imshow(image, cmap="gray_r" if image.ndim == 2 else None, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.grid(False)


def frame(axis: plt.Axes, picture: Picture) -> None:
    """Draws one image in the color of its fate; beneath its given label, true one, prediction."""
    place(axis, picture)
    color, sign = FATES[picture.fate]
    dash = "--" if picture.fate == "recovered" else "-"
    for spine in axis.spines.values():
        spine.set(visible=True, color=color, linewidth=3, linestyle=dash)
    text = f"given {picture.given}\ntrue {picture.true}\n{sign} {picture.predicted}"
    axis.set_xlabel(text, labelpad=3)

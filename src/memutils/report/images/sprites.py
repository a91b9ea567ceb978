"""Pictures of mislabeled training images that a page shows though the data are not there: a sprite.

A sprite is a PNG with images side by side, ``COLUMNS`` in a row, and as a text their places in the
training set. ``python workflow/sprites.py`` writes one for each set of the page that follows images
(``memutils.report.images``), from the specification alone, whether its runs are recorded or not.
"""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from memutils.data import Dataset
from memutils.errors import UserError
from memutils.runs import setup
from memutils.runs.specs import Spec

COLUMNS = 12
"""Images in a row, and of each true class."""


def chosen(given: np.ndarray, true: np.ndarray, each: int = COLUMNS) -> np.ndarray:
    """The places of the images that are shown: of each true class the first ``each`` mislabeled
    ones, in the order of the training set, class after class.

    Labels alone decide, so nobody can pick images by what a network makes of them.

    Args:
        given, true: labels of the training images, (N,).
    """
    wrong = np.flatnonzero(given != true)
    parts = [wrong[true[wrong] == label][:each] for label in np.unique(true)]
    return np.concatenate(parts) if parts else wrong


def of_run(spec: Spec, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The images that are shown of a run, uint8 (n, H, W, C), and their places (n,)."""
    splits, labels = setup.prepare(spec, dataset)
    places = chosen(labels["train"].noisy, labels["train"].true)
    return splits["train"].images[places], places


def png(images: np.ndarray, places: np.ndarray) -> bytes:
    """A sprite of images uint8 (n, H, W, C), with C = 1 or 3, and their places (n,)."""
    n, height, width, channels = images.shape
    rows = max(1, -(-n // COLUMNS))
    sheet = np.zeros((rows * COLUMNS, height, width, channels), np.uint8)
    sheet[:n] = images
    sheet = sheet.reshape(rows, COLUMNS, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, COLUMNS * width, channels)
    info, file = PngInfo(), io.BytesIO()
    info.add_text("places", json.dumps(places.tolist()))
    picture = Image.fromarray(sheet[..., 0] if channels == 1 else sheet)
    picture.save(file, "PNG", optimize=True, pnginfo=info)
    return file.getvalue()


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images uint8 (n, H, W, C) and the places (n,) of a sprite's file.

    Raises:
        UserError: the file is missing or no sprite.
    """
    try:
        return unpacked(path.read_bytes())
    except (OSError, KeyError, ValueError, AttributeError) as error:
        advice = "`python workflow/sprites.py` writes it"
        raise UserError(f"There is no sprite at {path}; {advice}.") from error


def unpacked(picture: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The images uint8 (n, H, W, C) and the places (n,) of a sprite."""
    with Image.open(io.BytesIO(picture)) as opened:
        places, sheet = np.array(json.loads(opened.text["places"]), int), np.asarray(opened)
    sheet = sheet[..., None] if sheet.ndim == 2 else sheet
    rows, width = max(1, -(-len(places) // COLUMNS)), sheet.shape[1] // COLUMNS
    grid = sheet.reshape(rows, -1, COLUMNS, width, sheet.shape[2]).swapaxes(1, 2)
    return grid.reshape(-1, *grid.shape[2:])[: len(places)], places

"""Checks of a user's arrays: each says in one sentence what came, what is wanted,
and what mends it."""

from collections.abc import Iterable, Mapping, Set

import numpy as np

from memutils.errors import UserError

MOST_CLASSES = 256
"""Labels and predictions are stored as uint8."""

USUAL = (1, 3, 4)
"""Numbers of channels by which the order of an array's axes can be told."""


def array(what: str, values: object) -> np.ndarray:
    """The values as an array (a tensor of the CPU too); ``what`` names them in the message."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        why = " ".join(str(error).split())[:120].rstrip(".")
        raise UserError(f"{what} are no array of one shape ({why}).") from error


def images(what: str, values: object) -> np.ndarray:
    """Images as uint8 (N, H, W) or (N, H, W, C).

    Args:
        what: e.g. 'digits: training', for the message.
        values: what is to be images.

    Raises:
        UserError: another type or shape, or channels first.
    """
    x = array(f"{what} images", values)
    came = f"{what} images must be uint8 (N, H, W) or (N, H, W, C), these are {x.dtype} {x.shape}"
    if x.ndim == 2 and x.shape[1]:
        raise UserError(f"{came}: flat rows; reshape them, x.reshape(-1, height, width).")
    if x.ndim not in (3, 4) or 0 in x.shape[1:]:
        raise UserError(f"{came}.")
    if x.dtype != np.uint8:
        raise UserError(f"{came}; {pixel_mend(x)}.")
    if x.ndim == 4 and x.shape[0] == x.shape[1] and x.shape[2] in USUAL and x.shape[3] not in USUAL:
        raise UserError(f"{came}, which looks like (H, W, C, N); hand np.moveaxis(x, -1, 0).")
    if x.ndim == 4 and is_channels_first(x.shape):
        raise UserError(f"{came}, which looks like (N, C, H, W); hand x.transpose(0, 2, 3, 1).")
    return x


def pixel_mend(x: np.ndarray) -> str:
    """How pixels of another type become uint8."""
    if x.dtype == bool:
        return "convert them, x.astype('uint8') * 255"
    if x.dtype.kind in "fiu" and x.size and np.nanmin(x) >= 0 and np.nanmax(x) <= 255:
        if x.dtype.kind in "iu":
            return "convert them, x.astype('uint8')"
        scaled = "(255 * x)" if x.max() <= 1 else "x"
        return f"scale floats to 0..255 and convert them, {scaled}.round().astype('uint8')"
    return "scale floats to 0..255 and convert them"


def is_channels_first(shape: tuple[int, int, int, int]) -> bool:
    """Whether a shape looks like (N, C, H, W): square after the channels, or 1, 3 or 4 there."""
    _, second, third, last = shape
    return second < third == last or (second in USUAL and last not in USUAL and third > second)


def labels(what: str, values: object, n: int, num_classes: int | None = None) -> np.ndarray:
    """Labels as int64 (N,), one for each of n images; (N, 1), as Keras has them, is accepted too.

    Args:
        what: e.g. 'digits: training', for the message.
        values: what is to be labels.
        n: the number of images.
        num_classes: K, where labels must lie in [0, K); None for any from 0.

    Raises:
        UserError: another type, shape or range.
    """
    y = array(f"{what} labels", values)
    came = f"{what} labels must be integers from 0, one for each of {n} images"
    came = f"{came}, these are {y.dtype} {y.shape}"
    if y.dtype.kind not in "iu":
        raise UserError(f"{came}; {label_mend(y)}.")
    if y.ndim == 2 and len(y) == n and y.shape[1] > 1:
        raise UserError(f"{came}; if they are one-hot, hand y.argmax(1).")
    if y.size != n or max(y.shape, default=0) != n:
        raise UserError(f"{came}.")
    if n == 0:
        raise UserError(f"{what} images: there are none; at least one is wanted.")
    low, high = int(y.min()), int(y.max())
    if high >= MOST_CLASSES:
        raise UserError(
            f"{what} labels go up to {high}; at most {MOST_CLASSES} classes are supported."
        )
    if low < 0 or (num_classes and high >= num_classes):
        valid = f"0 to {num_classes - 1}" if num_classes else "0 up"
        one = "; if they count from 1, hand y - 1" if low == 1 and high == num_classes else ""
        raise UserError(
            f"{what} labels must lie from {valid}, these lie from {low} to {high}{one}."
        )
    return y.reshape(-1).astype(np.int64)


def label_mend(y: np.ndarray) -> str:
    """How labels of another type become integers."""
    if y.dtype == bool:
        return "hand y.astype(int)"
    if y.dtype.kind == "f":
        return "hand y.astype(int)" if (y == np.floor(y)).all() else "they are no whole numbers"
    return "number the classes, classes, y = np.unique(y, return_inverse=True), and hand both"


def number_of_classes(what: str, y: np.ndarray) -> int:
    """K, where training labels (N,) cover every class from 0 to K - 1, and K lies from 2 to 256."""
    found = np.unique(y)
    k = int(found[-1]) + 1
    if len(found) != k or k < 2:
        absent = ", ".join(map(str, np.setdiff1d(np.arange(max(k, 2)), found)[:5]))
        one = "; if they count from 1, hand y - 1" if found[0] == 1 and len(found) == k - 1 else ""
        raise UserError(
            f"{what}: training labels must cover every class from 0 up, and at least two classes; "
            f"no image has {absent}{one}."
        )
    return k


def class_names(what: str, names: object, k: int) -> tuple[str, ...]:
    """The classes' names, K distinct texts in the order of the labels; numbers for None.

    Raises:
        UserError: no list, or not of K distinct texts.
    """
    if names is None:
        return tuple(map(str, range(k)))
    wanted = f"{what}: classes must be a list of {k} distinct names, in the order of the labels"
    if isinstance(names, Mapping):
        texts = all(isinstance(key, str) for key in names)
        mend = (
            "sorted(classes, key=classes.get)" if texts else "[classes[i] for i in sorted(classes)]"
        )
        raise UserError(f"{wanted}, not a dict; hand {mend}.")
    if isinstance(names, Set):
        raise UserError(f"{wanted}, not a set, which has no order.")
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise UserError(f"{wanted}, not {names!r}.")
    names = tuple(names)
    if odd := [
        v
        for v in names
        if not isinstance(v, str | int | np.integer) or isinstance(v, bool) or v == ""
    ]:
        mend = (
            "; decode bytes first, [c.decode() for c in classes]"
            if isinstance(odd[0], bytes)
            else ""
        )
        raise UserError(f"{wanted}, and {odd[0]!r} is no name{mend}.")
    names = tuple(map(str, names))
    if len(names) != k:
        raise UserError(f"{wanted}: there are {len(names)} class names for {k} classes.")
    if twice := sorted({v for v in names if names.count(v) > 1}):
        raise UserError(f"{wanted}, and {twice[0]!r} stands there twice.")
    return names

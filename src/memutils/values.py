"""Values as they are typed: numbers of other libraries as Python's own,
and what a text may have meant; and values by their keys.
"""

import contextlib
import json
import math
import re
from collections.abc import Hashable, Iterable

import numpy as np
import torch


def as_python(value: object) -> object:
    """A scalar of numpy or torch as Python's own number or text, a vector of them as a list;
    else the value itself.

    A float32 is the shortest decimal that it stands for: .4 and not 0.4000000059604645.
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return [as_python(v) for v in value]
    if isinstance(value, range):
        return list(value)
    if isinstance(value, list | tuple):
        return type(value)(as_python(v) for v in value) if type(value) in (list, tuple) else value
    if isinstance(value, np.floating):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def as_held(number: float) -> float:
    """A number rounded to the twelve digits that a run's name holds,
    so that 0.1 * 6 and 0.6 are one.
    """
    return float(format(number, ".12g"))


def rounded(value: object) -> object:
    """A number of any library as Python's own, a float rounded to what a name holds;
    else the value itself.
    """
    value = as_python(value)
    return as_held(value) if isinstance(value, float) else value


def as_text(value: object) -> str:
    """A setting's value as JSON that YAML 1.1 reads alike: 1.0e-05, for 1e-05 would be a text."""
    if isinstance(value, tuple):
        return json.dumps(list(value))
    text = json.dumps(value)
    return re.sub(r"^(-?\d+)e", r"\1.0e", text) if isinstance(value, float) else text


def number_meant(text: str) -> str:
    """The number that a text may have meant, as it is to be written, or ''."""
    text = text.strip().strip("'\"")
    if re.fullmatch(r"[-+]?\d{1,3}([,_' ]\d{3})+(\.\d*)?", text):
        text = re.sub(r"[,_' ]", "", text)
    elif re.fullmatch(r"[-+]?\d*,\d+", text):
        text = text.replace(",", ".")
    elif re.fullmatch(r"\d+(\.\d*)?\s*%", text):
        return f"{float(text.rstrip('% ')) / 100:.12g}"
    number = math.nan
    if re.fullmatch(r"[-+.\deE]+", text):
        with contextlib.suppress(ValueError):
            number = float(text)
    return f"{number:.12g}" if math.isfinite(number) else ""


def hint(value: object) -> str:
    """A sentence that tells how the number is written that a text may have meant, or ''."""
    meant = number_meant(value) if isinstance(value, str) else ""
    return f" Write {meant}, without quotes." if meant else ""


def grouped(pairs: Iterable[tuple[Hashable, object]]) -> dict:
    """Pairs of a key and a value as lists of values by key, both in the order they come in."""
    found: dict[Hashable, list] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found

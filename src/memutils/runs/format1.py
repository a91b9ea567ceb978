"""Records of format 1, as this version has them.

There the history stood in the JSON file, a row an epoch; the arrays held every log-probability,
float16, and no dynamics. Of those the probabilities and RLL's values are computed, so they are as
exact as float16 log-probabilities are: to about .05 % for probabilities that matter.
"""

from pathlib import Path

import numpy as np
import torch

from memutils.runs import measured
from memutils.runs.files import read_arrays

OLD_WORDS = {"exact_passes": "evaluations", "memorised": "memorized"}
OLD_WORDS |= {f"running_{n}": f"training_{n}" for n in ("j1", "j2", "fitted", "recovered")}
OLD_WORDS["running_memorised"] = "training_memorized"
"""Settings and columns that had other names when the first records were written."""


def renamed(row: dict) -> dict:
    """Settings, or a row of a history, by the names of today."""
    return {OLD_WORDS.get(name, name): value for name, value in row.items()}


def upgraded(path: Path, content: dict) -> tuple[dict, list[dict], dict[str, np.ndarray]]:
    """A record's content without its history, the history's rows, and the arrays, in today's words.

    What the names stood for is taken as the package's own; dynamics are absent.

    Args:
        path: of the JSON file.
        content: what it holds, with the settings' names of today.

    Raises:
        UserError: the arrays are missing or damaged.
    """
    rows = [renamed(row) for row in content["history"]]
    content = {name: value for name, value in content.items() if name != "history"}
    content |= {"stood_for": dict.fromkeys(("loss", "network", "switch_loss")), "converted_from": 1}
    arrays = read_arrays(path.with_suffix(".npz"), content["arrays_sha256"], content["key"])
    alpha = measured.rll_alpha(content["spec"])
    for split in content["dataset"]["sizes"]:
        if f"{split}_log_p" in arrays:
            log_p = torch.from_numpy(arrays[f"{split}_log_p"]).double().log_softmax(1)
            true = arrays[f"{split}_true"]
            noisy = arrays.get(f"{split}_noisy", true)
            arrays |= measured.probabilities(split, log_p, noisy, true, alpha)
    return content, rows, arrays

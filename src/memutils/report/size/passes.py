"""More images at as many passes over each, where the chapter's figure has as many steps."""

from collections.abc import Iterable

import pandas as pd

from memutils.claims.thresholds import LIMITS
from memutils.names import NETWORK_NAMES
from memutils.report.size.sentences import sizes
from memutils.runs.records import Record
from memutils.runs.specs import load_scale
from memutils.words import listed, points

EPOCHS = load_scale("cpu").usual("resnet18")["epochs"]
CLEAR = 0.1
"""A share that is lower by more than this has fallen, for the reader."""

COLUMNS = ["network", "loss", "images", "fitted", "memorized"]


def table(found: Iterable[Record]) -> pd.DataFrame:
    """A row a network, loss and number of images: what is fitted and memorized after ``EPOCHS``
    passes, in training mode, mean over the runs that train so long at a constant learning rate;
    on wrong labels.
    """
    rows = []
    for record in found:
        spec, history = record.spec, record.history.set_index("epoch")
        same = spec["eta"] and spec["train_on"] == "all" and spec["schedule"] == "constant"
        if same and EPOCHS in history.index:
            row = history.loc[EPOCHS]
            ends = row["training_fitted"], row["training_memorized"]
            rows.append((spec["network"], spec["loss"], spec["n_train"], *map(float, ends)))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.groupby(COLUMNS[:3], as_index=False).mean()


def shares(found: pd.DataFrame, network: str, loss: str) -> pd.Series:
    """The memorized share by number of images, where enough of the clean images are fitted."""
    rows = found[(found["network"] == network) & (found["loss"] == loss)]
    rows = rows[rows["fitted"] >= LIMITS.clean_fit]
    return rows.set_index("images")["memorized"].sort_index()


def sentence(found: pd.DataFrame) -> str:
    """What is memorized after as many passes, network by network; '' without two sizes."""
    told = []
    for network in dict.fromkeys(found["network"]):
        by_loss = {loss: shares(found, network, loss) for loss in ("rll", "cce")}
        both = pd.DataFrame(by_loss).dropna()
        if len(both) > 1:
            rll, cce = (listed(points([share]) for share in both[loss]) for loss in both)
            told.append(
                f"With the number of passes over each image held fixed instead, at {EPOCHS}, and "
                f"with {sizes(both.index)} images, {NETWORK_NAMES[network]} memorizes {rll} % of "
                f"the wrong labels with RLL and {cce} % with CCE (in training mode, means over "
                f"the seeds). {falls(both)}"
            )
    return " ".join(told)


def falls(both: pd.DataFrame) -> str:
    """With which losses the share falls though each image is seen as often."""
    drop = both.iloc[0] - both.iloc[-1]
    said = {loss: fall(drop[loss]) for loss in both}
    if said["rll"] == said["cce"]:
        return f"So with both losses it {said['rll']} with more images."
    return f"So with RLL it {said['rll']} with more images, and with CCE it {said['cce']}."


def fall(drop: float) -> str:
    """What a share does that is lower by so much at the end."""
    return "falls" if drop > CLEAR else "hardly falls" if drop > 0 else "does not fall"

"""Made-up records with the curves that a test asks for, and what the ledger says of them."""

import numpy as np
from conftest import made

from memutils import records
from memutils.claims import table
from memutils.specs import Scale, text_of

N, EPOCHS = 5000, 40


def curve(start, end, at=10):
    """A figure that goes from start to end within ``at`` epochs and stays."""
    return np.interp(np.arange(1, EPOCHS + 1), [1, at], [start, end])


def make(loss="cce", eta=0.4, m=1.0, r=0.0, f=1.0, every=1, lr=None, suffix="", test=0.9, classes=10, precision="float32", **settings):
    """A record with these curves (numbers: constant) of memorized, recovered and fitted; evaluations each ``every`` epochs."""
    named = {"dataset": "cifar10", "network": "resnet32", "epochs": EPOCHS, "loss": loss, "eta": eta}
    spec = records.spec_dict(Scale("made-up").spec(**named | settings))
    m, r, f, test = (np.broadcast_to(np.asarray(x, float), EPOCHS) for x in (m, r, f, test))
    rows = []
    for i in range(EPOCHS):
        exact = i % every == 0 or i >= EPOCHS - 5
        j1, j2 = (1 - eta) * f[i] + eta * m[i], (1 - eta) * f[i] + eta * r[i]
        row = {"j1": j1, "j2": j2, "fitted": f[i], "classes": classes, "test_accuracy": test[i]}
        row |= {"memorized": m[i] if eta else None, "recovered": r[i] if eta else None}
        row = row if exact else dict.fromkeys(row)
        rows.append({"epoch": i + 1, "lr": 0.1 if lr is None else lr[i], "training_j1": j1, "training_j2": j2} | row)
    key = f"{spec['dataset']}-{spec['network']}-{loss}-eta{text_of(float(eta))}-seed{spec['seed']}{suffix}"
    content = {"spec": spec, "noise_rate": eta, "dataset": {"classes": list(range(10)), "sizes": {"train": N}}}
    return made(key, rows, provenance={"execution": {"precision": precision}}, **content)


def three_rates(*at, every=1):
    """Runs at the three noise rates that get to J1 = 1 at these epochs; None never gets there."""
    curves = [0.0 if a is None else curve(0, 1, a) for a in at]
    return [make(eta=e, m=c, f=c, every=every) for e, c in zip((0.2, 0.4, 0.6), curves, strict=True)]


def verdict(claim, *found):
    return next(v for v in table.judge(list(found)) if v.claim.id == claim)


def one(claim, *found):
    """The only cell's verdict, in short, and its reason."""
    (cell,) = verdict(claim, *found).cells
    return {table.SUPPORTED: True, table.NOT_SUPPORTED: False, table.NOT_TESTED: None}[cell.verdict], cell.why


CLEAN = {loss: make(loss, 0.0) for loss in ("cce", "mse", "rll", "nmse", "mae")}
IDLE_CLEAN = make("rll", 0.0, f=0.94)
GOOD = make("rll", m=0.02, r=0.95)
MSE = make("mse")
MNIST = {"dataset": "mnist", "network": "resnet18"}
RISING = np.linspace(0.5, 0.9, EPOCHS)
FLIP = {"m": curve(0.0, 1.0, 20), "r": curve(0.8, 0.0, 20)}
BACK = [np.where(np.arange(EPOCHS) == 35, x, FLIP[n]) for n, x in (("m", 0.1), ("r", 0.8))]

"""Made-up records with the curves that a test asks for,
and what the table of claims says of them.
"""

import numpy as np
from conftest import made

from memutils.claims import table
from memutils.claims.selection import COLUMNS, Pool
from memutils.claims.statements import CLAIMS
from memutils.claims.thresholds import Thresholds
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.scale import Scale, text_of

N, EPOCHS, TESTED = 5000, 40, 2000
LIMITS = Thresholds()
DEFAULTS = {
    "dataset": "cifar10",
    "network": "resnet32",
    "epochs": EPOCHS,
    "schedule": "step",
    "lr": 0.1,
    "milestones": (EPOCHS,),
}
MNIST = {
    "dataset": "mnist",
    "network": "resnet18",
    "schedule": "constant",
    "optimizer": "adam",
}
INCEPTION = {"network": "inception-lite", "schedule": "exponential", "gamma": 0.95, "lr": 0.01}
NETWORKS = {"resnet18": MNIST, "inception-lite": INCEPTION, "resnet32": {}}


def curve(start, end, at=10):
    """A metric that goes from start to end within ``at`` epochs and stays."""
    return np.interp(np.arange(1, EPOCHS + 1), [1, at], [start, end])


def predictions(eta, m, r, f, test, classes=10) -> dict[str, np.ndarray]:
    """Arrays of N images, the mislabeled ones first: of these the first share m is memorized, the
    next share r is recovered.
    """
    wrong = round(eta * N)
    true, noisy = np.zeros(N, np.uint8), np.zeros(N, np.uint8)
    noisy[:wrong] = 1
    predicted = np.full(N, classes - 1, np.uint8)
    memorized, recovered = round(m * wrong), round(r * wrong)
    predicted[:memorized] = 1
    predicted[memorized : memorized + recovered] = 0
    predicted[wrong : wrong + round(f * (N - wrong))] = 0
    tested = np.ones(TESTED, np.uint8)
    tested[: round(test * TESTED)] = 0
    named = {"train_true": true, "train_noisy": noisy, "train_predicted": predicted}
    return named | {"test_true": np.zeros(TESTED, np.uint8), "test_predicted": tested}


def make(
    loss="cce",
    eta=0.4,
    m=1.0,
    r=0.0,
    f=1.0,
    every=1,
    rates=None,
    test=0.9,
    classes=10,
    precision="float32",
    risk=0.5,
    n=N,
    scale="cpu",
    training=None,
    **settings,
):
    """A record with these curves (numbers: constant) of memorized, recovered and fitted;
    evaluations each ``every`` epochs.

    ``rates``: the learning rate of each epoch; ``training``: training-mode curves of m, r and f,
    where they differ.
    """
    spec = records.spec_dict(Scale("made-up").spec(loss=loss, eta=eta, **(DEFAULTS | settings)))
    m, r, f, test = (np.broadcast_to(np.asarray(x, float), EPOCHS) for x in (m, r, f, test))
    modes = {
        "": (m, r, f),
        "training_": tuple(
            np.broadcast_to(np.asarray(x, float), EPOCHS) for x in training or (m, r, f)
        ),
    }
    rows = []
    for i in range(EPOCHS):
        row = {
            "epoch": i + 1,
            "lr": spec["lr"] if rates is None else rates[i],
            "classes": classes,
            "test_accuracy": test[i],
        }
        for mode, (of_m, of_r, of_f) in modes.items():
            row |= {
                f"{mode}j1": (1 - eta) * of_f[i] + eta * of_m[i],
                f"{mode}j2": (1 - eta) * of_f[i] + eta * of_r[i],
            }
            row |= {
                f"{mode}fitted": of_f[i],
                f"{mode}memorized": of_m[i] if eta else None,
                f"{mode}recovered": of_r[i] if eta else None,
            }
        if not (i % every == 0 or i >= EPOCHS - 5):
            row |= {
                name: None
                for name in row
                if name not in ("epoch", "lr") and not name.startswith("training_")
            }
        rows.append(row)
    name = f"{spec['dataset']}-{spec['network']}-{loss}-eta{text_of(float(eta))}"
    content = {
        "scale": scale,
        "spec": spec,
        "noise_rate": eta,
        "provenance": {"execution": {"device": "cpu", "precision": precision}, "dirty": False},
        "dataset": {"classes": list(range(10)), "sizes": {"train": n}},
        "risks": {"train": {"rll": {"training": risk}}},
    }
    found = made(f"{name}-seed{spec['seed']}-n{n}-lr{spec['lr']:g}", rows, **content)
    arrays = predictions(eta, m[-1], r[-1], f[-1], test[-1])
    return Record(found.path, found.content, found.kept | arrays)


def altered(record, **content):
    """The same record with other content."""
    return Record(record.path, record.content | content, record.kept)


def three(loss="cce", at=(9, 9, 14), **settings):
    """Runs at the three noise rates whose J1 gets to 1 at these epochs; None stays at 0."""
    curves = [0.0 if a is None else curve(0, 1, a) for a in at]
    return [
        make(loss, eta, m=c, f=c, **settings) for eta, c in zip(LIMITS.etas, curves, strict=True)
    ]


def grid(rll=0.05, cce=1.0, mse=1.0, seeds=(0, 1, 2), fitted=1.0, **changed):
    """Three losses, three noise rates, on three networks;
    ``changed`` gives RLL's m of a network (names with _).
    """
    found = []
    for name, settings in NETWORKS.items():
        own = changed.get(name.replace("-", "_"), rll)
        for loss, m, f in (("rll", own, fitted), ("cce", cce, 1.0), ("mse", mse, 1.0)):
            for seed in seeds:
                found += [
                    make(loss, eta, m=m, r=max(0.0, 0.99 - m), f=f, seed=seed, **settings)
                    for eta in LIMITS.etas
                ]
    return found


def write(scale, key, spec, fitted, x, images=3000):
    """A record of the grid with these paths,
    an evaluation in each of its first epochs and in its last.
    """
    epochs = [*range(1, len(fitted)), spec.epochs]
    rows = []
    for epoch, f, m in zip(epochs, fitted, x, strict=True):
        j1 = 0.6 * f + 0.4 * m if spec.eta else f
        shares = {
            "j1": j1,
            "j2": 0.6 * f + 0.4 * (1 - m),
            "fitted": f,
            "memorized": m,
            "recovered": 1 - m,
        }  # so that x = m
        if spec.train_on == "clean":
            shares |= {"memorized": None, "recovered": None}
        rows.append(
            {
                "epoch": epoch,
                "lr": spec.lr,
                "training_j1": j1,
                "classes": 10,
                "test_accuracy": 1 - m / 2,
            }
            | shares
        )
        rows[-1] |= {"holdout_noisy_accuracy": 0.6 - m / 4}
        rows[-1] |= {f"training_{n}": shares[n] for n in ("j2", "fitted", "memorized", "recovered")}
    content = {
        "spec": records.spec_dict(spec),
        "noise_rate": 0.4,
        "dataset": {
            "classes": list("0123456789"),
            "sizes": {"train": images, "test": 1000, "holdout": 1000},
        },
        "provenance": {"execution": {"device": "cpu", "precision": "float32"}, "dirty": False},
        "results_version": records.RESULTS_VERSION,
        "risks": {"train": {"rll": {"true": 1.0, "fresh": 1.5, "training": 0.5}}},
    }
    place, tested = np.arange(images), np.zeros(1000, np.uint8)
    wrong, right = place < 0.4 * images, np.arange(1000) < 1000 * rows[-1]["test_accuracy"]
    arrays = {
        "train_true": 0 * place,
        "train_noisy": wrong,
        "train_predicted": wrong & (place < 0.4 * images * x[-1]),
        "test_true": tested,
        "test_predicted": np.where(right, tested, 1),
    }
    arrays = {name: values.astype(np.uint8) for name, values in arrays.items()}
    records.write(scale, key, content, rows, arrays)


def verdict(claim, *found, part=None, column=None, limits=LIMITS):
    """The verdict on a claim's first part and first main column with a cell,
    else on the first of them.
    """
    own = [
        v
        for v in table.judge(Pool(found), limits)
        if v.claim == claim and column in (None, v.column) and part in (None, v.part)
    ]
    return next((v for v in own if v.cells), own[0])


def one(claim, *found, part=None):
    """The state of the only cell, and why;
    of the cell of the main noise rate where there are several.
    """
    cells = verdict(claim, *found, part=part).cells
    (cell,) = cells if len(cells) == 1 else [c for c in cells if c.eta == LIMITS.main_eta]
    return cell.finding.state, cell.finding.why


def column(name):
    return next(c for c in COLUMNS if c.id == name)


def claim(name):
    return next(c for c in CLAIMS if c.id == name)


CLEAN = {loss: make(loss, 0.0) for loss in ("cce", "mse", "rll", "nmse", "mae")}
UNFIT_CLEAN = make("rll", 0.0, f=0.94)
GOOD = make("rll", m=0.02, r=0.95, risk=0.6)
MSE = make("mse")
RISING = np.linspace(0.5, 0.9, EPOCHS)
FLIP = {"m": curve(0.0, 1.0, 20), "r": curve(0.8, 0.0, 20)}
BACK = {n: np.where(np.arange(EPOCHS) == 35, x, FLIP[n]) for n, x in (("m", 0.1), ("r", 0.8))}

"""The chapter on RLL's parameter: the gradient that an alpha gives, the runs with each, and
sentences whose words follow from the numbers.
"""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from memutils.claims.outcomes import Run
from memutils.claims.thresholds import LIMITS
from memutils.names import METRIC_NAMES, NETWORK_NAMES
from memutils.report import figures
from memutils.report.looks import INK, look
from memutils.report.loss_figure import value_and_gradient
from memutils.report.markup import Safe, number, table
from memutils.report.plots import of_grid, select
from memutils.report.theory.points import ALPHAS
from memutils.runs.records import Record
from memutils.words import listed, percent

DASHES = dict(zip(ALPHAS, (":", "-", "--"), strict=True))
NETWORKS = {"resnet18": {}, "inception-lite": {"lr": 0.01, "schedule": "exponential"}}
"""The networks with runs at several alphas, and the settings that these share."""

COLUMN_OF = {a: "resnet18" + (f"-alpha{a:g}" if a != ALPHAS[1] else "") for a in ALPHAS}
"""The columns of the table of claims with ResNet-18 at each alpha."""

OTHERS = ("alpha", "readings")
"""The scales that vary alpha."""

COLUMNS = ["network", "alpha", "eta", "precision", *METRIC_NAMES]


def load(scale: str) -> list[Record]:
    """RLL's runs with seed 0, on clean labels and at the main noise rate, of the networks that have
    a run at another alpha than the usual; in one precision where they can be.
    """
    found = [r for n in (scale, *OTHERS) for r in of_grid(n)]
    chosen = []
    for network, settings in NETWORKS.items():
        wanted = {"loss": "rll", "eta": (0.0, LIMITS.main_eta), "seed": 0, "momentum": 0.9}
        runs = select(found, network=network, **wanted, **settings)
        chosen += in_one_precision(runs) if len({alpha_of(r) for r in runs}) > 1 else []
    return chosen


def in_one_precision(runs: list[Record]) -> list[Record]:
    """The runs, with a control in the place of one whose precision is not that of the other alphas
    at its noise rate, where there is one: then alpha alone differs.
    """
    controls = of_grid("control")
    wanted = {r.spec["eta"]: precision(r) for r in runs if alpha_of(r) != ALPHAS[1]}
    chosen = []
    for run in runs:
        same = {name: run.spec[name] for name in ("network", "loss", "eta", "seed", "lr")}
        here = wanted.get(run.spec["eta"])
        alike = [r for r in select(controls, **same) if precision(r) == here]
        chosen.append(alike[0] if alike and precision(run) != here else run)
    return chosen


def precision(record: Record) -> str:
    """What the matrix products of a run's training were computed in."""
    return record.provenance["execution"]["precision"]


def alpha_of(record: Record) -> float:
    """A run's alpha."""
    return record.spec["loss_parameters"]["alpha"]


def gradients(points: int = 400) -> pd.DataFrame:
    """The gradient's norm with respect to the logits for each probability p_y of the label, the
    rest spread evenly: RLL at each alpha, CCE and MAE.
    """
    p = np.linspace(0.001, 0.999, points)
    norms = {f"RLL, α = {a:g}": value_and_gradient("rll", p, alpha=a)[1] for a in ALPHAS}
    norms |= {loss.upper(): value_and_gradient(loss, p)[1] for loss in ("cce", "mae")}
    return pd.DataFrame({"p_y": p} | norms)


def line(label: str) -> dict:
    """How a column of ``gradients`` is drawn."""
    if label in ("CCE", "MAE"):
        return look(label.lower()).line
    return look("rll").line | {"linestyle": DASHES[float(label.rpartition(" ")[2])]}


def draw_gradients(norms: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """The gradient's norm over the label's probability."""
    figure, (axis,) = figures.panels(width, 1, 300)
    for label in norms.columns[1:]:
        axis.plot(norms["p_y"], norms[label], label=label, **line(label))
    axis.set(xlabel="probability of the label, $p_y$", ylabel="norm of the gradient")
    figures.legend(figure, [axis], ncols=2 if figures.is_narrow(width) else 5)
    return figure


def draw(runs: Iterable[Record], width: float = figures.WIDE) -> plt.Figure:
    """Memorized and test accuracy over epochs at the main noise rate,
    a row a network and a dash an alpha.
    """
    noisy = select(runs, eta=LIMITS.main_eta)
    networks = [n for n in NETWORKS if select(noisy, network=n)]
    panels = [(n, c) for n in networks for c in ("memorized", "test_accuracy")]
    figure, axes = figures.panels(width, len(panels), 230, across=2, below=50)
    for axis, (network, column) in zip(axes, panels, strict=True):
        for record in sorted(select(noisy, network=network), key=alpha_of):
            rows, label = record.history.dropna(subset=[column]), f"α = {alpha_of(record):g}"
            axis.plot(rows["epoch"], rows[column], label=label, **line(label))
        axis.set(xlabel="epoch", **({"ylim": (0, None)} if column == "memorized" else {}))
        figures.whole_ticks(axis)
        title = f"{NETWORK_NAMES[network]}: {column.replace('_', ' ')}"
        axis.set_title(title, loc="left", color=INK)
    figures.legend(figure, axes, ncols=3)
    return figure


def metrics(runs: Iterable[Record]) -> pd.DataFrame:
    """The metrics at the end of each run, by network, noise rate and alpha."""
    rows = [
        {
            "network": record.spec["network"],
            "alpha": alpha_of(record),
            "eta": record.spec["eta"],
            "precision": precision(record),
        }
        | Run(record).final[list(METRIC_NAMES)].to_dict()
        for record in runs
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    place = {network: i for i, network in enumerate(NETWORKS)}
    order = ["network", "eta", "alpha", "precision"]
    return frame.sort_values(order, key=lambda c: c.replace(place), ignore_index=True)


def as_table(frame: pd.DataFrame) -> Safe:
    """The metrics as a table."""
    rows = [
        {"network": NETWORK_NAMES[row["network"]], "α": f"{row['alpha']:g}", "η": f"{row['eta']:g}"}
        | {"precision": row["precision"]}
        | {name: number(row[n]) for n, name in METRIC_NAMES.items()}
        for _, row in frame.iterrows()
    ]
    return table(rows, "numbers")


def seen(runs: Iterable[Record]) -> str:
    """What each alpha leads to, network by network."""
    frame = metrics(select(runs, eta=LIMITS.main_eta))
    if frame.empty:
        return "**Open.** No run with another α is recorded yet."
    lines = []
    for network, rows in frame.groupby("network", sort=False):
        told = listed(
            f"{percent([m])} at α = {a:g}"
            for a, m in zip(rows["alpha"], rows["memorized"], strict=True)
        )
        accuracy = listed(f"{v:.3f}" for v in rows["test_accuracy"])
        above = int((rows["j2"] > rows["j1"]).sum())
        lines.append(
            f"- Of the wrong labels {NETWORK_NAMES[network]} memorizes {told}, and its test "
            f"accuracy is {accuracy}. J2 ends above J1 at {above} of {len(rows)} values of α."
        )
    return "\n".join(lines)


def with_cce(scale: str) -> dict[str, float]:
    """What CCE memorizes in the same setting and seed, by network."""
    found = of_grid(scale)
    runs = {
        network: select(found, network=network, loss="cce", eta=LIMITS.main_eta, seed=0, **settings)
        for network, settings in NETWORKS.items()
    }
    return {network: Run(r[0]).end("memorized") for network, r in runs.items() if r}


def verdict(runs: Iterable[Record], cce: dict[str, float]) -> str:
    """How much alpha changes, beside the change from CCE to RLL; and the take-away.

    Args:
        runs: from ``load``.
        cce: from ``with_cce``.
    """
    frame = metrics(select(runs, eta=LIMITS.main_eta))
    if frame.empty:
        return "**Open.** No run with another α is recorded yet."
    lines, parts = [], []
    for network, rows in frame.groupby("network", sort=False):
        m, name = rows["memorized"], NETWORK_NAMES[network]
        order = "falls" if m.is_monotonic_decreasing else "does not fall at each step"
        lines.append(f"On {name} the memorized share {order} as α grows.")
        part = f"by {m.max() - m.min():.3f} on {name}"
        if network in cce and (usual := m[rows["alpha"] == ALPHAS[1]]).size:
            share = (m.max() - m.min()) / (cce[network] - usual.iloc[0])
            part += f", which is {100 * share:.0f} % of the change from CCE to RLL"
        parts.append(part)
    return (
        f"{' '.join(lines)}\n\n**Take-away.** The choice of α among these values changes the share "
        f"of memorized labels {'; '.join(parts)}."
    )


def absent(runs: Iterable[Record]) -> str:
    """Which alpha and noise rate of ResNet-18 has no record yet, and which network."""
    runs = list(runs)
    lacking = [
        f"α = {a:g}, η = {e:g}"
        for a in ALPHAS
        for e in (0.0, LIMITS.main_eta)
        if not select(runs, network="resnet18", alpha=a, eta=e)
    ]
    texts = [f"Not recorded yet for ResNet-18: {'; '.join(lacking)}."] if lacking else []
    if not select(runs, network="inception-lite"):
        texts.append("Inception-Lite on CIFAR-10, where more is at stake, is not recorded yet.")
    return " ".join(texts)

"""The chapter on risks under noise: recorded networks, its figures, and its sentences."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from memutils.names import LOSS_NAMES
from memutils.report import figures
from memutils.report.looks import INK, look, looks, opacity
from memutils.report.theory.points import (
    ETAS,
    LOSSES,
    build,
    constant,
    fresh,
    invented,
    line,
    own,
    table,
)
from memutils.report.theory.theorem_checks import Networks
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import NAMING


def came_to_an_end(scale: str) -> list[Record]:
    """The records of a scale without those of diverged runs."""
    return [record for record in records.load(scale) if not record.diverged]


def with_outputs(found: list[Record]) -> list[Record]:
    """The records that hold log-probabilities on their test images."""
    return [record for record in found if "test_log_p" in record.arrays()]


def networks(outputs: list[Record]) -> Networks:
    """An invented network and the recorded ones: log-probabilities on test images, true labels."""
    return {"invented": invented()} | {record.key: recorded(record) for record in outputs}


def recorded(record: Record) -> tuple[Tensor, Tensor]:
    """A recorded network's log-probabilities, renormalized in float64, and the true labels."""
    arrays = record.arrays()
    log_p = torch.from_numpy(arrays["test_log_p"].astype(np.float64))
    return log_p.log_softmax(1), torch.from_numpy(arrays["test_true"].astype(np.int64))


def covered(outputs: list[Record]) -> str:
    """A sentence: which networks the checks and the figure of fresh labels cover."""
    if not outputs:
        return (
            "No recorded network of this scale keeps its log-probabilities, so the statements are"
            " checked on an invented network, and the figure of fresh labels is left out."
        )
    losses = sorted({LOSS_NAMES[r.spec["loss"]] for r in outputs})
    return (
        f"The line, the scatter about it, the order and MSE's offset are checked on"
        f" **{len(outputs)} recorded networks**, trained with {', '.join(losses)}, and on their"
        " test images; Hoeffding's bound on an invented network, and the statements on"
        " class-dependent noise and on low risks at points of the simplex."
    )


def on_the_line(found: Networks) -> pd.DataFrame:
    """Each recorded network's risk with true and with fresh noisy labels, for RLL and for MSE."""
    rows = []
    for key, (log_p, true) in found.items():
        if key == "invented" or log_p.shape[1] != 10:
            continue
        for name in ("rll", "mse"):
            values = table(build(LOSSES, name), log_p)
            risk = float(own(values, true).mean())
            for eta in ETAS:
                noisy = float(fresh(values, true, eta).mean())
                rows.append({"run": key, "loss": name, "eta": eta, "true": risk, "fresh": noisy})
    return pd.DataFrame(rows, columns=["run", "loss", "eta", "true", "fresh"])


def draw_line(risks: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Noisy against clean risk, a panel a loss, a line a noise rate."""
    figure, axes = figures.panels(width)
    constants = {"rll": constant(LOSSES, "rll", 10), "mse": 18.0}
    for axis, (name, c) in zip(axes, constants.items(), strict=True):
        part, drawn = risks[risks["loss"] == name], look(name)
        ends = np.array([0, 1.1 * part["true"].max()])
        for eta, dash in zip(ETAS, ("-", "--", ":"), strict=True):
            rows, style = part[part["eta"] == eta], {"color": drawn.color, "alpha": opacity(eta)}
            axis.plot(ends, line(ends, c, eta, 10), dash, label=f"η = {eta}", **style)
            axis.plot(rows["true"], rows["fresh"], drawn.marker, ms=5, **style)
        unit = " (nats)" if name == "rll" else ""
        axis.set(xlabel=f"{LOSS_NAMES[name]} risk, true labels{unit}")
        axis.set(ylabel="risk, fresh noisy labels")
        axis.legend()
    return figure


def below(offsets: dict[tuple, float]) -> str:
    """A sentence: how far MSE's noisy risks lie below the line of a certain network."""
    measured = [
        v for (key, s, eta), v in offsets.items() if (s, eta) == (1, 0.4) and key != "invented"
    ]
    if not measured:
        return "No recorded network of this scale keeps its log-probabilities."
    return (
        f"At η = 0.4 the noisy MSE risks of the recorded networks lie {-max(measured):.4f} to"
        f" {-min(measured):.4f} below that line, each as far as {{eq}}`eq-mse` says."
    )


def order_table(risks: dict[str, list[float]]) -> pd.DataFrame:
    """The risks of both networks with true labels and under pair noise, a row a loss."""
    columns = ["h₁, true labels", "h₂, true labels", "h₁, pair noise", "h₂, pair noise"]
    return pd.DataFrame(risks, index=columns).T.rename_axis("loss").reset_index()


def rankings(largest: dict[str, float], found: list[Record]) -> pd.DataFrame:
    """Hoeffding's bound and the gap of clean risks that it ranks, at eta = 0.4 and K = 10, with
    95 % confidence.

    Args:
        largest: M by loss.
        found: records, for the sizes of their splits.
    """
    sizes = {size for record in found for size in record.dataset["sizes"].values()} | {60_000}
    rows = [(name, top, n) for name, top in largest.items() for n in sorted(sizes)]
    frame = pd.DataFrame(rows, columns=["loss", "M", "n"])
    epsilon = frame["M"] * np.sqrt(math.log(2 / 0.05) / (2 * frame["n"]))
    return frame.assign(**{"ε": epsilon, "gap ranked": 2 * epsilon / (1 - 0.4 * 10 / 9)})


def symmetric_noise(record: Record) -> bool:
    """Whether RLL's risks of a run, at the default alpha, can be compared with the theorem's."""
    spec, alpha = record.spec, LOSSES["rll"]().alpha
    fits = spec["noise"] == "others" and spec["eta"] and spec["train_on"] == "all"
    same = spec["loss_parameters"].get("alpha", alpha) == alpha and not spec["switch_loss"]
    return bool(fits and same and "rll" in record.risks["train"])


def gaps(found: list[Record]) -> pd.DataFrame:
    """RLL risks on training images: of true, fresh and training labels, and the gap to the line."""
    rows = []
    for record in filter(symmetric_noise, found):
        spec, rll, k = record.spec, record.risks["train"]["rll"], len(record.dataset["classes"])
        c, e = constant(LOSSES, "rll", k), record.noise_rate
        last = record.history.dropna(subset=["memorized"]).iloc[-1]
        on_line = line(rll["true"], c, e, k)
        rows.append(
            {n: spec[n] for n in NAMING}
            | {"e": e, "true": rll["true"], "line": on_line, "training": rll["training"]}
            | {"fresh line": line(rll["true"], c, spec["eta"], k), "fresh": rll["fresh"]}
            | {"gap": on_line - rll["training"], "memorized": last["memorized"], "j1": last["j1"]}
        )
    return pd.DataFrame(rows)


def draw_gaps(found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Measured against predicted RLL risks, and the gap over the share memorized."""
    figure, axes = figures.panels(width)
    drawn = looks(found["loss"])
    for loss, rows in found.groupby("loss"):
        style = {"color": drawn[loss].color, "marker": drawn[loss].marker, "linestyle": "none"}
        axes[0].plot(rows["fresh line"], rows.fresh, **style, fillstyle="none")
        axes[0].plot(rows.line, rows.training, **style, label=drawn[loss].name)
        axes[1].plot(rows.memorized, rows.gap, **style)
    ends = [0, 1.05 * found[["line", "fresh line", "fresh"]].to_numpy().max()]
    axes[0].plot(ends, ends, "--", color=INK, linewidth=1, label="the line")
    axes[0].set(xlabel="RLL risk that the theorem predicts (nats)", ylabel="measured (nats)")
    axes[1].axhline(0, linestyle="--", color=INK, linewidth=1)
    axes[1].set(xlabel="memorized (share of the mislabeled)", ylabel="gap to the line (nats)")
    axes[0].legend(title="trained with")
    return figure

"""The picture of the lab for paper and where JavaScript is off: its two runs, trained by torch."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Rectangle
from torch import nn

from memutils import losses, noise, training

ETA, LEARNING_RATE, BATCH, EPOCHS, HIDDEN = 0.4, 0.003, 50, 40, 128
METRICS = {
    "j1": ("J1: training labels", "#0072b2", "-"),
    "j2": ("J2: true labels", "#b84f00", "--"),
    "memorized": ("memorized, of the mislabeled", "#a8407b", ":"),
    "recovered": ("recovered, of the mislabeled", "#00734f", "-."),
}
FATES = {
    "memorized": ("#a8407b", "✕", 2.5),
    "recovered": ("#00734f", "✓", 1.0),
    "neither": ("#6b6b6b", "?", 1.0),
}
ROWS, COLUMNS = 5, 9


def train(
    loss: nn.Module, x: torch.Tensor, labels: noise.NoisyLabels
) -> tuple[list[dict], np.ndarray]:
    """Each epoch's metrics and the last predictions (n,) of an MLP on inputs x (n, 196)."""
    given, true = torch.from_numpy(labels.noisy), torch.from_numpy(labels.true)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(x.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    optimizer, history = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE), []
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(network(x[rows]), given[rows]).backward()
            optimizer.step()
        answers = network(x).argmax(1)
        history.append(training.fractions(answers, given, true))
    return history, answers.numpy()


def draw_curves(axis: plt.Axes, history: list[dict], name: str, rate: float) -> None:
    """The metrics over the epochs, and the share of right labels as a gray line."""
    for metric, (label, color, dash) in METRICS.items():
        axis.plot(
            range(1, EPOCHS + 1), [row[metric] for row in history], dash, color=color, label=label
        )
    axis.axhline(1 - rate, color="0.6", linewidth=1)
    axis.set(title=name, xlabel="epoch", ylim=(0, 1.02), xlim=(0, EPOCHS))


def draw_wall(
    axis: plt.Axes, images: np.ndarray, answers: np.ndarray, labels: noise.NoisyLabels
) -> None:
    """The first mislabeled digits, sorted by class: a frame and a sign say what became of each."""
    shown = np.flatnonzero(labels.mislabeled)[: ROWS * COLUMNS]
    for place, i in enumerate(sorted(shown, key=labels.true.__getitem__)):
        left, top = place % COLUMNS, 1.3 * (place // COLUMNS)
        answer, given, true = answers[i], labels.noisy[i], labels.true[i]
        color, sign, width = FATES[
            "memorized" if answer == given else "recovered" if answer == true else "neither"
        ]
        axis.imshow(
            images[i], cmap="gray_r", extent=(left + 0.14, left + 0.86, -top - 0.78, -top - 0.06)
        )
        box = (left + 0.05, -top - 1.26)
        axis.add_patch(Rectangle(box, 0.9, 1.24, fill=False, edgecolor=color, linewidth=width))
        axis.text(
            left + 0.5,
            -top - 1.02,
            f"{sign} {answer}",
            color=color,
            ha="center",
            va="center",
            fontsize=9,
        )
    axis.set(xlim=(0, COLUMNS), ylim=(-1.3 * ROWS, 0.05), aspect="equal")
    axis.axis("off")


def write(target: Path, levels: np.ndarray, true: np.ndarray) -> None:
    """Trains both runs and draws them.

    Args:
        target: the PNG to write.
        levels: gray levels 0..15, uint8 (n, 196).
        true: the digits, int64 (n,).
    """
    labels = noise.apply_noise(true, noise.symmetric_matrix(ETA, 10), seed=0)
    x = torch.from_numpy((levels / levels.std()).astype(np.float32))
    figure, axes = plt.subplots(2, 2, figsize=(8, 6.6), height_ratios=(2, 3), layout="constrained")
    for (above, below), name, loss in zip(
        axes.T, ("CCE", "RLL"), (losses.CCE(), losses.RLL(0.1)), strict=True
    ):
        history, answers = train(loss, x, labels)
        draw_curves(above, history, name, labels.rate)
        draw_wall(below, levels.reshape(-1, 14, 14), answers, labels)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(target, dpi=150, facecolor="white")
    plt.close(figure)

"""The figure of the benchmark's scaling: over the number of images, and over runs at once."""

from itertools import cycle

import matplotlib.pyplot as plt
import pandas as pd

from memutils.report import figures
from memutils.report.looks import INK
from memutils.report.speed import title

MARKERS = "osD^v"


def images(result: dict) -> pd.DataFrame:
    """A row for each number of training images n: seconds of an epoch's steps, peak MB."""
    return pd.DataFrame(result["scaling"]["over_n"])[["n", "train_seconds", "peak_mb"]]


def together(result: dict) -> pd.DataFrame:
    """A row for each number of runs at once: the images a second of all of them."""
    frame = pd.DataFrame(result["scaling"]["over_runs"])
    return frame.assign(together=frame.images_per_second.map(sum))[["runs", "together"]]


def data(results: list[dict]) -> pd.DataFrame:
    """What the figure is drawn from, with the machine."""
    parts = [
        part.assign(machine=title(result))
        for result in results
        for part in (images(result), together(result))
    ]
    return pd.concat(parts)


def draw(results: list[dict], width: float = figures.WIDE) -> plt.Figure:
    """Two panels, on a phone one above the other."""
    height = 280 if figures.is_narrow(width) else 320
    figure, (left, right) = figures.panels(width, height=height)
    for result, marker in zip(results, cycle(MARKERS), strict=False):
        for axis, frame in ((left, images(result)), (right, together(result))):
            x, y = frame.iloc[:, 0], frame.iloc[:, 1]
            axis.plot(x, y, color=INK, marker=marker, label=title(result))
            axis.plot(x, y[0] * x / x[0], color=INK, alpha=0.5, linestyle="--")
    left.set(xlabel="training images", ylabel="seconds an epoch", xlim=(0, None), ylim=(0, None))
    right.set(xlabel="runs at once, one thread each", ylabel="images/s, together", ylim=(0, None))
    figures.whole_ticks(right)
    for axis in (left.xaxis, right.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    proportional = {"proportional to the first point": {"alpha": 0.5, "linestyle": "--"}}
    figures.legend(figure, [left], proportional, place="lower left")
    return figure


def memory(result: dict) -> str:
    """What a process with the most images takes, in a sentence."""
    largest = images(result).iloc[-1]
    gigabytes = largest.peak_mb / 1e3
    return (
        f"{title(result)}: a process with {largest.n:,.0f} images takes {gigabytes:.2f} GB at most."
    )

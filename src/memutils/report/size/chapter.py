"""The chapter on the number of images: its runs, its figure and its tables.

A *case* is a loss and what it is trained on: noisy labels, the same for longer, clean labels, or
(the oracle) the correctly labeled images alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd

from memutils.claims import equal_fit
from memutils.claims.cases import why_alone
from memutils.claims.equal_fit import Group
from memutils.claims.outcomes import Run
from memutils.claims.selection import Pool
from memutils.names import LOSS_NAMES, METRIC_NAMES, NETWORK_NAMES
from memutils.report import figures
from memutils.report.figures import WIDE, is_narrow
from memutils.report.looks import INK, look
from memutils.report.markup import Safe, number, table
from memutils.report.plots import final_table, of_grid, select
from memutils.report.steps.tables import NUMBERS, pair
from memutils.runs import grid
from memutils.runs.records import Record
from memutils.runs.spec import Spec
from memutils.runs.specs import NAMING, Scale, load_scale

NETWORKS = {"resnet18": 0.001, "inception-lite": 0.1}
"""The networks, with the learning rate at which their sizes are compared."""

PAPER_RATE = 0.01
"""The paper's learning rate of Inception-Lite, at which two sizes are planned."""

FITS = (0.5, 0.7, 0.9, 0.95)
FIT = FITS[2]
"""Training-mode f at which the losses are compared, and the one of which the sentences speak."""

LONGER = 1.2
"""A run takes longer if it takes more than this times the usual number of optimizer steps."""

LABELS = {"memorized": "share of the mislabeled memorized", "test_accuracy": "test accuracy"}


@dataclass(frozen=True, eq=False)
class Sizes:
    """The chapter's runs.

    Attributes:
        records: at the learning rates of NETWORKS.
        slower: Inception-Lite at the paper's learning rate.
        frame: a row a record: case, network, images, steps, inconclusive (why; '' if it is not),
            and the final metrics.
    """

    records: list[Record]
    slower: list[Record]
    frame: pd.DataFrame

    @property
    def groups(self) -> list[Group]:
        """RLL and CCE in pairs: the same network, images, learning rate and epochs."""
        return equal_fit.groups(Pool(self.records + self.slower))


def load(scale: str) -> Sizes:
    """The runs of a scale, at its own number of images, and those of the scale ``size``."""
    base = load_scale(scale)
    every = [record for name in (scale, "control", "size") for record in of_grid(name)]
    wanted = {"eta": (0.0, 0.4), "loss": ("cce", "rll"), "precision": "auto"}
    every = select(every, network=tuple(NETWORKS), **wanted)
    found = [r for name, lr in NETWORKS.items() for r in select(every, network=name, lr=lr)]
    slower = select(every, network="inception-lite", lr=PAPER_RATE)
    rows = [described(r, base) | {"inconclusive": why(r, found)} for r in found]
    named = pd.DataFrame(rows, columns=["case", "images", "steps", "inconclusive"])
    return Sizes(found, slower, named.join(final_table(found)))


def described(record: Record, base: Scale) -> dict:
    """A run's case, its number of images before any were left out, and its optimizer steps."""
    spec = record.spec
    usual = base.spec(**{name: spec[name] for name in NAMING})
    steps = spec["epochs"] * (record.dataset["sizes"]["train"] // spec["batch_size"])
    case = LOSS_NAMES[spec["loss"]] + ("" if spec["eta"] else ", clean labels")
    if spec["train_on"] == "clean":
        case = "oracle"
    elif spec["eta"] and steps > LONGER * usual.epochs * (grid.images(usual) // usual.batch_size):
        case += ", longer"
    return {"case": case, "images": grid.images(Spec(**spec)), "steps": steps}


def why(record: Record, found: Iterable[Record]) -> str:
    """Why a run is inconclusive; '' if it is not. The run of the same settings on clean labels, if
    it is among those found, says what is underfitted.
    """
    spec, run = record.spec, Run(record)
    if not spec["eta"] or spec["train_on"] == "clean":
        return ""
    clean = [r for r in found if r.spec == spec | {"eta": 0.0}]
    return why_alone(run, Run(clean[0]) if clean else None)


def style(case: str) -> dict:
    """How a case is drawn: the color and marker of its loss; longer large and dashed, clean labels
    dotted.
    """
    if case == "oracle":
        return {"color": INK, "marker": "*", "linestyle": "-."}
    drawn = look("rll" if case.startswith("RLL") else "cce")
    given = {"color": drawn.color, "marker": drawn.marker, "linestyle": "-"}
    if case.endswith("longer"):
        return given | {"linestyle": "--", "markersize": 10}
    return given | ({"linestyle": ":", "marker": ""} if case.endswith("labels") else {})


def draw(frame: pd.DataFrame, width: float = WIDE) -> plt.Figure:
    """What is memorized and test accuracy over the number of images, a column a network and a line
    a case: the mean over the seeds; hollow where one of them is inconclusive.
    """
    networks = [n for n in NETWORKS if (frame["network"] == n).any()]
    panels = [(column, network) for column in LABELS for network in networks]
    figure, axes = figures.panels(width, len(panels), 240, len(networks), 80, sharey=True)
    for axis, (column, network) in zip(axes, panels, strict=True):
        draw_panel(axis, frame[frame["network"] == network], column)
        axis.set_title(f"{NETWORK_NAMES[network]}\n{LABELS[column]}", loc="left")
    hollow = {"marker": "o", "mfc": "none", "linestyle": ""}
    also = {"inconclusive": hollow} if frame["inconclusive"].any() else {}
    figures.legend(figure, axes, also, ncols=2 if is_narrow(width) else 3)
    return figure


def draw_panel(axis: plt.Axes, part: pd.DataFrame, column: str) -> None:
    """One metric of a network."""
    for case, rows in part.dropna(subset=[column]).groupby("case"):
        by_size, shape = rows.groupby("images"), style(case)
        axis.plot([], [], label=case, **shape)
        axis.plot(by_size[column].mean(), **shape | {"marker": ""})
        for images, of in by_size:
            face = "none" if of["inconclusive"].any() else shape["color"]
            axis.plot(images, of[column].mean(), **shape | {"linestyle": ""}, mfc=face)
    sizes = sorted(part["images"].unique())
    axis.set(xscale="log", xlabel="training images", ylim=(-0.03, 1.03))
    axis.set_xticks(sizes, [f"{n:,}" for n in sizes])
    axis.minorticks_off()


def metrics(frame: pd.DataFrame, network: str) -> Safe:
    """The metrics at the end of each run of a network."""
    rows = frame[frame["network"] == network].sort_values(["case", "images", "seed"])
    made = [
        {"case": row["case"], "n": f"{row['images']:,}", "steps": f"{row['steps']:,}"}
        | {"seed": row["seed"]}
        | {title: number(row[name]) for name, title in METRIC_NAMES.items()}
        | {"inconclusive": row["inconclusive"] or "no"}
        for _, row in rows.iterrows()
    ]
    return table(made, NUMBERS, f"{NETWORK_NAMES[network]}: metrics at the end of training.")


def paper_rate(found: Iterable[Record]) -> Safe:
    """The metrics at the end of Inception-Lite's runs at the paper's learning rate."""
    found = list(found)
    rows = final_table(found).assign(images=[r.spec["n_train"] for r in found])
    rows = rows.assign(epochs=[r.spec["epochs"] for r in found])
    made = [
        {"loss": LOSS_NAMES[row["loss"]], "η": f"{row['eta']:g}", "n": f"{row['images']:,}"}
        | {"epochs": row["epochs"], "seed": row["seed"]}
        | {title: number(row[name]) for name, title in METRIC_NAMES.items()}
        for _, row in rows.sort_values(["loss", "eta", "images", "seed"]).iterrows()
    ]
    return table(made, NUMBERS, "Inception-Lite at learning rate 0.01, at the end of training.")


def at_fits(groups: Iterable[Group]) -> Safe:
    """x at equal training-mode f, RLL beside CCE, a row a network, learning rate,
    size and length.
    """
    rows = []
    for group in groups:
        gaps = equal_fit.gaps(group, levels=FITS)
        named = {"network": group.network, "learning rate": f"{group.learning_rate:g}"}
        named |= {"n": f"{group.images:,}", "epochs": group.epochs, "seeds": len(group.seeds)}
        rows.append(named | {f"f = {n:g}": pair(gaps[gaps["level"] == n], "rll") for n in FITS})
    return table(rows, NUMBERS)

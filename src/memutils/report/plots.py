"""The figures' common style, and curves over epochs drawn from records alone.

One color and marker an eta; J1 solid, J2 dashed, as in the paper; a band from the lowest to the
highest seed.
"""

import string
from collections.abc import Iterable
from dataclasses import dataclass, field

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from memutils.claims.outcomes import Run
from memutils.errors import UserError
from memutils.names import DATASET_NAMES, LOSS_NAMES, NETWORK_NAMES
from memutils.runs import records as recorded
from memutils.runs.records import RESULTS_VERSION, Record, histories
from memutils.runs.specs import Scale, check_known, load_scale
from memutils.values import as_held, plain

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colors, distinct to color-blind readers."""

ETAS = {0.0: (COLORS[0], "o"), 0.2: (COLORS[2], "s"), 0.4: (COLORS[1], "^"), 0.6: (COLORS[3], "D")}
"""Color and marker of the paper's noise rates."""

MARKERS = "v<>Pph*"
"""Markers of other noise rates: seven, so that with six colors 42 pairs come before the first comes
again.
"""


def looks(etas: Iterable[float]) -> dict[float, tuple[str, str]]:
    """Color and marker of each noise rate of a figure, no pair twice.

    Raises:
        UserError: more noise rates than there are pairs.
    """
    others = sorted(set(etas) - set(ETAS))
    if len(others) > len(COLORS) * len(MARKERS):
        raise UserError(
            f"A figure cannot tell {len(others)} noise rates apart; select fewer of them."
        )
    pairs = {
        eta: (COLORS[i % len(COLORS)], MARKERS[i % len(MARKERS)]) for i, eta in enumerate(others)
    }
    return ETAS | pairs


def set_style() -> None:
    """The style of every figure; the background is opaque, for pages in dark mode."""
    sns.set_theme(style="whitegrid", context="notebook", palette=COLORS)
    mpl.rcParams.update(
        {
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "figure.dpi": 110,
            "legend.frameon": False,
        }
    )


def select(records: Iterable[Record], **settings) -> list[Record]:
    """The records with these settings and loss parameters; a tuple or list names several allowed
    values.
    """
    check_known(settings)
    return [record for record in records if fits(record.spec, settings)]


def fits(made: dict, asked: dict) -> bool:
    """Whether a run's settings and loss parameters are among those asked for."""
    made = made | made["loss_parameters"]
    wanted = {n: plain(v if isinstance(v, tuple | list) else (v,)) for n, v in asked.items()}
    wanted = {n: [as_held(x) if isinstance(x, float) else x for x in v] for n, v in wanted.items()}
    return all(made.get(n) in v for n, v in wanted.items())


def standard(records: Iterable[Record], scale: Scale) -> list[Record]:
    """The records of the scale's own grid, without variations made by hand and without diverged
    runs.
    """
    keys = scale.specs()
    return [record for record in records if record.key in keys and not record.diverged]


def missing(records: Iterable[Record], scale: Scale, **settings) -> list[str]:
    """Keys of the scale's grid that fit the settings and have no record."""
    there, specs = {record.key for record in records}, scale.specs().items()
    return [key for key, spec in specs if key not in there and fits(vars(spec), settings)]


@dataclass(frozen=True)
class Panels:
    """What a figure shows: (label, records) for each panel, the records of all, and the keys that
    have none yet.
    """

    scale: str
    panels: list[tuple[str, list[Record]]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def paper_panels(scale: str, wanted: list[tuple[str, str]]) -> Panels:
    """The panels of a figure of the paper.

    Args:
        scale: whose records; empty: see ``records.shown_scale``.
        wanted: (network, loss) of each panel. A scale without any of these networks shows the
            losses with what it has.
    """
    grid = load_scale(recorded.shown_scale(scale))
    measured, datasets = (
        standard(recorded.load(grid.name), grid),
        {s.network: s.dataset for s in grid.specs().values()},
    )
    if not any(network in datasets for network, _ in wanted):
        wanted = [
            (network, loss)
            for network in datasets
            for loss in dict.fromkeys(loss for _, loss in wanted)
        ]
    shown = Panels(grid.name)
    for network, loss in wanted:
        chosen = select(measured, network=network, loss=loss)
        shown.panels.append((panel_label(datasets.get(network, ""), network, loss), chosen))
        shown.records.extend(chosen)
        shown.absent.extend(missing(measured, grid, network=network, loss=loss))
    return shown


def curves(
    axis: plt.Axes, records: list[Record], columns: dict[str, str], styles: dict | None = None
) -> None:
    """Draws columns of the history over epochs, one color a noise rate; a black cross ends a
    collapsed run.

    Args:
        axis: where to draw; axis labels and range are set.
        records: of one data set, network and loss.
        columns: history column to line style, e.g. {'j1': '-', 'j2': '--'}.
        styles: ``looks`` of the whole figure's noise rates; by default of these records'.
    """
    frame = histories(records)
    styles = styles or looks(frame["eta"])
    for eta in sorted(frame["eta"].unique()):
        color, marker = styles[eta]
        for column, dash in columns.items():
            rows = frame[frame["eta"] == eta].dropna(subset=[column])
            if rows.empty:
                continue
            over_seeds = rows.groupby("epoch")[column].agg(["mean", "min", "max"])
            axis.plot(
                over_seeds.index,
                over_seeds["mean"],
                dash,
                color=color,
                marker=marker,
                markersize=4,
                markevery=max(1, len(over_seeds) // 8),
                label=f"η = {eta:g}" if column == next(iter(columns)) else None,
            )
            collapsed = {r.key for r in records if Run(r).collapsed}
            for _, run in rows[rows["key"].isin(collapsed)].groupby("key"):
                axis.plot(
                    run["epoch"].iloc[-1],
                    run[column].iloc[-1],
                    "X",
                    color="black",
                    markersize=9,
                    zorder=5,
                )
            axis.fill_between(
                over_seeds.index,
                over_seeds["min"],
                over_seeds["max"],
                color=color,
                alpha=0.15,
                linewidth=0,
            )
    axis.set(xlabel="epoch", ylabel=ylabel_of(columns), ylim=(0, 1.02))
    axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))  # there is no epoch 2.5


def ylabel_of(columns: Iterable[str]) -> str:
    """The y axis's label: 'accuracy', or what the columns are fractions of."""
    return "fraction of the mislabeled" if {"memorized", "recovered"} & set(columns) else "accuracy"


def grid(
    panels: list[tuple[str, list[Record]]], columns: dict[str, str], ncols: int = 2
) -> plt.Figure:
    """A figure of panels, each (label, records); a panel without records says so instead of drawing
    anything.
    """
    rows = -(-len(panels) // ncols)
    size = (5.2 * ncols, 3.5 * rows + 0.4)
    figure, axes = plt.subplots(
        rows, ncols, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(
        h_pad=0.1
    )  # inches, between an axis label and the next panel's own
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    handles, styles = {}, looks(r.spec["eta"] for _, records in panels for r in records)
    for letter, axis, (label, records) in zip(
        string.ascii_lowercase, axes.flat, panels, strict=False
    ):
        if records:
            curves(axis, records, columns, styles)
            handles |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        else:
            axis.text(
                0.5,
                0.5,
                "no record yet",
                ha="center",
                va="center",
                transform=axis.transAxes,
                color="0.35",
            )
            axis.set(xlabel="epoch", ylabel=ylabel_of(columns), xticks=[])
        axis.annotate(f"({letter}) {label}", (0, 1.02), xycoords="axes fraction", fontsize=11)
        if axis.get_subplotspec().colspan.start:
            axis.set_ylabel("")
    if handles:
        handles = dict(
            sorted(handles.items(), key=lambda h: float(h[0].split()[-1]))
        )  # the first panel may lack some
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=min(6, len(handles))
        )
    return figure


def panel_label(dataset: str, network: str, loss: str = "") -> str:
    """A panel's label, e.g. 'ResNet-18 on MNIST, CCE'."""
    text = f"{NETWORK_NAMES.get(network, network)} on {DATASET_NAMES.get(dataset, dataset)}"
    return f"{text}, {LOSS_NAMES.get(loss, loss)}" if loss else text


def final_table(records: list[Record]) -> pd.DataFrame:
    """The final figures of each record: J1, J2 and their parts, test accuracy, classes predicted,
    whether it collapsed.
    """
    settings = ["dataset", "network", "loss", "eta", "seed"]
    columns = ["j1", "j2", "fitted", "memorized", "recovered", "test_accuracy", "classes"]
    rows = []
    for record in records:
        run = Run(record)
        named = {n: record.spec[n] for n in settings}
        rows.append(
            named
            | {"rate": record.noise_rate}
            | run.final[columns].to_dict()
            | {"collapsed": run.collapsed}
        )
    frame = pd.DataFrame(rows, columns=[*settings, "rate", *columns, "collapsed"])
    return (
        frame if frame["classes"].hasnans else frame.astype({"classes": int})
    )  # of a diverged run


def conditions(records: list[Record]) -> str:
    """What a figure's runs have in common, for its caption: 'n = 5,000; seeds 0 and 1; 60 epochs;
    CPU, bfloat16'.
    """
    if not records:
        return "no run recorded yet"
    seeds = [str(seed) for seed in sorted({r.spec["seed"] for r in records})]
    counted = " and ".join([", ".join(seeds[:-1]), seeds[-1]] if len(seeds) > 1 else seeds)
    settings = {str({k: v for k, v in r.spec.items() if k != "seed"}) for r in records}
    counted += "" if len(records) == len(settings) * len(seeds) else " (not of every setting)"
    images = sorted({r.dataset["sizes"]["train"] for r in records})
    epochs = sorted({r.spec["epochs"] for r in records})
    devices = " and ".join(sorted({r.provenance["execution"]["device"].upper() for r in records}))
    precisions = " and ".join(sorted({r.provenance["execution"]["precision"] for r in records}))
    seeds = f"{'seed' if len(seeds) == 1 else 'seeds'} {counted}"
    epochs = f"{span(epochs)} {'epoch' if epochs == [1] else 'epochs'}"
    return f"n = {span(images)}; {seeds}; {epochs}; {devices}, {precisions}"


def summary(records: list[Record], absent: list[str] = ()) -> str:
    """One Markdown sentence with what a figure was drawn from, its runs and their ``conditions``;
    and what is missing.
    """
    if not records:
        text = "No runs of this scale are recorded yet."
    else:
        text = (
            f"Drawn from {len(records)} {'run' if len(records) == 1 else 'runs'}:"
            f" {conditions(records)}."
        )
        collapsed = [r.key for r in records if Run(r).collapsed]
        if collapsed:
            text += f" Collapsed, marked by a cross: {len(collapsed)} ({listed(collapsed)})."
        diverged = [r.key for r in records if r.diverged]
        if diverged:
            text += f" Diverged, so drawn up to there: {len(diverged)} ({listed(diverged)})."
    if absent:
        text += (
            f" Not recorded yet: {len(absent)} {'run' if len(absent) == 1 else 'runs'} of the grid"
            f" ({listed(absent)})."
        )
    return text + flags(records)


def flags(records: list[Record]) -> str:
    """Markdown that warns of records made by another RESULTS_VERSION or from a changed tree; ''
    where there are none.
    """
    kinds = {
        f"of another version of the results than this code's {RESULTS_VERSION}": [
            r.key for r in records if r.content["results_version"] != RESULTS_VERSION
        ],
        "made from a working tree with changes that were not committed": [
            r.key for r in records if r.provenance["dirty"]
        ],
        "made outside a repository, by code of unknown state": [
            r.key for r in records if r.provenance["dirty"] is None
        ],
    }
    text = ""
    for kind, keys in kinds.items():
        if keys:
            text += (
                f"\n\n**Take with care**: {len(keys)} of {len(records)} {kind} ({listed(keys)})."
            )
    return text


def listed(keys: list[str], most: int = 4) -> str:
    """The first keys as Markdown, and how many more there are: '`a`, `b` and 3 more'."""
    return ", ".join(f"`{key}`" for key in keys[:most]) + (
        f" and {len(keys) - most} more" if len(keys) > most else ""
    )


def span(values: list[int]) -> str:
    """'5,000' for one value, '4,000 to 5,000' for several."""
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"

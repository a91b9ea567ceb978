"""Which records a figure is drawn from, and what its caption and its table say of them.

``curves`` draws them over epochs, ``looks`` says how a loss is drawn.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import matplotlib as mpl
import pandas as pd
import seaborn as sns

from memutils.claims.outcomes import Run
from memutils.names import LOSS_NAMES, METRIC_NAMES, NETWORK_NAMES, title
from memutils.runs import records as recorded
from memutils.runs.records import RESULTS_VERSION, Record
from memutils.runs.specs import NAMING, Scale, check_known, load_scale
from memutils.values import as_held, as_python, grouped
from memutils.words import listed, plural, range_of

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colors, distinct to color-blind readers, for what is no loss (``looks``)."""

ALL_RUNS = "{doc}`all runs <../book/runs>`"
NOT_RUN = f"not run ({ALL_RUNS})"
"""What a chapter says of runs that have no record, with the page that lists those that have one."""


def set_style() -> None:
    """The style of every figure; the background is opaque, for pages in dark mode."""
    sns.set_theme(style="whitegrid", context="notebook", palette=_COLORS)
    mpl.rcParams.update(
        {
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "figure.dpi": 110,
            "legend.frameon": False,
        }
    )


def select(records: Iterable[Record], **settings) -> list[Record]:
    """The records with these settings and loss parameters;
    a tuple or list names several allowed values.
    """
    check_known(settings)
    return [record for record in records if fits(record.spec, settings)]


def fits(made: dict, asked: dict) -> bool:
    """Whether a run's settings and loss parameters are among those asked for."""
    made = made | made["loss_parameters"]
    wanted = {n: as_python(v if isinstance(v, tuple | list) else (v,)) for n, v in asked.items()}
    wanted = {n: [as_held(x) if isinstance(x, float) else x for x in v] for n, v in wanted.items()}
    return all(made.get(n) in v for n, v in wanted.items())


def standard(records: Iterable[Record], scale: Scale) -> list[Record]:
    """The records of the scale's own grid,
    without variations made by hand and without diverged runs.
    """
    keys = scale.specs()
    return [record for record in records if record.key in keys and not record.diverged]


def with_network(scale: str, network: str) -> Scale:
    """The scale, or quick where its grid does not have this network."""
    found = load_scale(scale)
    there = {spec.network for spec in found.specs().values()}
    return found if network in there else load_scale("quick")


def of_grid(name: str) -> list[Record]:
    """The standard records of a scale, by its name."""
    return standard(recorded.load(name), load_scale(name))


def missing(records: Iterable[Record], scale: Scale, **settings) -> list[str]:
    """Keys of the scale's grid that fit the settings and have no record."""
    there, specs = {record.key for record in records}, scale.specs().items()
    return [key for key, spec in specs if key not in there and fits(vars(spec), settings)]


@dataclass(frozen=True)
class Panels:
    """What a figure shows: (label, records) for each panel, the records of all,
    and the keys that have none yet.
    """

    scale: str
    panels: list[tuple[str, list[Record]]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def paper_panels(scale: str, wanted: list[tuple[str, str]]) -> Panels:
    """The panels of a figure of the paper, one for each learning rate.

    Args:
        scale: whose records; empty: see ``records.shown_scale``.
        wanted: (network, loss) of each panel. A scale without any of these networks shows the
            losses with what it has.
    """
    grid = load_scale(recorded.shown_scale(scale))
    measured = standard(recorded.load(grid.name), grid)
    datasets = {s.network: s.dataset for s in grid.specs().values()}
    if not any(network in datasets for network, _ in wanted):
        losses = dict.fromkeys(loss for _, loss in wanted)
        wanted = [(network, loss) for network in datasets for loss in losses]
    shown = Panels(grid.name)
    for network, loss in wanted:
        chosen = select(measured, network=network, loss=loss)
        label = f"{title(network, datasets.get(network, ''))}, {LOSS_NAMES[loss]}"
        rates = sorted({record.spec["lr"] for record in chosen})
        parts = {f"{label}\nlearning rate {lr:g}": select(chosen, lr=lr) for lr in rates}
        shown.panels.extend(parts.items() or [(label, [])])
        shown.records.extend(chosen)
        shown.absent.extend(missing(measured, grid, network=network, loss=loss))
    return shown


def final_table(records: list[Record]) -> pd.DataFrame:
    """The final metrics of each record: J1, J2 and their parts, test accuracy,
    classes predicted, whether it collapsed.
    """
    columns, rows = [*METRIC_NAMES, "classes"], []
    for record in records:
        run = Run(record)
        row = {n: record.spec[n] for n in NAMING} | {"rate": record.noise_rate}
        rows.append(row | run.final[columns].to_dict() | {"collapsed": run.collapsed})
    frame = pd.DataFrame(rows, columns=[*NAMING, "rate", *columns, "collapsed"])
    if frame["classes"].hasnans:  # of a diverged run
        return frame
    return frame.astype({"classes": int})


def conditions(records: list[Record]) -> str:
    """What a figure's runs have in common, for its caption: 'n = 5,000; seeds 0 and 1;
    60 epochs; learning rate 0.1; CPU, bfloat16'.
    """
    if not records:
        return "no run recorded yet"
    seeds = [str(seed) for seed in sorted({r.spec["seed"] for r in records})]
    which = listed(seeds)
    settings = {str({k: v for k, v in r.spec.items() if k != "seed"}) for r in records}
    which += "" if len(records) == len(settings) * len(seeds) else " (not of every setting)"
    images = sorted({r.dataset["sizes"]["train"] for r in records})
    devices = listed(sorted({r.provenance["execution"]["device"].upper() for r in records}))
    precisions = listed(sorted({r.provenance["execution"]["precision"] for r in records}))
    seeds = f"{'seed' if len(seeds) == 1 else 'seeds'} {which}"
    one = all(record.spec["epochs"] == 1 for record in records)
    epochs = told(records, "epochs", " epoch" if one else " epochs")
    rate = f"learning rate {told(records, 'lr')}"
    return f"n = {range_of(images)}; {seeds}; {epochs}; {rate}; {devices}, {precisions}"


def told(runs: Iterable[Record], setting: str, unit: str = "") -> str:
    """The values of a numeric setting: '0.1', '0.01 and 0.1', of more than three the lowest and the
    highest; where networks differ in them, each one's: '0.01 (Inception-Lite), 0.03 (ResNet-32)'.
    """
    of = grouped((run.spec["network"], run.spec[setting]) for run in runs)
    texts = {network: some(sorted(set(values))) + unit for network, values in of.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ", ".join(f"{text} ({NETWORK_NAMES[network]})" for network, text in texts.items())


def some(values: list[float]) -> str:
    """Values in order: all of them, or of more than three the lowest and the highest."""
    told = [f"{value:g}" for value in values]
    return listed(told) if len(told) < 4 else f"{told[0]} to {told[-1]}"


def summary(records: list[Record], absent: list[str] = ()) -> str:
    """One Markdown sentence with what a figure was drawn from, its runs and their ``conditions``;
    and what is missing.
    """
    if not records:
        text = "No runs of this scale are recorded yet."
    else:
        text = f"Drawn from {plural(len(records), 'run')}: {conditions(records)}."
        collapsed = [r.key for r in records if Run(r).collapsed]
        if collapsed:
            text += f" Collapsed, marked by a cross: {len(collapsed)} ({first_keys(collapsed)})."
        diverged = [r.key for r in records if r.diverged]
        if diverged:
            text += f" Diverged, so drawn up to there: {len(diverged)} ({first_keys(diverged)})."
    if absent:
        text += (
            f" Not recorded yet: {plural(len(absent), 'run')} of the grid ({first_keys(absent)})."
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
            count = f"{len(keys)} of {len(records)}"
            text += f"\n\n**Take with care**: {count} {kind} ({first_keys(keys)})."
    return text


def first_keys(keys: list[str]) -> str:
    """The first keys as Markdown, and how many more there are: '`a`, `b` and 3 more'."""
    told = ", ".join(f"`{key}`" for key in keys[:4])
    return f"{told} and {len(keys) - 4} more" if len(keys) > 4 else told

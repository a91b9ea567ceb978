"""The chapters on MNIST and CIFAR-10: which runs they show, and what they say in numbers.

A chapter shows a column of the table of claims: of its protocols the one with the most runs, so
that the first record of a larger size takes no page over.
"""

from collections.abc import Iterable

from IPython.display import Markdown, display

from memutils.claims.cases import tells
from memutils.claims.measured import Measured
from memutils.claims.outcomes import Run
from memutils.claims.rules.clean import ideal_drop
from memutils.claims.selection import Pool, Protocol, column
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, METRIC_NAMES
from memutils.report import figures, notebooks, plots
from memutils.report.grids import gallery
from memutils.report.matrix import Panel
from memutils.runs import records
from memutils.runs.records import Record
from memutils.values import grouped
from memutils.words import counted, listed, percent, plural, points

LOSSES = ("cce", "mse", "rll", "nmse", "mae")
ETAS = (0.0, 0.2, 0.4, 0.6)
CIFAR10 = {
    "inception-lite": "Inception-Lite, learning rate 0.01",
    "inception-lite-lr": "Inception-Lite, learning rate 0.1",
    "resnet32": "ResNet-32, learning rate 0.03",
}
"""The columns that the chapter on CIFAR-10 shows, and its rows' titles."""

MISSING = "(not recorded yet)"
"""Where a number will be once its runs are recorded."""


def runs_of(pool: Pool, name: str) -> list[Measured]:
    """The runs of a column, by loss, noise rate and seed.

    Args:
        pool: the records that claims are judged by.
        name: the column's id.
    """
    chosen = column(name)
    found = [own_alpha(protocol, chosen.alpha) for protocol in pool.fitting(chosen.wanted("rll"))]
    return max(found, key=len, default=[])  # of equally many the largest number of images


def own_alpha(protocol: Protocol, alpha: float) -> list[Measured]:
    """The runs of the chapters' losses, in the order of ``runs_of``, RLL with this alpha alone."""
    keys = [k for k in protocol.runs if k[0] in LOSSES and k[3] in ("", alpha)]
    return [protocol.runs[k] for k in sorted(keys, key=lambda k: (LOSSES.index(k[0]), *k[1:3]))]


def pick(runs: Iterable[Measured], **settings) -> list[Measured]:
    """The runs with these settings, e.g. ``loss='rll', eta=0.4``."""
    return [r for r in runs if all(r.spec[n] == value for n, value in settings.items())]


def conclusive(runs: Iterable[Measured]) -> list[Measured]:
    """The runs that can tell; on clean labels those that fit them."""
    runs = list(runs)
    clean = {(r.spec["loss"], r.spec["seed"]): Run(r) for r in pick(runs, eta=0.0)}

    def tell(run: Measured) -> bool:
        if not run.spec["eta"]:
            return Run(run).end("j1") >= LIMITS.clean_fit
        return tells(Run(run), clean.get((run.spec["loss"], run.spec["seed"])))

    return list(filter(tell, runs))


def telling(runs: Iterable[Measured]) -> list[Measured]:
    """Of each loss and noise rate the runs that can tell, or all where none can."""
    runs = list(runs)
    sure = by_setting(conclusive(runs))
    return [run for setting, same in by_setting(runs).items() for run in sure.get(setting, same)]


def by_setting(runs: Iterable[Measured]) -> dict[tuple[str, float], list[Measured]]:
    """The runs of each loss and noise rate."""
    return grouped(((run.spec["loss"], run.spec["eta"]), run) for run in runs)


def panels(rows: dict[str, list[Measured]], losses: Iterable[str], **settings) -> list[Panel]:
    """A matrix of panels: a row for each entry of ``rows``, a column for each loss.

    Args:
        rows: runs by the row's title, '' for none.
        losses: the columns.
        settings: of the runs that are drawn, e.g. ``eta=0.4``.
    """
    return [
        Panel(LOSS_NAMES[loss], pick(runs, loss=loss, **settings), title)
        for title, runs in rows.items()
        for loss in losses
    ]


def at_end(runs: Iterable[Measured], metric: str) -> str:
    """A metric at the end over the seeds of these runs: '7 %' or '73 to 80 %'."""
    values = [Run(run).end(metric) for run in runs]
    return percent(values) if values else MISSING


def numbers(runs: list[Measured]) -> dict[str, str]:
    """Every metric at the end by 'loss-eta-metric'; the drops and crossovers beside them. Runs that
    cannot tell count only where none of their setting can.
    """
    runs = telling(runs)
    found = {
        f"{loss}-{eta:g}-{metric}": at_end(pick(runs, loss=loss, eta=eta), metric)
        for loss in LOSSES
        for eta in ETAS
        for metric in METRIC_NAMES
        if eta or metric not in ("memorized", "recovered")
    }
    for loss in LOSSES:
        found[f"{loss}-crossover"] = crossover(pick(runs, loss=loss, eta=LIMITS.main_eta))
    for eta in ETAS[1:]:
        found[f"rll-{eta:g}-drop"] = drop(runs, "rll", eta)
        found[f"rll-{eta:g}-ideal"] = drop(runs, "rll", eta, ideal=True)
    return found


def pairs(runs: list[Measured], loss: str, eta: float) -> list[tuple[Run, Run]]:
    """The runs of a loss at a noise rate, each with that on clean labels of the same seed."""
    clean = {run.spec["seed"]: Run(run) for run in pick(runs, loss=loss, eta=0.0)}
    noisy = [Run(run) for run in pick(runs, loss=loss, eta=eta)]
    return [(run, clean[seed]) for run in noisy if (seed := run.measured.spec["seed"]) in clean]


def drop(runs: list[Measured], loss: str, eta: float, ideal: bool = False) -> str:
    """By how many points J1 is lower than on clean labels, over seeds: '39' or '18 to 20'.

    Args:
        ideal: instead, that of a network whose predictions noise does not change.
    """
    values = [
        ideal_drop(noisy, clean) if ideal else clean.end("j1") - noisy.end("j1")
        for noisy, clean in pairs(runs, loss, eta)
    ]
    return points(values) if values else MISSING


def crossover(runs: Iterable[Measured]) -> str:
    """The first epoch in which clearly more is memorized than recovered, over seeds; in training
    mode, which every epoch has.
    """
    found = [Run(run).training_crossover for run in runs]
    if not found:
        return MISSING
    if max(found) == float("inf"):
        return "in no epoch" if min(found) == max(found) else f"in epoch {min(found):.0f} or never"
    if min(found) == max(found):
        return f"in epoch {found[0]:.0f}"
    return f"in epochs {min(found):.0f} to {max(found):.0f}"


def widest(runs: Iterable[Measured]) -> str:
    """A sentence: by how much what is memorized and test accuracy at the end differ from seed to
    seed at most, of runs that can tell.
    """
    runs, told = [*runs], []
    sure = conclusive(runs)
    groups = by_setting(sure)
    for metric, name in (("memorized", "the share memorized"), ("test_accuracy", "test accuracy")):
        ranges = {}
        for (loss, eta), same in groups.items():
            values = [Run(run).end(metric) for run in same]
            if len(same) > 1 and (eta or metric == "test_accuracy"):
                ranges[max(values) - min(values)] = f"{LOSS_NAMES[loss]}, η = {eta:g}"
        if ranges:
            most = max(ranges)
            apart = round(100 * most)
            by = f"up to {plural(apart, 'point')}" if apart else "less than 1 point"
            told.append(f"{name} by {by} ({ranges[most]})")
    if not told:
        return "No setting is recorded with more than one seed yet."
    several = f"{sum(len(same) > 1 for same in groups.values())} of {len(groups)} settings have"
    text = f"From seed to seed conclusive runs of one setting differ in {listed(told)}"
    if left := len(runs) - len(sure):
        one = "is" if left == 1 else "are"
        several = f"{counted(left, 'inconclusive run')} {one} left out, and then {several}"
    return f"{text}; {several} more than one run."


def mlp_runs() -> list[Measured]:
    """The runs of the MLP at the scale that the book is built at, else quick's."""
    found = plots.of_grid(plots.with_network("", "mlp").name)
    return [Measured.of(record) for record in plots.select(found, network="mlp")]


def gallery_of(network: str) -> list[Record]:
    """The runs of a network with CCE and with RLL whose images can be shown; [] without both."""
    found = plots.of_grid(records.shown_scale(""))
    chosen = plots.select(found, network=network, loss=("cce", "rll"), eta=0.4, seed=0)
    pair = {r.spec["loss"]: r for r in chosen if gallery.has_pictures(r)}
    return [pair["cce"], pair["rll"]] if len(pair) == 2 else []


def show_images(network: str) -> None:
    """Shows the same mislabeled images after training with CCE and with RLL, or says what lacks."""
    if pair := gallery_of(network):
        alt = "The same twelve images with CCE and with RLL, and what the network predicts."
        figures.show(gallery.draw, pair, alt=alt, name=f"images-{network}")
    else:
        lacks = "The images appear here once the runs with CCE and RLL are recorded."
        display(Markdown(lacks))


def came_from(name: str, runs: Iterable[Measured]) -> list[str]:
    """Of the runs that can tell, from ``telling``, those behind a number of ``numbers``, e.g.
    'rll-0.4-j1'; none of a setting's.
    """
    loss, eta, metric = (*name.split("-"), "", "")[:3]
    eta = f"{LIMITS.main_eta:g}" if eta == "crossover" else eta
    etas = (eta, "0") if metric in ("drop", "ideal") else (eta,)
    return [r.name for r in pick(runs, loss=loss) if f"{r.spec['eta']:g}" in etas]


def keep(prefix: str, runs: list[Measured]) -> None:
    """Keeps every number of these runs for the page's prose, as '<prefix>-<name>'."""
    kept = telling(runs)
    for name, text in numbers(runs).items():
        notebooks.glue(f"{prefix}-{name}", text, came_from(name, kept))

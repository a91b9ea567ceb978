"""The chapter on switching: runs whose loss is exchanged half-way, as a figure, a table and
sentences whose words follow from the numbers.
"""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import pandas as pd

from memutils.claims import steps
from memutils.claims.outcomes import Run
from memutils.names import DATASET_NAMES, LOSS_NAMES, NETWORK_NAMES
from memutils.report import figures
from memutils.report.looks import INK, look
from memutils.report.markup import Safe, number, table
from memutils.report.plots import NOT_RUN, of_grid
from memutils.report.theory.memory import MINIMA
from memutils.runs.records import Record
from memutils.words import plural

CLOSE = 0.05
"""A memorized share that moves by no more than this stays."""

TO_RLL, TO_CCE = ("cce", "rll"), ("rll", "cce")
RISKS = {"risk": "RLL risk after training", "resister's risk": "RLL risk with RLL throughout"}
COLUMNS = ["first", "then", "seed", "at the switch", "at the end", "not switched", *RISKS]


def load() -> list[Record]:
    """The records of the scale ``switch``."""
    return of_grid("switch")


def draw(found: Iterable[Record], width: float = figures.WIDE) -> plt.Figure:
    """Memorized and recovered over epochs, a line a run in the color of the loss that it is trained
    with at that time; dashed: runs that never switch.
    """
    figure, axes = figures.panels(width, 2, 300, below=40, sharey=True)
    for record in found:
        spec, rows = record.spec, record.history.dropna(subset=["memorized"])
        first, then, at = spec["loss"], spec["switch_loss"], spec["switch_epoch"]
        before = rows[rows["epoch"] <= at] if then else rows
        parts = [(first, before)]
        if then:  # the second part begins where the first one ends
            parts.append((then, rows[rows["epoch"] >= before["epoch"].max()]))
        for axis, column in zip(axes, ("memorized", "recovered"), strict=True):
            for loss, part in parts:
                style = {"color": look(loss).color, "linewidth": 1.4 if then else 1.0}
                axis.plot(part["epoch"], part[column], "-" if then else "--", **style)
            if then:
                axis.axvline(at, color=INK, linewidth=0.8)
    for axis, title in zip(axes, ("memorized", "recovered"), strict=True):
        axis.set(xlabel="epoch", ylim=(-0.02, 1.02))
        figures.whole_ticks(axis)
        axis.set_title(f"{title}, share of the mislabeled", loc="left")
    lines = {of.name: {"color": of.color} for of in map(look, ("cce", "rll"))}
    lines |= {"the loss is switched": {}, "it is not": {"linestyle": "--"}}
    figures.legend(figure, also=lines, ncols=2)
    return figure


def at_switch(run: Run) -> float:
    """The share memorized at the last evaluation before the loss is switched."""
    return float(steps.upto(run.evaluations, run.measured.spec["switch_epoch"])["memorized"])


def moves(found: Iterable[Record]) -> pd.DataFrame:
    """A row a switched run: its losses and seed, the share memorized at the switch, at the end, and
    at the end of the same seed's run without a switch; RLL's risk on the training labels after the
    last epoch, in nats, and that of the same seed's network that RLL trained throughout.
    """
    runs = [Run(record) for record in found]
    kept = {
        (r.loss, r.measured.spec["seed"]): r for r in runs if not r.measured.spec["switch_loss"]
    }
    rows = []
    for run in (r for r in runs if r.measured.spec["switch_loss"]):
        spec = run.measured.spec
        row = {"first": run.loss, "then": spec["switch_loss"], "seed": spec["seed"]}
        row |= {"at the switch": at_switch(run), "at the end": run.end("memorized")}
        row["risk"] = rll_risk(run)
        if stayed := kept.get((run.loss, spec["seed"])):
            row["not switched"] = stayed.end("memorized")
        if resister := kept.get(("rll", spec["seed"])):
            row["resister's risk"] = rll_risk(resister)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def rll_risk(run: Run) -> float:
    """RLL's mean on the training labels after the last epoch, in nats."""
    return run.measured.risks["train"]["rll"]["training"]


def of(moved: pd.DataFrame, way: tuple[str, str]) -> pd.DataFrame:
    """The runs that switch from one loss to another."""
    return moved[(moved["first"] == way[0]) & (moved["then"] == way[1])]


def as_table(moved: pd.DataFrame) -> Safe:
    """The switched runs, seed by seed."""
    rows = [
        {"losses": f"{LOSS_NAMES[row['first']]}, then {LOSS_NAMES[row['then']]}"}
        | {"seed": row["seed"]}
        | {name: number(float(row[name])) for name in ("at the switch", "at the end")}
        | {"not switched": number(row["not switched"])}
        | {title: number(row[name], 4) for name, title in RISKS.items()}
        for _, row in moved.iterrows()
    ]
    return table(rows, "numbers")


def sentence(rows: pd.DataFrame) -> str:
    """What one way of switching did, mean over its seeds."""
    at, end, kept = (rows[n].mean() for n in ("at the switch", "at the end", "not switched"))
    change = "stays" if abs(end - at) <= CLOSE else "rises" if end > at else "falls"
    first, then = (LOSS_NAMES[rows[n].iloc[0]] for n in ("first", "then"))
    seeds = plural(len(rows), "seed")
    return (
        f"- *{first}, then {then}*: the memorized share {change}. It is {at:.3f} at the switch and "
        f"{end:.3f} at the end (mean of {seeds}); without the switch it ends at {kept:.3f}."
    )


def seen(moved: pd.DataFrame) -> str:
    """What the switches did."""
    if moved.empty:
        return f"**Open.** The runs that switch the loss are {NOT_RUN}."
    ways = [rows for rows in (of(moved, TO_RLL), of(moved, TO_CCE)) if len(rows)]
    return "\n".join(map(sentence, ways))


def place(found: list[Record]) -> str:
    """'In the MLP on 4,000 images of MNIST (5k)': where the runs are from, as a sentence begins."""
    if not found:
        return "In these runs"
    spec, sizes = found[0].spec, found[0].dataset["sizes"]
    network = NETWORK_NAMES[spec["network"]]
    return f"In the {network} on {sizes['train']:,} images of {DATASET_NAMES[spec['dataset']]}"


def verdict(moved: pd.DataFrame, where: str = "In these runs") -> str:
    """Whether the memorizer stays under RLL and the resister begins to memorize under CCE, in every
    seed; and the take-away. ``where`` says where the runs are from.
    """
    kept, swapped = of(moved, TO_RLL), of(moved, TO_CCE)
    if kept.empty or swapped.empty:
        return f"**Open.** One of the two switches is {NOT_RUN}."
    stayed = bool(((kept["at the end"] - kept["at the switch"]).abs() <= CLOSE).all())
    rose = bool((swapped["at the end"] - swapped["at the switch"] > CLOSE).all())
    first = (
        f"A network that has memorized {'keeps its wrong labels' if stayed else 'changes'} under "
        f"RLL, with an RLL risk of at most {kept['risk'].max():.4f} nats on its training labels"
    )
    second = (
        f"a network that has resisted {'memorizes' if rose else 'does not always memorize'} once "
        f"CCE takes over, {'in every seed' if rose else 'not in every seed'}"
    )
    if stayed and rose:
        return (
            f"**Against the explanation.** {first}; {second}. {MINIMA}\n\n"
            f"**Take-away.** {where}, the loss shapes the *path* of training, not what the network "
            "can store, and only for as long as it is used."
        )
    return (
        f"**Undecided.** {first}; {second}.\n\n"
        "**Take-away.** These runs do not separate the path of training from where it can end."
    )

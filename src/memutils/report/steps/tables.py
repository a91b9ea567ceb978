"""The tables of the chapter on the loss and the step size: rows of measured numbers as HTML."""

from collections.abc import Iterable

import pandas as pd

from memutils.claims import early_stopping, equal_fit, steps
from memutils.claims.equal_fit import LEVELS, Group
from memutils.losses import PAPER
from memutils.names import LOSS_NAMES
from memutils.report.markup import Safe, number, table
from memutils.runs.specs import Scale

NUMBERS = "numbers"


def at_fits(groups: list[Group]) -> Safe:
    """x at each level of training-mode f, a row a group and loss: the mean over its seeds, with
    their number where some do not reach the level, or passed it in their first epoch.
    """
    rows = []
    for group in groups:
        found = equal_fit.at_fits(group)
        for loss in group.losses:
            seeds = sum(name == loss for name, _ in group.runs)
            named = {"network": group.network, "learning rate": f"{group.learning_rate:g}"}
            named |= {"n": f"{group.images:,}", "loss": LOSS_NAMES[loss], "seeds": seeds}
            x = found[found["loss"] == loss]
            at = {f"f = {n:g}": over(x.loc[x["level"] == n, "x"], seeds) for n in LEVELS}
            rows.append(named | at)
    return table(rows, NUMBERS)


def over(values: pd.Series, seeds: int) -> str:
    """The mean of the seeds that have a value: '0.412', or '0.412 (1 of 3)'; a dash without one."""
    beside = f" ({len(values)} of {seeds})" if 0 < len(values) < seeds else ""
    return f"{number(values.mean())}{beside}"


def at_accuracies(groups: list[Group]) -> Safe:
    """x at equal test accuracy, a row a pair of RLL and another loss."""
    rows = [
        {
            "network": group.network,
            "learning rate": f"{group.learning_rate:g}",
            "against": LOSS_NAMES[other],
            "seed": int(pair["seed"]),
            "test accuracy": number(pair["level"]),
            "x of RLL": number(pair["rll"]),
            "x of the other": number(pair[other]),
        }
        for group in groups
        for other in group.losses
        if other != "rll"
        for _, pair in equal_fit.accuracy_gaps(group, other).iterrows()
    ]
    return table(
        rows,
        NUMBERS,
        "Excess memorization at equal test accuracy: the highest that both losses of a pair reach.",
    )


def learning_rates(scale: Scale) -> Safe:
    """The learning rate of each loss for each s, at the usual number of epochs."""
    given = {
        (steps.step_scale(spec), spec.loss): f"{spec.lr:g}"
        for spec in scale.specs().values()
        if spec.train_on == "all" and spec.epochs == scale.defaults["epochs"] and not spec.seed
    }
    rows = [
        {"s": f"{s:g}"} | {LOSS_NAMES[loss]: given.get((s, loss), "–") for loss in PAPER}
        for s in sorted({s for s, _ in given})
    ]
    return table(rows, NUMBERS, "The learning rate of each loss for each step size s.")


def worst_against_best(compared: pd.DataFrame, levels: Iterable[float]) -> Safe:
    """Each loss at its highest x beside CCE at its lowest, over the learning rates: at each level
    of f and at equal test accuracy, mean over the seeds.
    """
    rows = []
    for loss in PAPER[1:]:
        found = {f"f = {n:g}": steps.gap_at_fits(compared, (n,), loss) for n in levels}
        found["equal test accuracy"] = steps.gap_at_accuracy(compared, loss)
        if any(len(gaps) for gaps in found.values()):
            rows.append({"loss": LOSS_NAMES[loss]} | {k: pair(g, loss) for k, g in found.items()})
    return table(rows, NUMBERS)


def pair(gaps: pd.DataFrame, loss: str) -> str:
    """'0.011 | 0.006', a loss and CCE; a dash without a seed."""
    if gaps.empty:
        return "–"
    return f"{number(gaps[loss].mean())} | {number(gaps['cce'].mean())}"


def spread(compared: pd.DataFrame, levels: Iterable[float]) -> Safe:
    """x at each level over all runs of a loss that reach it."""
    found = steps.spread(compared, levels).set_index(["loss", "level"])
    rows = [
        {"loss": LOSS_NAMES[loss], "f": f"{level:g}", "runs": int(found.loc[loss, level]["runs"])}
        | {f"{n} x": number(found.loc[loss, level][n]) for n in ("lowest", "median", "highest")}
        for loss in PAPER
        for level in levels
        if (loss, level) in found.index
    ]
    return table(rows, NUMBERS, "x at equal f over the runs that get there, of every s and seed.")


def by_step(compared: pd.DataFrame, level: float) -> Safe:
    """x at one fit, a row a step size and a column a loss, mean over the seeds that get there."""
    x = steps.at_fits(compared, (level,)).pivot_table(index="s", columns="loss", values="x")
    x = x.reindex(index=sorted(compared["s"].unique()), columns=list(PAPER))
    rows = [
        {"s": f"{s:g}"} | {LOSS_NAMES[loss]: number(values[loss]) for loss in PAPER}
        for s, values in x.iterrows()
    ]
    return table(rows, NUMBERS, f"x where f first reaches {level:g}, by step size; –: never.")


def longer(extended: pd.DataFrame) -> Safe:
    """The runs that went on: f and x after 1, 4 and 16 times CCE's time, mean over the seeds.

    Args:
        extended: from ``steps.at_times``.
    """
    mean = extended.groupby(["loss", "s", "times"])[["fitted", "x"]].mean().unstack()
    rows = [
        {"loss": LOSS_NAMES[loss], "s": f"{s:g}"}
        | {f"f at {t:g}×": number(values["fitted", t]) for t in mean["fitted"]}
        | {f"x at {t:g}×": number(values["x", t]) for t in mean["x"]}
        for (loss, s), values in mean.iterrows()
    ]
    return table(rows, NUMBERS)


def methods(chosen: pd.DataFrame) -> Safe:
    """What noisy held-out labels choose for each loss, to the end and stopped early; ``chosen`` is
    from ``early_stopping.choices``.
    """
    return table(method_rows(chosen), NUMBERS)


def methods_by_network(stopped: Iterable[tuple[str, tuple[pd.DataFrame, int]]]) -> Safe:
    """The same of several networks, from ``data.stopped``."""
    rows = [{"network": n} | row for n, (chosen, _) in stopped for row in method_rows(chosen)]
    return table(rows, NUMBERS)


def method_rows(chosen: pd.DataFrame) -> list[dict]:
    """A row a loss and way of training, the most accurate first."""
    return [
        {
            "loss": "oracle (CCE)" if row["oracle"] else LOSS_NAMES[row["loss"]],
            "training": row["training"],
            "s": f"{row['s']:g}",
            "epoch": f"{row['epoch']:g}",
            "f": number(row["fitted"]),
            "x": number(row["x"]),
            "test accuracy": number(row["test_accuracy"]),
            "lowest": number(row["lowest"]),
            "highest": number(row["highest"]),
            "seeds": int(row["seeds"]),
        }
        for _, row in early_stopping.summary(chosen).iterrows()
    ]

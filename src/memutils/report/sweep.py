"""The chapter on the choice of the learning rate: what was swept, what the rule chooses, and
whether all losses learn at the learning rates of the grid.
"""

import pandas as pd

from memutils.claims.outcomes import Run
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, NETWORK_NAMES
from memutils.report import plots
from memutils.runs import specs
from memutils.runs.records import Record
from memutils.values import grouped

COLUMNS = {
    "held-out accuracy": "holdout_accuracy",
    "training accuracy": "j1",
    "classes predicted": "classes",
}
"""Columns of final metrics, and their names in a history."""


def swept(scale: str) -> list[Record]:
    """The runs of the sweep; each has clean labels, which is the rule's first point."""
    found = plots.of_grid(scale)
    return [record for record in found if record.spec["eta"] == 0]


def accuracies(found: list[Record]) -> pd.DataFrame:
    """A row a run: network, learning rate, loss, and its metrics at the end."""
    rows = []
    for record in found:
        spec, final = record.spec, Run(record).final
        named = {"network": spec["network"], "learning rate": spec["lr"], "loss": spec["loss"]}
        rows.append(named | {name: final[column] for name, column in COLUMNS.items()})
    frame = pd.DataFrame(rows, columns=["network", "learning rate", "loss", *COLUMNS])
    frame = frame.astype({"classes predicted": int})
    return frame.sort_values(["network", "learning rate", "loss"], ignore_index=True)


def worst(frame: pd.DataFrame, network: str, losses: tuple[str, ...]) -> pd.Series:
    """The worst of these losses' held-out accuracies, by learning rate at which each was tried."""
    part = frame[(frame["network"] == network) & frame["loss"].isin(losses)]
    table = part.pivot_table(index="learning rate", columns="loss", values="held-out accuracy")
    return table.reindex(columns=list(losses)).dropna().min(axis=1)


def choice(frame: pd.DataFrame, network: str, losses: tuple[str, ...]) -> str:
    """What the rule chooses for these losses, in words."""
    settled = worst(frame, network, losses)
    if settled.empty:
        return "not settled, since no learning rate was tried with each of them"
    best = settled.idxmax()
    others = "; ".join(f"{value:.3f} at {rate:g}" for rate, value in settled.drop(best).items())
    return f"**{best:g}** (accuracy {settled.max():.3f}; {others})"


def choices(frame: pd.DataFrame, scale: str) -> str:
    """A Markdown list: for each network what the rule chooses, for RLL alone and for all losses,
    and the learning rate that it has in a scale.
    """
    settings, lines = specs.load_scale(scale).networks, []
    for network in frame["network"].unique():
        tried = tuple(sorted(frame[frame["network"] == network]["loss"].unique()))
        name = NETWORK_NAMES[network]
        for losses in dict.fromkeys([("rll",), tried]):
            named = " and ".join(LOSS_NAMES[loss] for loss in losses)
            alone = " alone" if len(losses) == 1 else ""
            lines.append(f"- {name}, for {named}{alone}: {choice(frame, network, losses)}.")
        lines.append(f"- {name} has {settings[network]['lr']:g} in scale `{scale}`.")
    return "\n".join(lines)


def clean_runs(scale: str) -> list[Record]:
    """The runs of a scale's grid on clean labels."""
    return plots.select(plots.of_grid(scale), eta=0.0)


def clean_table(found: list[Record]) -> pd.DataFrame:
    """Their metrics at the end, a row a run."""
    shown = ["dataset", "network", "learning rate", "loss", "seed", "j1", "test_accuracy"]
    rates = [f"{record.spec['lr']:g}" for record in found]
    return plots.final_table(found).assign(**{"learning rate": rates})[shown]


def run_name(record: Record) -> str:
    """A run for the reader: 'ResNet-32 with RLL at 0.03, seed 1'."""
    spec = record.spec
    network, loss = NETWORK_NAMES[spec["network"]], LOSS_NAMES[spec["loss"]]
    return f"{network} with {loss} at {spec['lr']:g}, seed {spec['seed']}"


def below(found: list[Record], scale: str) -> str:
    """Sentences: which of them do not fit clean labels, which collapsed, and which are missing."""
    level = LIMITS.clean_fit
    low = [run_name(r) for r in found if Run(r).final["j1"] < level]
    collapsed = [run_name(r) for r in found if Run(r).collapsed]
    absent = plots.missing(found, specs.load_scale(scale), eta=0.0, seed=0)
    text = f"Below {level:g}: {'; '.join(low) or 'none of the recorded runs'}. "
    text += f"Collapsed: {'; '.join(collapsed) or 'none of them'}."
    text += f" Not recorded yet: {plots.first_keys(absent)}." if absent else ""
    return text + without_clean(scale)


def without_clean(scale: str) -> str:
    """Which losses the grid trains on wrong labels at a learning rate at which it has no run on
    clean labels, and what takes its place; '' without any.
    """
    grid = specs.load_scale(scale).specs().values()
    trained = grouped(((s.network, s.loss, s.lr), s.eta) for s in grid)
    told = [
        f"{NETWORK_NAMES[network]} with {LOSS_NAMES[loss]} at {lr:g}"
        for (network, loss, lr), etas in trained.items()
        if 0 not in etas
    ]
    if not told:
        return ""
    return (
        f" Not trained on clean labels: {'; '.join(told)}. There the fitted share of the runs on "
        "wrong labels takes the place of $J_1$."
    )

"""The figure of the pairs: a row a chain of losses, a mark a run, a line a seed."""

from collections.abc import Iterable

import matplotlib.pyplot as plt

from memutils.report import figures
from memutils.report.looks import INK, look
from memutils.report.symmetry.ablation import CHAINS, Contrast
from memutils.values import grouped

ROW, NARROW_ROW, HEAD, MARGIN = 26, 36, 30, 66
"""Heights in pixels: of a chain, on a phone too, of a title, and of what is above and below."""

LINE = 22
"""Of a line of the legend."""

SPACE = 0.11
"""By how much the seeds of a row lie apart, in rows."""


def chains_of(
    found: Iterable[Contrast], chains: Iterable[tuple] = CHAINS
) -> dict[tuple, dict[tuple, dict]]:
    """What each run of a chain memorized: (where, images) -> chain -> (loss, seed) -> share."""
    rows: dict[tuple, dict[tuple, dict]] = {}
    found = list(found)
    for where, images in dict.fromkeys((c.where, c.images) for c in found):
        of = [c for c in found if (c.where, c.images) == (where, images)]
        for chain in chains:
            ends = [c for c in of if (c.first, c.second) == chain[-2:]]
            marks = {
                (loss, seed.seed): value
                for c in of
                for seed in c.told
                for loss, value in zip((c.first, c.second), seed.memorized, strict=True)
                if ends and {c.first, c.second} <= set(chain)
            }
            if marks:
                rows.setdefault((where, images), {})[chain] = marks
    return rows


def draw(
    found: Iterable[Contrast], chains: Iterable[tuple] = CHAINS, width: float = figures.WIDE
) -> plt.Figure:
    """What is memorized with the losses of each chain.

    Args:
        found: contrasts of a chain's last pair, and of its others where it is to be drawn whole.
        chains: of losses, a row each.
    """
    groups, narrow = chains_of(found, chains), figures.is_narrow(width)
    row, columns = (NARROW_ROW, 2) if narrow else (ROW, 4)
    named = named_of(groups)
    height = MARGIN + sum(HEAD + row * len(rows) for rows in groups.values())
    height += LINE * -(-len(named) // columns)
    figure, axes = figures.canvas(width, height)
    axis, y, ticks = axes[0, 0], 0.0, {}
    for (where, images), rows in groups.items():
        figures.row_title(axis, y + HEAD / 2, f"{where}, n = {images:,}")
        y += HEAD
        for chain, marks in rows.items():
            ticks[y + row / 2] = " ← ".join(
                look(loss).name for loss in reversed(trained(chain, marks))
            )
            draw_row(axis, chain, marks, y + row / 2)
            y += row
    names = [name.replace(" ← ", " ←\n", 1) if narrow else name for name in ticks.values()]
    axis.set_yticks(list(ticks), names)
    axis.set(xlim=(-3, 103), ylim=(y + 4, 0), xticks=(0, 25, 50, 75, 100))
    axis.set_xlabel("% of the wrong labels memorized")
    axis.tick_params(length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.grid(False, axis="y")
    figures.legend(figure, also=named, ncols=columns)
    return figure


def trained(chain: tuple, marks: dict) -> list[str]:
    """The losses of a chain that have a mark, in its order."""
    return [loss for loss in chain if loss in {of for of, _ in marks}]


def mark(chain: tuple, loss: str) -> dict:
    """How a run is marked: in its loss's look, hollow in the middle of a chain."""
    shape = look(loss)
    middle = 0 < chain.index(loss) < len(chain) - 1
    face = "none" if middle else shape.color
    style = {"marker": shape.marker, "color": shape.color, "mfc": face, "ms": 5 + middle}
    return style | {"linestyle": ""}


def named_of(groups: dict[tuple, dict[tuple, dict]]) -> dict[str, dict]:
    """The marks of all rows by the names of their losses, for the legend."""
    return {
        look(loss).name: mark(chain, loss)
        for rows in groups.values()
        for chain, marks in rows.items()
        for loss in trained(chain, marks)
    }


def draw_row(axis: plt.Axes, chain: tuple, marks: dict, y: float) -> None:
    """A chain's marks, those of a seed joined in the chain's order."""
    seeds = sorted({seed for _, seed in marks})
    for i, seed in enumerate(seeds):
        at = y + ROW * SPACE * (i - (len(seeds) - 1) / 2)
        losses = [loss for loss in chain if (loss, seed) in marks]
        shares = [100 * marks[loss, seed] for loss in losses]
        axis.plot(shares, [at] * len(shares), color=INK, alpha=0.3, linewidth=0.8, zorder=1)
        for loss, share in zip(losses, shares, strict=True):
            axis.plot(share, at, clip_on=False, **mark(chain, loss))


def alt(found: Iterable[Contrast], chains: Iterable[tuple] = CHAINS) -> str:
    """The figure in words."""
    told = []
    for (where, _), rows in chains_of(found, chains).items():
        for chain, marks in rows.items():
            shares = grouped((loss, f"{100 * v:.0f}") for (loss, _), v in sorted(marks.items()))
            of = [f"{look(x).name} {', '.join(shares[x])} %" for x in trained(chain, marks)]
            told.append(f"{where}: {', '.join(of)}")
    return f"Share of wrong labels memorized, a number a seed. {'; '.join(told)}."

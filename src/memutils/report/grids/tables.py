"""Tables of the chapters on MNIST and CIFAR-10: the paper beside this book, verdicts, runs."""

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED, OPEN
from memutils.claims.measured import Measured
from memutils.claims.outcomes import Run
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, METRIC_NAMES
from memutils.report import notebooks, origins
from memutils.report.claims.strip import rows_of
from memutils.report.claims.vocabulary import PARTS, badge, beside, linked
from memutils.report.grids import chapters
from memutils.report.markup import Safe, details, number, safe
from memutils.report.markup import table as html_table
from memutils.report.matrix import distinct
from memutils.report.matrix import table as evaluations
from memutils.words import in_words

ORDER = [HOLDS, FAILS, OPEN, NOT_TESTED]
"""The words of the table of claims as a list has them; 'n of m seeds' after those that fail."""

TOPICS = {
    "P0": "RLL's advantage over CCE and MSE",
    "P1": "RLL's advantage at equal fit",
    **dict.fromkeys(("C1", "C4"), "memorization with CCE"),
    "C2": "memorization with MSE",
    "C3": "a later fit where more labels are wrong",
    "C5": "a high $J_1$ below 100 % with MSE",
    **dict.fromkeys(("C6", "C7", "C9", "C10", "C12"), "resistance with RLL"),
    "C8": "a $J_2$ well below $J_1$ with CCE and MSE",
    "C11": "a crossover with CCE",
    "C13": "resistance with normalized MSE",
    "C16": "accuracy on new images as without noise",
    "C17": "resistance with every symmetric loss",
    "E1": "the explanation by minima of the risk",
    "H1": "a smaller advantage with labels from people",
}
"""What each claim about a network is about."""


def said(content: dict, column: str) -> list[tuple[str, str, str, dict]]:
    """(claim, part, reading, verdict) of every claim about a column."""
    main = next(c["main"] for c in content["columns"] if c["id"] == column)
    return [
        (claim["id"], part, claim["reading"], verdicts[column])
        for claim, part, verdicts in rows_of(content, main)
        if column in verdicts
    ]


def words(content: dict, column: str) -> str:
    """What holds on a network, what fails and what cannot be told, in words; claims in brackets."""
    claims: dict[str, dict[str, tuple[str, int]]] = {}
    for claim, part, _, verdict in said(content, column):
        judged = verdict["unit"] == "seed" and verdict["word"] in (HOLDS, FAILS)
        few = verdict["seeds"] if judged and verdict["seeds"] < LIMITS.seeds else 0
        claims.setdefault(claim, {})[part] = verdict["word"], few
    found: dict[str, dict[str, dict[int, list[str]]]] = {}
    for claim, parts in claims.items():
        whole = len(set(parts.values())) == 1
        for part, (word, few) in list(parts.items())[: 1 if whole else None]:
            name = claim if whole else f"{claim}: {PARTS[part]}"
            topics = found.setdefault(word, {})
            topics.setdefault(TOPICS[claim], {}).setdefault(few, []).append(name)
    told = []
    for word in sorted(found, key=lambda w: ORDER.index(w) if w in ORDER else 1.5):
        topics = [f"{topic} ({of_seeds(names)})" for topic, names in found[word].items()]
        told.append(f"- **{word[0].upper()}{word[1:]}**: {'; '.join(topics)}.")
    return "\n".join(told)


def of_seeds(claims: dict[int, list[str]]) -> str:
    """Claims of a topic, those of one or two seeds, which test nothing, after the others:
    'C9, C10; one seed: C6, C7'. The key 0 stands for enough seeds.
    """
    return "; ".join(
        f"{in_words(few)} seed{'s' * (few > 1)}: {', '.join(names)}" if few else ", ".join(names)
        for few, names in sorted(claims.items())
    )


def verdicts(content: dict, columns: dict[str, str]) -> Safe:
    """The claims about networks: a row for each, with its verdict and what that rests on.

    Args:
        content: the table of claims.
        columns: titles by the columns' ids.
    """
    rows: dict[tuple[str, str], dict] = {}
    for column, title in columns.items():
        for claim, part, reading, verdict in said(content, column):
            blank = dict.fromkeys(columns.values(), "–")
            name = {"claim": linked(claim, part, reading, "claims.html")}
            row = rows.setdefault((claim, part), name | blank)
            row[title] = badge(verdict["word"], ", ".join(filter(None, beside(claim, verdict))))
    return html_table(list(rows.values()), "evidence")


def runs_table(runs: Iterable[Measured]) -> pd.DataFrame:
    """The metrics at the end, a row a run."""
    return pd.DataFrame(
        {"network": run.spec["network"], "learning rate": f"{run.spec['lr']:g}"}
        | {name: run.spec[name] for name in ("loss", "eta", "seed")}
        | {"noise rate e": run.noise_rate}
        | {name: Run(run).end(name) for name in METRIC_NAMES}
        for run in runs
    )


def behind(runs: Sequence[Measured], name: str) -> Safe:
    """What is behind a figure, to open: the metrics at the end of its runs, and its data as CSV."""
    if not runs:
        return Safe("")
    ends = Safe(notebooks.table(runs_table(runs)).to_html())
    saved = Safe(notebooks.csv_link(evaluations(runs), name).data)
    return details(f"The {len(runs)} runs behind this figure", ends, saved)


def compared(rows: dict[str, Iterable[Measured]]) -> Safe:
    """Runs of a control beside those they are compared with, a row a run.

    Args:
        rows: runs by what sets them apart.
    """
    found = [
        {"": title, "loss": LOSS_NAMES[run.loss], "seed": run.measured.spec["seed"]}
        | {
            name: origins.number(number(run.end(key), 2), [run.measured.name])
            for key, name in METRIC_NAMES.items()
        }
        | {"crossover (training mode)": chapters.crossover([run.measured]).removeprefix("in ")}
        for title, runs in rows.items()
        for run in map(Run, runs)
    ]
    return html_table(found, "numbers")


def paper_beside(lines: Iterable[tuple[str, str, str]], **runs: list[Measured]) -> Safe:
    """What the paper's text says in numbers, beside ours; a dash where no run is recorded.

    Args:
        lines: (what, the paper's, ours); ours may name the numbers of ``chapters.numbers`` and
            ``setting`` in braces, e.g. '{mnist-rll-0.4-j1}'.
        runs: of a network, by the prefix of these names.
    """
    kept = {prefix: chapters.telling(of) for prefix, of in runs.items()}
    found = {
        f"{prefix}-{name}": origins.number(
            text.replace(chapters.MISSING, "–"), chapters.came_from(name, kept[prefix])
        )
        for prefix, of in runs.items()
        for name, text in (chapters.numbers(of) | setting(of)).items()
    }
    rows = [
        {
            "": what,
            "the paper": says,
            "here": Safe(re.sub(r"{(.*?)}", lambda m: found[m[1]], safe(ours))),
        }
        for what, says, ours in lines
    ]
    return html_table(rows, "settings")


def setting(runs: Iterable[Measured]) -> dict[str, str]:
    """How these runs were trained, by name."""
    runs = list(runs)
    noise = [e for eta in chapters.ETAS[1:] for e in chapters.pick(runs, eta=eta)]
    found = {
        "images": distinct((r.images for r in runs), "{:,}"),
        "epochs": distinct((r.spec["epochs"] for r in runs), "{}"),
        "rates": distinct((r.spec["lr"] for r in runs), "{:g}"),
        "decay": distinct((r.spec["weight_decay"] for r in runs), "{:g}"),
        "seeds": seeds(runs),
        "etas": distinct((r.spec["eta"] for r in runs), "{:g}"),
        "noise": distinct((r.noise_rate for r in noise), "{:.3f}"),
    }
    return found if runs else dict.fromkeys(found, chapters.MISSING)


def seeds(runs: Iterable[Measured]) -> str:
    """How many seeds these runs have: '3', or '3, not of every setting'."""
    found = {(r.spec["loss"], r.spec["eta"], r.spec["seed"]) for r in runs}
    settings, every = {(loss, eta) for loss, eta, _ in found}, {seed for *_, seed in found}
    whole = len(found) == len(settings) * len(every)
    return f"{len(every)}{'' if whole else ', not of every setting'}"

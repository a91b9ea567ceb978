"""What losses make of labels from people: three arms with one noise rate (claim H1).

Labels from people, the same labels shuffled among the images of each true class (the same
transition matrix, no dependence on the image), and symmetric noise.
"""

import pandas as pd

from memutils.claims.contrasts import Contrast as Verdict
from memutils.claims.contrasts import human_labels
from memutils.claims.selection import Pool, column
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.symmetry import ablation, ablation_words
from memutils.report.symmetry.ablation import Contrast, contrasts
from memutils.runs.specs import load_scale
from memutils.words import in_words, listed, of_pairs, points

ARMS = {
    "given": "Labels from people",
    "shuffled": "The same labels, shuffled within classes",
    "others": "Symmetric noise",
}
"""A run's noise, and what it is called."""

CHAINS = (("cce", "rll"), ("mse", "rll"), ("gce", "rll"))

COLUMN = column("inception-lite")
"""The column of the table of claims that H1 is judged on."""


def arms(pool: Pool) -> list[Contrast]:
    """Each loss beside RLL, arm by arm, on one number of images: the losses that have runs on
    human labels; empty without these.
    """
    usual = COLUMN.wanted("rll")
    for human in pool.fitting(usual | {"noise": "given"}):
        of = {kind: pool.of_size(usual | {"noise": kind}, human.images) for kind in ARMS}
        places = [(ARMS[kind], protocol, COLUMN.alpha) for kind, protocol in of.items() if protocol]
        there = {loss for loss, *_ in human.runs}
        pairs = [pair for pair in CHAINS if pair[0] in there]
        if found := contrasts(places, pairs, of["others"]):
            return found
    return []


def verdict(pool: Pool) -> Verdict:
    """H1 as the table of claims has it."""
    return human_labels(pool, COLUMN, LIMITS)


def state(found: list[Contrast]) -> str:
    """What the chapter can show so far; '' with runs of all arms."""
    lacking = [title for title in ARMS.values() if title not in {c.where for c in found}]
    if not found:
        return "**This chapter has the labels and the plan; no network was trained on them yet.**"
    return f"**Without runs so far:** {listed(lacking)}." if lacking else ""


def planned() -> str:
    """What the grid ``human`` will run, in words."""
    specs = list(load_scale("human").specs().values())
    names = listed(LOSS_NAMES[loss] for loss in dict.fromkeys(s.loss for s in specs))
    seeds = in_words(len({s.seed for s in specs}))
    return (
        f"Nothing yet, so H1 is not tested. The plan: Inception-Lite on {specs[0].n_train:,} "
        f"images with {names} in {seeds} seeds, on labels from people and on the same labels "
        "shuffled within each true class (`make runs SCALE=human`)."
    )


def sentence(c: Contrast) -> str:
    """An arm in words: what each of the two losses memorizes."""
    return ablation_words.sentence(c).replace(f"{c.where}:", f"*{c.where}*:", 1)


def seen(found: list[Contrast]) -> str:
    """What the figure of the arms shows, for its caption; '' without runs."""
    every = [-seed.difference for c in found for seed in c.told]
    less = [value for value in every if value > 0]
    if not every:
        return ""
    by = f", by {points(less)} points" if less else ""
    pairs = of_pairs(len(less), len(every))
    silent = ablation_words.silent(found)
    return f"RLL memorizes less than CCE in {pairs} of runs that can tell{by}{silent}."


def table(found: list[Contrast]) -> pd.DataFrame:
    """A row an arm and seed, from ``ablation.table``; two losses alone are named in its head."""
    shown = ablation.table(found)
    if len(pairs := {(c.first, c.second) for c in found}) != 1:
        return shown
    first, second = (LOSS_NAMES[loss] for loss in next(iter(pairs)))
    names = {
        "memorized with the first": f"memorized with {first}",
        "with the second": f"with {second}",
        "difference": f"{second} less {first}",
    }
    return shown.drop(columns="losses").rename(columns=names)

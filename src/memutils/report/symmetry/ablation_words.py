"""What the pairs that differ in symmetry alone say, in Markdown; every number is a record's."""

from collections.abc import Iterable
from statistics import fmean

from memutils.claims.selection import COLUMNS
from memutils.report.looks import look
from memutils.report.symmetry.ablation import CHAINS, PAIRS, Contrast
from memutils.report.symmetry.traits import traits
from memutils.runs.specs import load_scale
from memutils.words import counted, in_words, listed, percent, typeset

MOST = 0.5
"""A share above this is most."""


def sentence(c: Contrast) -> str:
    """A contrast in words."""
    return typeset(said(c))


def said(c: Contrast) -> str:
    """The same before it is typeset."""
    pair = f"{c.where}: {look(c.first).name} memorizes"
    if not c.told:
        names = f"{look(c.first).name} and {look(c.second).name}"
        return f"{c.where}: {names} cannot be compared, since {c.seeds[0].why}."
    shares = [percent([seed.memorized[i] for seed in c.told]) for i in (0, 1)]
    text = f"{pair} {shares[0]} of the wrong labels and {look(c.second).name} {shares[1]}"
    if c.interval:
        low, high = (100 * value for value in c.interval)
        apart = f"{100 * c.mean:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"
        return f"{text}; the mean difference over {counted(len(c.told), 'seed')} is {apart}."
    few = counted(len(c.told), "seed")
    return f"{text}; the difference is {100 * c.mean:+.1f} points ({few}: described, not tested)."


def summary(found: Iterable[Contrast]) -> str:
    """In how many pairs of runs the symmetric loss memorizes less, and where an interval says so;
    '' without a pair that can tell.
    """
    found = [c for c in found if c.told]
    seeds = [seed for c in found for seed in c.told]
    if not seeds:
        return ""
    less = sum(seed.difference < 0 for seed in seeds)
    tested = [c for c in found if c.interval]
    surely = sum(c.interval[1] < 0 for c in tested)
    text = (
        f"In {in_words(less)} of {in_words(len(seeds))} pairs of runs the symmetrized loss "
        "memorizes less than the loss it is made of."
    )
    if tested:
        text += (
            f" {in_words(len(tested)).capitalize()} comparisons have three seeds or more, and in "
            f"{in_words(surely)} of them the interval of the difference lies below zero."
            if len(tested) > 1
            else f" One comparison has three seeds, and the interval of its difference "
            f"{'lies below' if surely else 'does not lie below'} zero."
        )
    return text


def missing(found: Iterable[Contrast]) -> str:
    """Which pairs of the grid ``symmetry`` have no run of both losses yet; '' if none."""
    there = {(c.where, c.first, c.second) for c in found}
    networks = {spec.network for spec in load_scale("symmetry").specs().values()}
    titles = [c.title for c in COLUMNS if c.main and c.settings["network"] in networks]
    absent = {t: [p for p in PAIRS[:3] if (t, *p) not in there] for t in titles}
    told = [
        f"{listed(f'{look(a).name} and {look(b).name}' for a, b in pairs)} on {title}"
        for title, pairs in absent.items()
        if pairs
    ]
    return f"Not recorded yet: {'; '.join(told)}." if told else ""


def bounded_shares(found: Iterable[Contrast]) -> list[tuple[float, str]]:
    """How much of what a whole chain takes off comes from bounding alone, mean over the seeds that
    have all three losses; and of which losses, where.

    ``found``: contrasts of ``ablation.FIRST`` and ``ablation.WHOLE``.
    """
    by_name = {(c.where, c.images, c.first, c.second): c for c in found if c.told}
    shares = []
    for where, images in dict.fromkeys(name[:2] for name in by_name):
        for start, bounded, end in (chain for chain in CHAINS if len(chain) == 3):
            steps = [by_name.get((where, images, start, loss)) for loss in (bounded, end)]
            if not all(steps):
                continue
            common = set.intersection(*({s.seed for s in c.told} for c in steps))
            off = [[s.difference for s in c.told if s.seed in common] for c in steps]
            if common and fmean(off[1]) < 0:
                names = f"{look(bounded).name} and {look(end).name} ({where})"
                shares.append((fmean(off[0]) / fmean(off[1]), names))
    return shares


def bounding(found: Iterable[Contrast]) -> str:
    """What bounding alone does, in words; '' without a whole chain."""
    told = [f"{percent([share])} for {names}" for share, names in bounded_shares(found)]
    if not told:
        return ""
    return typeset(
        "Bounding cross entropy, without making it symmetric, already takes off part of what the "
        f"bounded and symmetric loss takes off: {listed(told)}."
    )


def takeaway(found: Iterable[Contrast], more: Iterable[Contrast]) -> str:
    """The chapter's take-away: what symmetry adds, what bounding does, and that bounding is not
    enough where it is not.

    Args:
        found: contrasts of ``ablation.PAIRS``.
        more: of ``ablation.FIRST`` and ``ablation.WHOLE``.
    """
    found = [c for c in found if c.told]
    seeds = [seed for c in found for seed in c.told]
    if not seeds:
        return "**Take-away.** No pair that differs in symmetry alone is recorded yet."
    less = sum(seed.difference < 0 for seed in seeds)
    of = "every pair" if less == len(seeds) else f"{less} of {len(seeds)} pairs"
    told = [f"In {of} of runs the symmetrized loss memorizes less than its partner."]
    shares = [share for share, _ in bounded_shares(more)]
    if shares and min(shares) > MOST:
        told.append(
            "But most of the distance between cross entropy and its bounded and symmetric "
            "successors is bounding's, not symmetry's."
        )
    elif shares and max(shares) < MOST:
        told.append("Bounding alone does less than half of it.")
    high: dict[str, list[float]] = {}
    for c in (c for c in found if traits(c.first).bounded):
        high.setdefault(look(c.first).name, []).extend(seed.memorized[0] for seed in c.told)
    loose = [f"{n} memorizes {percent(m)}" for n, m in high.items() if min(m) > MOST]
    if loose:
        told.append(f"Nor is a bound enough: {listed(loose)}, and it is bounded.")
    return typeset(f"**Take-away.** {' '.join(told)}")

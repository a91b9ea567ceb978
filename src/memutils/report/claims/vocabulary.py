"""The words, symbols and colors of the page of the claims."""

from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED, OPEN
from memutils.claims.statements import CLAIMS
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, Names
from memutils.report.markup import Safe, joined, link, tag
from memutils.words import listed, plural

PAGES = {
    "mnist": "MNIST",
    "cifar10": "CIFAR-10",
    "human": "Labels from people",
    "steps": "Loss or step size, and early stopping as the rival",
    "switching": "Switching: the path, not the destination",
    "symmetry": "Symmetry, or what?",
    "theory_symmetry": "Symmetric losses",
    "theory_theorem": "The risk under noise",
}
"""The titles of the chapters that show a claim's evidence, by their notebooks."""

VERBS = {HOLDS: "holds", FAILS: "fails", OPEN: "is open", NOT_TESTED: "is not tested"}
"""Words of verdicts in a sentence."""

SYMBOLS = {HOLDS: "✓", FAILS: "✗", OPEN: "?", NOT_TESTED: "–"}

SHORT = {
    "resnet18": "ResNet-18, MNIST",
    "inception-lite": "Inception-Lite, CIFAR-10",
    "resnet32": "ResNet-32, CIFAR-10",
}
NETWORKS = {column: name.partition(",")[0] for column, name in SHORT.items()}

WORDS = {
    "j1": "J1",
    "j2": "J2",
    "clean_j1": "J1 on clean labels",
    "memorized": "m",
    "recovered": "r",
    "rise": "change of J1",
    "standard_error": "SE",
    "mcnemar_z": "McNemar z",
    "difference_of_medians": "of medians",
    "last_epoch": "in the last epoch",
    "j1_cce_minus_mse": "J1 of CCE minus MSE's",
    "rise_of_cce": "change of CCE",
    "share": "share of it",
    "j1_minus_j2": "J1 − J2",
    "noise_rate": "e",
    "recovered_minus_memorized": "r − m",
    "share_of_epochs_above": "r above, share of epochs",
    "share_below_by_3_se": "m leads, share of epochs",
    "crossover_epoch": "first evaluation at which m leads",
    "clean_j1_minus_j2": "clean J1 − J2",
    "excess": "x",
    "excess_rll": "x of RLL",
    "excess_mse": "x of MSE",
    "distance_to_rll_less_to_mse": "distance of x to RLL's minus that to MSE's",
    "risk_cce_less_rll": "CCE's risk minus RLL's",
    "risk_cce": "risk of CCE",
    "risk_rll": "risk of RLL",
    "first_version": f"{LIMITS.first_j1:g} and {LIMITS.first_memorized:g}",
    "rll_highest": "RLL's highest x",
    "cce_lowest": "CCE's lowest x",
    "edge": "next step less smallest",
    "level": "f",
}
"""Statistics whose names are not their words."""
PARTS = Names(
    {
        "m below CCE's": "RLL memorizes less than CCE",
        "m below MSE's": "RLL memorizes less than MSE",
        "test accuracy above CCE's": "RLL is more accurate on new images than CCE",
        "test accuracy above MSE's": "RLL is more accurate on new images than MSE",
        "J1 below 100 %": "normalized MSE's J1 stays below 100 %",
        "like RLL": "normalized MSE is more like RLL than MSE is",
    }
)
"""Parts of claims in words."""


def named(claim: str, part: str) -> str:
    """'P0 (RLL memorizes less than CCE)': a claim with its part, where it has one."""
    return f"{claim} ({PARTS[part]})" if part else claim


def on(claim: str, part: str, column: str) -> str:
    """The same on a network: 'C9, ResNet-18'."""
    return f"{named(claim, part)}, {NETWORKS[column]}"


def linked(claim: str, part: str, reading: str, page: str = "") -> Safe:
    """A claim's number, which leads to its row on a page, and its part or reading as a sentence."""
    said = f"{PARTS[part][0].upper()}{PARTS[part][1:]}." if part else reading
    return joined([link(f"{page}#claim-{claim}", claim), f" {said}"])


def readable(name: str) -> str:
    """A statistic in words."""
    return (
        WORDS.get(name)
        or LOSS_NAMES.get(name)
        or name.replace("epoch_at_eta_", "epoch, η = ").replace("_", " ")
    )


def kind(word: str) -> str:
    """The CSS class of a word: holds, fails, part, open, untested or proof."""
    known = {HOLDS: "holds", FAILS: "fails", OPEN: "open", NOT_TESTED: "untested"}
    return known.get(word) or (
        "part" if word.endswith("seeds") else "fails" if word == "refuted" else "proof"
    )


def symbol(word: str) -> str:
    """The symbol of a word."""
    return SYMBOLS.get(word) or {"part": "◐", "fails": "✗", "proof": "∎"}[kind(word)]


def badge(word: str, *below: str) -> Safe:
    """A word with its symbol in its color, and small lines below."""
    lines = joined(tag("small", line) for line in below if line)
    return tag("span", tag("b", f"{symbol(word)} {word}"), lines, class_=f"verdict {kind(word)}")


def judged_losses(claim: str, verdict: dict) -> str:
    """The losses that have been judged, where the claim is about more of them; else ''."""
    parts = next(c.parts for c in CLAIMS if c.id == claim)
    network = verdict["column"]
    asked = {
        loss
        for p in parts
        if p.title == verdict["part"] and network in p.networks
        for loss in p.losses
    }
    there = dict.fromkeys(cell["loss"] for cell in verdict["cells"])
    if not there or asked <= there.keys():
        return ""
    return f"{listed(LOSS_NAMES[loss] for loss in there)} only"


def only_at(verdict: dict) -> str:
    """'only at η = 0.4' where a verdict rests on one noise rate; '' otherwise."""
    if verdict["word"] == NOT_TESTED:
        return ""
    etas = {c["eta"] for c in verdict["cells"] if c["state"] in (HOLDS, FAILS, OPEN)}
    return f"only at η = {etas.pop():g}" if len(etas) == 1 and None not in etas else ""


def beside(claim: str, verdict: dict) -> list[str]:
    """What stands below a verdict's word: seeds, images, losses where some are missing,
    inconclusive runs, why it is not tested, the word at another size.
    """
    count = plural(verdict["seeds"], verdict["unit"]) if verdict["seeds"] else ""
    sizes = " and ".join(f"{n:,}" for n in verdict["sizes"])
    lines = [count, f"n\u00a0=\u00a0{sizes}" if sizes else "", judged_losses(claim, verdict)]
    cases = plural(len(verdict["cells"]), "case")
    lines += [f"{verdict['inconclusive']} of {cases} inconclusive"] * bool(verdict["inconclusive"])
    lines += [only_at(verdict)]
    lines += ["described, not tested"] if verdict["described"] else []
    lines += [verdict["why"]] if verdict["word"] == NOT_TESTED else []
    return lines + [f"{word} at n = {int(n):,}" for n, word in verdict["others"].items()]

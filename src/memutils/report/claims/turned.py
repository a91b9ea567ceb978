"""Verdicts that depend on RLL's alpha, by the controls of the table of claims."""

from memutils.claims.cases import FAILS, HOLDS
from memutils.claims.thresholds import LIMITS
from memutils.report.claims.vocabulary import PARTS
from memutils.words import listed

MAIN_ETA = LIMITS.main_eta


def turned(content: dict, columns: dict[float, str], seed: int = 0) -> str:
    """Which claims about a network have another verdict at another alpha, in one seed at the main
    noise rate, a list in Markdown; '' where none has.

    Args:
        content: the table of claims.
        columns: its columns with this network, by alpha.
    """
    told = []
    for claim in content["claims"]:
        for part in dict.fromkeys(v["part"] for v in claim["verdicts"]):
            own = {v["column"]: v for v in claim["verdicts"] if v["part"] == part}
            states = {a: state(own[c], seed) for a, c in columns.items() if c in own}
            if {HOLDS, FAILS} <= set(states.values()):
                what = PARTS.get(part, claim["reading"].rstrip("."))
                also = beside(own, columns)
                told.append(f"- {claim['id']} ({what}) {in_words(states)}{also}.")
    if not told:
        return ""
    lead = (
        f"In seed {seed}, at η = {MAIN_ETA:g}, these verdicts on ResNet-18 differ between the "
        "values of α, with one run each:"
    )
    return "\n".join([lead, "", *told])


def beside(own: dict[str, dict], columns: dict[float, str]) -> str:
    """At which α other seeds come to something else, so that α need not be the reason; '' if
    nowhere.
    """
    judged = {alpha: own[column] for alpha, column in columns.items() if column in own}
    mixed = [
        f"{alpha:g}"
        for alpha, verdict in judged.items()
        if {HOLDS, FAILS} <= {state(verdict, cell["seed"]) for cell in verdict["cells"]}
    ]
    if not mixed:
        return ""
    return f"; at α = {listed(mixed)} the seeds differ as well, so α need not be the reason"


def in_words(states: dict[float, str]) -> str:
    """'holds at α = 0.1 and 0.45 and fails at α = 0.01'."""
    by_word = {word: [a for a, found in states.items() if found == word] for word in (HOLDS, FAILS)}
    return " and ".join(
        f"{word} at α = {listed(f'{a:g}' for a in alphas)}" for word, alphas in by_word.items()
    )


def state(verdict: dict, seed: int) -> str:
    """What a verdict's cells of RLL come to in one seed at the main noise rate; '' where they
    cannot tell.
    """
    wanted = ("rll", seed, MAIN_ETA)
    cells = (c for c in verdict["cells"] if (c["loss"], c["seed"], c["eta"]) == wanted)
    found = {c["state"] for c in cells}
    return FAILS if FAILS in found else HOLDS if found == {HOLDS} else ""

"""The sections on how the judge itself is judged, from ``benchmarks/judge.json``, which ``make
judge`` checks, and ``benchmarks/replays.json``.
"""

import json
from collections import Counter

from memutils.names import LOSS_NAMES
from memutils.paths import REPOSITORY
from memutils.report.claims.vocabulary import PARTS, SHORT
from memutils.report.markup import Safe, number, table, tag

FILE = REPOSITORY / "benchmarks" / "judge.json"
LEAST = 0.05
REPLAYS = FILE.with_name("replays.json")


def load() -> dict:
    """The rates and counts; empty without the file, as outside a clone."""
    return json.loads(FILE.read_bytes()) if FILE.is_file() else {}


def named(claim: str, part: str) -> str:
    """A claim and its part, in words."""
    return f"{claim} {PARTS[part]}" if part else claim


def planted(judged: dict) -> Safe:
    """The rules' rates on grids with a known truth: a line for each claim and truth."""
    rows = [
        {
            "claim": named(row["claim"], row["part"]),
            "planted": planted_in_words(row["planted"]),
            "a right rule says": row["expected"],
            "says so": number(row["right"]),
            "says the opposite": number(row["opposite"]),
            "anything else": number(row["undecided"]),
        }
        for row in judged.get("planted", [])
    ]
    return table(rows, "numbers")


def planted_in_words(what: str) -> str:
    """A planted truth for the reader: 'RLL learns nothing' for 'rll is idle'."""
    who, idle, _ = what.partition(" is idle")
    return f"{LOSS_NAMES[who]} learns nothing" if idle else what


def planted_sentence(judged: dict) -> str:
    """What the rates come to, in words."""
    rows = judged.get("planted", [])
    if not rows:
        return "The rates are not recorded here."
    clear = [r for r in rows if r["planted"].startswith(("clearly", "no difference"))]
    idle = [r for r in rows if r["planted"].endswith("idle")]
    above = [r for r in rows if r["planted"].startswith("one SE above")]
    below = [r for r in rows if r["planted"].startswith("one SE below")]
    worst = max(r["opposite"] for r in clear)
    kinder = max(r["opposite"] for r in below)
    harsher = max(above, key=lambda r: r["opposite"])
    opposite = f"gets in at most {100 * worst:.1f} % of them" if worst else "never gets"
    least = min(r["right"] for r in idle)
    untested = "always" if least == 1 else f"in {100 * least:.0f} % or more"
    return (
        f"In {judged['grids']:,} grids each, a clear effect {opposite} the opposite verdict, and an"
        f" idle network is {untested} *not tested*. One standard error below its"
        f" threshold a claim *holds* in at most {100 * kinder:.1f} %. One standard error above, a"
        " claim often does not hold, since every noise rate of a seed must pass: at worst"
        f" {harsher['claim']} *fails* in {100 * harsher['opposite']:.0f} %. So the rules are"
        " strict: they seldom grant a claim that is not so, and they often call one false that is"
        " true by a narrow margin. These rates are of images drawn anew; what another processor or"
        " seed changes in a run is not in them."
    )


def shuffled_sentence(judged: dict) -> str:
    """How many verdicts hold with shuffled names, in words."""
    found = judged.get("shuffled")
    if not found:
        return "The counts are not recorded here."
    return (
        f"Of {found['verdicts']} verdicts {found['recorded']} hold in the recorded grid. With "
        f"shuffled names {found['mean']:.1f} hold on average ({found['lowest']} to "
        f"{found['highest']} in {found['grids']} grids)."
    )


def shuffled(judged: dict) -> Safe:
    """The verdicts that hold in a share of ``LEAST`` or more of the shuffled grids."""
    rows = []
    for name, share in judged.get("shuffled", {}).get("share", {}).items():
        what, _, column = name.rpartition(" ")
        claim, _, part = what.partition(" ")
        if share >= LEAST:
            rows.append(
                {
                    "verdict": named(claim, part),
                    "network": SHORT.get(column, column),
                    "holds in": number(share),
                }
            )
    return table(rows, "numbers")


def replays() -> list[dict]:
    """The answers of replays; empty without the file."""
    return json.loads(REPLAYS.read_bytes()) if REPLAYS.is_file() else []


def replays_sentence(found: list[dict]) -> str:
    """How many records were trained again, and what came of them, in words."""
    if not found:
        return "No replay is recorded here."
    count = Counter(row["answer"] for row in found)
    told = [
        f"{count['equal']} are *equal*",
        f"{count['within the range of its seeds']} lie *within the range of their seeds*",
        f"{count['differs']} *differ*",
    ]
    widest = max((row["by"] for row in found if row["answer"] != "equal"), default=0.0)
    apart = (
        f" What is not equal is at most {widest:.3f} apart in any metric of the last evaluation."
        if widest
        else ""
    )
    return f"{len(found)} records were trained again: {', '.join(told)}.{apart}"


def replayed(found: list[dict]) -> Safe:
    """The replays: a line a record, with the machines and precisions of both runs."""
    rows = [
        {
            "record": tag("code", f"{row['scale']}/{row['key']}"),
            "answer": row["answer"],
            "most apart": "" if row["answer"] == "equal" else row["metric"].replace("_", " "),
            "by": "" if row["answer"] == "equal" else number(row["by"], 4),
            "its seeds are apart by": number(row["range"], 4) if row["seeds"] > 1 else "one seed",
            "recorded on": made_on(row["then"]),
            "replayed on": made_on(row["now"]),
        }
        for row in found
    ]
    return table(rows, "numbers")


def made_on(environment: dict) -> str:
    """A machine and a precision, in short."""
    machine = environment["machine"].replace("(R)", "")
    return f"{machine}, {environment['precision']}"

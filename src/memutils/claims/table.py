"""The table of claims: what the records say of each of the paper's claims.

Compared are runs of one scale at its own settings: trained on all examples with one loss throughout, RLL with its
default alpha. Losses are compared within a data set, a network and a seed, which share subset, noise and order.
"""

import dataclasses
import json
import math
import textwrap
from collections import defaultdict
from dataclasses import dataclass

from memutils.claims.outcomes import TOLERANCES, Run
from memutils.claims.rules import ALIKE, TIE, TWO_CLASSES, Bench, Finding, NotThere
from memutils.claims.statements import ACTIVE, CLAIMS, SHOWN_IN, Claim
from memutils.names import DATASET_NAMES, NETWORK_NAMES
from memutils.records import RESULTS_VERSION, Record
from memutils.specs import NAMING, all_parameters, registered, text_of

SUPPORTED, NOT_SUPPORTED, NOT_TESTED = "supported", "not supported", "not tested at this scale"
PROVED, REFUTED = "proved", "refuted as stated"
SETTINGS = {("cifar10", "inception-lite"), ("cifar10", "resnet32"), ("mnist", "resnet18")}
"""The paper's data sets and networks."""


@dataclass(frozen=True)
class Cell:
    """One judgment: where, figures, verdict, ``why`` where the figures do not tell; the runs used and their arithmetic."""

    verdict: str
    statistics: dict
    why: str = ""
    dataset: str = ""
    network: str = ""
    loss: str = ""
    eta: float | None = None
    seed: int | None = None
    paper_setting: bool = False
    records: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A claim with its cells and what they come to: ``passed`` of ``tested`` cells."""

    claim: Claim
    cells: tuple[Cell, ...]

    tested = property(lambda self: sum(c.verdict != NOT_TESTED for c in self.cells))
    passed = property(lambda self: sum(c.verdict in (SUPPORTED, PROVED) for c in self.cells))

    @property
    def overall(self) -> str:
        """Supported only where every tested cell is."""
        if not self.tested:
            return NOT_TESTED
        if any(c.verdict in (PROVED, REFUTED) for c in self.cells):
            return PROVED if self.passed == self.tested else REFUTED
        if self.passed in (0, self.tested):
            return SUPPORTED if self.passed else NOT_SUPPORTED
        return f"mixed, {self.passed} of {self.tested}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What to keep in mind with the verdict."""
        tested = [c for c in self.cells if c.verdict != NOT_TESTED and c.seed is not None]
        notes = []
        settings = defaultdict(set)
        for c in tested:
            where = f"{NETWORK_NAMES.get(c.network, c.network)} on {DATASET_NAMES.get(c.dataset, c.dataset)}"
            settings[where].add(c.seed)
        if once := [name for name, seeds in settings.items() if len(seeds) == 1]:
            which = f" ({', '.join(once)})" if len(once) < len(settings) else ""
            notes.append(f"One seed{which}: it shows what can happen, not how often.")
        if tested and not any(c.paper_setting for c in tested):
            notes.append("None of the cells is of the paper's data sets with the paper's networks.")
        if tested and 2 * len(tested) < len(self.cells):
            notes.append(f"Only {len(tested)} of {len(self.cells)} cells could be tested.")
        if len(settings) == 1 and not self.claim.datasets:
            notes.append(f"Tested with {next(iter(settings))} only.")
        if self.claim.after:
            notes.append(f"Nearly follows from {self.claim.after}, so the summary counts that one only.")
        if ACTIVE in self.claim.reason:
            if failed := sum(c.verdict == NOT_SUPPORTED and bool(c.why) for c in tested):
                notes.append(f"{failed} of the failures {'comes' if failed == 1 else 'come'} from idle runs, which cannot pass.")
            untold = (TIE, ALIKE, TWO_CLASSES)  # of runs that are not idle
            if out := sum(c.verdict == NOT_TESTED and bool(c.statistics) and c.why not in untold for c in self.cells):
                notes.append(f"Left out: {out} {'cell' if out == 1 else 'cells'} with an idle run.")
        return tuple(notes)


def comparable(record: Record, train_on: str = "all") -> bool:
    """Whether a record is of its scale's own settings (its key names data, network, loss, eta and seed alone), and up to date."""
    if record.content["results_version"] != RESULTS_VERSION or record.diverged:
        return False
    spec = record.spec
    named = "-".join([*(spec[n] for n in NAMING[:3]), f"eta{text_of(spec['eta'])}", f"seed{spec['seed']}"])
    named += "" if train_on == "all" else f"-train_on{train_on}"
    usual = all_parameters(registered(spec["loss"], spec["switch_loss"]), {})
    plain = spec["loss_parameters"] == usual and spec["noise"] == "others" and not spec["switch_loss"]
    return plain and spec["train_on"] == train_on and record.key == named


def benches(found: list[Record]) -> list[Bench]:
    """A bench for each comparable run, ordered by data set, network, loss, eta and seed."""
    groups = {}
    for record in found:
        for part in ("all", "clean"):
            if comparable(record, part):
                same = {k: v for k, v in record.spec.items() if k not in ("loss", "loss_parameters", "eta", "train_on")}
                group = groups.setdefault(json.dumps(same, sort_keys=True), {"all": {}, "clean": {}})
                group[part][record.spec["loss"], record.spec["eta"]] = Run(record)
    runs = [Bench(run, g["all"], g["clean"]) for g in groups.values() for run in g["all"].values()]
    return sorted(runs, key=lambda b: [b.run.record.spec[n] for n in NAMING])


def concerns(claim: Claim, run: Run) -> bool:
    """Whether a claim is about a run, by its loss, noise rate, data set and network."""
    dataset, network = (run.record.spec[n] for n in ("dataset", "network"))
    here = dataset in (claim.datasets or [dataset]) and network in (claim.networks or [network])
    return here and run.loss in claim.losses and run.eta in claim.etas


def judge_cell(claim: Claim, bench: Bench) -> Cell:
    """The claim judged for one run."""
    spec = bench.run.record.spec
    bench = dataclasses.replace(bench, used=[bench.run.key])
    try:
        finding = claim.judge(bench)
    except NotThere as error:
        finding = Finding(None, {}, str(error))
    verdict = {True: SUPPORTED, False: NOT_SUPPORTED, None: NOT_TESTED}[finding.passed]
    where = {n: spec[n] for n in ("dataset", "network", "loss", "seed")}
    compared = (r for r in (bench.run, *bench.others.values(), *bench.oracles.values()) if r.key in bench.used)
    return Cell(
        verdict, finding.statistics, finding.why, **where, eta=spec["eta"] if claim.per_eta else None,
        paper_setting=(spec["dataset"], spec["network"]) in SETTINGS, records=tuple(dict.fromkeys(bench.used)),
        precisions=tuple(sorted({r.precision for r in compared})),
    )  # fmt: skip


def judge_control(found: list[Record]) -> dict[str, Cell]:
    """A cell for each claim that these runs bear on; they have a setting that is not their scale's own, and differ in loss and in
    noise rate only, of which one is not 0."""
    runs = {(r.spec["loss"], r.spec["eta"]): Run(r) for r in found}
    return {c.id: judge_cell(c, Bench(run, runs, {})) for c in CLAIMS for run in runs.values() if concerns(c, run)}


def judge(found: list[Record]) -> list[Verdict]:
    """Judges every claim by the records of one scale."""
    tables, verdicts = benches(found), []
    for claim in CLAIMS:
        if not claim.losses:
            cells = [Cell(PROVED if ok else REFUTED, numbers, loss=what) for what, ok, numbers in claim.judge()]
        else:
            cells = [judge_cell(claim, b) for b in tables if concerns(claim, b.run)]
        verdicts.append(Verdict(claim, tuple(cells)))
    return verdicts


def plain(value):
    """A statistic as JSON holds it: rounded, so that no platform's last digit shows; None for what is not finite."""
    if isinstance(value, bool | str | None):
        return value
    return round(float(value), 6) + 0.0 if math.isfinite(value) else None


def ledger(found: list[Record]) -> dict:
    """The verdicts on the records of one scale, ready for JSON; the same records give the same ledger."""
    verdicts = judge(found)
    rows = []
    for v in verdicts:
        claim = {n: getattr(v.claim, n) for n in ("id", "statement", "rule", "reason", "after")}
        claim["shown_in"] = SHOWN_IN[v.claim.id]
        cells = [dataclasses.asdict(c) | {"statistics": {n: plain(x) for n, x in c.statistics.items()}} for c in v.cells]
        rows.append(claim | {"verdict": v.overall, "passed": v.passed, "tested": v.tested, "notes": v.notes, "cells": cells})
    overall = [v.overall for v in verdicts if not v.claim.after]
    used = [r.key for r in found if comparable(r) or comparable(r, "clean")]
    return {
        "format": 1,
        "scale": found[0].scale if found else None,
        "records": used,
        "left_out": [r.key for r in found if r.key not in used],
        "tolerances": TOLERANCES,
        "summary": {text: overall.count(text) for text in sorted(set(overall))},
        "claims": rows,
    }


def dump(content: dict) -> bytes:
    """The ledger's file."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def table(content: dict) -> str:
    """The ledger as text, a claim a line or two."""
    lines = [f"{len(content['records'])} records of the scale {content['scale']!r}, {len(content['left_out'])} left out"]
    for claim in content["claims"]:
        text = textwrap.wrap(claim["statement"], 64)
        lines.append(f"{claim['id']:4} {claim['verdict']:25} {claim['passed']:3}/{claim['tested']:<3}  {text[0]}")
        lines += [" " * 39 + line for line in text[1:]]
    return "\n".join(lines)

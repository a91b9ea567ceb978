"""Where a number comes from: numbers name their runs, and every run is told of."""

import json
import re

from made_up import altered, make

from memutils.claims.selection import Pool
from memutils.report import origins
from memutils.report.claims import page

RECORD = make("rll", seed=1)


def held(*found):
    text = origins.script(found)
    return json.loads(re.fullmatch(r"self\.memutilsRuns = (.*);\n", text)[1])


def test_a_number_names_each_of_its_runs_once():
    assert origins.number("7 %", ["cpu/b", "cpu/a", "cpu/b"]) == (
        '<span class="from" data-runs="cpu/b cpu/a">7 %</span>'
    )


def test_a_number_without_runs_is_text():
    assert origins.number("1 < 2", []) == "1 &lt; 2"


def test_a_run_is_told_in_words():
    made = {
        "machine": "A",
        "commit": "0123456789",
        "execution": {"device": "cpu", "precision": "float32"},
    }
    entry = held(altered(RECORD, provenance=made))[f"cpu/{RECORD.key}"]
    assert entry == {
        "run": "RLL, ResNet-32 on CIFAR-10, η = 0.4",
        "seed": "1",
        "images": "5,000",
        "machine": "A, CPU, float32",
        "commit": "0123456",
    }


def test_the_commit_says_when_it_is_not_all():
    gone = {"commit": "0123456789", "code": "abcdef0123", "commit_in_history": False}
    assert origins.code(gone) == "0123456 (not in the history; code abcdef0)"
    assert origins.code({"commit": "0123456789", "dirty": True}) == "0123456 (with changes)"
    assert origins.code({}) == "not recorded"


def test_no_text_of_a_record_ends_the_script():
    text = origins.script([altered(RECORD, provenance={"machine": "</script><b>"})])
    assert "</script>" not in text and "<b>" not in text


def test_the_deciding_numbers_of_the_claims_name_runs_that_there_are():
    found = [
        make(loss, seed=s, m=m, r=1 - m)
        for s in range(3)
        for loss, m in (("cce", 1.0), ("rll", 0.1))
    ]
    content, there = page.load(Pool(found)), {f"cpu/{record.key}" for record in found}
    html = page.row(content, "P0")[2].data
    spans = re.findall(r'<span class="from" data-runs="([^"]*)">([^<]*)</span>', html)
    deciding = next(runs for runs, text in spans if "over 3 seeds" in text)
    assert set(deciding.split()) == there
    assert all(set(runs.split()) <= there for runs, _ in spans) and len(spans) > 5

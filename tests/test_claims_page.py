"""The page of the claims: every text escaped, every claim and network there,
and nothing printed by a program.
"""

import json
import math
import re

import pytest
from conftest import REPOSITORY
from made_up import CLEAN, GOOD, make

from memutils.claims import sensitivity
from memutils.claims.cases import HOLDS, NOT_TESTED
from memutils.claims.selection import Pool
from memutils.claims.statements import CLAIMS
from memutils.report import markup
from memutils.report.claims import drawings, judge, more, strip, vocabulary
from memutils.report.claims import page as claims_page

HTML = {c: f"&{name};" for c, name in (("<", "lt"), (">", "gt"), ("&", "amp"))}


@pytest.fixture(scope="module")
def content():
    return claims_page.load(
        Pool([*CLEAN.values(), GOOD, make(), make("mse"), make("nmse", m=0.2, r=0.7)])
    )


@pytest.fixture(scope="module")
def empty():
    return claims_page.load(Pool([]))


def balanced(html: str) -> bool:
    """Whether every element that is opened is closed, in order."""
    stack = []
    for closing, name in re.findall(r"<(/?)(\w+)[^>]*>", html):
        if name == "br":
            continue
        if not closing:
            stack.append(name)
        elif not stack or stack.pop() != name:
            return False
    return not stack


def test_texts_are_escaped_once():
    text = "<b>&'\""
    assert markup.tag("p", text) == "<p>&lt;b&gt;&amp;&#x27;&quot;</p>"
    assert markup.tag("p", markup.tag("i", text)).count("&lt;") == 1
    assert markup.table([{"<x>": "<y>"}]).count("&lt;") == 3 and markup.table([]) == ""
    assert 'href="a&quot;b"' in markup.link('a"b', "text")


def test_numbers_for_the_reader():
    none, zero = (None, math.nan, math.inf), (-0.0001, 0.0)
    assert {*map(markup.number, none)} == {"–"} and {*map(markup.number, zero)} == {"0.000"}
    assert [markup.number(v) for v in (None, 0.25, -0.25, 5000, 41.0, True, "η")] == [
        "–",
        "0.250",
        "−0.250",
        "5,000",
        "41",
        "True",
        "η",
    ]
    assert markup.interval((0.1, 0.2)) == "0.100 to 0.200" and markup.interval(None) == ""


def test_the_strip_has_word_symbol_and_color_for_every_claim(content):
    html = strip.strip(content)
    assert balanced(html) and all(f'href="#claim-{c["id"]}"' in html for c in content["claims"])
    assert (
        '<span class="verdict holds"><b>✓ holds</b>' in html
        and "verdict untested" in html
        and "verdict proof" in html
    )
    assert html.count('<th scope="col">') == 4


def test_every_claim_has_a_row_that_the_strip_leads_to(content):
    for claim in content["claims"]:
        heading, statement, evidence = (part.data for part in claims_page.row(content, claim["id"]))
        assert f'id="claim-{claim["id"]}"' in heading and balanced(heading) and balanced(evidence)
        assert claim["reading"] in statement and claim["rule"] in statement
        assert not claim["says"] or f"“{claim['says']}”" in statement
        assert "nan" not in evidence.lower() and "None" not in evidence and "{" not in evidence


def test_an_opened_row_has_a_line_for_each_run_and_a_column_for_each_number(content):
    html = claims_page.row(content, "C9")[2].data
    table = re.search(r'<table class="numbers">.*?</table>', html)[0]
    assert (
        table.count("<tr>") == 2
        and [f">{n}</th>" in table for n in ("r − m", "r", "m", "seed", "interval")] == [True] * 5
    )
    assert f"results/cpu/{GOOD.key}.json" in html


def test_a_name_in_a_record_stays_a_name():
    evil = make("rll", m=0.02, r=0.95, scale="<img src=x>")
    html = "".join(claims_page.row(claims_page.load(Pool([evil, CLEAN["rll"]])), "C9")[2].data)
    assert "<img" not in html and "&lt;img src=x&gt;" in html


def test_without_records_the_page_still_stands(empty):
    assert balanced(strip.strip(empty)) and strip.controls(empty) == ""
    assert all(balanced(claims_page.row(empty, c["id"])[2].data) for c in empty["claims"])
    assert drawings.at_steps(Pool([]), "steps-cnn") == []
    assert drawings.differences(empty) and more.what_was_run(Pool([]))


def test_moved_thresholds_are_told_in_words():
    pool = Pool([make("mse", m=0.93, f=0.98)])
    html = more.moved(sensitivity.changes(sensitivity.sweep(pool, 3)))
    assert (
        "m of a network that memorizes" in html
        and "C2, ResNet-32" in html
        and "full_memorized" not in html
        and balanced(html)
    )
    assert "thresholds were moved" in more.steady([], claims_page.load(pool))


def test_the_first_version_stands_beside_this_one(content):
    first = json.loads((REPOSITORY / "results" / "claims-first.json").read_bytes())["claims"]
    html = more.rules_changed(content, first)
    assert balanced(html) and html.count("<tr>") == 18, "a head and seventeen claims"
    assert "mixed, 3 of 6" in html and "Inception-Lite at 0.1" in html
    assert more.rules_changed(content, {}) == "" and "581f3e9" in more.late_changes()


def test_both_learning_rates_stand_beside_each_other(content):
    html = more.at_learning_rates(content)
    assert balanced(html) and html.count('#claim-C9">C9</a>') in (1, 2)


def test_names_were_shuffled_among_the_recorded_runs(repository):
    """A new record changes what is shuffled: ``make claims`` counts anew."""
    assert judge.load()["shuffled"]["runs"] == len(Pool.load().runs)


def test_the_judges_rates_are_told():
    judged = judge.load()
    text = judge.planted_sentence(judged)
    assert "grids each, a clear effect never gets the opposite verdict" in text
    worse = [row | {"opposite": 0.01, "right": 0.9} for row in judged["planted"]]
    text = judge.planted_sentence(judged | {"planted": worse})
    assert "gets in at most 1.0 % of them the opposite verdict" in text and "in 90 % or" in text
    html = judge.planted(judged)
    assert balanced(html) and html.count("<tr>") == len(judged["planted"]) + 1
    assert "With shuffled names" in judge.shuffled_sentence(judged) and balanced(
        judge.shuffled(judged)
    )
    assert "not recorded" in judge.planted_sentence({}) and judge.shuffled({}) == ""


def test_no_clear_truth_gets_the_opposite_verdict():
    clear = [r for r in judge.load()["planted"] if r["planted"].startswith("clearly")]
    assert len(clear) > 30 and max(r["opposite"] for r in clear) < 0.01


def test_the_losses_that_were_judged_are_named_where_some_are_missing():
    """C8 is about CCE and MSE, C17 about five losses, and C9 about RLL alone."""
    found = claims_page.load(Pool([*CLEAN.values(), GOOD, make()]))
    words = {
        (claim["id"], v["column"]): vocabulary.beside(claim["id"], v)
        for claim in found["claims"]
        for v in claim["verdicts"]
    }
    assert "CCE only" in words["C8", "resnet32"] and "RLL only" in words["C17", "resnet32"]
    assert not any("alone" in line for line in words["C9", "resnet32"])


def test_a_verdict_of_one_noise_rate_says_so():
    def told(*cells, word="holds"):
        return vocabulary.only_at({"word": word, "cells": cells})

    cells = [{"state": "holds", "eta": 0.4}, {"state": "inconclusive", "eta": 0.6}]
    assert told(*cells) == "only at η = 0.4"
    assert told(*cells, {"state": "fails", "eta": 0.2}) == ""
    assert told({"state": "holds", "eta": None}) == ""
    assert told(cells[1]) == told(*cells, word="not tested") == ""


def test_an_interval_over_seeds_says_that_it_is_one_and_of_which_level(repository):
    claims = {c["id"]: c["verdicts"] for c in claims_page.load(Pool.load())["claims"]}
    told = [str(claims_page.summary(v)) for v in claims["P0"] if v["column"] == "resnet18"]
    assert all(" = 0." in text and "97.5 % interval 0." in text for text in told)
    (told,) = (str(claims_page.summary(v)) for v in claims["C9"] if v["column"] == "resnet18")
    assert "(95 % interval" in told and "; 3 seeds)" in told


def test_every_part_of_a_claim_has_a_name_in_words():
    titles = {part.title for claim in CLAIMS for part in claim.parts if part.title}
    assert titles == vocabulary.PARTS.keys()


def test_replays_are_counted_and_listed():
    where = {"machine": "Intel(R) Xeon(R)", "precision": "float32"}
    rows = [
        {"scale": "quick", "key": f"<{answer}>", "answer": answer, "metric": "test_accuracy"}
        | {"by": by, "seeds": 3, "range": 0.02, "then": where, "now": where}
        for answer, by in (("equal", 0.0), ("within the range of its seeds", 0.01))
    ]
    text, html = judge.replays_sentence(rows), judge.replayed(rows)
    assert "2 records were trained again: 1 are *equal*, 1 lie" in text and "0.010 apart" in text
    assert balanced(html) and html.count("<tr>") == 3 and "<equal>" not in html
    assert "Intel Xeon, float32" in html and "No replay" in judge.replays_sentence([])


def test_a_link_to_a_chapter_has_its_title():
    assert {name for claim in CLAIMS for name in claim.shown_in} == vocabulary.PAGES.keys()
    for name, title in vocabulary.PAGES.items():
        cells = json.loads((REPOSITORY / f"notebooks/{name}.ipynb").read_text("utf-8"))["cells"]
        assert "".join(cells[0]["source"]).splitlines()[0] == f"# {title}"


def test_a_cell_that_fails_beside_others_is_named(content):
    verdict = next(v for c in content["claims"] for v in c["verdicts"] if v["cells"])
    cells = [dict(verdict["cells"][0], state="holds", seed=seed) for seed in (0, 1)]
    assert claims_page.failing(verdict | {"word": "holds", "cells": cells}) == ""
    cells[1] |= {"state": "fails", "statistics": {"memorized": 0.877, "j1": 0.972, "rise": 0.0}}
    told = claims_page.failing(verdict | {"word": "1 of 2 seeds", "cells": cells})
    assert "seed 1: m = 0.877, J1 = 0.972" in told and told.startswith("fails with ")
    assert claims_page.failing(verdict | {"word": "not tested", "cells": cells}) == ""
    every = [dict(c, state="fails") for c in cells]
    assert claims_page.failing(verdict | {"word": "fails", "cells": every}) == ""


def test_a_brief_strip_says_on_how_few_seeds_a_word_rests_and_a_head_its_images(content):
    seeds = {v["seeds"] for c in content["claims"] for v in c["verdicts"] if v["unit"] == "seed"}
    text = strip.strip(content, brief=True)
    assert "5,000 images</small>" in text
    for n in (1, 2):
        assert strip.few({"seeds": n, "unit": "seed", "word": HOLDS}).startswith(f"{n} seed")
        untested = {"seeds": n, "unit": "seed", "word": NOT_TESTED}
        assert strip.few(untested).endswith(", 3 needed")
    three, pair = ({"seeds": 3, "unit": "seed"}, {"seeds": 1, "unit": "pair"})
    assert strip.few(three | {"word": HOLDS}) == strip.few(pair | {"word": HOLDS}) == ""
    assert seeds and "3 seeds" not in text


def test_an_interval_over_two_seeds_is_not_told(content):
    verdict = next(v for c in content["claims"] for v in c["verdicts"] if v["cells"])
    at = [
        dict(verdict["cells"][0], eta=0.4, seed=s, statistics={"difference": s / 10})
        for s in (2, 3)
    ]
    told = claims_page.deciding(verdict | {"extra": {}, "mean": [0.25, [-0.4, 0.9]]}, at)
    assert told == "difference = 0.200 and 0.300, one seed each"


def test_the_runs_that_verdicts_read_and_were_known_are_counted(repository):
    pool = Pool.load()
    content = claims_page.load(pool)
    read = more.read_by(content)
    assert read < {run.name for run in pool.runs}, "no verdict reads the MLP's"
    assert not any("-mlp-" in name for name in read)
    p0 = more.read_by(content, "P0", column="resnet18")
    assert p0 == {name for name in p0 if "resnet18" in name} and p0 < read
    text = more.known(content)
    known, judged = map(int, re.match(r"(\d+) of (\d+) \(for P0 ", text).groups())
    assert 0 < known < judged == len(read)
    assert f"of {len(p0)} with ResNet-18" in text

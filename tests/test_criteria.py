"""What the page of the claims looks up when a threshold is moved: the verdicts of the rules,
each in its place.
"""

import dataclasses
import itertools
import json
import re

import pytest
from made_up import CLEAN, GOOD, make

from memutils.claims import sensitivity
from memutils.claims.selection import MAIN, Pool
from memutils.claims.thresholds import Thresholds
from memutils.report.claims import criteria, strip
from memutils.report.claims import page as claims_page


@pytest.fixture(scope="module")
def pool():
    return Pool([*CLEAN.values(), GOOD, make(), make("mse", m=0.93, f=0.98)])


@pytest.fixture(scope="module")
def content(pool):
    return claims_page.load(pool)


@pytest.fixture(scope="module")
def swept(pool):
    return sensitivity.sweep(pool, points=5)


@pytest.fixture(scope="module")
def held(content, swept):
    return criteria.data(content, swept)


def words(held: dict, row: str) -> list[str]:
    return [held["words"][int(digit, 36)]["word"] for digit in row]


def test_each_value_has_the_verdicts_of_the_rules(pool, held):
    usual = sensitivity.words(pool, Thresholds())
    assert words(held, held["usual"]) == list(usual.values())
    for one in held["thresholds"]:
        assert one["values"][one["ours"]] == getattr(Thresholds(), one["name"])
        for value, row in zip(one["values"], one["words"], strict=True):
            moved = dataclasses.replace(Thresholds(), **{one["name"]: value})
            assert words(held, row) == list(sensitivity.words(pool, moved).values())


def test_moved_together_the_last_threshold_moves_fastest(pool, held):
    for name in ("P0", "C9", "C2"):
        group = next(g for g in held["together"] if g["claim"] == name)
        own = tuple(c for c in sensitivity.JUDGED if c.id == name)
        axes = [
            t["values"] for n in group["thresholds"] for t in held["thresholds"] if t["name"] == n
        ]
        combinations = list(itertools.product(*axes))
        assert len(combinations) == len(group["words"])
        for at in (0, 7, len(combinations) - 2):
            moved = dict(zip(group["thresholds"], combinations[at], strict=True))
            found = sensitivity.words(pool, dataclasses.replace(Thresholds(), **moved), own)
            assert words(held, group["words"][at]) == list(found.values())


def test_a_verdict_names_its_cell_of_the_strip_and_its_line_of_the_claim(content, held):
    body = strip.strip(content).partition("<tbody>")[2]
    rows = [re.findall(r"<td.*?</td>", row) for row in re.findall(r"<tr.*?</tr>", body)]
    of_claims: dict[str, list] = {}
    for verdict, word in zip(held["verdicts"], words(held, held["usual"]), strict=True):
        assert f" {word}</b>" in rows[verdict["row"]][verdict["cell"]]
        evidence = claims_page.row(content, verdict["claim"])[2].data.partition("<tbody>")[2]
        line = re.findall(r"<tr>.*?</tr>", evidence)[verdict["place"]]
        assert f" {word}</b>" in line and MAIN[verdict["cell"]].title in line
        of_claims.setdefault(verdict["claim"], []).append(verdict["place"])
    assert all(places == list(range(len(places))) for places in of_claims.values())


def test_only_thresholds_on_which_words_hang_have_a_slider(held, swept):
    shown = {one["name"] for one in held["thresholds"]}
    assert swept["alone"].keys() - shown == set(criteria.BESIDE)
    assert all(
        row == swept["usual"] for name in criteria.BESIDE for row in swept["alone"][name]["words"]
    )


def test_the_page_gets_plain_data_and_a_sentence_without_it(content, swept, held):
    html = criteria.html(content, swept)
    found = re.search(r'<script type="application/json">(.*?)</script>', html)[1]
    assert json.loads(found) == json.loads(json.dumps(held)) and len(html) < 100_000
    assert 'href="#claims-thresholds"' in html

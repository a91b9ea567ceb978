"""The thresholds: frozen, each explained, and each on the page that states the rules."""

import dataclasses
import re
from pathlib import Path

import pytest

from memutils.claims import thresholds
from memutils.claims.statements import CLAIMS, Claim
from memutils.claims.thresholds import Thresholds

PAGE = Path(__file__).parents[1] / "book" / "rules.md"
NAMES = [f.name for f in dataclasses.fields(Thresholds)]
IDS = {"P0", "P1", *(f"C{i}" for i in range(1, 18)), "E1", "H1"}
WORDS = {
    2: "two",
    3: "three",
    5: "five",
    9: "nine",
    0.1: "tenth",
    0.2: "fifth",
    0.5: "half|e/2",
    0.75: "three quarters",
    1e-10: "1e-10",
}


def spellings(value: float) -> re.Pattern:
    """The ways in which a text may write a number: 0.95, .95, 95 %, and some in words."""
    plain = re.escape(f"{value:g}".removeprefix("0"))
    percent = re.escape(f"{100 * value:g}")
    digits = rf"(?<![\d.])0?{plain}(?![\d]|\.\d)|(?<![\d.]){percent} ?%"
    return re.compile(rf"{digits}|\b(?:{WORDS[value]})" if value in WORDS else digits)


def rows(page: str) -> dict[str, str]:
    """Of each claim the rows of the page's tables whose first cell names it, and those of the claim
    that a row refers to.
    """
    found = dict.fromkeys(sorted(IDS), "")
    for line in page.splitlines():
        first = re.match(r"\| *([^|]*)\|", line)
        for name in re.findall(r"\b[PCEH]\d+\b", first[1]) if first else ():
            found[name] = found.get(name, "") + line + "\n"
    other = {name: re.findall(r"\bas (C\d+)\b", text) for name, text in found.items()}
    return {name: text + "".join(found[o] for o in other[name]) for name, text in found.items()}


def absent(page: str) -> list[tuple[str, str, float]]:
    """The thresholds (name, claim, number) that a page does not state;
    claim is empty for the whole page.
    """
    by_claim, missing = rows(page), []
    for name in NAMES:
        value = getattr(Thresholds(), name)
        for number in value if isinstance(value, tuple) else (value,):
            for claim in thresholds.used_by(name) or ("",):
                if not spellings(number).search(by_claim[claim] if claim else page):
                    missing.append((name, claim, number))
    return missing


def test_the_thresholds_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Thresholds().drop_share = 0.5
    moved = dataclasses.replace(Thresholds(), drop_share=0.5)
    assert moved.drop_share == 0.5 != Thresholds().drop_share and moved != Thresholds()


def test_each_threshold_has_a_meaning_of_its_own_and_names_claims_that_there_are():
    assert len({thresholds.meaning(n) for n in NAMES}) == len(NAMES)
    assert all(set(thresholds.used_by(n)) <= IDS for n in NAMES)


def test_a_number_is_found_however_it_is_written_and_not_inside_another():
    for text in ("at least .95", "0.95 and", "95 % of", "95% of"):
        assert spellings(0.95).search(text)
    for text in (".955", "1.95", "0.9", "195 %", "v2.0.95.1"):
        assert not spellings(0.95).search(text)
    assert (
        spellings(3).search("by 3 SE")
        and spellings(3).search("three seeds")
        and not spellings(3).search(".3 or 3.5")
    )


def test_a_number_that_a_claims_row_lacks_is_noticed():
    page = "| id | rule |\n| C5 | .75, .02, .01, last fifth |\n| C4 | 75 % |\n"
    missing = {(name, claim) for name, claim, _ in absent(page)}
    assert ("high_j1", "C5") not in missing and ("below_cce", "C5") not in missing
    assert ("high_j1", "C5") in {(n, c) for n, c, _ in absent(page.replace(".75,", "high,"))}


ON_THE_PAGE_ALONE = {"step_scales", "low_etas", "lr_drop", "first_j1", "first_memorized"}
"""Thresholds that a claim's short rule leaves to the page of the rules."""


def unstated(claim: Claim) -> set[str]:
    """The thresholds of a claim whose number its rule and its symbols do not state."""
    text = f"{claim.rule} {claim.symbols}"
    missing = set()
    for name in NAMES:
        value = getattr(Thresholds(), name)
        numbers = value if isinstance(value, tuple) else (value,)
        if claim.id in thresholds.used_by(name):
            missing |= {name for number in numbers if not spellings(number).search(text)}
    return missing


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claims_rule_states_its_thresholds_in_words_and_symbols(claim):
    assert unstated(claim) <= ON_THE_PAGE_ALONE


def test_a_rule_whose_threshold_has_moved_is_noticed():
    claim = next(claim for claim in CLAIMS if claim.id == "C7")
    told = claim.rule.replace("0.05", "0.06"), claim.symbols.replace("0.05", "0.06")
    assert "drop_close" in unstated(dataclasses.replace(claim, rule=told[0], symbols=told[1]))


def test_every_threshold_is_stated_on_the_page_of_the_rules():
    assert not absent(PAGE.read_text(encoding="utf-8"))

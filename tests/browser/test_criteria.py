"""The criteria moved, as a reader would: by sliding, by the keyboard, by an address. What the page
looks up is made up here, so that every lookup has an answer of its own.
"""

import itertools

import pytest
from conftest import BOOK, output, serious, written

from memutils.claims import sensitivity
from memutils.claims.selection import Pool
from memutils.claims.thresholds import Thresholds
from memutils.report.claims import criteria
from memutils.report.claims import page as claims_page
from memutils.report.claims import strip as claims_strip

SHELL, MADE = BOOK / "notebooks/claims.html", BOOK / "notebooks/claims-moved.html"
WORDS = ["not tested", "holds", "fails", "open", "1 of 2 seeds"]


def ours(name: str) -> int:
    return sensitivity.values(name).index(getattr(Thresholds(), name))


def word(i: int, moved: dict[str, int]) -> str:
    """The made-up word of verdict i with thresholds at these places;
    one of them moved alone changes it.
    """
    away = [(sensitivity.NAMES.index(name), at) for name, at in moved.items() if at != ours(name)]
    return WORDS[(i + sum(1 + (k + at) % 4 for k, at in away)) % 5]


def made_up(empty: dict) -> dict:
    """The sweep of no record, with other words."""

    def row(moved: dict[str, int], claims: set[str]) -> list[int]:
        own = [i for i, (claim, *_) in enumerate(empty["verdicts"]) if claim in claims]
        return [WORDS.index(word(i, moved if i in own else {})) for i in range(len(order))]

    order = empty["verdicts"]
    alone = {
        name: one
        | {
            "words": [
                row({name: at}, {c.id for c in sensitivity.concerned(name)})
                for at in range(len(one["values"]))
            ]
        }
        for name, one in empty["alone"].items()
    }
    together = []
    for group in empty["together"]:
        own = [i for i, (claim, *_) in enumerate(order) if claim == group["claim"]]
        names = group["thresholds"]
        axes = (range(len(sensitivity.values(name))) for name in names)
        moves = [dict(zip(names, at, strict=True)) for at in itertools.product(*axes)]
        rows = [[WORDS.index(word(i, moved)) for i in own] for moved in moves]
        together.append(group | {"words": rows})
    usual = row({}, set())
    return empty | {"words": WORDS, "usual": usual, "alone": alone, "together": together}


@pytest.fixture(scope="module")
def held():
    """Writes the page into the book, and returns what it looks up."""
    content, swept = claims_page.load(Pool([])), made_up(sensitivity.sweep(Pool([])))
    usual = dict(zip(map(tuple, swept["verdicts"]), swept["usual"], strict=True))
    for claim in content["claims"]:
        for verdict in claim["verdicts"]:
            if (key := (claim["id"], verdict["part"], verdict["column"])) in usual:
                verdict["word"] = WORDS[usual[key]]
    parts = [claims_strip.strip(content), criteria.html(content, swept)]
    for claim in content["claims"]:
        heading, _, evidence = claims_page.row(content, claim["id"])
        parts += [heading.data, evidence.data]
    body = "".join(map(output, parts)) + '<p id="claims-thresholds">The table</p>'
    with written(SHELL, MADE, body):
        yield criteria.data(content, swept)


@pytest.fixture(params=[1280, 390])
def page(request, watch, held):
    made = watch(request.param, "light" if request.param == 1280 else "dark")
    made.goto(MADE.as_uri())
    made.wait_for_selector(".criteria-live")
    return made


def slide(page, name: str, at: int) -> None:
    page.evaluate("document.querySelector('.criteria details').open = true")
    page.locator(f".criteria input[name={name}]").fill(str(at))


def shown(page) -> dict[str, list[str]]:
    """The words of the strip and those of the claims' lines, row by row, without their symbols."""
    read = "all => all.map((e) => e.textContent.split(' ').slice(1).join(' '))"
    places = {
        "strip": "table.strip tr:not(:has([colspan])) .verdict b",
        "lines": "table.evidence:not(:has(td[data-name=statement])) .verdict b",
    }
    return {name: page.eval_on_selector_all(where, read) for name, where in places.items()}


def expected(held: dict, moved: dict[str, int]) -> list[str]:
    """The words of all verdicts with thresholds at these places."""
    claims = {name: {c.id for c in sensitivity.concerned(name)} for name in moved}
    return [
        word(i, {n: at for n, at in moved.items() if verdict["claim"] in claims[n]})
        for i, verdict in enumerate(held["verdicts"])
    ]


def check(page, held: dict, moved: dict[str, int]) -> None:
    """The page shows these words everywhere, and says how many they change."""
    words, usual = expected(held, moved), expected(held, {})
    rows = sorted(
        zip(held["verdicts"], words, strict=True), key=lambda r: (r[0]["row"], r[0]["cell"])
    )
    found, changed = shown(page), sum(a != b for a, b in zip(words, usual, strict=True))
    assert found["strip"] == [text for _, text in rows]
    assert sorted(found["lines"]) == sorted(words)
    said = page.locator(".criteria [role=status]").inner_text()
    count = f"{changed or 'None'} of {len(words)} verdicts change"
    assert said.startswith(count if moved else "All thresholds are ours.")
    assert page.locator(".criteria-bar li").count() == changed
    assert page.locator("table.strip .criteria-changed").count() == changed


def test_the_verdicts_follow_each_threshold(page, held):
    check(page, held, {})
    for name, at in (("full_memorized", 0), ("last_share", 8), ("seeds", 5), ("clean_fit", 3)):
        slide(page, name, at)
        check(page, held, {name: at})
        assert page.url.endswith(f"#{name}={sensitivity.values(name)[at]:g}")


def test_thresholds_of_p0_move_together_and_others_where_no_claim_hangs_on_both(page, held):
    moved = {"deviations": 0, "clean_fit": 8, "underfit": 2}
    for name, at in moved.items():
        slide(page, name, at)
    check(page, held, moved)
    slide(page, "underfit", ours("underfit"))
    slide(page, "clean_fit", ours("clean_fit"))
    slide(page, "high_j1", 6)
    check(page, held, {"deviations": 0, "high_j1": 6})
    slide(page, "leading_share", 1)
    check(page, held, {"high_j1": 6, "leading_share": 1})
    told = page.locator(".criteria [role=status]").inner_text()
    assert "“standard errors by which one value leads another” is back at ours" in told


def test_a_changed_verdict_says_what_ours_is_and_its_heading_follows(page, held):
    i = next(i for i, v in enumerate(held["verdicts"]) if v["claim"] == "C5")
    at = next(at for at in range(9) if word(i, {"high_j1": at}) != word(i, {}))
    slide(page, "high_j1", at)
    line = page.locator(".criteria-bar li").first.inner_text()
    verdict = held["verdicts"][i]
    assert line == f"{verdict['name']}: {word(i, {})} → {word(i, {'high_j1': at})}"
    row = page.locator("table.strip tbody tr").nth(verdict["row"])
    badge = row.locator("td").nth(verdict["cell"]).locator(".verdict")
    assert badge.locator("small").inner_text() == f"ours: {word(i, {})}"
    own = [k for k, v in enumerate(held["verdicts"]) if v["claim"] == "C5"]
    words = list(dict.fromkeys(word(k, {"high_j1": at}) for k in own))
    heading = page.locator("#claim-C5 .verdict b").all_inner_texts()
    assert [text.split(" ", 1)[1] for text in heading] == words


def test_one_button_leads_back_to_ours(page, held):
    read = "document.querySelector('article').cloneNode(true).textContent"
    before = page.evaluate(read)
    slide(page, "telling_share", 7)
    assert page.evaluate(read) != before
    page.locator(".criteria button").click()
    check(page, held, {})
    assert page.evaluate(read) == before and "#" not in page.url
    assert page.locator(".criteria-moved").count() == 0


def test_an_address_keeps_a_choice_and_says_what_it_cannot(page, held):
    page.goto("about:blank")
    page.goto(MADE.as_uri() + "#underfit=0.025&clean_fit=0.975")
    check(page, held, {"underfit": 0, "clean_fit": 8})
    page.evaluate("location.hash = '#equivalence=0.06&full_j1=2&pace=1'")
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('pace')")
    check(page, held, {"equivalence": 8})
    assert "full_j1 = 2, not one of 0.9, " in page.locator(".criteria [role=status]").inner_text()
    assert page.locator(".criteria details").get_attribute("open") is not None
    page.evaluate("location.hash = '#claim-C5'")
    check(page, held, {"equivalence": 8})


def test_the_keyboard_alone_does_it_all(page, held):
    page.locator(".criteria button").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "deviations"
    page.keyboard.press("ArrowRight")
    check(page, held, {"deviations": ours("deviations") + 1})
    page.keyboard.press("Home")
    check(page, held, {"deviations": 0})
    assert page.evaluate("document.activeElement.ariaValueText") == "1.5 (ours: 3)"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Shift+Tab")  # to the list of changes, which scrolls
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    check(page, held, {})
    page.locator(".criteria summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"


def test_nothing_serious_for_axe_and_no_sideways_scrolling(page):
    slide(page, "clean_fit", 8)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_bar_that_names_the_changes_stays_in_sight(page):
    slide(page, "clean_fit", 8)
    page.locator(".criteria input").last.scroll_into_view_if_needed()
    box = page.locator(".criteria-bar").bounding_box()
    assert 0 <= box["y"] and box["y"] + box["height"] < 0.4 * 844


def test_without_javascript_and_on_paper_there_is_a_sentence(browser, page):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(MADE.as_uri())
    assert still.locator(".criteria-instead").is_visible()
    assert still.locator(".criteria-instead a").get_attribute("href") == "#claims-thresholds"
    context.close()
    assert not page.locator(".criteria-instead").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".criteria-instead").is_visible()
    assert not page.locator(".criteria fieldset").first.is_visible()

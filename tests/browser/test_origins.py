"""Where a number comes from: by pointing, by the keyboard, by a tap; on a page of made-up text with
the book's own runs.
"""

import json
import re

import pytest
from conftest import BOOK, serious, written

from memutils.report import origins

SHELL, MADE = BOOK / "notebooks/claims.html", BOOK / "notebooks/claims-numbers.html"


@pytest.fixture(scope="module")
def runs():
    """Writes the page into the book: a number of one run, one of five, one of a run that is not
    there, and one in a table that scrolls. Returns what the book tells of its runs.
    """
    text = (BOOK / "_static/runs.js").read_text(encoding="utf-8")
    found = json.loads(re.fullmatch(r"self\.memutilsRuns = (.*);\n", text)[1])
    names = [*found, *(f"smoke/other-{k}" for k in range(5))]
    one, five, none = (
        origins.number(*x)
        for x in (("97 %", names[:1]), ("7 %", names[:5]), ("5 %", ["smoke/gone"]))
    )
    cell = origins.number("0.123", names[1:2])
    body = f"<p>Of all {one}, then {five}, then {none}.</p>{'<p>More.</p>' * 40}"
    body += f"<table><tbody><tr><td>{cell}</td>{'<td>wide cell</td>' * 30}</tr></tbody></table>"
    with written(SHELL, MADE, body):
        yield found


@pytest.fixture(params=[1280, 390])
def page(request, watch, runs):
    made = watch(request.param, "light" if request.param == 1280 else "dark")
    made.goto(MADE.as_uri())
    made.wait_for_selector(".from[role=button]")
    return made


def shown(page, number: int):
    """The box, once it tells of a number; wholly within the window."""
    page.wait_for_selector(".origin:not([hidden])")
    box = page.locator(".origin")
    assert page.locator(".from").nth(number).get_attribute("aria-expanded") == "true"
    place, width = box.bounding_box(), page.viewport_size["width"]
    assert place["x"] >= 0 and place["x"] + place["width"] <= width and place["y"] >= 0
    return box


def hidden(page) -> None:
    page.wait_for_selector(".origin", state="hidden")
    assert page.locator(".from[aria-expanded=true]").count() == 0


def test_pointing_at_a_number_shows_its_run(page, runs):
    name, told = next(iter(runs.items()))
    page.locator(".from").first.hover()
    text = shown(page, 0).inner_text()
    scale, key = name.split("/")
    assert f"{told['run']}, seed {told['seed']}" in text and told["commit"] in text
    assert f"{told['images']} images; {told['machine']}" in text
    assert f"make replay SCALE={scale} KEY={key}" in text
    page.locator(".origin").hover()  # it stays while one reads it
    page.wait_for_timeout(500)
    assert page.locator(".origin").is_visible()
    page.mouse.move(1, 800)
    hidden(page)


def test_the_keyboard_reaches_it_and_escape_closes_it(page):
    first = page.locator(".from").first
    first.focus()
    shown(page, 0)
    assert first.get_attribute("aria-describedby") == "origin"
    page.keyboard.press("Escape")
    hidden(page)
    page.keyboard.press("Enter")
    shown(page, 0)
    page.keyboard.press("Tab")
    assert "from 5 runs" in shown(page, 1).inner_text()
    page.keyboard.press(" ")
    hidden(page)


def test_of_many_runs_the_first_are_told_and_the_rest_counted(page):
    page.locator(".from").nth(1).click()
    box = shown(page, 1)
    assert box.locator("code").count() == 3 and "and 2 more." in box.inner_text()
    page.locator("article p").nth(5).click()
    hidden(page)


def test_of_a_run_that_the_book_does_not_hold_its_line_is_told(page):
    page.locator(".from").nth(2).click()
    assert "make replay SCALE=smoke KEY=gone" in shown(page, 2).inner_text()


def test_in_a_table_that_scrolls_the_box_is_not_cut_and_follows(page):
    number = page.locator("td .from")
    number.click()
    box = shown(page, 3)
    before = box.bounding_box()["y"]
    page.mouse.wheel(0, -60)
    page.wait_for_function(
        "before => document.querySelector('.origin').getBoundingClientRect().y !== before",
        arg=before,
    )
    gap = abs(box.bounding_box()["y"] - number.bounding_box()["y"])
    assert gap < box.bounding_box()["height"] + 60


def test_a_tap_shows_and_another_elsewhere_hides(browser, runs):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(MADE.as_uri())
    page.wait_for_selector(".from[role=button]")
    page.locator(".from").first.tap()
    shown(page, 0)
    page.locator("article p").nth(8).tap()
    hidden(page)
    context.close()


def test_nothing_serious_for_axe(page):
    page.locator(".from").first.focus()
    shown(page, 0)
    assert serious(page, {"include": [["article"], [".origin"]]}) == []


def test_without_javascript_and_on_paper_there_is_the_number_alone(browser, page):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(MADE.as_uri())
    style = "(e) => getComputedStyle(e).textDecorationLine"
    assert still.locator(".from").first.evaluate(style) == "none"
    assert "Of all 97 %, then 7 %, then 5 %." in still.locator("article").inner_text()
    context.close()
    page.locator(".from").first.focus()
    shown(page, 0)
    page.emulate_media(media="print")
    assert not page.locator(".origin").is_visible()
    assert page.locator(".from").first.evaluate(style) == "none"


def test_a_page_without_such_numbers_loads_no_runs(watch):
    page, seen = watch(1280), []
    page.on("request", lambda request: seen.append(request.url))
    page.goto((BOOK / "book/lab.html").as_uri())
    page.wait_for_timeout(300)
    assert not any("runs.js" in url for url in seen) and page.locator(".origin").count() == 0

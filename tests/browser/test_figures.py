"""Drawn figures and the start page, as readers see them: size, theme, width, enlarging."""

import pytest
from conftest import BOOK

START = BOOK / "notebooks/answer.html"
LEAST = {1280: 11, 768: 9, 390: 9}
"""Widths of windows, and the least height of a figure's text there, in pixels."""

SHOWN = """() => [...document.querySelectorAll(".drawn svg")]
  .filter((svg) => svg.getBoundingClientRect().width)
  .map((svg) => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const texts = [...svg.querySelectorAll("text")].map((text) => getComputedStyle(text));
    return {
      description: svg.getAttribute("aria-label"),
      scale,
      text: Math.min(...texts.map((style) => scale * parseFloat(style.fontSize))),
      colors: [...new Set(texts.map((style) => style.fill))],
      fonts: [...new Set(texts.map((style) => style.fontFamily))],
      ink: getComputedStyle(svg.closest(".bd-article")).color,
      font: getComputedStyle(document.body).fontFamily,
    };
  })"""


def pages():
    """The pages that have a drawn figure."""
    return [p for p in sorted(BOOK.rglob("*.html")) if 'class="drawn"' in p.read_text("utf-8")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", LEAST)
def test_text_is_large_enough_in_the_pages_font_and_color(watch, width, theme):
    page, seen = watch(width, theme), 0
    for path in pages():
        page.goto(path.as_uri())
        there = page.locator(".drawn:visible").count()  # a fallback is hidden where scripts run
        shown = page.evaluate(SHOWN)
        assert len(shown) == there, "one width of each figure"
        for figure in shown:
            assert figure["text"] >= LEAST[width] and figure["scale"] < 1.3, path
            assert figure["colors"] == [figure["ink"]] and figure["fonts"] == [figure["font"]]
            assert len(figure["description"]) > 20
        seen += there
    assert seen, "no page has a figure"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_figure_is_enlarged_by_click_and_by_keyboard(watch, width):
    page = watch(width)
    page.goto(pages()[0].as_uri())
    dialog = page.locator("dialog.enlarged")
    figure = page.locator(".drawn svg:visible").first
    before = figure.bounding_box()["width"]
    figure.click(position={"x": 20, "y": 20})
    assert dialog.locator("svg").bounding_box()["width"] > 1.2 * before
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.locator(".drawn .enlarge").first.focus()
    page.keyboard.press("Enter")
    assert dialog.is_visible() and page.evaluate("document.activeElement.textContent") == "✕"
    page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert page.locator(".drawn-wide svg").count() == page.locator(".drawn").count()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_answer_and_the_top_of_its_figure_are_seen_without_scrolling(watch, width, height):
    page = watch(width)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(START.as_uri())
    answer = page.locator("article p strong").first
    assert answer.inner_text() in ("Yes.", "No.", "Partly.", "Not answered yet.")
    assert page.locator("article a[href*='arxiv.org/abs/2107.09957']").first.is_visible()
    below = page.locator("article figure").first.bounding_box()["y"]
    assert answer.bounding_box()["y"] < 300 and below < height - 100

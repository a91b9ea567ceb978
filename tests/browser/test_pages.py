"""Every page of the book over file://, on a desktop in light and on a phone in dark."""

from pathlib import Path

import pytest
from browser import typeset
from conftest import ARTICLE, BOOK, output, serious, written

OWN = ARTICLE | {"exclude": [[".citation-list"]]}
"""docutils writes the list of references without list items."""

VIEWS = {"desktop": (1280, "light"), "phone": (390, "dark")}

RAW_TEX = r"""() => {
  const main = document.querySelector("article, main"), found = [];
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const tex = [/\$[^$\s][^$]*\$/, /\\[()[\]]/, /\\(begin|frac|alpha|eta|mathrm|sum|tfrac|text)\b/,
    /\{(ref|doc|numref|eq|cite)[:\w]*\}/];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent;
    const element = walker.currentNode.parentElement;
    if (tex.some((form) => form.test(text))
        && !element.closest("pre, code, script, style, mjx-container"))
      found.push(text.trim().slice(0, 90));
  }
  const errors = [...document.querySelectorAll("mjx-merror, [data-mjx-error]")];
  return found.concat(errors.map((e) => e.textContent));
}"""

WIDE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const clipped = (e) => { for (let p = e.parentElement; p; p = p.parentElement)
    if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX)) return true; return false; };
  const beyond = (e) => e.getBoundingClientRect().right > innerWidth + 1;
  return [...document.querySelectorAll("body *")].filter((e) => beyond(e) && !clipped(e))
    .map((e) => e.tagName + "." + e.className).concat(["scrolls sideways"]);
}"""

# Shrunk as far as it can be read, a formula scrolls.
CLIPPED_FORMULAS = """() => {
  const right = (e) => e.getBoundingClientRect().right;
  const size = (e) => parseFloat(getComputedStyle(e).fontSize);
  const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX) && e.tabIndex === 0;
  const clipped = (formula) => {
    const container = formula.parentElement, around = container.parentElement;
    const small = size(container) < 0.65 * size(around);
    return right(formula) > right(container.closest("div.math")) + 1
      && !(small && (scrolls(container) || scrolls(around)));
  };
  return [...document.querySelectorAll("article div.math mjx-container > svg")].filter(clipped)
    .map((formula) => formula.parentElement.querySelector("mjx-assistive-mml")?.textContent);
}"""

PICTURES = """() => [...document.querySelectorAll("article img")]
  .filter((e) => !e.naturalWidth || (e.getAttribute("alt") || "").trim().length < 20)
  .map((e) => `${e.src}: ${e.alt}`)"""

LINKS = """() => [...document.querySelectorAll("article a[href], nav a[href]")].map((e) => e.href)
  .filter((href) => href.startsWith("file:")).map((href) => decodeURI(new URL(href).pathname))"""


@pytest.mark.parametrize("view", VIEWS)
def test_page(path, view, watch):
    width, theme = VIEWS[view]
    page = watch(width, theme)
    typeset(page, BOOK / path)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate(WIDE) == []
    assert page.evaluate(CLIPPED_FORMULAS) == []
    assert page.evaluate(RAW_TEX) == []
    assert page.evaluate(PICTURES) == [], "a picture is missing, or has no description"
    assert [target for target in page.evaluate(LINKS) if not Path(target).exists()] == []
    if page.locator("article").count():
        assert serious(page, OWN) == []


def test_the_first_page_leads_to_the_book(watch):
    page = watch(390)
    page.goto((BOOK / "index.html").as_uri())
    page.wait_for_url("**/notebooks/answer.html")


SEARCHES = {
    "symmetrized": "losses",
    "memorization": "setting",
    "memorisation": "setting",
    "mislabelled": "setting",
    "overfitting": "whatcamenext",
    "early stopping": "whatcamenext",
    "noisy labels": "whatcamenext",
}
"""What a reader types, and a page that must be among the answers."""


@pytest.mark.parametrize("words", SEARCHES)
def test_search_finds_what_a_reader_types(words, browser):
    page = (
        browser.new_page()
    )  # not watched: the theme fetches summaries, which only a server allows
    page.goto((BOOK / "search.html").as_uri() + f"?q={words.replace(' ', '+')}")
    wanted = f'#search-results li a[href*="/{SEARCHES[words]}.html"]'
    page.wait_for_selector(wanted, timeout=20_000)  # answers come one by one
    page.close()


PREVIEWS = {
    "citation": ("book/whatcamenext", "references.html#", "Chiyuan Zhang"),
    "equation": ("notebooks/theory_theorem", "#equation-eq-any", ""),
    "statement": ("notebooks/theory_theorem", "#lem-any", "Any loss"),
    "page": ("book/whatcamenext", "protocol.html", "protocol"),
}
"""A page, the link on it that a reader points at, and a word of what shows up."""


@pytest.mark.parametrize("kind", PREVIEWS)
def test_a_link_shows_what_it_leads_to(kind, watch):
    name, link, word = PREVIEWS[kind]
    page = watch(1280)
    typeset(page, BOOK / f"{name}.html")
    page.locator(f"article a.reference.internal[href^='{link}']").first.hover()
    box = page.locator(".tippy-box")
    box.wait_for(timeout=10_000)
    if kind == "equation":
        box.locator("mjx-container svg").first.wait_for(timeout=10_000)
        assert "NaN" not in box.locator("mjx-container svg").first.get_attribute("width")
    assert word in box.inner_text()


def column(page, name: str) -> list[str]:
    """What the rows that are shown of the table of all runs hold in a column."""
    script = """(table, name) => {
      const place = [...table.tHead.rows[0].cells].findIndex((c) => c.textContent === name);
      const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
      return rows.map((row) => row.cells[place].textContent);
    }"""
    return page.eval_on_selector("table.runs", script, name)


def test_the_table_of_all_runs_is_sorted_and_filtered(watch):
    page = watch(1280)
    page.goto((BOOK / "book/runs.html").as_uri())
    everything = column(page, "loss")
    for reverse in (False, True):
        page.locator("table.runs th", has_text="J1").press("Enter")
        values = [float(v) for v in column(page, "J1")]
        assert values == sorted(values, reverse=reverse)
    page.select_option("select[name=loss]", "CCE")
    assert column(page, "loss") == ["CCE"] * everything.count("CCE")
    assert page.inner_text("output") == f"{everything.count('CCE')} of {len(everything)}"
    page.fill("input[name=words]", "no such run")
    assert column(page, "loss") == []
    page.goto((BOOK / "book/runs.html").as_uri() + "?loss=CCE")
    assert column(page, "loss") == ["CCE"] * everything.count("CCE")


def test_numbers_stand_to_the_right_and_a_wide_table_says_that_it_scrolls(watch):
    page = watch(390)
    page.goto((BOOK / "book/runs.html").as_uri())
    page.wait_for_selector("table.runs[data-scrolls]")
    style = "(e) => getComputedStyle(e).textAlign"
    assert page.locator("table.runs td.number").first.evaluate(style) == "right"
    note = "(e) => getComputedStyle(e, '::before').content"
    assert "scrolls" in page.locator("table.runs").evaluate(note)


def rows_of(kind: str, *rows: tuple[str, ...]) -> str:
    """A table; the first row is its head."""
    head, *body = ["".join(f"<{{0}}>{text}</{{0}}>" for text in row) for row in rows]
    lines = "".join(f"<tr>{line.format('td')}</tr>" for line in body)
    return f'<table class="{kind}"><thead><tr>{head.format("th")}</tr></thead>{lines}</table>'


def test_a_table_too_wide_has_groups_of_rows_and_one_of_sentences_is_stacked(watch):
    values = ["0.123"] * 16
    runs = [(where, *values) for where in ("ResNet-18 on MNIST", "ResNet-32") for _ in range(3)]
    numbers = rows_of("numbers", ("where", *(f"x{i}" for i in range(16))), *runs)
    rules = rows_of("table", ("claim", "what", "rule"), ("C1", "a sentence of words", "more"))
    page, made = watch(390), BOOK / "book/tables-of-a-test.html"
    with written(BOOK / "book/runs.html", made, output(numbers) + rules):
        typeset(page, made)
        page.wait_for_selector("table.stacks")
        assert page.locator("tr.group").all_inner_texts() == ["ResNet-18 on MNIST", "ResNet-32"]
        assert page.locator("table.numbers thead th").first.inner_text() == "x0"
        assert page.locator("table.numbers").get_attribute("data-scrolls") == "→"
        told = page.locator("table.stacks td").all_inner_texts()
        assert told == ["C1", "what: a sentence of words", "rule: more"]


def test_every_figure_of_a_notebook_links_to_that_notebook(watch):
    page, seen = watch(1280), 0
    for path in sorted((BOOK / "notebooks").glob("*.html")):
        page.goto(path.as_uri())
        links = page.eval_on_selector_all(
            "article figure", "all => all.map((f) => f.querySelector('a.figure-notebook')?.href)"
        )
        assert all(
            link and link.endswith(f"_sources/notebooks/{path.stem}.ipynb") for link in links
        ), path
        seen += len(links)
    assert seen >= 10


def test_launch_buttons_hide_while_there_is_no_repository(watch):
    page = watch(1280)
    page.goto((BOOK / "notebooks/playground.html").as_uri())
    assert page.locator("text=Colab").count() == page.locator("text=Binder").count() == 0
    assert page.locator(".btn-download-source-button").count() == 1


def test_a_figures_data_are_saved_as_csv(watch, tmp_path):
    page = watch(390)
    page.goto((BOOK / "notebooks/fig4.html").as_uri())
    with page.expect_download() as download:
        page.click(".figure-data a")
    download.value.save_as(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert download.value.suggested_filename == "fig4.csv"
    assert lines[0].startswith("key,dataset,network,loss,eta") and len(lines) > 2

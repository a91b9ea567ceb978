"""The explorer, driven as a reader would: by choosing, by pointing, and by the keyboard alone."""

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import BOOK

PAGE = BOOK / "notebooks/explorer.html"
SCRIPT = '<script type="application/json">'


@contextmanager
def changed(change):
    """A copy of the explorer's page whose content is updated with ``change(content)``; yields its
    address, and deletes it at the end.
    """
    head, script, tail = PAGE.read_text(encoding="utf-8").partition(SCRIPT)
    data, end, rest = tail.partition("</script>")
    old = json.loads(data)
    data = json.dumps(old | change(old)).replace("<", "\\u003c")
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=PAGE.parent, prefix="explorer-", suffix=".html"
    ) as made:
        made.write(head + script + data + end + rest)
        made.flush()
        yield Path(made.name).as_uri()


@pytest.fixture(params=[1280, 390])
def page(request, watch):
    made = watch(request.param)
    made.goto(PAGE.as_uri())
    made.wait_for_selector(".explorer svg[role=img] path")
    return made


def content(page) -> dict:
    return json.loads(page.eval_on_selector(".explorer script", "e => e.textContent"))


def values(page, side: int) -> dict[str, str]:
    """What the table under a curve says."""
    rows = page.locator("fieldset").nth(side).locator("tr")
    return {
        row.locator("th").inner_text().strip(): row.locator("td").inner_text() for row in rows.all()
    }


def key(page, side: int) -> str:
    return page.locator("fieldset").nth(side).locator("code").inner_text()


def expected(page, side: int, epoch: int) -> dict[str, str]:
    data = content(page)
    run = next(run for run in data["runs"] if run["key"] == key(page, side))
    row = {label: run[name][run["epoch"].index(epoch)] for name, label in data["metrics"]}
    return {label: "–" if value is None else f"{value:.3f}" for label, value in row.items()}


def test_it_compares_two_runs_and_shows_their_last_values(page):
    assert key(page, 0) != key(page, 1)
    for side in (0, 1):
        run = next(r for r in content(page)["runs"] if r["key"] == key(page, side))
        assert values(page, side) == expected(page, side, run["epoch"][-1])
        assert key(page, side) in page.locator(".explorer svg[role=img]").nth(side).get_attribute(
            "aria-label"
        )


def test_a_choice_changes_its_own_side_alone(page):
    other = key(page, 1)
    page.locator("fieldset").nth(0).locator("select[name=loss]").select_option("rll")
    page.locator("fieldset").nth(0).locator("select[name=eta]").select_option("0")
    assert "rll-eta0-" in key(page, 0) and key(page, 1) == other
    assert values(page, 0)["memorized, of the mislabeled"] == "–"


def test_every_run_can_be_reached(page):
    """By choosing from left to right, which is how the lists depend on each other."""
    side, data = page.locator("fieldset").nth(0), content(page)
    for run in data["runs"]:
        for name, _ in data["choices"]:
            side.locator(f"select[name={name}]").select_option(
                f"{run[name]:g}" if name == "eta" else str(run[name])
            )
        assert key(page, 0) == run["key"]


def test_pointing_at_a_curve_reads_values_on_both_sides(page):
    curve = page.locator(".explorer svg[role=img]").nth(1)
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 60)
    for side in (0, 1):
        epoch = int(page.locator("caption").nth(side).inner_text().removeprefix("Values at epoch "))
        assert epoch in (1, 2)  # near the left edge, whatever the run's length
        assert values(page, side) == expected(page, side, epoch)


def test_the_keyboard_alone_does_it_all(page):
    page.locator("fieldset select").first.focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "loss"
    before = key(page, 0)
    page.keyboard.press("r")  # the first letter of RLL
    page.keyboard.press("Enter")
    assert key(page, 0) != before and "-rll-" in key(page, 0)
    page.locator(".explorer input[type=range]").focus()
    page.keyboard.press("Home")
    assert page.locator("caption").nth(0).inner_text() == "Values at epoch 1"
    page.keyboard.press("ArrowRight")
    assert page.locator("caption").nth(0).inner_text() == "Values at epoch 2"
    focus = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(focus) != "none"


def test_the_address_keeps_the_runs_and_the_epoch(page):
    page.locator("fieldset").nth(0).locator("select[name=eta]").select_option("0")
    page.locator(".explorer input[type=range]").focus()
    page.keyboard.press("Home")
    kept, keys = page.url, [key(page, side) for side in (0, 1)]
    page.goto("about:blank")
    page.goto(kept)
    assert [key(page, side) for side in (0, 1)] == keys
    assert page.locator("caption").nth(0).inner_text() == "Values at epoch 1"
    name = content(page)["runs"][0]["name"]
    page.evaluate("(name) => { location.hash = `#a=smoke/none&b=${name}`; }", name)
    page.wait_for_function("document.querySelector('.explorer-told').textContent")
    assert page.locator(".explorer-told").inner_text() == "No run here is named smoke/none."
    assert [key(page, 0), key(page, 1)] == [keys[0], name.partition("/")[2]]


def test_a_line_at_one_less_the_noise_rate_is_drawn_where_labels_are_wrong(page):
    for eta, lines in (("0", 0), ("0.4", 1)):
        page.locator("fieldset").nth(0).locator("select[name=eta]").select_option(eta)
        drawn = page.locator(".explorer svg[role=img]").first.locator(".explorer-rest")
        assert drawn.count() == lines
    run = next(run for run in content(page)["runs"] if run["key"] == key(page, 0))
    assert float(drawn.get_attribute("y1")) == pytest.approx(10 + 210 * run["rate"])


def test_a_suggested_comparison_leads_to_its_runs(watch):
    def suggested(data: dict) -> dict:
        return {"suggested": [{"title": "First and last", "runs": [0, len(data["runs"]) - 1]}]}

    page = watch(390)
    with changed(suggested) as address:
        page.goto(address)
        page.get_by_text("First and last").click()
        data = content(page)
        wanted = [data["runs"][place]["key"] for place in (0, -1)]
        page.wait_for_function(
            "key => document.querySelectorAll('fieldset code')[1].textContent === key",
            arg=wanted[1],
        )
        assert [key(page, side) for side in (0, 1)] == wanted


def test_two_panels_stand_side_by_side_where_there_is_room(page):
    a, b = (page.locator("fieldset").nth(i).bounding_box() for i in (0, 1))
    beside = page.viewport_size["width"] > 800
    assert (a["y"] == b["y"]) == beside and (a["x"] == b["x"]) != beside


def test_a_curve_is_drawn_at_the_size_it_is_shown_at(page):
    page.wait_for_timeout(200)
    shown = page.locator(".explorer svg[role=img]").first.evaluate(
        "e => e.getBoundingClientRect().width / e.viewBox.baseVal.width"
    )
    assert shown == pytest.approx(1, abs=0.1), "letters would be too small or too large to read"


def test_names_from_records_are_text_not_markup(watch):
    page, bad = watch(390), "<img src=x onerror=alert(1)>"
    with changed(lambda data: {"names": {"loss": {"cce": bad, "rll": bad}}}) as address:
        page.goto(address)
        assert page.locator("fieldset option", has_text=bad).count() >= 2
        assert page.locator(".explorer img").count() == 0

"""Following an image, as a reader would: by a click, by the keyboard, by an address. The sets are
made up, so that each choice has an answer of its own.
"""

import json

import numpy as np
import pytest
from browser import typeset
from conftest import BOOK, output, serious, written

from memutils.report.images import page as images_page
from memutils.report.images import sprites, trajectories
from memutils.runs import records
from memutils.runs.record import Record, tabulate
from memutils.runs.scale import Scale

SHELL, MADE = BOOK / "notebooks/images.html", BOOK / "notebooks/images-made.html"
NAMES = ("airplane", "automobile", "bird", "cat")
EVALUATIONS = 12


def made_up(losses: tuple[str, ...], classes: tuple[str, ...], dataset: str, channels: int):
    """A set of 48 images: loss number k memorizes every (k + 1)-th, each at an evaluation of its
    own; the others are recovered to the end. With the first loss the first image never ends.
    """
    k = len(classes)
    true = np.repeat(np.arange(k), 48 // k).astype(np.uint8)
    noisy = ((true + 1 + np.arange(48) % (k - 1)) % k).astype(np.uint8)
    rows = [{"epoch": 5 * e + 1, "j1": 0.5, "memorized": 0.5} for e in range(EVALUATIONS)]
    more, arrays = tabulate(rows)
    found = []
    for n, loss in enumerate(losses):
        since = np.where(np.arange(48) % (n + 1) == 0, (np.arange(48) + n) % EVALUATIONS, 99)
        predicted = np.where(np.arange(EVALUATIONS)[:, None] >= since, noisy, true)
        spec = Scale("a").spec(dataset=dataset, network="mlp", loss=loss, eta=0.4)
        content = {"key": f"{dataset}-{loss}", "scale": "made-up", "spec": records.spec_dict(spec)}
        content |= {"dataset": {"classes": classes, "sizes": {"train": 48}}}
        kept = arrays | {"train_noisy": noisy, "train_true": true}
        kept |= {"mislabeled_predicted": predicted.astype(np.uint8)}
        found.append(Record(MADE, content | more, kept))
    runs, places = trajectories.follow(found, f"MLP on {dataset}"), sprites.chosen(noisy, true)
    pictures = np.random.default_rng(0).integers(0, 256, (48, 8, 8, channels), dtype=np.uint8)
    picture = sprites.png(pictures[places], places)
    return images_page.Shown(runs, picture, trajectories.at(runs, places))


@pytest.fixture(scope="module")
def held():
    """Writes the page into the book, and returns what it looks up."""
    sets = [
        made_up(("cce", "mse", "rll"), tuple("0123"), "mnist5k", 1),
        made_up(("cce", "rll"), NAMES, "cifar10", 3),
    ]
    with written(SHELL, MADE, output(images_page.html(sets))):
        yield [images_page.entry(one) for one in sets]


@pytest.fixture(params=[1280, 390])
def page(request, watch, held):
    made = watch(request.param, "light" if request.param == 1280 else "dark")
    made.goto(MADE.as_uri())
    made.wait_for_selector(".follow-live")
    return made


def memorized(entry: dict, course: int, i: int) -> bool:
    return entry["courses"][course]["since"][i] < EVALUATIONS


def on_wall(page) -> list[int]:
    return page.eval_on_selector_all(
        ".follow [role=option]", "all => all.map((e) => Number(e.dataset.image))"
    )


def check(page, entry: dict, i: int) -> None:
    """The page shows this image, and of each loss what was predicted and since when."""
    classes = entry["classes"]
    head = page.locator(".follow-head strong").inner_text()
    assert head == f"{classes[entry['true'][i]]}, labeled {classes[entry['given'][i]]}"
    rows = page.locator(".follow-row:has(.follow-strip)")
    assert rows.count() == len(entry["courses"])
    for n, course in enumerate(entry["courses"]):
        row, predicted = rows.nth(n), [int(digit) for digit in course["predicted"][i]]
        assert row.locator("b").inner_text() == course["name"]
        parts = row.locator(".follow-strip span").all_text_contents()
        assert parts == [classes[p] for p in dict.fromkeys(predicted)], "true class, then the label"
        told, since = row.locator("p").inner_text(), course["since"][i]
        if since == EVALUATIONS:
            assert "not memorized at the end" in told
        elif since:
            assert f"memorized since epoch {entry['epochs'][since]};" in told
        else:
            assert "memorized at every evaluation; never recovered" in told
        right = predicted.count(entry["true"][i])
        assert not right or f"recovered at {right} of {EVALUATIONS} evaluations" in told


def test_a_click_shows_what_each_network_predicted(page, held):
    check(page, held[0], 0)
    for i in (0, 1, 6, 17, 47):
        page.locator(f".follow [data-image='{i}']").click()
        check(page, held[0], i)
        selected = page.locator(".follow [aria-selected=true]")
        assert selected.count() == 1 and selected.get_attribute("data-image") == str(i)


def test_the_wall_is_filtered(page, held):
    entry = held[0]
    own = {i: [memorized(entry, n, i) for n in range(3)] for i in range(48)}
    wanted = {
        "all": list(own),
        "every": [i for i, of in own.items() if all(of)],
        "cce": [i for i, of in own.items() if of == [True, False, False]],
        "none": [],
    }
    for name, images in wanted.items():
        page.select_option(".follow select[name=show]", name)
        assert on_wall(page) == images and (images or name == "none")
        said = page.locator(".follow [role=status]").inner_text()
        assert said == f"{len(images) or 'None'} of 48 images"
        option = page.locator(f".follow select[name=show] option[value={name}]").inner_text()
        assert option.endswith(f"({len(images)})")
        if images:
            check(
                page, entry, int(page.locator("[aria-selected=true]").get_attribute("data-image"))
            )


def test_the_wall_is_sorted(page, held):
    since = held[0]["courses"][1]["since"]
    page.select_option(".follow select[name=order]", "since-mse")
    assert [since[i] for i in on_wall(page)] == sorted(since)
    page.select_option(".follow select[name=order]", "most")
    counts = [sum(memorized(held[0], n, i) for n in range(3)) for i in on_wall(page)]
    assert counts == sorted(counts, reverse=True) and len(set(counts)) > 1


def test_another_set_has_its_own_images_losses_and_classes(page, held):
    page.select_option(".follow select[name=order]", "since-mse")
    page.select_option(".follow select[name=runs]", "1")
    check(page, held[1], 0)
    assert page.locator(".follow select[name=order]").input_value() == "class"
    page.locator(".follow [data-image='30']").click()
    check(page, held[1], 30)
    sprite = page.locator(".follow-head .follow-image").evaluate(
        "(e) => getComputedStyle(e).backgroundImage"
    )
    assert held[1]["sprite"] in sprite and held[0]["sprite"] != held[1]["sprite"]


def test_an_address_keeps_a_choice(page, held):
    page.select_option(".follow select[name=runs]", "1")
    page.select_option(".follow select[name=show]", "every")
    page.locator(".follow [role=option]").nth(3).click()
    address, wall = page.url, on_wall(page)
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(".follow-live")
    assert on_wall(page) == wall
    check(page, held[1], wall[3])
    page.evaluate("location.hash = '#runs=7&show=no&order=no&image=none'")
    page.wait_for_function("document.querySelectorAll('[role=option]').length === 48")
    check(page, held[0], 0)


def test_the_keyboard_alone_does_it_all(page, held):
    page.locator(".follow select[name=order]").focus()
    page.keyboard.press("Tab")
    active = "document.activeElement.dataset.image"
    assert page.evaluate(active) == "0"
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    i = int(page.evaluate(active))
    assert i > 2
    page.keyboard.press("Enter")
    check(page, held[0], i)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("End")
    page.keyboard.press(" ")
    check(page, held[0], 47)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "follow-strips"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(active) == "47"


@pytest.mark.parametrize("runs", ["0", "1"])
def test_nothing_serious_for_axe_and_no_sideways_scrolling(page, runs):
    page.select_option(".follow select[name=runs]", runs)
    page.locator(".follow [data-image='5']").click()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_and_on_paper_there_is_a_sentence_and_a_picture(browser, page):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(MADE.as_uri())
    assert "with JavaScript" in still.locator(".follow-instead p").inner_text()
    assert still.locator(".follow-instead svg").first.bounding_box()["height"] > 200
    context.close()
    assert not page.locator(".follow-instead").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".follow-instead").is_visible()
    assert not page.locator(".follow-wall").is_visible()


def test_the_books_page_follows_recorded_images_and_is_light(watch):
    page, seen = watch(1280), set()
    page.on("request", lambda request: seen.add(request.url.split("#")[0].split("?")[0]))
    typeset(page, SHELL)
    assert page.locator(".follow [role=option]").count() > 40
    text = page.eval_on_selector(".follow script", "(e) => e.textContent")
    entry = json.loads(text)["sets"][0]
    i = len(entry["places"]) // 2
    page.locator(f".follow [data-image='{i}']").click()
    assert page.locator(".follow-row:has(.follow-strip)").count() == len(entry["courses"]) >= 2
    size = SHELL.stat().st_size
    print(f"{size} bytes")
    assert size < 1_500_000 and all(url.startswith(("file:", "data:")) for url in seen)

"""The lab's page: accessible, never frozen, fast, light, and a picture where it cannot run."""

import pytest
from browser import typeset
from conftest import BOOK, serious
from lab_driver import PAGE, computed, opened, ready, train, values


@pytest.fixture(params=[1280, 390])
def page(request, watch):
    return opened(watch(request.param, "light" if request.param == 1280 else "dark"))


@pytest.mark.parametrize("tab", ["digits", "plane"])
def test_nothing_serious_for_axe_and_no_sideways_scrolling(page, tab):
    page.locator(f"#lab-tab-{tab}").click()
    ready(page)
    train(page, 2 if tab == "digits" else 60)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_pictures_follow_the_theme(watch):
    page = opened(watch(1280))
    ink = "document.querySelector('canvas').toDataURL()"
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"light => {ink} !== light", arg=light)


FRAMES = """() => { window.gaps = []; let last = performance.now();
  (function frame() {
    const now = performance.now();
    window.gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  })(); }"""


@pytest.mark.parametrize("worker", [True, False])
def test_the_page_is_never_frozen(watch, worker):
    page = watch(1280)
    if not worker:
        page.add_init_script(
            "window.Worker = class { constructor() { throw new Error('forbidden'); } };"
        )
    opened(page)
    page.evaluate(FRAMES)
    train(page, 8)
    gaps = sorted(page.evaluate("window.gaps"))
    assert gaps[len(gaps) // 2] < 100 and gaps[-1] < 1000, gaps[
        -5:
    ]  # milliseconds between two frames, on a busy machine
    assert values(page, 0) == computed(page, 0, 8)


def test_a_worker_that_fails_is_replaced_by_the_page(watch):
    page = watch(1280)
    page.add_init_script(
        """window.Worker = class {
            postMessage() { setTimeout(() => this.onerror?.(), 50); }
            terminate() {}
        };"""
    )
    opened(page)
    train(page, 1)
    assert values(page, 1) == computed(page, 1, 1)


def test_forty_epochs_of_a_thousand_images_take_less_than_ten_seconds_of_one_core(watch):
    page = opened(watch(1280))
    session = page.context.new_cdp_session(page)
    session.send(
        "Performance.enable", {"timeDomain": "threadTicks"}
    )  # the processor's time, whatever else runs

    def seconds() -> float:
        return next(
            m["value"]
            for m in session.send("Performance.getMetrics")["metrics"]
            if m["name"] == "TaskDuration"
        )

    begun = seconds()
    page.evaluate("""() => {
        const phases = [Lab.phase("rll")];
        const settings = { problem: "digits", n: 1000, seed: 0, eta: 0.4, lr: 0.003, phases };
        const run = new Lab.Run(settings, labDigits), steps = run.train();
        let report = null;
        while (!report || report.epoch < 40) report = steps.next().value || report; }""")
    taken = seconds() - begun
    print(f"{40 / taken:.1f} epochs per second")
    assert 0.1 < taken < 10


def test_without_javascript_and_on_paper_there_is_a_sentence_and_a_picture(browser, watch):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(PAGE.as_uri())
    figure = page.locator(".lab-fallback")
    assert (
        figure.is_visible()
        and "needs JavaScript" in figure.inner_text()
        and figure.locator("img").bounding_box()["height"] > 200
    )
    context.close()
    page = opened(watch(1280))
    assert not page.locator(".lab-fallback").is_visible() and page.locator("#lab").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".lab-fallback").is_visible() and not page.locator("#lab").is_visible()


def test_the_page_loads_at_most_one_and_a_half_megabytes_of_its_own(watch):
    def loaded(path) -> set[str]:
        page, seen = watch(1280), set()
        page.on("request", lambda request: seen.add(request.url.split("#")[0].split("?")[0]))
        typeset(page, path)
        return {url for url in seen if url.startswith("file:")}

    own = loaded(PAGE) - loaded(BOOK / "notebooks/setting.html")
    size = sum((BOOK / url.removeprefix(BOOK.as_uri() + "/")).stat().st_size for url in own)
    print(f"{size} bytes")
    assert any("digits.js" in url for url in own) and size < 1_500_000

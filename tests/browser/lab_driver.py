"""Hands and eyes for the lab's page: what its tests press, wait for and read."""

from conftest import BOOK

PAGE = BOOK / "book/lab.html"
SHOWN = "[role=tabpanel]:not([hidden])"
PATIENCE = 120_000  # milliseconds, for a machine on which much else runs
METRICS = ("j1", "j2", "memorized", "recovered", "test_accuracy")


def opened(page, hash: str = ""):
    page.set_default_timeout(PATIENCE)
    page.goto(PAGE.as_uri() + hash)
    ready(page)
    return page


def ready(page) -> None:
    captions = f"[...document.querySelectorAll('{SHOWN} caption')]"
    page.wait_for_function(f"{captions}.every((e) => e.textContent)")


def begun_anew(page, i: int = 0) -> None:
    """Waits until a side's run is the untrained one."""
    caption = f"document.querySelectorAll('{SHOWN} caption')[{i}].textContent"
    page.wait_for_function(f"{caption} === 'After epoch 0'")


def panel(page):
    return page.locator(SHOWN)


def side(page, i: int):
    return panel(page).locator("fieldset").nth(i)


def button(page, name: str):
    return panel(page).locator(f"button[name={name}]")


def train(page, epochs: int | None = None) -> None:
    """Presses Train and waits until both runs rest."""
    if epochs:
        panel(page).locator("input[name=epochs]").fill(str(epochs))
        panel(page).locator("input[name=epochs]").press("Enter")
    button(page, "train").click()
    rest(page)


def rest(page) -> None:
    label = f"document.querySelector('{SHOWN} button[name=train]').textContent"
    page.wait_for_function(f"{label} === 'Train'")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def epoch(page, i: int) -> int:
    return int(side(page, i).locator("caption").inner_text().removeprefix("After epoch "))


def values(page, i: int) -> dict[str, str]:
    return dict(zip(METRICS, side(page, i).locator("td").all_inner_texts(), strict=False))


def computed(page, i: int, epochs: int) -> dict[str, str]:
    """The metrics of a side's run, trained once more without the page."""
    return page.evaluate(f"""() => {{
        const {{ state }} = Lab.fromHash(location.hash || "#tab=digits");
        const {{ tab: problem, seed, sides }} = state;
        const run = new Lab.Run({{ problem, seed, ...sides[{i}] }}, labDigits), steps = run.train();
        let report = null;
        while (!report || report.epoch < {epochs}) report = steps.next().value || report;
        const values = Object.entries(report.values);
        return Object.fromEntries(values.map(([name, value]) => [name, Lab.fraction(value)]));
    }}""")

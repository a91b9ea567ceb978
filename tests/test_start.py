"""The start page: its sentences say what made-up records say, and the page has its parts."""

import json
import re

import pytest
from conftest import REPOSITORY
from made_up import LIMITS, curve, grid, make

from memutils.claims import early_stopping, steps
from memutils.claims.selection import Pool
from memutils.claims.thresholds import Thresholds
from memutils.report.claims import page
from memutils.report.start import reasons, sentences
from memutils.report.steps import data, stopping
from memutils.report.steps.sentences import LEVELS

PAGE = json.loads((REPOSITORY / "notebooks" / "answer.ipynb").read_text(encoding="utf-8"))
SWITCH = reasons.Switch((0.1, 0.12), (0.97, 0.99), ("switch/a", "switch/b"))


def read(text: str) -> str:
    """A text as it is read: without the marks of where its numbers come from."""
    return re.sub("</?span[^>]*>", "", text)


def told(found) -> str:
    """The answer as it is read."""
    return read(sentences.answer(page.load(Pool(found))))


def test_yes():
    text = told(grid())
    assert text.startswith(
        "**Yes.** We trained the paper's networks on 5,000 images, a tenth of the paper's or less; "
        "40 % of them carry a wrong label."
    )
    divided = ": three of ResNet-18, three of Inception-Lite, three of ResNet-32. The two"
    assert "In all nine conclusive pairs" in text and divided in text and "reduces" not in text
    assert (
        "almost stops for ResNet-18 on MNIST and Inception-Lite and ResNet-32 on CIFAR-10" in text
    )


def test_inconclusive_pairs_stand_beside_those_that_can_tell():
    unfit = {
        seed: [make("rll", eta, m=0.05, r=0.9, f=0.8, seed=seed) for eta in LIMITS.etas]
        for seed in (0, 1, 2)
    }
    kept = [r for r in grid() if (r.spec["network"], r.spec["loss"]) != ("resnet32", "rll")]
    mine = [r for r in grid() if (r.spec["network"], r.spec["loss"]) == ("resnet32", "rll")]
    first = [r for r in mine if r.spec["seed"] == 0]
    text = told([*kept, *first, *unfit[1], *unfit[2]])
    assert "In all seven conclusive pairs" in text
    assert "three of Inception-Lite, one of ResNet-32 beside two inconclusive. The" in text
    text = told([*kept, *unfit[0], *unfit[1], *unfit[2]])
    assert "three of Inception-Lite, none of ResNet-32 beside three inconclusive. The" in text


def test_partly_names_the_networks_on_which_it_does_not_stop():
    text = told(grid(inception_lite=0.73))
    assert (
        text.startswith("**Partly.**")
        and "for ResNet-18 on MNIST and ResNet-32 on CIFAR-10" in text
    )
    assert text.endswith(
        "RLL only reduces it for Inception-Lite (73 %) on CIFAR-10, where cross entropy comes to"
        " 100 %."
    )


def test_no():
    text = told(grid(rll=1.0))
    assert (
        text.startswith("**No.**")
        and "In no of nine conclusive" not in text
        and "In none of nine conclusive pairs" in text
    )
    assert "almost stops" not in text and "It does not stop for ResNet-18 (100 %)" in text


def test_one_pair_is_no_plural():
    assert "In the one conclusive pair of runs" in told(
        [r for r in grid(seeds=(0,)) if r.spec["network"] == "resnet18"]
    )


def test_a_network_that_underfits_is_named_in_no_sentence():
    text = told(grid(fitted=0.9))
    assert text.startswith("**Not answered yet.**") and "pairs" not in text and "ResNet" not in text


def test_without_records_it_says_so():
    assert told([]) == "**Not answered yet.** No run of the paper's networks is recorded yet."


def test_what_a_switch_shows_is_told_where_it_is_clear():
    content = page.load(Pool(grid()))
    text = read(reasons.limits(content, Pool([]), SWITCH))
    assert "repeats at most 12 % of the wrong labels comes to repeat at least 97 %" in text
    unclear = reasons.Switch((0.1, 0.6), (0.8, 1.0))
    assert "half-way" not in reasons.limits(content, Pool([]), unclear)
    assert "half-way" not in reasons.limits(content, Pool([]), None)


def test_without_records_no_reason_is_told():
    assert reasons.why(page.load(Pool([])), Pool([])) == ""


def test_what_the_page_says_of_the_reason_and_of_the_limits_is_so(repository):
    pool, mlp = Pool.load(), data.mlp()
    content = page.load(pool)
    why = read(reasons.why(content, pool))
    limits = read(reasons.limits(content, pool, reasons.load_switched()))
    assert "repeats 100 % of the wrong labels with it" in why
    assert re.search(r"in (\d+) of \1 pairs the network that memorized with cross entropy", why)
    assert re.search(
        r"goes from \d\d % to \d % with RLL and from \d+ % to \d+ % with cross", limits
    )
    for name in ("[More images](size.ipynb)", "[The clock](steps.ipynb)", "Another loss later"):
        assert f"**{name}.**" in limits
    assert "**Other noise.**" in limits
    chosen = early_stopping.choices(mlp.regular)
    assert "cannot be told apart" in stopping.against_others(chosen, mlp.test_images)
    gaps = steps.gap_at_fits(mlp.compared, LEVELS)
    clear = gaps.groupby("level")["gap"].min() > Thresholds().fit_gap
    assert 0 < clear.sum() < len(clear)  # "it depends on the fit at which one looks"


def test_the_switch_is_read_at_its_epoch_and_at_the_end():
    way = {"network": "mlp", "dataset": "mnist5k", "switch_loss": "cce", "switch_epoch": 20}
    runs = [
        make("rll", m=curve(0.1, high, 40), r=0.0, every=5, seed=seed, **way)
        for seed, high in enumerate((0.9, 0.8))
    ]
    others = [make("cce"), make("rll", 0.2, **way), make("cce", **way | {"switch_loss": "rll"})]
    found = reasons.switched([*runs, *others])
    at = [float(curve(0.1, high, 40)[15]) for high in (0.9, 0.8)]  # evaluated at epochs 16 and 21
    assert found.before == pytest.approx((at[1], at[0])) and len(found.runs) == 2
    assert found.after[0] > 0.7 and not reasons.Switch(found.before, found.before).clear
    assert reasons.switched(others) is None


def test_every_number_names_its_runs():
    found = grid(inception_lite=0.73)
    text = sentences.answer(page.load(Pool(found)))
    numbers = dict(re.findall(r'<span class="from" data-runs="([^"]*)">([^<]*)</span>', text))
    names = {f"{r.scale}/{r.key}": r.spec for r in found}
    for runs, number in numbers.items():
        used = [names[run] for run in runs.split()]
        assert {spec["eta"] for spec in used} == {0.4} and len(used) == len(set(runs.split()))
        if number.startswith("73"):
            assert {(s["loss"], s["network"]) for s in used} == {("rll", "inception-lite")}
            assert {s["seed"] for s in used} == {0, 1, 2}
    assert "all nine conclusive pairs" in numbers.values()
    assert 'data-runs="switch/a switch/b"' in reasons.path(SWITCH)
    bare = re.sub("<span.*?</span>", "", text.replace("40", "", 1))
    assert not re.search(r"\d %", bare)


def test_the_page_has_the_answer_first_then_the_paper_the_figure_and_the_strip():
    sources = ["".join(cell["source"]) for cell in PAGE["cells"]]
    parts = ("sentences.answer", "arxiv.org/abs/2107.09957", "drawings.draw", "strip.strip")
    places = [next(i for i, text in enumerate(sources) if part in text) for part in parts]
    assert places == sorted(places) and places[0] == 1, "nothing but the title is above the answer"
    assert "doi.org/10.1007/978-3-030-75765-6_11" in sources[places[1]]
    assert "github.com/dbp1994/memorization-pakdd-2021" in sources[places[1]]
    assert "<../book/lab>" in sources[places[1]] and "<claims>" in sources[places[1]]
    assert all(
        "remove-input" in c["metadata"]["tags"] for c in PAGE["cells"] if c["cell_type"] == "code"
    )


def test_no_share_is_typed_on_the_page():
    prose = " ".join("".join(c["source"]) for c in PAGE["cells"] if c["cell_type"] == "markdown")
    captions = json.dumps([c["metadata"].get("mystnb", {}) for c in PAGE["cells"]])
    assert not re.search(r"\d\s*%|0\.\d", re.sub(r"\(http\S*\)", "", prose) + captions)


def test_it_is_the_books_first_page():
    toc = (REPOSITORY / "_toc.yml").read_text(encoding="utf-8")
    assert "root: notebooks/answer\n" in toc and "notebooks/setting" in toc

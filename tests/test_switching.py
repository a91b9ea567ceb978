"""The chapter on switching, on made-up records: what stays, what rises, what is not recorded."""

import numpy as np
import pytest
from chapter import execute
from hypothesis import given
from hypothesis import strategies as st
from made_up import EPOCHS, make, write

from memutils.report import switching
from memutils.report.start import reasons
from memutils.runs import specs

STEADY, LOW, RISING = np.full(4, 0.97), np.full(4, 0.1), np.array([0.1, 0.1, 0.1, 0.9])
FALLING = np.array([0.97, 0.97, 0.97, 0.1])


def write_all(to_rll=STEADY, to_cce=RISING, among=lambda spec: True):
    """The scale's records: CCE and RLL alone stay where they are, the others go these ways."""
    for key, spec in specs.load_scale("switch").specs().items():
        ways = {("cce", ""): STEADY, ("rll", ""): LOW, ("cce", "rll"): to_rll}
        if among(spec):
            write(
                "switch",
                key,
                spec,
                np.full(4, 0.99),
                ways.get((spec.loss, spec.switch_loss), to_cce),
            )


def test_the_chapter_says_what_happened():
    write_all()
    chapter = execute("switching")
    assert len(chapter["found"]) == 12
    text = switching.seen(chapter["moved"])
    assert (
        "- *CCE, then RLL*: the memorized share stays. It is 0.970 at the switch and 0.970 at the"
        " end (mean of 3 seeds)" in text
    )
    assert "rises. It is 0.100 at the switch and 0.900 at the end" in text
    assert text.endswith("without the switch it ends at 0.100.")
    told = switching.verdict(chapter["moved"], switching.place(chapter["found"]))
    assert told.startswith("**Against the explanation.** A network that has memorized keeps")
    assert (
        "an RLL risk of at most 0.5000 nats" in told
        and "global minima do not explain resistance" in told
    )
    assert "**Take-away.** In the MLP on 3,000 images of MNIST (5k), the loss shapes" in told
    assert switching.place([]) == "In these runs"


@pytest.mark.parametrize(("to_rll", "to_cce"), [(STEADY, LOW), (FALLING, RISING), (FALLING, LOW)])
def test_anything_else_is_undecided(to_rll, to_cce):
    write_all(to_rll, to_cce)
    assert switching.verdict(switching.moves(switching.load())).startswith("**Undecided.**")


def test_one_seed_that_resists_is_enough_to_leave_it_undecided():
    write_all(to_cce=RISING, among=lambda spec: spec.seed)
    write_all(to_cce=LOW, among=lambda spec: not spec.seed)
    assert "not in every seed" in switching.verdict(switching.moves(switching.load()))


def test_part_of_the_records_is_open_and_has_no_number_of_its_own():
    write_all(among=lambda spec: spec.switch_loss == "rll")
    chapter = execute("switching")
    assert switching.verdict(chapter["moved"]).startswith("**Open.**")
    assert chapter["moved"]["not switched"].isna().all()
    assert ">–</td>" in switching.as_table(chapter["moved"])


def test_no_record_renders():
    chapter = execute("switching")
    assert chapter["moved"].empty and switching.seen(chapter["moved"]).startswith("**Open.**")


@given(st.lists(st.floats(0, 1), min_size=EPOCHS, max_size=EPOCHS))
def test_the_end_is_the_median_over_the_last_evaluations_here_and_on_the_start_page(shares):
    """The last tenth of 40 epochs is 4, so "at the end" spans 5, the least."""
    way = {"network": "mlp", "dataset": "mnist5k"}
    switched = make("rll", m=shares, r=0.0, switch_loss="cce", switch_epoch=20, **way)
    alone = make("rll", m=np.flip(shares), r=0.0, **way)
    (row,) = switching.moves([switched, alone]).to_dict("records")
    assert row["at the switch"] == shares[19]
    assert row["at the end"] == np.median(shares[-5:])
    assert row["not switched"] == np.median(shares[:5])
    found = reasons.switched([switched])
    assert {*found.before} == {row["at the switch"]} and {*found.after} == {row["at the end"]}


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_word_follows_from_the_numbers(at, end):
    row = ["cce", "rll", 0, at, end, at, 0.0, 0.9]
    rows = switching.pd.DataFrame([row], columns=switching.COLUMNS)
    word = "stays" if abs(end - at) <= switching.CLOSE else "rises" if end > at else "falls"
    assert f"the memorized share {word}." in switching.sentence(rows)


@pytest.mark.parametrize("width", [680, 342])
def test_the_color_is_the_loss_in_force(width):
    write_all(among=lambda spec: (spec.loss, spec.switch_loss) == ("rll", "cce") and not spec.seed)
    axis, other = switching.draw(switching.load(), width).axes
    first, then, _ = axis.lines
    assert first.get_color() == switching.look("rll").color
    assert then.get_color() == switching.look("cce").color
    assert first.get_xdata()[-1] == then.get_xdata()[0]
    assert other.get_xlabel() == "epoch"

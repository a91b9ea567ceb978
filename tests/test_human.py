"""Labels from people: counts by a second way, the committed file, and the three arms made up."""

import json
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from conftest import REPOSITORY, ROOTS, full_size
from hypothesis import given
from hypothesis import strategies as st
from made_up import INCEPTION, make

from memutils.claims.selection import Pool
from memutils.errors import UserError
from memutils.report import figures
from memutils.report.human import arms, drawings, sentences
from memutils.report.human import labels as human
from memutils.report.symmetry import ablation_figure

CLASSES = ("ant", "bee", "cat", "dog")
LABEL = st.integers(0, 3)
FILE = REPOSITORY / "results" / human.FILE


def labelings(rows):
    """Labels by name, from rows of true class and three annotators' labels."""
    clean, *votes = np.array(rows).T
    wrong = [next((v for v in row[1:] if v != row[0]), row[0]) for row in rows]
    named = dict(zip(human.ANNOTATORS, votes, strict=True))
    return named | {human.WORST: np.array(wrong), "aggre": votes[0]}, clean


FOUR = [[k, k, k, k] for k in range(4)]
"""An image a class, so that no row of the matrix is empty."""


@given(st.lists(st.lists(LABEL, min_size=4, max_size=4), max_size=30).map(lambda x: FOUR + x))
def test_counts_are_what_counting_by_hand_gives(rows):
    counts = human.count(*labelings(rows), CLASSES)
    wrong = [sum(v != row[0] for v in row[1:]) for row in rows]
    alike = [len(set(row[1:])) for row in rows]
    assert counts.images == len(rows)
    assert counts.wrong == tuple(wrong.count(n) for n in range(4))
    assert counts.agreed == tuple(alike.count(n) for n in (1, 2, 3))
    assert counts.wrong_alike == sum(w == 3 and a == 1 for w, a in zip(wrong, alike))
    for i in range(4):
        assert counts.matrix[i].sum() == sum(row[0] == i for row in rows)
        assert counts.matrix[i, i] == sum(row == [i] * 4 for row in rows)
    assert counts.noise_rates[human.WORST] == pytest.approx(1 - counts.wrong[0] / len(rows))
    assert counts.rates.sum(1) == pytest.approx(np.ones(4))


def test_the_file_gives_back_what_was_counted(tmp_path):
    counts = human.count(*labelings([*FOUR, [0, 1, 1, 1], [2, 3, 2, 2]]), CLASSES)
    (tmp_path / "counts.json").write_bytes(human.dump(counts))
    again = human.load(tmp_path / "counts.json")
    assert (again.matrix == counts.matrix).all() and human.dump(again) == human.dump(counts)
    assert human.load(tmp_path / "none.json") is None


def test_the_committed_file_holds_counts_and_no_label_of_an_image():
    content = json.loads(FILE.read_bytes())
    assert content["license"] == "CC BY-NC 4.0" and "Wei et al." in content["source"]
    counts = human.load(FILE)
    assert (counts.matrix.sum(1) == 5000).all() and counts.matrix.shape == (10, 10)
    assert sum(counts.wrong) == sum(counts.agreed) == 50_000
    lists = [v for v in content.values() if isinstance(v, list)]
    assert max(map(len, lists)) <= 10 and FILE.stat().st_size < 2000
    assert counts.noise_rates["aggre"] == pytest.approx(0.09, abs=0.005), "an exercise says so"
    assert counts.wrong[3] / 50_000 == pytest.approx(0.02, abs=0.005), "as above"
    right = np.diag(counts.rates)
    lead = right - np.sort(counts.rates, 1)[:, -2]
    assert (lead > 0).all(), "an exercise says so"
    assert {counts.classes[i] for i in np.argsort(lead)[:2]} == {"truck", "cat"}


def test_the_committed_counts_are_those_of_the_labels():
    root = next((r for r in ROOTS if (r / "CIFAR-10N").is_dir()), None)
    if root is None:
        pytest.skip("CIFAR-10N is not on disk")
    full_size("cifar10")
    assert human.dump(human.measure(root)) == FILE.read_bytes()


def test_the_command_says_what_is_missing_and_writes_nothing(monkeypatch, tmp_path, capsys):
    def absent(root):
        raise UserError("The labels are not there.")

    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    monkeypatch.setattr(human, "measure", absent)
    assert human.main() == 1
    assert capsys.readouterr().err == "Error: The labels are not there.\n"
    assert not list(tmp_path.iterdir())


COUNTS = human.count(*labelings([*FOUR, [0, 1, 1, 1], [0, 1, 1, 0], [2, 3, 0, 2]]), CLASSES)


def test_the_counts_in_words():
    text = human.described(COUNTS)
    assert text.startswith("Of 7 training images 42.9 % have a wrong worst label.")
    assert "ant as bee (67 %)" in text and "any 4 would hold 33 %" in text
    text = human.agreement(COUNTS)
    assert "At least one is wrong on 3 images, all three are on 1, of which 1 got" in text
    assert "All three agree on 71 % of the images, exactly two on 14 % and none on 14 %." in text


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_the_picture_has_each_share_in_its_cell(width):
    with mpl.rc_context(figures.style(width)):
        figure = drawings.draw(COUNTS, width)
    (axis,) = figure.axes
    cells = {t.get_position(): t.get_text() for t in axis.texts}
    assert cells == {
        (0, 0): "33",
        (1, 0): "67",
        (1, 1): "100",
        (2, 2): "50",
        (3, 2): "50",
        (3, 3): "100",
    }
    assert [t.get_text() for t in axis.get_yticklabels()] == list(CLASSES)
    assert "ant 33 % right, most often as bee (67 %)" in drawings.alt(COUNTS)


def runs(seeds=3, **advantages):
    """Runs of the three arms with these advantages of RLL, CCE memorizing all;
    on clean labels too.
    """
    found = []
    for seed in range(seeds):
        found += [make(loss, 0.0, seed=seed, **INCEPTION) for loss in ("rll", "cce")]
        for kind, advantage in advantages.items():
            names = {} if kind == "others" else {"labels": "cifar10n-worse", "noise": kind}
            for loss, m in (("rll", 1 - advantage - 0.01 * seed), ("cce", 1.0)):
                scale = "cpu" if kind == "others" else "human"
                run = make(loss, m=m, r=1 - m, seed=seed, scale=scale, **INCEPTION, **names)
                found.append(run)
    return found


def replaced(c, advantages):
    """A contrast of CCE and RLL with these advantages of RLL."""
    seeds = (replace(s, memorized=(1.0, 1 - advantages[s.seed])) for s in c.seeds)
    return replace(c, seeds=tuple(seeds))


def test_the_noise_rates_of_the_arms_are_told():
    text = sentences.rates(Pool(runs(given=0.2, shuffled=0.4, others=0.8)))
    assert text == (
        "Seed by seed the share of wrong labels is 0.400, 0.400 and 0.400 with labels from people "
        "and 0.400, 0.400 and 0.400 under symmetric noise."
    )
    assert sentences.rates(Pool([])) == ""


def test_three_arms_of_one_number_of_images():
    pool = Pool(runs(given=0.2, shuffled=0.4, others=0.8))
    found = arms.arms(pool)
    assert [c.where for c in found] == list(arms.ARMS.values())
    assert [c.mean for c in found] == pytest.approx([-0.21, -0.41, -0.81])
    assert arms.verdict(pool).state == "holds"
    assert sentences.takeaway(pool).endswith(
        "So with labels from people the advantage is at most half as large. "
        + sentences.source(found)
    )
    text = sentences.explained(found)
    assert "falls by 40.0 points (95 % interval 40.0 to 40.0)" in text
    assert "falls by 20.0 points (95 % interval 20.0 to 20.0)" in text
    assert arms.sentence(found[0]).startswith("*Labels from people*: CCE memorizes 100 %")
    (row,) = ablation_figure.chains_of(found, arms.CHAINS[:1])[arms.ARMS["given"], 5000].values()
    assert row["rll", 0] == pytest.approx(0.8)


def test_the_takeaway_follows_the_verdict():
    told = sentences.takeaway(Pool(runs(given=0.8, shuffled=0.8, others=0.8)))
    assert "in the same three seeds. So with labels from people more than half" in told
    rows = [{"human": h, "symmetric": 0.26, "gap": h - 0.13} for h in (0.15, 0.2, 0.25)]
    assert (
        "In each of them more than half of the advantage is left; by the interval over three"
        in (sentences.described(rows, "open"))
    )
    split = [*rows, {"human": 0.1, "symmetric": 0.26, "gap": -0.03}]
    assert sentences.described(split, "open").endswith("the runs do not decide: H1 is open.")
    few = Pool(runs(2, given=0.2, shuffled=0.4, others=0.8))
    text = sentences.takeaway(few)
    assert "memorizes 20 to 21 points fewer of the wrong labels with RLL than with cross" in text
    assert "80 to 81 points fewer, in the same two seeds." in text
    assert "So with labels from people the advantage is at most half as large." in text
    assert "H1 needs three seeds and has two, so it is not tested." in text
    less = sentences.takeaway(Pool(runs(2, given=0.6, shuffled=0.4, others=0.8)))
    assert "is smaller in each seed, but not by half in each." in less
    more = sentences.takeaway(Pool(runs(2, given=0.9, shuffled=0.4, others=0.8)))
    assert "is not smaller in every seed" in more
    alone = sentences.takeaway(Pool(runs(1, given=0.6, others=0.8)))
    assert "in the same seed. So with labels from people the advantage is smaller, but" in alone
    assert alone.endswith("H1 needs three seeds and has one, so it is not tested.")
    assert "not tested yet" in sentences.takeaway(Pool([]))
    for shuffled, told in (
        (0.21, "comes from which classes are confused, not from which images"),
        (0.3, "seems to come from which classes are confused ("),
        (0.79, "comes from which images of a class are mislabeled, not from which classes"),
        (0.7, "seems to come from which images of a class are mislabeled ("),
        (0.5, "seems to come both from which"),
    ):
        text = sentences.takeaway(Pool(runs(given=0.2, shuffled=shuffled, others=0.8)))
        assert f"so what is lost {told}" in text and text.endswith("(three seeds).")
    text = sentences.source(arms.arms(Pool(runs(1, given=0.2, shuffled=0.2, others=0.8))))
    assert text.endswith("seems to come from which classes are confused (one seed).")
    assert sentences.source(arms.arms(Pool(runs(given=0.8, shuffled=0.8, others=0.8)))) == ""
    found = arms.arms(Pool(runs(given=0.6, shuffled=0.65, others=0.7)))
    assert "so what is lost" in sentences.source(found), "ten points in each seed"
    apart = {0: 0.9, 1: 0.6, 2: 0.7}  # under symmetric noise, seed by seed
    split = [replaced(c, apart) if c.where == arms.ARMS["others"] else c for c in found]
    alone = [c for c in split if c.where != arms.ARMS["shuffled"]]
    assert sentences.source(alone) == "", "an arm lacks"
    text = sentences.source(split)
    assert "smaller at all is open: from symmetric noise to these labels it falls by" in text
    assert "so what is lost" not in text
    assert "two of three seeds: described only" in sentences.explained(arms.arms(few))


def test_the_page_says_at_once_what_it_lacks_and_nothing_once_it_lacks_nothing():
    whole = arms.arms(Pool(runs(given=0.2, shuffled=0.4, others=0.8)))
    assert arms.state(whole) == ""
    shown = [c for c in whole if (c.first, c.second) == arms.CHAINS[0]]
    text = arms.seen(shown)
    less = "RLL memorizes less than CCE in all {} pairs of runs that can tell, by 20 to 82 points"
    assert text == f"{less.format(9)}."
    first, second, third = whole[0].seeds
    unfit = replace(whole[0], seeds=(first, replace(second, why="RLL is underfitted"), third))
    one = "; one more pair, in which a network collapsed or does not fit the clean images, cannot"
    assert arms.seen([unfit, *whole[1:]]) == f"{less.format(8)}{one}."
    assert arms.seen([]) == ""
    assert {"memorized with CCE", "with RLL", "RLL less CCE"} <= set(arms.table(shown))
    assert "losses" in arms.table([*shown, replace(shown[0], first="mse")])
    assert "no network was trained on them yet" in arms.state([])
    text = arms.state(arms.arms(Pool(runs(given=0.2, others=0.8))))
    assert "The same labels, shuffled" in text and "yet" not in text


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_an_advantage_grows_by_as_much_as_its_opposite_falls(falls):
    grown = sentences.changed([-fall for fall in falls])
    words = {"falls", "grows"} if abs(sum(falls)) > 1e-9 else {"falls"}
    assert {text.split()[0] for text in (grown, sentences.changed(falls))} >= words
    sizes = [text.split()[2] for text in (grown, sentences.changed(falls))]
    assert sizes[0] == sizes[1] and not sizes[0].startswith("-")


def test_without_an_arm_nothing_is_explained_and_without_runs_the_plan_is_told():
    assert sentences.explained(arms.arms(Pool(runs(given=0.2, others=0.8)))) == ""
    assert arms.arms(Pool(runs(others=0.8))) == [] == arms.arms(Pool([]))
    text = arms.planned()
    assert "H1 is not tested. The plan: Inception-Lite on 5,000 images with" in text
    assert "RLL, CCE, MSE and GCE in three seeds" in text

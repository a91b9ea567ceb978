"""A loss and its symmetrized form: what made-up runs say, in numbers, words and picture."""

import math

import matplotlib as mpl
import pytest
from made_up import INCEPTION, MNIST, make

from memutils import losses
from memutils.claims.outcomes import Measured
from memutils.claims.selection import Pool
from memutils.report import figures
from memutils.report.looks import look
from memutils.report.symmetry import ablation, ablation_figure
from memutils.report.symmetry import ablation_words as words

MLP = {
    "network": "mlp",
    "dataset": "mnist5k",
    "schedule": "constant",
    "optimizer": "sgd",
    "precision": "float32",
    "n": 3000,
}


def runs(m, seed=0, **settings):
    """A run for each loss that memorizes this share, the rest recovered."""
    return [make(loss, m=x, r=1 - x, seed=seed, **settings) for loss, x in m.items()]


def found(*made, pairs=ablation.PAIRS):
    return ablation.contrasts(ablation.convolutional(Pool(made)), pairs)


THREE = [
    run
    for seed, off in enumerate((0.1, 0.2, 0.3))
    for run in runs({"mse": 0.9, "mae": 0.9 - off}, seed, **MNIST)
]


@pytest.mark.parametrize("plain, symmetric", ablation.PAIRS)
def test_the_second_of_a_pair_is_the_first_one_symmetrized(plain, symmetric):
    made = losses.symmetrized(losses.LOSSES[plain])()
    assert losses.multiple(made, losses.build(symmetric)) is not None
    assert losses.build(plain).symmetry_constant(10) is None


def test_a_pair_of_one_seed_is_described():
    (pair,) = found(*runs({"shifted-ce": 0.25, "rll": 0.0625}, **MNIST))
    assert (pair.first, pair.second, pair.images) == ("shifted-ce", "rll", 5000)
    assert pair.mean == pytest.approx(-0.1875) and pair.interval is None
    text = words.sentence(pair)
    assert "shifted CE memorizes 25 % of the wrong labels and RLL 6 %" in text
    assert "and RLL 6 %, 18.8 points fewer (one seed: described, not tested)" in text


def test_three_seeds_have_students_interval():
    (pair,) = found(*THREE)
    half = 4.302652729911275 * 0.1 / math.sqrt(3)  # t of two degrees of freedom at .975
    assert pair.mean == pytest.approx(-0.2)
    assert pair.interval == pytest.approx((-0.2 - half, -0.2 + half))
    assert "on average over three seeds 20.0 points fewer (95 % interval -4.8 to 44.8)" in (
        words.sentence(pair)
    )
    (worse,) = found(*(run for s in range(3) for run in runs({"mse": 0.1, "mae": 0.3}, s, **MNIST)))
    assert "20.0 points more (95 % interval 20.0 to 20.0)" in words.sentence(worse)


def test_a_seed_needs_both_losses_under_the_same_settings():
    apart = [make("mse", m=0.9, lr=0.01, **MNIST), make("mae", m=0.1, r=0.9, lr=0.1, **MNIST)]
    assert found(*apart) == [] == found() == found(*runs({"mse": 0.9}, **MNIST))
    (pair,) = found(*THREE, *runs({"mse": 0.9}, 3, **MNIST))
    assert [seed.seed for seed in pair.seeds] == [0, 1, 2]


def test_a_pair_that_cannot_tell_counts_nowhere_and_says_why():
    unfit = make("mae", m=0.0, r=0.5, f=0.5, seed=1, **MNIST)
    (pair,) = found(
        *runs({"mse": 0.9, "mae": 0.1}, **MNIST), *runs({"mse": 0.9}, 1, **MNIST), unfit
    )
    assert [seed.seed for seed in pair.told] == [0] and pair.mean == pytest.approx(-0.8)
    assert ablation.table([pair])["inconclusive"].tolist() == ["no", "MAE is underfitted"]
    (alone,) = found(*runs({"mse": 0.9}, 1, **MNIST), unfit)
    assert words.sentence(alone).endswith("cannot be compared, since MAE is underfitted.")
    assert words.summary([alone]) == "" and ablation_figure.chains_of([alone]) == {}


def test_test_accuracy_is_in_the_order_of_the_losses():
    both = [
        make("mse", m=0.5, r=0.1, test=0.6, **MNIST),
        make("mae", m=0.1, r=0.9, test=0.9, **MNIST),
    ]
    (seed,) = found(*both)[0].seeds
    assert seed.test_accuracy == pytest.approx((0.6, 0.9))


def test_at_one_step_size_each_loss_has_its_own_learning_rate():
    made = [
        make("shifted-ce", m=0.3, r=0.7, lr=0.02108, **MLP),
        make("rll", m=0.1, r=0.9, lr=0.01897, **MLP),
        make("rll", m=0.2, r=0.8, lr=0.05692, **MLP),
    ]
    places = ablation.at_steps(map(Measured.of, made), (0.003, 0.01, 0.03))
    (pair,) = ablation.contrasts(places)
    assert pair.where == "MLP on MNIST (5k), s = 0.01" and pair.mean == pytest.approx(-0.2)


CHAIN = {"cce": 1.0, "shifted-ce": 0.4, "rll": 0.2}


def test_what_bounding_alone_takes_off():
    more = found(*runs(CHAIN, **MNIST), pairs=(*ablation.FIRST, *ablation.WHOLE))
    ((share, names, where, seeds),) = words.bounded_shares(more)
    assert share == pytest.approx(0.75)
    assert (names, where, seeds) == ("shifted CE and RLL", "ResNet-18 on MNIST", 1)
    assert "75 % for shifted CE and RLL (ResNet-18 on MNIST, one seed)" in words.bounding(more)
    assert words.bounding(more).endswith("first the bound and then symmetry.")
    assert words.bounding(more[:1]) == ""


def test_a_bound_that_takes_off_nothing_or_more_than_all_is_told_as_it_is():
    for cce, shifted, rll, share in (
        (1, 1, 0.2, "0"),
        (1, 0.1, 0.2, "112"),
        (0.9, 0.98, 0.1, "-10"),
    ):
        made = {"cce": cce, "shifted-ce": shifted, "rll": rll}
        more = found(*runs(made, **MNIST), pairs=(*ablation.FIRST, *ablation.WHOLE))
        lead = "takes off this share of what the bounded and symmetric loss takes off: "
        assert f"{lead}{share} %" in words.bounding(more)
        assert ("takes off the rest" in words.takeaway(more, more)) == (shifted > 0.2)
    tiny = found(
        *runs({"cce": 1.0, "shifted-ce": 0.98, "rll": 0.995}, **MNIST),
        pairs=(*ablation.FIRST, *ablation.WHOLE),
    )
    assert words.bounded_shares(tiny) == [], "half a point is nothing to take a share of"


def test_a_bound_that_does_most_on_one_network_and_nothing_on_another_is_told_by_network():
    nothing = CHAIN | {"shifted-ce": 0.99}
    made = [run for seed in range(3) for run in runs(CHAIN, seed, **MNIST)]
    made += runs(nothing, **INCEPTION)
    pairs = ablation.FIRST + ablation.WHOLE
    text = words.takeaway(found(*made), found(*made, pairs=pairs))
    assert "depends on the network and the data. Of what bound and symmetry together" in text
    each = "75 % with ResNet-18 on MNIST and 1 % with Inception-Lite on CIFAR-10 (one seed)"
    assert f"a bound takes off {each}; symmetrizing after it takes off the rest." in text
    assert "(Inception-Lite on CIFAR-10, one seed)" in words.bounding(found(*made, pairs=pairs))


def told(m, **settings):
    made = runs(m, **MNIST)
    return words.takeaway(found(*made), found(*made, pairs=(*ablation.FIRST, *ablation.WHOLE)))


def test_the_takeaway_says_what_the_runs_say():
    assert "No pair" in told({"rll": 0.1})
    text = told(CHAIN | {"mse": 0.9, "mae": 0.1})
    assert text.startswith("**Take-away.** In all 2 pairs of runs that can tell, on ResNet-18")
    assert "Neither bounding nor symmetrizing alone" in text
    made = found(*runs({"mse": 0.9, "mae": 0.1}, **MNIST))
    seen = "Made symmetric, a loss memorizes less in the one pair of runs that can tell"
    assert words.seen(made) == f"{seen}."
    unfit = [*made, *found(*THREE[:1], make("mae", m=0.0, r=0.5, f=0.5, **MNIST))]
    beside = "; one more pair, in which a network collapsed or does not fit the clean images, "
    assert words.seen(unfit) == f"{seen}{beside}cannot."
    assert beside in words.takeaway(unfit, [])
    assert words.seen([]) == ""
    assert "a bound takes off 75 % with ResNet-18 on MNIST" in text
    assert "From squared error, which is bounded, symmetrizing takes off 89 % of what" in text
    text = told({"cce": 1.0, "shifted-ce": 0.8, "rll": 0.2})
    assert "a bound takes off 25 %" in text and "alone explains" not in text
    assert "In not one pair of runs" in told({"gce": 0.1, "symmetrized-gce": 0.2})


def test_the_summary_counts_pairs_of_runs_and_intervals():
    text = words.summary(found(*THREE, *runs({"gce": 0.1, "symmetrized-gce": 0.2}, **MNIST)))
    assert text.startswith("In three of four pairs of runs the symmetrized loss memorizes less")
    assert text.endswith("the interval of its difference does not lie below zero.")
    unfit = make("mae", m=0.0, r=0.5, f=0.5, seed=3, **MNIST)
    both = found(*THREE, *runs({"mse": 0.9}, 3, **MNIST), unfit)
    assert "; one pair with a run that collapsed or is underfitted is left out." in (
        words.summary(both)
    )


def test_intervals_are_counted_over_the_comparisons_that_have_them():
    (wide,) = found(*THREE)
    steady = [
        run
        for seed in range(3)
        for run in runs({"gce": 0.9, "symmetrized-gce": 0.5 + seed / 100}, seed, **MNIST)
    ]
    (sure,) = found(*steady)
    assert "In one of two comparisons with three seeds or more" in words.intervals([wide, sure])
    assert "In all two comparisons with three seeds or more" in words.intervals([sure, sure])


def test_cross_entropy_made_symmetric_without_a_bound_is_told_apart():
    decayed = make("unhinged", m=0.995, r=0, weight_decay=0.0001, **MNIST)
    text = words.unbounded([Measured.of(r) for r in (decayed, *THREE)])
    assert "ResNet-18 on MNIST memorizes 100 % of the wrong labels with it (one seed)" in text
    clean = make("unhinged", 0.0, m=0, r=0, weight_decay=0.0001, **MNIST)
    assert words.unbounded([Measured.of(clean)]) == words.unbounded([]) == ""


def test_the_table_of_means_has_a_row_a_pair_of_losses():
    unfit = make("mae", m=0.0, r=0.5, f=0.5, seed=3, **MNIST)
    made = found(*THREE, *runs({"mse": 0.9}, 3, **MNIST), unfit)
    (row,) = ablation.means(made).to_dict("records")
    assert row["losses"] == "MSE → MAE" and row["seeds"] == "3", "one seed cannot tell"
    assert row["memorized with the first"] == "90 %" and row["with the second"] == "60 to 80 %"
    assert row["mean difference"] == pytest.approx(-0.2)
    assert row["95 % interval"] == "−0.448 to 0.048"
    (alone,) = ablation.means(found(*THREE[:2])).to_dict("records")
    assert alone["95 % interval"] == "–"


def test_what_is_not_recorded_is_named():
    text = words.missing(found(*THREE))
    assert "shifted CE and RLL; GCE and symmetrized GCE (on ResNet-18 on MNIST)" in text
    assert "MSE and MAE (on Inception-Lite on CIFAR-10)" in text


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_every_run_of_a_chain_is_a_mark_where_it_ended(width):
    made = runs(CHAIN, **MNIST)
    pairs = found(*made) + found(*made, pairs=(*ablation.FIRST, *ablation.WHOLE))
    with mpl.rc_context(figures.style(width)):
        figure = ablation_figure.draw(pairs, width=width)
    (axis,) = figure.axes
    marks = {
        (line.get_marker(), *line.get_xdata()) for line in axis.lines if len(line.get_xdata()) == 1
    }
    assert marks == {(look(loss).marker, 100 * m) for loss, m in CHAIN.items()}
    (row,) = axis.get_yticklabels()
    assert row.get_text().replace("\n", " ") == "RLL ← shifted CE ← CCE"
    faces = {line.get_marker(): line.get_markerfacecolor() for line in axis.lines}
    assert faces[look("shifted-ce").marker] == "none" != faces[look("cce").marker]
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["CCE", "shifted CE", "RLL"]
    assert "CCE 100 %, shifted CE 40 %, RLL 20 %" in ablation_figure.alt(pairs)

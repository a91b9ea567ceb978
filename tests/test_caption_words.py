"""What other chapters than those on MNIST and CIFAR-10 say in typed words, captions and alternative
texts above all, is so in the records there are. Where a test fails, the page has to be written
anew.
"""

from memutils.claims import contrasts, early_stopping, equal_fit, steps
from memutils.claims.selection import COLUMNS
from memutils.report import switching
from memutils.report.claims import page as claims_page
from memutils.report.claims import vocabulary
from memutils.report.size import chapter, sentences
from memutils.report.size import verdict as size_verdict
from memutils.report.steps import data
from memutils.report.steps import sentences as steps_words
from memutils.report.steps import verdict as steps_verdict
from memutils.report.symmetry import plane, plane_steps, weights
from memutils.report.theory import theorem
from memutils.runs import records


def test_switching_keeps_what_is_memorized_and_lets_a_resister_memorize(repository):
    moved = switching.moves(switching.load())
    assert switching.verdict(moved).startswith("**Against")
    late = switching.of(moved, switching.TO_CCE)
    assert (late["not switched"] < 0.2).all() and (late["at the end"] > 0.95).all()


def test_more_images_help_rll_and_cce_memorizes_them_when_trained_for_longer(repository):
    found = chapter.load("cpu")
    frame, told = found.frame, size_verdict.verdict(found.frame, found.groups)
    assert "**Take-away.** On ResNet-18 more images help RLL to resist" in told
    assert "On Inception-Lite the share falls too" in told and "this does not count" in told
    assert "after as many steps, and is 96 points with 20,000 after 4 times as many." in told
    assert "difference in excess memorization x goes from 0.12 with 1,250 images to 0.00" in told
    for network in sentences.compared(frame):
        rll, cce, longer = (
            sentences.means(frame, network, case, "memorized")
            for case in ("RLL", "CCE", "CCE, longer")
        )
        assert rll.is_monotonic_decreasing and longer.iloc[-1] > 0.95
        assert cce.iloc[-1] < 0.3, "few of the largest set in as many steps"
        assert size_verdict.longest(frame, network, "RLL", "memorized").iloc[-1] < 0.3, "much less"


def test_only_cce_and_mse_come_near_all_wrong_labels_with_the_mlp(repository):
    mlp = data.mlp()
    at_four = steps.at_times(mlp.usual, mlp.unit, (4,))
    for highest in (rows.groupby("loss")["x"].max() for rows in (mlp.ends, at_four)):
        assert highest[["cce", "mse"]].min() > 0.9 and highest.drop(["cce", "mse"]).max() < 0.3


def test_rll_lies_below_cce_at_equal_fit_on_every_network(pool):
    below, pairs = steps_verdict.below_everywhere(equal_fit.groups(pool))
    assert below == pairs > 0


def test_stopped_in_time_cce_is_as_accurate_as_rll_and_rll_stopped_alike_a_little_more(repository):
    chosen = early_stopping.choices(data.mlp().regular)
    tested = chosen[~chosen["oracle"]].pivot(
        index="seed", columns=["loss", "training"], values="test_accuracy"
    )
    stopped, full = tested["cce", "stopped early"], tested["rll", "to the end"]
    alike, late = tested["rll", "stopped early"], tested["cce", "to the end"]
    assert len(tested) == 3 and abs((stopped - full).mean()) < 0.01
    assert (stopped - late).min() > 0.03, "a large gain"
    assert (alike > stopped).all() and (alike > full).all() and (alike - stopped).mean() < 0.02


def test_at_low_fits_a_well_chosen_learning_rate_makes_cce_as_good_as_rll(repository):
    gaps = steps.gap_at_fits(data.mlp().compared, steps_words.LEVELS)
    rest = gaps[gaps["level"] < 0.96]["gap"]
    assert len(rest) and rest.abs().max() < steps_words.CLOSE / 2
    assert "only at f = 0.975 does RLL" in steps_words.where_clear(gaps)


def test_the_gap_to_the_line_grows_with_what_is_memorized(repository):
    found = theorem.gaps(theorem.came_to_an_end(records.shown_scale("")))
    assert found["gap"].corr(found["memorized"], "spearman") > 0.8
    assert (found["training"] < found["line"]).mean() > 0.9, "filled markers fall below it"
    assert ((found["fresh"] - found["fresh line"]).abs() < 0.05).all(), "hollow ones lie on it"


def test_at_every_step_size_rll_stays_near_0_and_cce_at_the_smallest_ones(pool):
    """Said of the figure of P1, at f = 0.95: ResNet-18 with SGD."""
    (column,) = (c for c in COLUMNS if c.id == "resnet18")
    found = contrasts.by_step(contrasts.at_every_step(pool, column))
    assert len(found) == 3
    next_one = [contrasts.x_at_level(runs["cce", 0.003], 0.95) for runs in found.values()]
    assert sum(x < 0.1 for x in next_one) == 1, "in one seed at the next"
    for runs in found.values():
        x = {key: contrasts.x_at_level(run, 0.95) for key, run in runs.items()}
        assert all(not value > 0.05 for (loss, _), value in x.items() if loss == "rll")
        assert x["cce", 0.001] < 0.1 and min(x["cce", 0.01], x["cce", 0.03]) > 0.5


def test_which_losses_of_the_plane_are_lowest_and_highest(repository):
    frame = plane.paths(plane.load())
    points = plane.points(frame).set_index("loss").sort_values("x_at_end")
    assert points["x_at_fit"].drop("nce").max() < 0.1 and not points["symmetric"][:5].any()
    assert points["symmetric"]["nce"] and points["x_at_end"]["nce"] > 0.95
    x = plane_steps.telling(plane_steps.points(frame), "x_at_end")
    assert len({frozenset(x[s].nlargest(7).index) for s in plane_steps.STEPS}) == 1


def test_nearly_all_differences_of_p0_lie_right_of_zero(pool):
    claim = next(c for c in claims_page.load(pool)["claims"] if c["id"] == "P0")
    drawn = [
        cell["statistics"]["difference"]
        for verdict in claim["verdicts"]
        if verdict["column"] in vocabulary.SHORT
        for cell in verdict["cells"]
    ]
    assert drawn and sum(value > 0 for value in drawn) > 0.9 * len(drawn)


def test_the_weight_of_rll_alone_resists_on_mnist_only(pool, repository):
    """Said of the gradients and of the theorem."""
    found = weights.shares(weights.contrasts(pool, plane.load()), weights.CHAINS[0])
    mnist = {place: of for place, of in found.items() if "MNIST" in place}
    (cifar,) = (of for place, of in found.items() if place not in mnist)
    assert mnist and all(min(of.values()) > 0.9 for of in mnist.values())
    assert len(cifar) == 3 and max(cifar.values()) < 0.1, "as cross entropy, in three seeds"
    protocol = next(p for where, p, _ in weights.places(pool, plane.load()) if "CIFAR" in where)
    for seed in cifar:
        cce, even = (protocol.get(loss, 0.4, seed, 0.1).columns for loss in ("cce", "even-rll"))
        for epoch in (10, 18):  # where both are evaluated, before the end
            later = even["memorized"][epoch - 1] < cce["memorized"][epoch - 1] - 0.1
            assert later, "later than with cross entropy"


def test_the_weight_of_mse_alone_lies_between_mse_and_mae(pool, repository):
    """Far less than MSE, more than MAE: said of the gradients."""
    found = weights.shares(weights.contrasts(pool, plane.load()), weights.CHAINS[1])
    assert found and all("MNIST" in place for place in found)
    assert all(0.5 < share < 1 for of in found.values() for share in of.values())

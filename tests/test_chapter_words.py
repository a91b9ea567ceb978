"""What the chapters on MNIST and CIFAR-10 say in typed words is so in the records there are.

Numbers on these pages come from records; words like "nearly all", "very few" and "more slowly" do
not. Each statement here is one of a page. Where it fails, the page has to be written anew.
"""

import pytest
from conftest import REPOSITORY

from memutils.claims.outcomes import Run
from memutils.claims.selection import Pool
from memutils.report import chapters


@pytest.fixture(scope="module")
def pool():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))
        return Pool.load()


def ends(pool, column, loss, metric, eta=0.4):
    """A metric at the end of every seed; at least one run has to be there."""
    runs = chapters.pick(chapters.runs_of(pool, column), loss=loss, eta=eta)
    assert runs, f"no run of {loss} on {column} at {eta}"
    return [Run(run).end(metric) for run in runs]


def crossovers(pool, column, loss):
    """The crossover of every seed at the noise rate 0.4."""
    runs = chapters.pick(chapters.runs_of(pool, column), loss=loss, eta=0.4)
    return [Run(run).crossover for run in runs]


def test_on_mnist_cce_memorizes_nearly_all_and_rll_very_few(pool):
    assert min(ends(pool, "resnet18", "cce", "memorized")) > 0.9
    for loss in ("rll", "nmse", "mae"):
        assert max(ends(pool, "resnet18", loss, "memorized")) < 0.1
        assert max(ends(pool, "resnet18", loss, "j1")) < 0.65, "it stays at the gray line, 0.6"


def test_on_mnist_rll_does_not_underfit_and_recovers_most(pool):
    for eta in (0.2, 0.4, 0.6):
        assert min(ends(pool, "resnet18", "rll", "fitted", eta)) > 0.95
        assert min(ends(pool, "resnet18", "rll", "recovered", eta)) > 0.8


def test_on_mnist_rll_never_crosses_over_and_cce_does(pool):
    assert min(crossovers(pool, "resnet18", "rll")) == float("inf")
    assert max(crossovers(pool, "resnet18", "cce")) < 60


@pytest.mark.parametrize("column", ["inception-lite", "resnet32"])
def test_on_cifar10_rll_memorizes_fewer_and_still_many(pool, column):
    rll, cce = (ends(pool, column, loss, "memorized") for loss in ("rll", "cce"))
    assert max(rll) < min(cce) - 0.1 and min(rll) > 0.3 and min(cce) > 0.95
    assert max(crossovers(pool, column, "cce")) < min(crossovers(pool, column, "rll"))
    assert max(crossovers(pool, column, "rll")) < float("inf"), "J1 overtakes J2 with RLL too"


@pytest.mark.parametrize("column", ["inception-lite", "resnet32"])
def test_on_cifar10_rll_is_the_better_loss_on_new_images_and_far_from_clean(pool, column):
    rll, cce = (ends(pool, column, loss, "test_accuracy") for loss in ("rll", "cce"))
    assert min(rll) > max(cce)
    assert max(rll) < min(ends(pool, column, "rll", "test_accuracy", eta=0.0)) - 0.1


def test_at_ten_times_the_learning_rate_rll_memorizes_less_and_does_not_fit(pool):
    slow, fast = ("inception-lite", "inception-lite-lr")
    assert max(ends(pool, fast, "rll", "memorized")) < min(ends(pool, slow, "rll", "memorized"))
    assert max(ends(pool, fast, "rll", "fitted")) < 0.9 < min(ends(pool, slow, "rll", "fitted"))
    assert min(ends(pool, fast, "cce", "memorized")) > 0.95


def test_normalized_mse_memorizes_with_inception_lite(pool):
    for eta in (0.2, 0.4, 0.6):
        assert min(ends(pool, "inception-lite-lr", "nmse", "memorized", eta)) > 0.5
        j1 = ends(pool, "inception-lite-lr", "nmse", "j1", eta)
        assert 1 - eta + 0.1 < min(j1) and max(j1) < 0.98


def test_resnet32_with_rll_fits_few_clean_images_at_the_highest_noise_rate(pool):
    assert max(ends(pool, "resnet32", "rll", "fitted", 0.6)) < 0.7


def test_the_drop_of_the_learning_rate_is_not_what_makes_cce_memorize(pool):
    assert min(ends(pool, "resnet32-constant", "cce", "memorized")) > 0.95
    assert max(crossovers(pool, "resnet32-constant", "cce")) < float("inf")

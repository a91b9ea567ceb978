"""The start page's word, on made-up grids in which RLL wins, loses, ties,
underfits or is not recorded.
"""

import pytest
from made_up import LIMITS, grid, make

from memutils.claims import answer, table
from memutils.claims.selection import Pool


def asked(found):
    pool = Pool(found)
    return answer.answer(table.judge(pool, LIMITS), pool, LIMITS)


WORDS = {
    "wins": ("Yes", grid()),
    "wins in one seed": ("Yes", grid(seeds=(0,))),
    "at the edge": ("Yes", grid(rll=0.1)),
    "memorizes a little more than 0.1 on one network": ("Partly", grid(inception_lite=0.11)),
    "loses on one network": ("No", grid(resnet32=1.0, cce=0.9)),
    "ties everywhere": ("No", grid(rll=1.0)),
    "less than CCE, and not less than MSE": ("Partly", grid(mse=0.05)),
    "underfits everywhere": ("Not answered yet", grid(fitted=0.9)),
    "one network is missing": ("Partly", [r for r in grid() if r.spec["network"] != "resnet32"]),
    "MSE is missing": ("Partly", [r for r in grid() if r.spec["loss"] != "mse"]),
    "nothing is recorded": ("Not answered yet", []),
}


@pytest.mark.parametrize("name", WORDS)
def test_word(name):
    expected, found = WORDS[name]
    assert asked(found).word == expected


def test_one_seed_that_loses_makes_no_no():
    losing = (("rll", 1.0), ("cce", 0.9), ("mse", 1.0))
    found = grid(seeds=(0, 1))
    found += [make(loss, eta, m=m, r=0, seed=2) for loss, m in losing for eta in LIMITS.etas]
    assert asked(found).word == "Partly"


def test_the_numbers_have_images_seeds_and_learning_rate_beside_them():
    text = answer.sentences(asked(grid(seeds=(0, 1), inception_lite=0.73)), LIMITS)
    assert text.startswith("Partly. Of the training labels 40 % are wrong.")
    given = (
        "Inception-Lite on CIFAR-10 repeats 100 % of the wrong labels with cross entropy and 73 %"
        " with RLL (5,000 images, two seeds, learning rate 0.01)"
    )
    assert given in text and text.endswith(".")


def test_a_range_over_seeds_is_shown():
    found = [*grid(seeds=(0,)), make("rll", 0.4, m=0.2, r=0.7, seed=1), make("cce", 0.4, seed=1)]
    assert "5 to 20 % with RLL (5,000 images, two seeds" in answer.sentences(asked(found), LIMITS)


def test_a_network_that_underfits_says_so():
    assert answer.sentences(asked(grid(fitted=0.9)), LIMITS).count("nothing follows") == 3
    assert answer.sentences(asked([]), LIMITS) == "Not answered yet."

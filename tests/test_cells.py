"""Cells, on made-up records: which runs they compare, and which word they come to."""

import pytest
from made_up import CLEAN, GOOD, LIMITS, altered, make, one, verdict

from memutils.claims import cells as judged
from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, NOT_TESTED, OPEN, Finding


def cells(*states, eta=0.4):
    """Cells of these states, a seed each;
    a text of several is one seed at as many noise rates, 0.4 first.
    """
    found = []
    for seed, text in enumerate(states):
        for state, rate in zip(text.split(), (eta, 0.2, 0.6), strict=False):
            state = {"+": HOLDS, "-": FAILS, "?": OPEN, "i": INCONCLUSIVE, "n": NOT_TESTED}[state]
            found.append(
                judged.Cell(Finding(state, {"x": 1.0}), "rll", rate, seed, 5000, 0.1, ("cpu/a",))
            )
    return found


WORDS = {
    ("+", "+", "+"): HOLDS,
    ("-", "-"): FAILS,
    ("+", "-", "+"): "2 of 3 seeds",
    ("+", "?", "+"): "2 of 3 seeds",
    ("?", "?"): OPEN,
    ("?", "-"): "0 of 2 seeds",
    ("i", "i"): NOT_TESTED,
    (): NOT_TESTED,
    ("+ + -",): FAILS,
    ("+ + ?",): OPEN,
    ("+ i +",): HOLDS,
    ("+ i i",): NOT_TESTED,  # only a third can tell
    ("+ i",): HOLDS,  # half
    ("i + +",): NOT_TESTED,  # none at 0.4
    ("i + +", "+ + +"): HOLDS,
}


@pytest.mark.parametrize("states", WORDS)
def test_the_word_of_some_cells(states):
    assert judged.weigh(cells(*states), False, LIMITS)[0] == WORDS[states]


def test_pairs_are_weighed_by_their_share():
    assert [
        judged.weigh(cells(*s), True, LIMITS)[0] for s in (("+", "-"), ("-", "-", "+"), ("-",))
    ] == [HOLDS, FAILS, FAILS]


def test_only_like_is_compared():
    for other in ({"seed": 1}, {"momentum": 0.5}, {"weight_decay": 0.1}, {"epochs": 60}):
        assert not verdict("C6", GOOD, make("rll", 0.0, **other)).cells
    again = altered(GOOD, spec=dict(reversed(GOOD.spec.items())))
    assert one("C6", again, CLEAN["rll"])[0] == HOLDS, "the order of settings is no setting"


def test_the_largest_number_of_images_decides_and_another_word_stands_beside():
    small = [make(), make("rll", m=0.02, r=0.95)]
    large = [make(n=50_000, n_train=50_000), make("rll", m=1.0, r=0.0, n=50_000, n_train=50_000)]
    found = verdict("P0", *small, *large, part="m below CCE's")
    assert found.word == FAILS and found.sizes == (50_000,) and found.others == {5000: HOLDS}
    incomplete = verdict("P0", *small, large[0], part="m below CCE's")
    assert incomplete.word == HOLDS and incomplete.sizes == (5000,) and not incomplete.others


def test_each_noise_rate_has_its_own_largest_size():
    small = [
        make(loss, eta, m=m, r=1 - m)
        for loss, m in (("cce", 1.0), ("rll", 0.1))
        for eta in (0.2, 0.4)
    ]
    large = [
        make(loss, 0.4, m=m, r=1 - m, n=9000, n_train=9000)
        for loss, m in (("cce", 1.0), ("rll", 0.2))
    ]
    found = verdict("P0", *small, *large, part="m below CCE's")
    assert {c.eta: c.images for c in found.cells} == {0.2: 5000, 0.4: 9000} and found.sizes == (
        9000,
        5000,
    )


def test_of_one_size_the_protocol_with_the_most_epochs_is_taken():
    short = [make("rll", m=0.9, r=0, epochs=20), make("rll", 0.0, epochs=20)]
    assert one("C9", *short, GOOD)[0] == HOLDS


def test_of_a_run_that_two_scales_hold_the_first_scales_record_is_taken():
    again = make("rll", m=0.9, r=0, scale="symmetry")
    for found in ([GOOD, again], [again, GOOD]):
        (cell,) = verdict("C9", *found).cells
        assert cell.records == (f"cpu/{GOOD.key}",) and cell.finding.state == HOLDS


def test_a_cell_says_where_its_runs_differ_in_precision():
    mixed = verdict("C6", CLEAN["rll"], make("rll", m=0.02, r=0.95, precision="bfloat16")).cells
    same = verdict("C6", CLEAN["rll"], GOOD).cells
    assert mixed[0].differ == "bfloat16 and float32" and same[0].differ == ""


def test_a_primary_verdict_of_few_seeds_is_described():
    pairs = [
        make(loss, seed=s, m=m, r=0)
        for s in range(3)
        for loss, m in (("cce", 1.0), ("rll", 0.1 + 0.01 * s))
    ]
    few, three_seeds = (verdict("P0", *found, part="m below CCE's") for found in (pairs[:4], pairs))
    assert few.described and not three_seeds.described
    mean, (_, high) = three_seeds.mean
    assert mean == pytest.approx(0.89) and high - mean == pytest.approx(
        6.205347 * 0.01 / 3**0.5, rel=1e-6
    )  # t of 2 at 97.5 %


def test_the_mean_over_seeds_is_of_the_losses_that_every_seed_has():
    found = [make("cce", seed=s, m=1.0, r=0) for s in range(3)] + [make("mse", m=0.5, r=0.4)]
    with_one, without = (verdict("C8", *runs).mean for runs in (found, found[:3]))
    assert with_one == without
    assert verdict("C8", make("cce"), make("mse", seed=1)).mean is None

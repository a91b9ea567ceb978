"""The table of claims, on made-up records: which runs are compared, what their cells come to, the
file and the command.
"""

import dataclasses
import json

import pytest
from made_up import (
    CLEAN,
    GOOD,
    INCEPTION,
    LIMITS,
    MNIST,
    altered,
    column,
    make,
    one,
    three,
    verdict,
)

from memutils.claims import __main__ as command
from memutils.claims import publish, table
from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, NOT_TESTED, OPEN, Finding
from memutils.claims.selection import COLUMNS, Pool, is_of_a_grid
from memutils.runs import records
from memutils.runs.specs import load_scale


def cells(*states, eta=0.4):
    """Cells of these states, a seed each; a text of several is one seed at as many noise rates, 0.4
    first.
    """
    found = []
    for seed, text in enumerate(states):
        for state, rate in zip(text.split(), (eta, 0.2, 0.6), strict=False):
            state = {"+": HOLDS, "-": FAILS, "?": OPEN, "i": INCONCLUSIVE, "n": NOT_TESTED}[state]
            found.append(
                table.Cell(Finding(state, {"x": 1.0}), "rll", rate, seed, 5000, 0.1, ("cpu/a",))
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
    assert table.weigh(cells(*states), False, LIMITS)[0] == WORDS[states]


def test_pairs_are_weighed_by_their_share():
    assert [
        table.weigh(cells(*s), True, LIMITS)[0] for s in (("+", "-"), ("-", "-", "+"), ("-",))
    ] == [HOLDS, FAILS, FAILS]


def test_every_verdict_has_a_column_or_is_mathematics():
    found = table.judge(Pool([]), LIMITS)
    assert {v.claim for v in found} == {"P0", "P1", "E1", "H1", *(f"C{i}" for i in range(1, 18))}
    assert all(v.word == NOT_TESTED for v in found if v.column) and all(
        table.mathematical(v) for v in found if not v.column
    )


def test_mathematics():
    words = {v.part: v.word for v in table.judge(Pool([]), LIMITS) if v.claim in ("C14", "C15")}
    assert (
        words["symmetric losses are bounded"] == "proved with a hypothesis the paper leaves unsaid"
    )
    assert words["CCE cannot be normalized to symmetry"] == "refuted"
    assert list(words.values()).count("proved") == len(words) - 2 == 10


def test_claims_of_other_networks_do_not_judge_these():
    assert not verdict("C1", make(**MNIST)).cells and not verdict("C4", make()).cells
    assert not verdict("C4", make(dataset="mnist5k", network="mlp", schedule="constant")).cells


def test_only_like_is_compared():
    for other in ({"seed": 1}, {"momentum": 0.5}, {"weight_decay": 0.1}, {"epochs": 60}):
        assert not verdict("C6", GOOD, make("rll", 0.0, **other)).cells
    again = altered(GOOD, spec=dict(reversed(GOOD.spec.items())))
    assert one("C6", again, CLEAN["rll"])[0] == HOLDS, "the order of settings is no setting"


def test_variants_are_not_judged_in_the_main_columns():
    variants = [
        make(train_on="clean"),
        make(switch_loss="rll", switch_epoch=3),
        make(noise="all"),
        make(schedule="constant"),
    ]
    main = {c.id for c in COLUMNS if c.main}
    assert not any(v.cells for v in table.judge(Pool(variants), LIMITS) if v.column in main)


def test_another_alpha_has_a_column_of_its_own_and_speaks_of_rll_alone():
    rll, cce = make("rll", m=0.02, r=0.95, alpha=0.45, **MNIST), make(**MNIST)
    assert not verdict("C9", rll, column="resnet18").cells
    found = {
        v.claim
        for v in table.judge(Pool([rll, cce]), LIMITS)
        if v.column == "resnet18-alpha0.45" and v.cells
    }
    assert found == {"P0", "C9", "C10"}


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


def test_an_epoch_that_is_never_reached_has_no_mean():
    found = [make(m=0.1, r=0.8), make(m=0.1, r=0.8, seed=1)]
    assert verdict("C11", *found).word == FAILS and verdict("C11", *found).mean[1] is None
    assert b"Infinity" not in publish.dump(publish.content(Pool(found)))


def test_a_control_is_judged_in_a_column_of_its_own():
    runs = [
        make("rll", m=0.6, r=0.3, **INCEPTION | {"lr": 0.1}),
        make("rll", 0.0, **INCEPTION | {"lr": 0.1}),
    ]
    assert not verdict("C6", *runs, column="inception-lite").cells
    assert verdict("C6", *runs, column="inception-lite-lr").word == FAILS


def test_records_of_another_version_or_off_the_grids_are_left_out():
    scale = load_scale("cpu")
    spec = records.spec_dict(scale.spec(network="resnet18", loss="rll", eta=0.4))
    right = altered(GOOD, spec=spec)
    old = altered(right, results_version=records.RESULTS_VERSION - 1)
    by_hand = altered(GOOD, spec=spec | {"epochs": 61})
    assert is_of_a_grid([right, old, by_hand]) == [right]


def test_the_table_is_plain_json_and_repeatable():
    found = [*CLEAN.values(), GOOD, make(), *three(every=3, seed=1)]
    content = publish.content(Pool(found))
    text = publish.dump(content)
    assert text == publish.dump(publish.content(Pool(reversed(found)))) and b"NaN" not in text
    assert json.loads(text) == json.loads(json.dumps(content)), "the lines are those of JSON"
    assert publish.dump({"claims": [], "text": "η"}).decode().count("η") == 1, "texts stay readable"
    assert [c["id"] for c in content["claims"]][:4] == ["P0", "P1", "C1", "C2"] and len(
        content["claims"]
    ) == 21


def test_the_strip_names_every_claim_and_network_and_how_few_seeds_there_are():
    text = publish.strip(publish.content(Pool([CLEAN["rll"], GOOD, make()])))
    assert all(c.title in text for c in COLUMNS if c.main) and "holds (1 seed)" in text
    assert all(f"\n{name} " in text for name in ("P0", "P1", "C1", "C17", "E1", "H1"))


def test_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Pool, "load", classmethod(lambda cls: cls([make()])))
    path = tmp_path / "claims.json"
    assert command.main(["--output", str(path), "--check"]) == 1
    assert (
        command.main(["--output", str(path)])
        == 0
        == command.main(["--output", str(path), "--check"])
    )
    path.write_text("{}")
    capsys.readouterr()
    assert command.main(["--output", str(path), "--check"]) == 1
    out, err = capsys.readouterr()
    assert "C17" in out and err.count("\n") == 1 and path.read_text() == "{}"


def test_without_records_the_table_stays_as_it_is(tmp_path, capsys):
    path = tmp_path / "claims.json"
    path.write_text("{}")
    assert command.main(["--output", str(path)]) == 1 and path.read_text() == "{}"
    assert "There is no record of the scales paper, " in capsys.readouterr().err


def test_the_committed_table_is_what_the_committed_records_give(monkeypatch, capsys):
    monkeypatch.delenv("MEMUTILS_RESULTS", raising=False)
    assert command.main(["--check"]) == 0, capsys.readouterr().err


def test_a_threshold_that_is_moved_is_the_one_that_decides():
    strict = dataclasses.replace(LIMITS, full_memorized=0.99)
    assert (
        verdict("C1", make(m=0.95)).word == HOLDS
        and verdict("C1", make(m=0.95), limits=strict).word == FAILS
    )
    assert column("resnet32").main

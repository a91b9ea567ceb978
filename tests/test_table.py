"""The table of claims, on made-up records: its columns, the file and the command."""

import dataclasses
import json

from made_up import (
    CLEAN,
    GOOD,
    INCEPTION,
    LIMITS,
    MNIST,
    altered,
    column,
    make,
    three,
    verdict,
)

from memutils.claims import __main__ as command
from memutils.claims import proofs, publish, table
from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED
from memutils.claims.selection import COLUMNS, Pool, is_of_a_grid
from memutils.runs import records
from memutils.runs.specs import load_scale


def test_every_verdict_has_a_column_or_is_mathematics():
    found = table.judge(Pool([]), LIMITS)
    assert {v.claim for v in found} == {"P0", "P1", "E1", "H1", *(f"C{i}" for i in range(1, 18))}
    proved = (proofs.PROVED, proofs.WITH_HYPOTHESIS, proofs.REFUTED)
    assert all(v.word == NOT_TESTED if v.column else v.word in proved for v in found)


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


def test_of_the_scale_size_only_the_papers_own_schedule_is_judged(monkeypatch):
    """Row 11 of the deciding runs; in the other runs of this scale the epochs go with the size."""
    scale, found = load_scale("size"), {"size": [], "cpu": []}
    at = {"network": "inception-lite", "eta": 0.4, "n_train": 20000}
    for loss, m in (("rll", 0.2), ("cce", 1.0)):
        row11 = scale.spec(loss=loss, n_holdout=5000, epochs=100, lr=0.01, **at)
        short = scale.spec(loss=loss, epochs=15, gamma=0.81451, **at)
        for spec in (row11, short):
            run = make(loss, m=m, r=1 - m, n=20000, scale="size")
            run = altered(run, spec=records.spec_dict(spec), key=scale.key(spec))
            found["size"].append(run)
    monkeypatch.setattr(records, "load", lambda name: found.get(name, []))
    pool = Pool.load()
    assert [run.spec["n_holdout"] for run in pool.runs] == [5000, 5000]
    cells = verdict("P0", *pool.runs, part="m below CCE's", column="inception-lite").cells
    assert [cell.images for cell in cells] == [20000]

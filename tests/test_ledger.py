"""The claims ledger, on made-up records: verdicts and notes, what is compared with what, the file and the command."""

import json

import numpy as np
import pytest
from made_up import CLEAN, EPOCHS, GOOD, MNIST, RISING, make, one, three_rates, verdict

from memutils import records
from memutils.claims import __main__ as command
from memutils.claims import table
from memutils.records import Record


def test_overall_verdict():
    seeds = [make(seed=s, m=m) for s, m in ((0, 1.0), (1, 1.0), (2, 0.5))]
    assert verdict("C1", *seeds[:2]).overall == "supported"
    assert verdict("C1", *seeds).overall == "mixed, 2 of 3"
    assert verdict("C1", seeds[2]).overall == "not supported"
    assert verdict("C1", make(m=RISING)).overall == verdict("C1").overall == "not tested at this scale"


def test_a_scale_without_records_leaves_the_ledger_as_it_is(tmp_path, capsys):
    path = tmp_path / "claims.json"
    path.write_text("{}")
    assert command.main(["--scale", "cpuu", "--output", str(path)]) == 1 and path.read_text() == "{}"
    assert "There is no record of a scale cpuu" in capsys.readouterr().err


def test_records_of_another_version_are_not_judged():
    old = Record(GOOD.path, GOOD.content | {"results_version": records.RESULTS_VERSION - 1}, GOOD.kept)
    content = table.ledger([CLEAN["rll"], old])
    assert content["left_out"] == [old.key] and content["records"] == [CLEAN["rll"].key]


def test_notes():
    assert any("One seed" in n for n in verdict("C1", make()).notes)
    assert not verdict("C1", make(), make(seed=1)).notes
    (once,) = verdict("C1", make(network="inception-lite"), make(), make(seed=1)).notes
    assert once.startswith("One seed (Inception-Lite on CIFAR-10): ")
    assert any("C1" in n for n in verdict("C8", make()).notes)
    note = "1 of the failures comes from idle runs"
    assert not any("idle" in n for n in verdict("C3", *three_rates(None, 9, None)).notes)
    assert any(note in n for n in verdict("C9", CLEAN["rll"], make("rll", f=0.5, m=0.4, r=0.2)).notes)
    assert not any(note in n for n in verdict("C9", CLEAN["rll"], make("rll", m=0.9), GOOD).notes)
    idle = "Left out: 1 cell with an idle run."
    assert any(idle in n for n in verdict("C9", CLEAN["rll"], GOOD, make("rll", f=0.5, m=0.1, r=0.5, seed=1), make("rll", 0.0, seed=1)).notes)
    assert not any("Left out" in n for n in verdict("C9", CLEAN["rll"], GOOD, make("rll", f=0.5, m=0.4, r=0.2, seed=1)).notes)
    assert not any("Left out" in n for n in verdict("C10", CLEAN["rll"], make("rll", eta=0.2, m=0.45, r=0.378)).notes)
    assert not any("Left out" in n for n in verdict("C13", CLEAN["rll"], CLEAN["nmse"], GOOD, make("mse", m=0.06, r=0.9), make("nmse", m=0.04, r=0.93)).notes)
    few = verdict("C9", CLEAN["rll"], GOOD, make("rll", m=0.4, r=0.4, eta=0.2), make("rll", m=0.4, r=0.4, eta=0.6)).notes
    assert "Only 1 of 3 cells could be tested." in few
    assert any("paper's" in n for n in verdict("C8", make(dataset="mnist5k", network="mlp")).notes)
    alone, both = verdict("C8", make()), verdict("C8", make(), make(**MNIST))
    assert "Tested with ResNet-32 on CIFAR-10 only." in alone.notes and not any("only." in n and "Tested" in n for n in both.notes)


def test_a_cell_names_the_arithmetic_of_the_runs_it_compares():
    (mixed,) = verdict("C9", CLEAN["rll"], make("rll", m=0.02, r=0.95, precision="bfloat16")).cells
    (same,) = verdict("C9", CLEAN["rll"], GOOD, make("cce", precision="bfloat16")).cells
    assert mixed.precisions == ("bfloat16", "float32") and same.precisions == ("float32",)


def test_only_like_is_compared():
    assert one("C6", GOOD, make("rll", 0.0, seed=1))[0] is None
    assert one("C6", GOOD, make("rll", 0.0, momentum=0.5))[0] is None
    again = Record(GOOD.path, GOOD.content | {"spec": dict(reversed(GOOD.spec.items()))}, GOOD.kept)
    assert one("C6", again, CLEAN["rll"])[0] is True, "the order of settings is no setting"
    variants = [
        make("rll", alpha=0.45, suffix="-alpha0.45"),
        make(momentum=0.5, suffix="-momentum0.5"),
        make(train_on="clean", suffix="-train_onclean"),
        make(switch_loss="rll", switch_epoch=3, suffix="-switch_epoch3-switch_lossrll"),
        make("rll", alpha=0.2),
        make(noise="all"),
    ]
    assert not any(v.cells for v in table.judge(variants) if v.claim.losses)
    assert len(table.ledger(variants)["left_out"]) == 5  # the oracle is used, though not judged


def test_ledger_is_plain_json_and_repeatable():
    found = [*CLEAN.values(), GOOD, make(), make(m=0.1, eta=0.6)]
    text = table.dump(table.ledger(found))
    assert text == table.dump(table.ledger(found)) and b"NaN" not in text
    assert "η".encode() in table.dump({"text": "η"}), "texts stay readable"
    content = json.loads(text)
    assert [c["id"] for c in content["claims"]] == [f"C{i}" for i in range(1, 18)]
    assert sum(content["summary"].values()) == 15  # C8 and C9 follow from others
    assert table.ledger([])["scale"] is None


def test_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(records, "load", lambda scale: [make()])
    path = tmp_path / "claims.json"
    assert command.main(["--output", str(path), "--check"]) == 1
    assert command.main(["--output", str(path)]) == 0 == command.main(["--output", str(path), "--check"])
    path.write_text("{}")
    capsys.readouterr()
    assert command.main(["--output", str(path), "--check"]) == 1
    out, err = capsys.readouterr()
    assert "C17" in out and err.count("\n") == 1 and path.read_text() == "{}"


def test_the_committed_ledger_is_what_the_committed_records_give(monkeypatch, capsys):
    monkeypatch.delenv("MEMUTILS_RESULTS", raising=False)
    if not records.load(records.shown_scale()):
        pytest.skip("no record of the paper's networks is committed")
    assert command.main(["--check"]) == 0, capsys.readouterr().err


def test_a_control_is_judged_though_it_is_not_of_its_scales_own_settings():
    suffix = {"suffix": "-lr0.01", "lr": np.full(EPOCHS, 0.01)}
    runs = [make("rll", m=0.6, r=0.3, **suffix), make("rll", 0.0, **suffix), make(**suffix)]
    cells = table.judge_control(runs)
    assert not table.benches(runs) and {c: cells[c].verdict for c in ("C1", "C6", "C9")} == {
        "C1": table.SUPPORTED, "C6": table.NOT_SUPPORTED, "C9": table.NOT_SUPPORTED
    }  # fmt: skip
    assert table.judge_control(runs[:1])["C6"].verdict == table.NOT_TESTED and not table.judge_control([])

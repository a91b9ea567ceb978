"""The chapter on risks under noise: its numbers from made-up records, and its sentences."""

import pandas as pd
import pytest
from made_up import make

from memutils.claims.cases import FAILS, OPEN
from memutils.report.theory import memory, theorem
from memutils.report.theory.points import LOSSES, constant, fresh, invented, line, own, table


def test_fresh_labels_lie_on_the_line_of_a_symmetric_loss():
    log_p, true = invented()
    values = table(LOSSES["mae"](reduction="none"), log_p)
    risk = float(own(values, true).mean())
    assert float(fresh(values, true, 0.4).mean()) == pytest.approx(line(risk, 18.0, 0.4, 10))
    assert constant(LOSSES, "mae", 10) == 18.0 and constant(LOSSES, "cce", 10) is None


def pairs(cce=0.1, rll=1.0, word=FAILS, state="fails"):
    row = {
        "network": "ResNet-18 on MNIST",
        "learning rate": 0.001,
        "eta": 0.4,
        "seed": 0,
        "state": state,
    }
    risks = {"RLL risk, trained with RLL": rll, "RLL risk, trained with CCE": cce}
    return pd.DataFrame(
        [row | {"E1": word} | risks | {"unmemorized at most": 0.12, "unmemorized": 0.01}]
    )


def test_the_sentence_counts_pairs_whose_memorizer_has_the_lower_risk():
    assert "In **1 of 1 pairs**" in memory.pairs_sentence(pairs())
    assert "In **0 of 1 pairs**" in memory.pairs_sentence(pairs(cce=2.0))
    idle = memory.pairs_sentence(pairs(state="inconclusive"))
    assert "For the claim 0 of the 1 pairs count, and on the paper's networks 0 of 1;" in idle
    control = pairs(state="inconclusive").assign(network="ResNet-18 in float32")
    both = memory.pairs_sentence(pd.concat([pairs(), control], ignore_index=True))
    assert "For the claim 1 of the 2 pairs count, and on the paper's networks 1 of 1;" in both
    assert "pairs count" not in memory.pairs_sentence(pairs())
    (row,) = memory.pairs_by_network(pairs()).to_dict("records")
    assert row["pairs"] == row["lower with CCE"] == 1 and row["network"] == "ResNet-18 on MNIST"


def test_the_verdict_is_a_sentence_whatever_the_word():
    assert "it fails for ResNet-18 on MNIST. In 1 of 1 pairs" in memory.verdict(pairs())
    assert "it is open for ResNet-18 on MNIST." in memory.verdict(pairs(word=OPEN))
    both = pd.concat([pairs(), pairs(word=OPEN).assign(network="ResNet-32 on CIFAR-10")])
    assert "it fails for ResNet-18 on MNIST; it is open for ResNet-32 on" in memory.verdict(both)
    control = pairs().assign(network="ResNet-18 in float32")
    assert memory.verdict(control).endswith("is not tested.")
    assert "belongs to memorizers" in memory.verdict(pairs())
    assert "belongs to memorizers" not in memory.verdict(pairs(cce=2.0))
    assert "not tested" in memory.verdict(pd.DataFrame())


def test_without_records_there_is_nothing_to_draw_and_a_sentence_says_so():
    assert list(theorem.networks([])) == ["invented"]
    assert "invented network" in theorem.covered([])
    assert theorem.on_the_line(theorem.networks([])).empty and theorem.gaps([]).empty
    assert memory.pairs_by_network(pd.DataFrame()).empty


def test_a_run_whose_risks_the_theorem_says_nothing_about_is_left_out():
    kept = [
        make(),
        make(eta=0.0),
        make(switch_loss="rll", switch_epoch=5),
        make(loss="rll", alpha=0.4),
    ]
    assert [theorem.symmetric_noise(r) for r in kept] == [True, False, False, False]


def test_hoeffding_ranks_finer_with_more_labels():
    frame = theorem.rankings({"mae": 2.0}, [])
    (row,) = frame.to_dict("records")
    assert row["n"] == 60_000 and row["ε"] == pytest.approx(
        2 * (3.688879 / 120_000) ** 0.5, rel=1e-5
    )
    assert row["gap ranked"] == pytest.approx(2 * row["ε"] / (5 / 9))

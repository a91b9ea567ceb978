"""More noise than the paper's, on made-up records: cannot, or slower?"""

import pytest
from made_up import MNIST, make

from memutils.report.plots import NOT_RUN
from memutils.report.steps import noise


def found(rll=0.1, cce=0.95, longer=None):
    runs = [make("rll", 0.8, m=rll, **MNIST), make("cce", 0.8, m=cce, **MNIST)]
    if longer is not None:
        runs.append(make("rll", 0.8, m=longer, **MNIST | {"epochs": 600}))
    return noise.table(runs)


def test_each_loss_is_told_at_each_noise_rate():
    text = noise.sentence(found()).replace("\u00a0", " ")
    assert text == "At η = 0.8, ResNet-18 repeats after 40 epochs 95 % with CCE and 10 % with RLL."
    assert NOT_RUN in noise.sentence(noise.table([]))


@pytest.mark.parametrize(("longer", "said"), [(0.5, "it is slower"), (0.12, "it refuses")])
def test_more_epochs_tell_whether_it_is_slower(longer, said):
    assert said in noise.verdict(found(longer=longer))


def test_without_longer_runs_it_is_open_and_without_runs_nothing_is_said():
    assert "is open" in noise.verdict(found()) and noise.verdict(noise.table([])) == ""


def test_the_table_has_a_row_a_run_in_order():
    frame = found(longer=0.5)
    assert frame["epochs"].tolist() == [40, 40, 600] and frame["loss"].tolist()[:2] == [
        "cce",
        "rll",
    ]

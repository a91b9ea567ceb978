"""More noise than the paper's, on made-up records: cannot, or slower?"""

import pandas as pd
import pytest
from made_up import MNIST, make

from memutils.report.plots import NOT_RUN
from memutils.report.steps import noise
from memutils.runs.specs import configs_root


def found(rll=0.1, cce=0.95, longer=None, classes=10):
    runs = [make(name, 0.8, m=m, r=1 - m, **MNIST) for name, m in (("rll", rll), ("cce", cce))]
    if longer is not None:
        more = MNIST | {"epochs": 600, "classes": classes}
        runs.append(make("rll", 0.8, m=longer, r=1 - longer, **more))
    return noise.table(runs)


def test_each_loss_is_told_at_each_noise_rate():
    text = noise.sentence(found())
    assert text.startswith("At η = 0.8, after 40 epochs, ResNet-18 repeats 95 % (CCE) and 10 %")
    assert "of the wrong labels and 100 % (CCE) and 100 % (RLL) of the right ones." in text
    assert text.endswith(f"The runs at η = 0.9 are {NOT_RUN}.")
    assert NOT_RUN in noise.sentence(noise.table([]))


@pytest.mark.parametrize(
    ("rll", "longer", "said"),
    [
        (0.1, 0.5, "from 0.10 to 0.50 at η = 0.8: it is slower."),
        (0.02, 0.04, "it refuses such labels."),
        (0.9, 0.92, "it had memorized already."),
    ],
)
def test_more_epochs_tell_whether_it_is_slower(rll, longer, said):
    assert said in noise.verdict(found(rll, longer=longer))


def test_a_network_that_predicts_few_classes_has_refused_nothing():
    text = noise.verdict(found(0.02, longer=0.02, classes=1))
    assert "it has learned nothing" in text and "refuses" not in text
    alone = make("rll", 0.9, m=0.1, r=0.1, classes=2, **MNIST)
    assert "With RLL it predicts few of the classes: it" in noise.sentence(noise.table([alone]))


def test_a_noise_rate_of_one_length_stays_open_beside_one_of_two():
    more = make("rll", 0.9, m=0.1, r=0.1, **MNIST)
    both = pd.concat([found(0.02, longer=0.04), noise.table([more])])
    text = noise.verdict(both)
    assert "it refuses such labels." in text and "slower is open at η = 0.9" in text


def test_noise_rates_of_one_length_are_told_together():
    more = make("rll", 0.9, m=0.1, r=0.1, **MNIST)
    text = noise.verdict(pd.concat([found(), noise.table([more])]))
    assert text.count("is open") == 1 and "is open at η = 0.8 and 0.9: the longer" in text


def test_the_rule_is_that_of_the_config():
    text = (configs_root() / "noise.yaml").read_text(encoding="utf-8")
    assert noise.CLEAR == 0.05 and "at most .05 after the longer training" in text


def test_without_longer_runs_it_is_open_and_without_runs_nothing_is_said():
    assert "is open" in noise.verdict(found()) and noise.verdict(noise.table([])) == ""


def test_the_table_has_a_row_a_run_in_order():
    frame = found(longer=0.5)
    assert frame["epochs"].tolist() == [40, 40, 600] and frame["loss"].tolist()[:2] == [
        "cce",
        "rll",
    ]

"""Weight or symmetry: the shares of evened RLL and evened MSE, and what is said of them."""

import pytest
from made_up import MNIST, make, write

from memutils.claims.selection import Pool
from memutils.report.plots import NOT_RUN
from memutils.report.symmetry import plane, weights
from memutils.runs.specs import configs_root, load_scale

RLL, MSE = weights.CHAINS


def found(*of):
    """The chains' contrasts on ResNet-18: a seed for each dictionary of what losses memorize."""
    runs = [
        make(loss, m=m, r=1 - m, seed=seed, **MNIST)
        for seed, shares in enumerate(of)
        for loss, m in shares.items()
    ]
    return weights.contrasts(Pool(runs), [])


@pytest.mark.parametrize(
    ("even", "share", "does", "verdict"),
    [
        (0.1, 1.0, "does as RLL does", "nearly suffices"),
        (0.15, 0.94, "does as RLL does", "nearly suffices"),
        (0.5, 0.5, "lies in between", "does part of it"),
        (0.86, 0.05, "does as CCE does", "does next to nothing"),
    ],
)
def test_the_share_of_the_weight_is_of_rlls_effect(even, share, does, verdict):
    contrasts = found({"cce": 0.9, "rll": 0.1, "even-rll": even})
    (values,) = weights.shares(contrasts, RLL).values()
    assert values == pytest.approx({0: share}, abs=0.005)
    text = weights.told(contrasts, RLL)
    assert f"CCE 90 %, evened RLL {100 * even:.0f} % and RLL 10 %" in text
    more = round(100 * (even - 0.1))
    beyond = f", and memorizes {more} points more than RLL." if more else "."
    assert text.endswith(f"(one seed): it {does}{beyond}")
    assert weights.verdict(contrasts).endswith(beyond) == (share > 0.9)
    said = weights.verdict(contrasts)
    assert said.startswith("With ResNet-18 on MNIST (one seed) the weight") and verdict in said
    where = {"RLL": "near RLL", "CCE": "near cross entropy"}.get(does.split()[-2], "in between")
    assert weights.seen(contrasts) == f"Evened RLL lies {where} with ResNet-18 on MNIST."
    assert weights.seen([]) == ""


def test_every_seed_must_say_so():
    both = {"cce": 0.9, "rll": 0.1}
    contrasts = found(both | {"even-rll": 0.1}, both | {"even-rll": 0.5})
    assert weights.shares(contrasts, RLL).popitem()[1] == pytest.approx({0: 1, 1: 0.5}, abs=0.005)
    assert "(two seeds): it lies in between." in weights.told(contrasts, RLL)
    said = weights.verdict(contrasts)
    assert "With ResNet-18 on MNIST (two seeds) the weight does part of it" in said
    assert "has 50 to 100 % of RLL's effect" in said


@pytest.mark.parametrize(
    ("even", "said"),
    [
        (0.9, "nearly as MSE does"),
        (0.5, "takes off 50 % of what MAE takes off"),
        (0.1, "nearly as MAE does"),
    ],
)
def test_even_mse_stands_between_mse_and_mae(even, said):
    contrasts = found({"mse": 0.9, "mae": 0.1, "even-mse": even})
    assert weights.shares(contrasts, RLL) == {} and said in weights.verdict(contrasts)


def test_a_place_without_an_even_loss_is_left_out_and_nothing_is_said_without_runs():
    assert found({"cce": 0.9, "rll": 0.1}) == []
    assert weights.verdict([]) == weights.told([], RLL) == ""
    assert (
        NOT_RUN in weights.missing([]) and weights.missing(found({"cce": 1, "even-rll": 0})) == ""
    )
    half = found({"cce": 0.9, "even-rll": 0.1})
    assert weights.shares(half, RLL) == {} and weights.verdict(half) == ""


def test_the_mlps_runs_of_both_scales_are_compared_at_one_step(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    ends = {"cce": 0.9, "rll": 0.1, "even-rll": 0.2}
    lr = {"cce": 0.01054, "rll": 0.01897, "even-rll": 0.01897}  # s = .01
    for scale in ("plane", "even"):
        for key, spec in load_scale(scale).specs().items():
            if spec.network == "mlp" and spec.lr == lr.get(spec.loss) and not spec.seed:
                write(scale, key, spec, [0.5, 1, 1], [0.1, 0.1, ends[spec.loss]])
    contrasts = weights.contrasts(Pool([]), plane.load())
    (place,) = weights.shares(contrasts, RLL)
    assert place == "MLP on MNIST (5k), s = 0.01, n = 3,000"
    assert weights.shares(contrasts, RLL)[place] == pytest.approx({0: 0.7 / 0.8})


def test_the_weights_of_the_evened_losses_are_not_quite_their_own_losses():
    """MSE: 2 p_y (1 + |p|^2 - 2 p_y) / (1 - p_y); |p|^2 = p_y^2 + (1 - p_y)^2, or the last term
    over K - 1: the ratio is 2 (K - 1) / K, whatever p_y is.
    """
    text = weights.seen_beside_own()
    assert "MSE's own weight is 1.8 times as large" in text
    alpha, k, ratios = 0.1, 10, []
    for own in (0.01, 0.5):
        rest = own / (1 - own) / (k - 1)
        one, every = (x / (alpha + x) for x in (1 - own, (1 - own) / (k - 1)))
        label = own / (alpha + own)
        ratios.append((label + rest * one) / (label + rest * (k - 1) * every))
    less = [f"{100 * (1 - ratio):.0f} % smaller" for ratio in ratios]
    assert f"{less[0]} at $p_y$ = 0.01 and {less[1]} at $p_y$ = 0.5" in text


def test_the_rule_is_that_of_the_config():
    text = (configs_root() / "even.yaml").read_text(encoding="utf-8")
    assert (weights.MOST, weights.LEAST) == (0.9, 0.1)
    assert "At .9 or above in every seed the weight alone does it, at .1 or below" in text

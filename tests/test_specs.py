"""Specifications: readable keys, and an error that names setting, type,
range or the nearest valid name.
"""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from memutils import data, losses, models
from memutils.errors import UserError
from memutils.runs.specs import Scale, Spec

MINIMAL = {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4}
SCALE = Scale(
    "test",
    {"dataset": "mnist5k", "network": "mlp", "epochs": 5},
    {"resnet32": {"dataset": "cifar10", "lr": 0.1}},
)


def test_a_key_names_the_five_settings_and_what_differs():
    assert SCALE.key(SCALE.spec(loss="cce", eta=0.4)) == "mnist5k-mlp-cce-eta0.4-seed0"
    assert (
        SCALE.key(SCALE.spec(network="resnet32", loss="rll", eta=0, seed=2))
        == "cifar10-resnet32-rll-eta0-seed2"
    )
    changed = SCALE.spec(
        network="resnet32", loss="rll", eta=0.4, alpha=0.45, lr=0.03, milestones=[40, 60], epochs=5
    )
    assert (
        SCALE.key(changed) == "cifar10-resnet32-rll-eta0.4-seed0-alpha0.45-lr0.03-milestones40+60"
    )
    assert SCALE.key(SCALE.spec(loss="cce", eta=0.4, lr=1e-5)).endswith("-lr1e-05")


def parameters(loss: str) -> dict:
    """A strategy for each parameter of a loss: its default, and other values in its range."""
    declared = losses.parameters_of(loss)
    return {
        n: st.just(p.default) | st.floats(p.low, min(p.high, 10)).map(lambda v: float(f"{v:.6g}"))
        for n, p in declared.items()
    }


settings = st.fixed_dictionaries(
    {
        "loss": st.sampled_from([*losses.LOSSES]),
        "eta": st.floats(0, 1).map(lambda e: round(e, 3)),
        "seed": st.integers(0, 9),
    },
    optional={
        "network": st.sampled_from([*models.NETWORKS]),
        "epochs": st.integers(1, 300),
        "lr": st.floats(1e-6, 1).map(lambda v: float(f"{v:.6g}")),
        "n_train": st.integers(0, 50_000),
        "milestones": st.lists(st.integers(1, 300), max_size=3),
        "schedule": st.sampled_from(["constant", "step", "exponential"]),
        "train_on": st.sampled_from(["all", "clean"]),
    },
).flatmap(
    lambda given: st.fixed_dictionaries(
        {n: st.just(v) for n, v in given.items()}, optional=parameters(given["loss"])
    )
)


@given(one=settings, two=settings)
def test_keys_are_equal_exactly_for_equal_runs_and_safe_as_file_names(one, two):
    first, second = SCALE.spec(**one), SCALE.spec(**two)
    keys = SCALE.key(first), SCALE.key(second)
    assert (keys[0] == keys[1]) == (first == second)
    assert not set("".join(keys)) & set("/\\ :*?\"'<>|%") and max(map(len, keys)) <= 200


@given(given_settings=settings)
def test_a_run_can_be_rebuilt_from_its_parameters(given_settings):
    spec = SCALE.spec(**given_settings)
    assert SCALE.spec(**yaml.safe_load(SCALE.parameters(spec))) == spec
    assert SCALE.spec(**json.loads(json.dumps(given_settings))) == spec


@pytest.mark.parametrize(
    "name", ["a/b", "../up", "with space", "umlaut-ü", "x" * 201, "new\nline", ""]
)
def test_a_name_that_is_unsafe_in_a_path_is_refused(monkeypatch, name):
    monkeypatch.setitem(data.DATASETS, name, lambda root: None)
    spec = SCALE.spec(dataset=name, loss="cce", eta=0)
    with pytest.raises(UserError, match="letters, digits"):
        SCALE.key(spec)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("loss", "Did you mean 'nmse'"),
        ("network", "Did you mean 'resnet32'"),
        ("schedule", "Did you mean 'exponential'"),
    ],
)
def test_unknown_names_get_the_nearest_one(name, near):
    wrong = {"loss": "nmsee", "network": "resnet-32", "schedule": "exponentiel"}[name]
    with pytest.raises(UserError, match=near):
        SCALE.spec(**(MINIMAL | {name: wrong}))


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("epoch", "epochs"),
        ("batchsize", "batch_size"),
        ("los", "loss"),
        ("weight-decay", "weight_decay"),
    ],
)
def test_unknown_settings_get_the_nearest_one(wrong, near):
    with pytest.raises(UserError, match=f"Unknown setting '{wrong}'. Did you mean '{near}'"):
        SCALE.spec(**MINIMAL, **{wrong: 1})


WRONG_TYPES = {
    "eta": ["0.4", None, True, float("nan"), [0.4]],
    "lr": ["1e-3", float("inf"), {}],
    "epochs": [1.5, "10", True, None, float("inf"), 2**60],
    "seed": [0.5, "0"],
    "milestones": [10, [0], [1.5], ["a"], [True], "12"],
    "loss": [1, None, ["cce"]],
    "device": [0, None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in WRONG_TYPES.items() for v in values]
)
def test_wrong_types_name_the_setting(name, value):
    with pytest.raises(UserError, match=f"The setting '{name}' must be a"):
        Spec(**(MINIMAL | {name: value}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 1.01}, "noise rate"),
        ({"eta": -0.1}, "noise rate"),
        ({"epochs": 0}, "'epochs' must be at least 1"),
        ({"batch_size": 1}, "'batch_size' must be at least 2"),
        ({"evaluations": 0}, "'evaluations' must be at least 1"),
        ({"seed": -1}, "'seed' must be at least 0"),
        ({"n_train": -5}, "'n_train' must be at least 0"),
        ({"momentum": -0.1}, "'momentum' must be at least 0"),
        ({"lr": 0}, "'lr' must be greater than 0"),
        (
            {"loss": "rll", "loss_parameters": {"alpha": 0}},
            "In the loss 'rll', alpha must be a number from 1e-30 to 1e\\+30, not '0'",
        ),
        ({"gamma": 0}, "'gamma' must be greater than 0"),
        ({"switch_loss": "rll"}, "go together"),
        ({"switch_epoch": 3}, "go together"),
        ({"noise": "none"}, "Unknown noise"),
        ({"train_on": "dirty"}, "Unknown train_on"),
        ({"optimizer": "adamw"}, "Did you mean 'adam'"),
        ({"device": "gpu"}, "Unknown device"),
        ({"precision": "float16"}, "Did you mean 'bfloat16'"),
        ({"compile": "maybe"}, "Unknown compile"),
        ({"inputs": "white"}, "Did you mean 'whiten'"),
    ],
)
def test_values_out_of_range_say_so(change, message):
    with pytest.raises(UserError, match=message):
        Spec(**(MINIMAL | change))


def test_whole_floats_and_lists_are_brought_to_their_type():
    spec = Spec(**MINIMAL, epochs=3.0, lr=1, milestones=[1, 2])
    assert (
        (spec.epochs, spec.lr, spec.milestones) == (3, 1.0, (1, 2))
        and type(spec.epochs) is int
        and type(spec.lr) is float
    )
    assert spec == Spec(**MINIMAL, epochs=3, lr=1.0, milestones=(1, 2))


def test_what_is_missing_is_named():
    with pytest.raises(UserError, match="A run needs loss, eta"):
        SCALE.spec()
    with pytest.raises(UserError, match="'network' must be a text"):
        SCALE.spec(**(MINIMAL | {"network": ["mlp"]}))


def test_the_loss_of_a_run_has_the_run_s_parameters():
    spec = Spec(**(MINIMAL | {"loss": "rll", "loss_parameters": {"alpha": 0.45}}))
    assert spec.build_loss().alpha == spec.build_loss("rll").alpha == 0.45
    assert isinstance(spec.build_loss("mse"), losses.MSE)

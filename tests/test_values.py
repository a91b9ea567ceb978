"""What is typed is what is meant: numbers of other libraries, rounding, and YAML without traps."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from conftest import REPOSITORY, smoke
from hypothesis import given
from hypothesis import strategies as st

from memutils import models, noise, values
from memutils.errors import UserError
from memutils.report import plots
from memutils.runs import config_text, specs

SAME_NUMBER = {
    "a sum": 0.1 + 0.2 + 0.1,
    "np.arange": np.arange(0, 0.8, 0.2)[2],
    "np.linspace": np.linspace(0, 1, 6)[2],
    "np.float32": np.float32(0.4),
    "np.float16": np.float16(0.4),
    "an array": np.array(0.4),
    "a tensor": torch.tensor(0.4),
    "a tensor in float64": torch.tensor(0.4, dtype=torch.float64),
}


@pytest.mark.parametrize("name", SAME_NUMBER)
def test_one_noise_rate_however_it_was_computed(name):
    eta = SAME_NUMBER[name]
    spec = smoke(eta=eta)
    assert spec == smoke(eta=0.4) and type(spec.eta) is float and spec.eta == 0.4
    assert "eta0.4-" in specs.load_scale("smoke").key(spec)
    np.testing.assert_allclose(noise.symmetric_matrix(eta, 10), noise.symmetric_matrix(0.4, 10))


@given(st.floats(1e-12, 1e6))
def test_a_key_holds_the_number_that_the_run_has(number):
    scale = specs.Scale(
        "any", {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4, "lr": 7.0}
    )
    spec = scale.spec(lr=number)
    assert spec.lr == pytest.approx(number, rel=1e-11)
    assert spec.lr == 7 or float(scale.key(spec).split("-lr")[1]) == spec.lr
    assert scale.spec(**yaml.safe_load(scale.parameters(spec))) == spec  # as papermill reads it
    assert scale.spec(**json.loads(scale.parameters(spec))) == spec


@pytest.mark.parametrize("alpha", [0.1 + 0.2, np.float32(0.3), np.float64(0.3), torch.tensor(0.3)])
def test_parameters_of_a_loss_are_taken_and_rounded_like_settings(alpha):
    scale = specs.load_scale("smoke")
    spec = scale.spec(loss="rll", eta=0.4, alpha=alpha)
    assert spec == scale.spec(loss="rll", eta=0.4, loss_parameters={"alpha": 0.3})
    assert spec.loss_parameters == {"alpha": 0.3} and scale.key(spec).endswith("-alpha0.3")
    recorded = SimpleNamespace(spec={"loss": "rll", "loss_parameters": {"alpha": 0.3}})
    assert plots.select([recorded], alpha=alpha) == [recorded]


def test_learning_rates_without_a_point_reach_papermill_as_numbers():
    scale = specs.load_scale("smoke")
    for lr in (1e-5, 2e-7, 1e20):
        spec = scale.spec(loss="cce", eta=0.4, lr=lr)
        assert yaml.safe_load(scale.parameters(spec))["lr"] == lr


@pytest.mark.parametrize(
    "three",
    [3, 3.0, np.int64(3), np.int32(3), np.uint8(3), np.float64(3), np.array(3), torch.tensor(3)],
)
def test_whole_numbers_of_other_libraries(three):
    spec = smoke(seed=three, n_train=three, epochs=three)
    assert (
        spec == smoke(seed=3, n_train=3, epochs=3) and type(spec.seed) is type(spec.epochs) is int
    )
    json.dumps(spec.seed)
    weights = [
        next(models.build("mlp", (1, 4, 4), 3, seed).parameters()) for seed in (3, int(three))
    ]
    assert torch.equal(*weights)


@pytest.mark.parametrize(
    "epochs",
    [
        [1, 2],
        (1, 2),
        [1.0, 2.0],
        np.array([1, 2]),
        torch.tensor([1, 2]),
        range(1, 3),
        [np.int64(1), 2],
    ],
)
def test_milestones_of_other_libraries(epochs):
    assert smoke(milestones=epochs) == smoke(milestones=(1, 2)) and {
        type(m) for m in smoke(milestones=epochs).milestones
    } == {int}


@pytest.mark.parametrize(
    "value",
    [
        np.array([0.4, 0.2]),
        torch.rand(2, 2),
        np.bool_(True),
        np.datetime64("2020"),
        np.complex64(1),
        [0.4],
    ],
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(UserError, match="The setting 'eta' must be a finite number"):
        smoke(eta=value)


def test_a_text_of_numpy_is_a_text_and_a_truth_value_a_yes_or_no():
    assert (
        smoke(loss=np.str_("rll")) == smoke(loss="rll")
        and type(smoke(loss=np.str_("rll")).loss) is str
    )
    assert smoke(compile=False).compile == "no" and smoke(compile=np.bool_(True)).compile == "yes"
    with pytest.raises(UserError, match="'augment' must be a text, not 'True'"):
        smoke(augment=True)


HINTS = {
    "5,000": "5000",
    "1,250,000": "1250000",
    "0,4": "0.4",
    "40%": "0.4",
    "40 %": "0.4",
    "1e-3": "0.001",
    "'7'": "7",
    "5 000": "5000",
    "5'000": "5000",
    "5_000": "5000",
    ".5": "0.5",
    "abc": "",
    "": "",
    "1,2,3": "",
    "nan": "",
    "1e999": "",
}


@pytest.mark.parametrize("text", HINTS)
def test_a_number_that_is_a_text_is_told_how_to_write_it(text):
    assert values.number_meant(text) == HINTS[text]
    with pytest.raises(UserError, match="The setting 'epochs' must be a whole number") as error:
        smoke(epochs=text)
    assert (f"Write {HINTS[text]}, without quotes." in str(error.value)) == bool(HINTS[text])


def test_records_are_selected_by_a_computed_noise_rate():
    recorded = SimpleNamespace(
        spec={"eta": 0.6, "loss": "cce", "milestones": [1, 2], "loss_parameters": {}}
    )
    assert (
        plots.select([recorded], eta=0.1 * 6)
        == plots.select([recorded], eta=np.float32(0.6))
        == [recorded]
    )
    assert plots.select([recorded], eta=np.arange(0, 0.8, 0.2)[3], loss=["rll", "cce"]) == [
        recorded
    ]
    assert plots.select([recorded], eta=(0.4, 0.2)) == []


READ = {
    "1e-3": 0.001,
    "1E5": 1e5,
    "-2e+3": -2000.0,
    ".5": 0.5,
    "1.": 1.0,
    "0": 0,
    "-7": -7,
    "1_000": 1000,
    "0.5e-3": 0.0005,
    "no": "no",
    "yes": "yes",
    "on": "on",
    "off": "off",
    "y": "y",
    "true": True,
    "False": False,
    "1:30": "1:30",
    "0x10": "0x10",
    "5,000": "5,000",
    "2020-01-01": "2020-01-01",
    "~": None,
    "null": None,
    "": None,
    "'1'": "1",
    "[1, 2]": [1, 2],
    "rll": "rll",
}


@pytest.mark.parametrize("text", READ)
def test_a_value_is_what_it_looks_like(text):
    found = config_text.parse(f"a: {text}")["a"]
    assert found == READ[text] and type(found) is type(READ[text])


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()))
def test_what_yaml_writes_is_read_back(value):
    assert config_text.parse(yaml.safe_dump({"a": value})) == {"a": value}


def test_the_committed_configs_mean_what_they_meant():
    for path in (REPOSITORY / "configs").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert config_text.parse(text) == yaml.safe_load(text)


TWICE = {
    "grid: []\ndefaults: {}\ngrid: []": "The key 'grid' of line 1 stands once more in line 3",
    "a:\n  b: 1\n  c: 2\n  b: 3": "The key 'b' of line 2 stands once more in line 4",
    "{a: 1, 'a': 2}": "The key 'a' of line 1 stands once more in line 1",
    "a: [{b: 1,\n  b: 1}]": "The key 'b' of line 1 stands once more in line 2",
    "a: 010": "The number 010 in line 1 begins with 0: write 10",
    "x: 1\na: -07": "The number -07 in line 2 begins with 0: write -7",
    "a: [5,000]": "a number like 5,000 without its comma",
    "{n_train: 5,000}": "a number like 5,000 without its comma",
    "a: [": "This is not valid YAML",
    "a: 1\n---\nb: 2": "expected a single document",
    "[1]: 2": "unhashable key",
    "a: !!python/object/apply:os.system [true]": "could not determine a constructor",
    "a: " + 5000 * "9": "not valid YAML",
}


@pytest.mark.parametrize("text", TWICE, ids=range(len(TWICE)))
def test_what_would_be_dropped_or_misread_is_an_error_that_names_the_line(text):
    with pytest.raises(UserError) as error:
        config_text.parse(text)
    assert TWICE[text] in str(error.value) and "\n" not in str(error.value)


def test_an_anchor_may_be_overruled():
    assert config_text.parse("x: &b {a: 1, c: 3}\ny: {<<: *b, a: 2}")["y"] == {"a": 2, "c": 3}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers())))
def test_grouping_loses_no_pair_and_no_order(pairs):
    found = values.grouped(pairs)
    assert list(found) == list(dict.fromkeys(key for key, _ in pairs))
    assert all(of == [value for k, value in pairs if k == key] for key, of in found.items())

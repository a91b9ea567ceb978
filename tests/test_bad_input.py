"""Whatever is put in: a valid thing comes out, or a UserError of one sentence,
before any training starts.
"""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
import yaml
from conftest import REQUEST
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from memutils import data, losses, noise, runs, training
from memutils.errors import UserError
from memutils.report import notebooks
from memutils.runs import specs

SCALE = specs.Scale("fuzz", {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4})
NUMBERS = (
    st.integers()
    | st.floats()
    | st.booleans()
    | st.sampled_from([0, 1, -1, 2**53, 10**400, 1e308, 5e-324, math.nan, math.inf])
)
WORDS = st.sampled_from(
    ["cce", "rll", "mnist5k", "mlp", "step", "auto", "../x", "<b>", "", "'; import os"]
) | st.text(max_size=8)
SCALARS = NUMBERS | WORDS | st.none() | st.complex_numbers() | st.binary(max_size=4) | st.dates()
JUNK = st.recursive(
    SCALARS,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(SCALARS, x, max_size=3) | st.tuples(x),
    max_leaves=5,
)
MANY = settings(max_examples=300)


def plain(error: UserError) -> None:
    """A user error is one sentence or a few, on one line, not endless."""
    assert 10 < len(str(error)) < 900 and "\n" not in str(error)


def tried(make):
    """What it makes, or None after a plain error; any other exception fails the test."""
    try:
        return make()
    except UserError as error:
        plain(error)


def check_spec(scale, spec) -> None:
    """A specification that was let through can be named, scheduled and handed to papermill."""
    assert all(math.isfinite(spec.lr_at(epoch)) for epoch in (1, spec.epochs))
    assert max(spec.evaluation_epochs() if spec.epochs < 10_000 else {spec.epochs}) == spec.epochs
    key = tried(lambda: scale.key(spec))
    assert key is None or not set(key) & set("/\\<>&\"' ")
    values = yaml.safe_load(scale.parameters(spec))
    assert scale.spec(**values) == spec and json.loads(scale.parameters(spec)) == values


@MANY
@given(
    st.dictionaries(
        st.sampled_from(sorted(specs.FIELDS)) | st.text(max_size=5), JUNK, min_size=1, max_size=3
    )
)
def test_settings(values):
    spec = tried(lambda: SCALE.spec(**values))
    if spec is not None:
        check_spec(SCALE, spec)


PARTS = st.sampled_from(["extends", "defaults", "networks", "grid", "other"])
TABLES = st.dictionaries(
    st.sampled_from(["loss", "eta", "seed", "network", "epochs", "x"]),
    JUNK | st.lists(SCALARS, max_size=4),
)
CONFIGS = st.dictionaries(
    PARTS, JUNK | TABLES | st.lists(TABLES, max_size=3) | st.dictionaries(WORDS, TABLES, max_size=2)
)


@MANY
@given(CONFIGS | JUNK)
def test_config_content(content):
    scale = tried(lambda: specs.parse_scale("fuzz", content))
    for spec in scale.specs().values() if scale else ():
        check_spec(scale, spec)


@MANY
@given(
    st.binary(max_size=60)
    | st.text("{}[]:-,&*!|>#? \n\t'\"%@`abgridefaultsnetworkloss0.4", max_size=60).map(str.encode)
)
def test_config_text(tmp_path, monkeypatch, content):
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    (tmp_path / "fuzz.yaml").write_bytes(content)
    try:
        specs.load_scale("fuzz")
    except UserError as error:
        plain(error)
        assert "fuzz.yaml" in str(error)


def test_a_grid_without_end_is_refused():
    axes = {name: list(range(10)) for name in ("seed", "alpha", "lr", "epochs", "crop", "momentum")}
    with pytest.raises(UserError, match="more than 100,000 runs"):
        specs.parse_scale("fuzz", {"defaults": SCALE.defaults, "grid": [axes]})


@MANY
@given(
    JUNK,
    st.dictionaries(
        st.sampled_from(["lss", "epochs", "lr", "__class__", "settings"]), JUNK, max_size=2
    ),
    JUNK,
)
def test_parameters_of_the_run_notebook(extra_settings, injected, value):
    """What papermill injects are plain assignments; nothing of them is ever executed again."""
    names = REQUEST | {"settings": extra_settings}
    names |= {"loss": value} if isinstance(value, str) else {"eta": value}
    cell = "# Parameters\n" + "\n".join(f"{name} = None" for name in injected)
    found = tried(lambda: notebooks.requested(names | injected | {"In": ["", cell]}))
    if found is not None:
        check_spec(*found)


def test_a_setting_given_twice_is_refused():
    names = REQUEST | {"settings": {"loss": "cce"}}
    with pytest.raises(UserError, match="loss: give it as a parameter or in settings"):
        notebooks.requested(names)


@given(JUNK, JUNK)
def test_losses(name, parameter):
    tried(lambda: losses.build(name))
    loss = tried(lambda: losses.build("rll", alpha=parameter))
    assert loss is None or 0 < loss.alpha < math.inf
    tried(lambda: losses.build("mse", reduction=parameter))


@given(JUNK, JUNK, JUNK, st.lists(st.integers(-1, 4), max_size=5) | JUNK)
def test_noise(eta, classes, seed, labels):
    for make in (noise.symmetric_matrix, noise.pair_matrix):
        matrix = tried(
            lambda make=make: make(eta, classes if not isinstance(classes, int) else classes % 12)
        )
        if matrix is not None:
            np.testing.assert_allclose(matrix.sum(1), 1)
    noisy = tried(lambda: noise.apply_noise(labels, noise.symmetric_matrix(0.4, 3), seed))
    assert noisy is None or set(noisy.noisy.tolist()) <= {0, 1, 2}
    tried(lambda: noise.apply_noise(np.array([0, 1]), classes, 0))


IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)
LABELS = np.arange(6) % 3
BAD_DATA = {
    "one class": (IMAGES, LABELS * 0, IMAGES, LABELS * 0),
    "a missing class": (IMAGES, LABELS * 2, IMAGES, LABELS),
    "float images": (IMAGES / 255, LABELS, IMAGES, LABELS),
    "float labels": (IMAGES, LABELS / 1, IMAGES, LABELS),
    "test labels out of range": (IMAGES, LABELS, IMAGES, LABELS + 1),
    "negative labels": (IMAGES, LABELS - 1, IMAGES, LABELS),
    "no examples": (IMAGES[:0], LABELS[:0], IMAGES, LABELS),
    "no test examples": (IMAGES, LABELS, IMAGES[:0], LABELS[:0]),
    "fewer labels": (IMAGES, LABELS[:3], IMAGES, LABELS),
    "no pixels": (IMAGES[:, :0], LABELS, IMAGES[:, :0], LABELS),
    "one-hot labels": (IMAGES, np.eye(3, dtype=int)[LABELS], IMAGES, LABELS),
    "two sizes": (IMAGES, LABELS, IMAGES[:, 1:], LABELS),
    "ragged images": ([[1], [1, 2]], LABELS, IMAGES, LABELS),
    "nothing": (None, None, None, None),
    "names": (IMAGES, np.array(list("abcabc")), IMAGES, LABELS),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_data_of_ones_own_that_is_wrong(name):
    with pytest.raises(UserError, match="mine: "):
        data.from_arrays("mine", *BAD_DATA[name])


@pytest.mark.parametrize("classes", [3, "abc", ["a"]])
def test_wrong_class_names(classes):
    with pytest.raises(UserError, match="class"):
        data.from_arrays("mine", IMAGES, LABELS, IMAGES, LABELS, classes=classes)


SHAPES = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple)
TYPES = st.sampled_from([np.uint8, np.int64, np.float32, bool, object, "U1"])


@given(
    SHAPES,
    TYPES,
    st.lists(st.integers(-2, 5), max_size=6),
    st.sampled_from([np.int64, np.uint8, np.float64, np.uint64]),
)
def test_data_of_ones_own(shape, kind, labels, label_kind):
    x, y = np.zeros(shape, dtype=kind), np.array(labels).astype(label_kind)
    dataset = tried(lambda: data.from_arrays("mine", x, y, x, y))
    if dataset is not None:
        assert dataset.train.images.ndim == 4 and set(dataset.train.labels) == set(
            range(dataset.num_classes)
        )


def returns(value):
    return lambda logits, target: value


def fails(logits, target):
    return {}["no such key"]


BAD_LOSSES = {
    "NaN": lambda z, y: z.sum() * math.nan,
    "a value for each example": lambda z, y: F.cross_entropy(z, y, reduction="none"),
    "not differentiable": lambda z, y: (z.argmax(1) != y).float().mean(),
    "a number": returns(3.0),
    "nothing": returns(None),
    "independent of the logits": returns(torch.ones((), requires_grad=True)),
    "an error of its own": fails,
    "other arguments": lambda z: z.sum(),
    "changes its input": lambda z, y: z.exp_().mean(),
    "infinite gradient": lambda z, y: (z - z.detach()).abs().sqrt().sum(),
    "overflows": lambda z, y: z.exp().sum(),
    "complex": lambda z, y: z.sum() * 1j,
}


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("name", BAD_LOSSES)
def test_a_loss_of_ones_own_that_cannot_be_trained_with(monkeypatch, mnist5k, name, later):
    """It is refused before the first epoch, also where it takes over only later."""
    monkeypatch.setitem(losses.LOSSES, "mine", lambda: BAD_LOSSES[name])
    change = {"switch_loss": "mine", "switch_epoch": 2} if later else {"loss": "mine"}
    spec = dataclasses.replace(
        specs.load_scale("smoke").spec(loss="cce", eta=0.4, n_train=200, n_test=50), **change
    )
    splits, labels = runs.prepare(spec, mnist5k)
    with pytest.raises(UserError, match="The loss") as caught:
        runs.make_trainer(spec, splits, labels, 10, training.settle(spec))
    plain(caught.value)


def test_a_negative_loss_is_fine():
    losses.check_loss(lambda z, y: -F.softmax(z, 1).gather(1, y[:, None]).mean(), 10)

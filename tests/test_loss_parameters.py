"""Parameters of losses: declared and checked by the loss, the same at every door to a run."""

import copy
import dataclasses
import functools
import json
import math
import pickle
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from conftest import run_spec, smoke
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from memutils import losses, runs, training
from memutils.errors import UserError
from memutils.losses import RLL, Loss, Parameter
from memutils.report import notebooks, plots
from memutils.runs import provenance, records, specs
from memutils.runs.specs import Scale, Spec

SCALE = Scale("test", {"dataset": "mnist5k", "network": "mlp", "eta": 0.4})
Z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 2, 3, 0, 1])


class Focal(Loss):
    """(1 - p_y)^gamma_f times cross entropy; its parameter is declared by the default alone."""

    def per_example(self, log_p, target, gamma_f=2.0):
        own = losses.pick(log_p, target)
        return -((1 - own.exp()) ** gamma_f) * own


def smoothed(logits, target, epsilon=0.1):
    return F.cross_entropy(logits, target, label_smoothing=epsilon)


class Whole(nn.Module):
    """A module whose parameter is a whole number."""

    def __init__(self, power: int = 2):
        super().__init__()
        self.power = power

    def forward(self, logits, target):
        return (1 - logits.softmax(1).gather(1, target[:, None])).pow(self.power).mean()


@pytest.fixture
def mine(monkeypatch):
    """Registers a loss under the name 'mine'."""
    return lambda entry: monkeypatch.setitem(losses.LOSSES, "mine", entry)


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(-12, 12) | st.floats(-12, 12))
def test_a_value_is_accepted_exactly_within_the_range(one, other, value):
    parameter = Parameter(0.5, min(one, other), max(one, other))
    if parameter.low <= value <= parameter.high:
        assert parameter.check("q", value) == value and type(parameter.check("q", value)) is float
    else:
        with pytest.raises(ValueError, match=r"q must be a number from .* to .*, not"):
            parameter.check("q", value)


@pytest.mark.parametrize(
    "kind", [np.float64, np.float32, np.float16, np.int64, np.uint8, int, float]
)
def test_numbers_of_numpy_are_plain_numbers_afterward(kind):
    for default, expected in ((0.5, float), (1, int)):
        found = Parameter(default).check("q", kind(2))
        assert found == 2 and type(found) is expected
    assert Parameter(1).check("q", 0.5) == 0.5  # a whole default asks for no whole number


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        np.True_,
        None,
        "0.1",
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        1j,
        [0.1],
        torch.ones(()),
    ],
)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="q must be a number"):
        Parameter(0.5).check("q", value)


def test_declared_parameters_are_arguments_attributes_and_shown():
    assert (
        RLL(0.45).alpha == RLL(alpha=0.45).alpha == RLL(0.45, "sum").alpha == 0.45
        and RLL().alpha == 0.1
    )
    assert RLL(0.45, "sum").reduction == "sum" and repr(RLL(0.45)) == "RLL(alpha=0.45)"
    assert str(RLL.__signature__) == "(alpha=0.1, reduction='mean')"
    for wrong in ({"beta": 1}, {"alpha": 1, "reduction": "sum", "x": 0}):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            RLL(**wrong)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_registered_losses_declare_what_they_take(name):
    declared = losses.parameters_of(name)
    assert not declared.keys() & specs.FIELDS.keys(), "a parameter named as a setting"
    loss = losses.build(name)
    for parameter, told in declared.items():
        assert (
            told.text
            and told.low <= told.default <= told.high
            and getattr(loss, parameter) == told.default
        )
        for value in (told.low, told.high):
            losses.check_loss(losses.build(name, **{parameter: value}), 10)
        for value in (math.nextafter(told.low, -math.inf), math.nextafter(told.high, math.inf)):
            with pytest.raises(
                UserError, match=f"In the loss '{name}', {parameter} must be a (whole )?number from"
            ):
                losses.build(name, **{parameter: value})


def test_number_defaults_of_per_example_are_parameters(mine):
    mine(Focal)
    assert losses.parameters_of("mine") == {"gamma_f": Parameter(2.0)}
    p_y = Z.double().softmax(1)[range(6), Y]
    for gamma in (2.0, 0.5):
        expected = (-((1 - p_y) ** gamma) * p_y.log()).mean()
        torch.testing.assert_close(losses.build("mine", gamma_f=gamma)(Z.double(), Y), expected)
    torch.testing.assert_close(Focal()(Z, Y), Focal(2.0)(Z, Y))
    own = Focal(5).per_example(
        Z.log_softmax(1), Y, gamma_f=0.0
    )  # called with a value of one's own, this one counts
    torch.testing.assert_close(own, F.cross_entropy(Z, Y, reduction="none"))


def test_a_subclass_inherits_parameters_and_may_declare_anew():
    class Steeper(Focal):
        loss_parameters: ClassVar = {
            "gamma_f": Parameter(3.0, 0, 5, "steepness"),
            "scale": Parameter(2, 1, 9, "factor"),
        }

        def per_example(self, log_p, target):
            return self.scale * super().per_example(log_p, target)

    class Gentle(Focal):
        def per_example(self, log_p, target, gamma_f=1.0):
            return super().per_example(log_p, target)

    assert Steeper().gamma_f == 3 and Steeper().scale == 2 and Gentle().gamma_f == 1
    torch.testing.assert_close(Steeper(2.0, 3)(Z, Y), 3 * Focal(2.0)(Z, Y))
    torch.testing.assert_close(Gentle()(Z, Y), Focal(1.0)(Z, Y))


@pytest.mark.parametrize("name", ["training", "reduction", "forward", "float", "per_example"])
def test_a_parameter_cannot_hide_a_part_of_every_loss(name):
    with pytest.raises(UserError, match=f"named '{name}'"):
        type("Hiding", (Loss,), {"loss_parameters": {name: Parameter(1.0)}})


def test_a_loss_may_take_the_logits_themselves():
    class Margin(Loss):
        from_logits = True

        def per_example(self, logits, target):
            return -losses.pick(logits, target)

    assert Margin("none")(Z.half(), Y).dtype == torch.float32
    torch.testing.assert_close(Margin("none")(Z, Y), -Z[range(6), Y])


ENTRIES = {
    "a class of its own": (RLL, {"alpha"}),
    "another class": (Whole, {"power"}),
    "a class with a value": (functools.partial(RLL, 0.45), set()),
    "a function": (lambda z, y: F.cross_entropy(z, y), set()),
    "a function with a number": (smoothed, {"epsilon"}),
    "a function of torch": (F.cross_entropy, {"ignore_index", "label_smoothing"}),
    "a module": (nn.CrossEntropyLoss(label_smoothing=0.1), set()),
    "a loss": (RLL(0.45), set()),
    "what makes a loss": (lambda: losses.CCE(), set()),
    "what makes one with a number": (lambda alpha=0.45: RLL(alpha), {"alpha"}),
    "what makes a function": (lambda: lambda z, y: F.cross_entropy(z, y), set()),
    "an object that is called": (
        type("Called", (), {"__call__": lambda self, z, y: F.cross_entropy(z, y)})(),
        set(),
    ),
    "a decorated function": (
        functools.wraps(smoothed)(lambda *values, **named: smoothed(*values, **named)),
        {"epsilon"},
    ),
    "a function of anything": (lambda *values: F.cross_entropy(*values), set()),
}


@pytest.mark.parametrize("what", ENTRIES)
def test_whatever_can_be_registered_is_built_and_trains(mine, quick_data, what):
    entry, parameters = ENTRIES[what]
    mine(entry)
    assert set(losses.parameters_of("mine")) == parameters
    losses.check_loss(losses.build("mine"), 10)
    record = run_spec(smoke(loss="mine", epochs=1))
    assert record.spec["loss_parameters"].keys() == parameters and math.isfinite(
        record.history["train_loss"].iloc[-1]
    )
    assert {"true", "fresh"} <= record.risks["test"]["mine"].keys()


def test_parameters_reach_what_is_registered(mine):
    mine(smoothed)
    torch.testing.assert_close(
        losses.build("mine", epsilon=0.3)(Z, Y), F.cross_entropy(Z, Y, label_smoothing=0.3)
    )
    mine(Whole)
    assert (
        losses.build("mine", power=3.0).power == 3
        and type(losses.build("mine", power=np.int64(3)).power) is int
    )
    mine(lambda alpha=0.45: RLL(alpha))
    assert losses.build("mine").alpha == 0.45 and losses.build("mine", alpha=1).alpha == 1
    module = RLL(0.45)
    mine(module)
    assert losses.build("mine") is module


def broken(q=0.5):
    raise RuntimeError("first line\nsecond line")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            3,
            "registered as '3', which is no loss; register a class, a function of logits",
        ),
        (None, "which is no loss"),
        ("cce", "which is no loss"),
        (lambda: 3, "makes '3', which cannot be called"),
        (lambda: None, "makes 'None', which cannot be called"),
        (lambda q: RLL(q), "cannot be built with no parameters: .*missing 1 required"),
        (broken, "cannot be built with q=0.5: first line"),
    ],
)
def test_what_is_no_loss_is_one_sentence_at_every_door(mine, entry, message):
    mine(entry)
    for door in (lambda: losses.build("mine"), lambda: SCALE.spec(loss="mine").build_loss()):
        with pytest.raises(UserError, match=message) as error:
            door()
        assert "\n" not in str(error.value)
    assert SCALE.spec(loss="rll", alpha=0.45).loss_parameters == {"alpha": 0.45}, (
        "it costs no other loss's run"
    )


def test_a_parameter_that_a_loss_does_not_have_is_named():
    with pytest.raises(
        UserError, match=r"The loss 'rll' has no parameter 'alhpa'\. Did you mean 'alpha'\?"
    ):
        losses.build("rll", alhpa=0.1)
    with pytest.raises(UserError, match=r"The loss 'rll' has no parameter 'q'\. It has alpha\."):
        losses.build("rll", q=0.1)
    with pytest.raises(UserError, match=r"The loss 'cce' has no parameter 'alpha'\. It has none\."):
        losses.build("cce", alpha=0.1)
    with pytest.raises(UserError, match="Unknown loss 'rl'. Did you mean 'rll'"):
        losses.parameters_of("rl")


def test_a_label_out_of_range_is_said():
    for label in (-1, -100, 4):
        for name in losses.LOSSES:
            with pytest.raises(ValueError, match="class indices from 0 to 3"):
                losses.build(name)(Z[:2], torch.tensor([0, label]))


def test_a_specification_is_complete_and_stays_a_value():
    spec = SCALE.spec(loss="rll")
    assert spec.loss_parameters == {"alpha": 0.1} and SCALE.spec(loss="cce").loss_parameters == {}
    other = dataclasses.replace(spec, loss_parameters={"alpha": np.float32(0.5)})
    assert other.loss_parameters == {"alpha": 0.5} and type(other.loss_parameters["alpha"]) is float
    assert len({spec, SCALE.spec(loss="rll", alpha=0.1), other}) == 2 and spec != other
    assert dataclasses.replace(spec, lr=0.5).loss_parameters == spec.loss_parameters
    as_json = json.loads(json.dumps(records.spec_dict(spec)))
    assert type(records.spec_dict(spec)["loss_parameters"]) is dict
    for again in (
        Spec(**as_json),
        Spec(**dataclasses.asdict(spec)),
        copy.deepcopy(spec),
        pickle.loads(pickle.dumps(spec)),
    ):
        assert again == spec and hash(again) == hash(spec)
    for change in (
        lambda p: p.update(alpha=1),
        lambda p: p.pop("alpha"),
        lambda p: p.__setitem__("alpha", 1),
        lambda p: p.clear(),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change(spec.loss_parameters)
    assert spec.loss_parameters == {"alpha": 0.1}


def test_a_run_that_switches_has_the_parameters_of_both_losses(mine):
    mine(smoothed)
    spec = SCALE.spec(loss="mine", switch_loss="rll", switch_epoch=3, alpha=0.45)
    assert spec.loss_parameters == {"alpha": 0.45, "epsilon": 0.1}
    assert spec.build_loss("rll").alpha == 0.45 and spec.build_loss().keywords == {"epsilon": 0.1}
    assert SCALE.key(spec).endswith("-alpha0.45-switch_epoch3-switch_lossrll")
    with pytest.raises(
        UserError, match="The loss 'mine' has no parameter 'alpha'. It has epsilon."
    ):
        SCALE.spec(loss="mine", switch_loss="cce", switch_epoch=3, alpha=0.45)


def test_a_parameter_that_both_losses_have_is_one(mine):
    mine(lambda alpha=0.3: RLL(alpha))
    both = {"loss": "mine", "switch_loss": "rll", "switch_epoch": 3}
    assert SCALE.spec(**both).loss_parameters == {"alpha": 0.3}, "the first loss's default"
    with pytest.raises(UserError, match="In the loss 'rll', alpha must be"):
        SCALE.spec(**both, alpha=-1)


def test_a_loss_that_a_run_does_not_train_with_has_its_defaults():
    assert SCALE.spec(loss="rll", alpha=0.45).build_loss("rll").alpha == 0.45
    assert Spec(**records.spec_dict(SCALE.spec(loss="cce"))).build_loss("rll").alpha == 0.1


def test_flat_or_in_a_table_is_the_same_run():
    flat, table = (
        SCALE.spec(loss="rll", alpha=0.45),
        SCALE.spec(loss="rll", loss_parameters={"alpha": 0.45}),
    )
    assert flat == table and SCALE.key(flat) == "mnist5k-mlp-rll-eta0.4-seed0-alpha0.45"
    assert (
        SCALE.spec(loss="rll", alpha=0.1)
        == SCALE.spec(loss="rll", loss_parameters={})
        == SCALE.spec(loss="rll")
    )
    assert json.loads(SCALE.parameters(flat))["alpha"] == 0.45
    with pytest.raises(UserError, match="'alpha' is given twice"):
        SCALE.spec(loss="rll", alpha=0.45, loss_parameters={"alpha": 0.45})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "cce", "alpha": 0.1}, "The loss 'cce' has no parameter 'alpha'"),
        (
            {"loss": "cce", "loss_parameters": {"alpha": 0.1}},
            "The loss 'cce' has no parameter 'alpha'",
        ),
        ({"loss": "rll", "alhpa": 0.1}, "Unknown setting 'alhpa'. Did you mean 'alpha'"),
        ({"loss": "rll", "epohcs": 3}, "Unknown setting 'epohcs'. Did you mean 'epochs'"),
        ({"loss": "rll", "alpha": "0.1"}, "In the loss 'rll', alpha must be a number"),
        ({"loss": "rll", "alpha": [0.1]}, "In the loss 'rll', alpha must be a number"),
        ({"loss": "rll", "loss_parameters": 0.1}, "'loss_parameters' must be a table of numbers"),
        (
            {"loss": "rll", "loss_parameters": {"lr": 0.1}},
            "'lr' is no parameter of a loss; take it out of loss_parameters",
        ),
        ({"loss": "rll", "loss_parameters": {3: 0.1}}, "Unknown setting '3'"),
    ],
)
def test_what_a_run_cannot_have_is_said(settings, message):
    with pytest.raises(UserError, match=message):
        SCALE.spec(**settings)


def test_a_parameter_named_as_a_setting_is_said(mine):
    mine(lambda z, y, lr=0.1: F.cross_entropy(z, y))
    with pytest.raises(
        UserError,
        match="The loss 'mine' has a parameter 'lr', which is a setting of every run; rename it",
    ):
        SCALE.spec(loss="mine")


def test_configs_give_parameters_as_defaults_and_as_axes(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    (tmp_path / "base.yaml").write_text(
        "defaults: {dataset: mnist5k, network: mlp, eta: 0.4, loss_parameters: {alpha: 0.2}}\n"
        "networks: {resnet18: {dataset: mnist, alpha: 0.3}}\n"
    )
    (tmp_path / "child.yaml").write_text(
        "extends: base\ndefaults: {alpha: 0.25}\n"
        "grid:\n  - {loss: [cce, rll]}\n  - {loss: rll, alpha: [0.25, 0.45]}\n"
        "  - {loss: rll, loss_parameters: {alpha: [0.01]}}\n"
        "  - {network: resnet18, loss: rll}\n"
    )
    found = specs.load_scale("child").specs()
    assert {key: dict(spec.loss_parameters) for key, spec in found.items()} == {
        "mnist5k-mlp-cce-eta0.4-seed0": {},  # a default counts for the losses that have it
        "mnist5k-mlp-rll-eta0.4-seed0": {"alpha": 0.25},
        "mnist5k-mlp-rll-eta0.4-seed0-alpha0.45": {"alpha": 0.45},
        "mnist5k-mlp-rll-eta0.4-seed0-alpha0.01": {"alpha": 0.01},
        "mnist-resnet18-rll-eta0.4-seed0": {"alpha": 0.3},
    }
    for text, message in (
        ("defaults: {alhpa: 1}", "Unknown setting 'alhpa'. Did you mean 'alpha'"),
        (
            "extends: base\ngrid: [{loss: [rll, cce], alpha: 0.45}]",
            "The loss 'cce' has no parameter 'alpha'",
        ),
        ("defaults: {alpha: 1, loss_parameters: {alpha: 1}}", "'alpha' is given twice"),
    ):
        (tmp_path / "bad.yaml").write_text(text)
        with pytest.raises(UserError, match=message):
            specs.load_scale("bad")


def asked(injected: str = "", **changes) -> Spec:
    """The run that the run notebook's parameters ask for."""
    names = {
        "scale": "smoke",
        "dataset": "mnist5k",
        "network": "mlp",
        "loss": "rll",
        "eta": 0.4,
        "seed": 0,
        "settings": {},
    }
    exec(injected, {}, found := {})
    return notebooks.requested(names | found | changes | {"In": ["", f"# Parameters\n{injected}"]})[
        1
    ]


def test_papermill_takes_parameters_flat_in_settings_or_as_a_table():
    for spec in (
        asked("alpha = 0.45"),
        asked("loss_parameters = {'alpha': 0.45}"),
        asked(settings={"alpha": 0.45}),
    ):
        assert spec.loss_parameters == {"alpha": 0.45}
    for injected, settings, message in (
        ("alhpa = 1", {}, "Unknown parameter 'alhpa'. Did you mean 'alpha'"),
        ("epoch = 1", {}, "Unknown parameter 'epoch'. Did you mean 'epochs'"),
        ("alpha = 1; loss = 'cce'", {}, "The loss 'cce' has no parameter 'alpha'"),
        ("loss = 'cce'", {"alpha": 1}, "The loss 'cce' has no parameter 'alpha'"),
        (
            "alpha = 1",
            {"loss_parameters": {"alpha": 1}},
            "alpha: give it as a parameter or in settings",
        ),
    ):
        with pytest.raises(UserError, match=message):
            asked(injected.replace("; ", "\n"), settings=settings)


def test_the_run_trains_with_its_parameters(mnist5k):
    spec = smoke(loss="rll", alpha=0.45, switch_loss="cce", switch_epoch=2)
    splits, labels = runs.prepare(spec, mnist5k)
    trainer = runs.make_trainer(spec, splits, labels, 10, training.settle(spec))
    assert trainer.loss_at(2).alpha == 0.45 and isinstance(trainer.loss_at(3), losses.CCE)


OLD = {"loss": "cce", "switch_loss": "", "inputs": "standardise", "alpha": 0.45}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"loss": "rll"}, {"alpha": 0.45}),
        ({"switch_loss": "rll"}, {"alpha": 0.45}),
        ({"loss": "mae"}, {}),
    ],
)
def test_a_record_of_the_first_format_has_alpha_where_its_loss_has(change, expected):
    spec = records.in_todays_words({"spec": OLD | change, "history": []})["spec"]
    assert spec["loss_parameters"] == expected and "alpha" not in spec


def test_the_committed_records_hold_complete_specifications(monkeypatch):
    monkeypatch.delenv("MEMUTILS_RESULTS")
    for folder in sorted(p for p in records.results_root().glob("*") if p.is_dir()):
        for record in records.load(folder.name):
            assert records.spec_dict(Spec(**record.spec)) == record.spec, record.key


def test_figures_find_runs_by_their_parameters(quick_data):
    found = [
        run_spec(smoke(epochs=1, **change))
        for change in ({"loss": "rll"}, {"loss": "rll", "alpha": 0.45}, {"loss": "cce"})
    ]
    assert (
        plots.select(found, alpha=0.45) == found[1:2]
        and plots.select(found, alpha=(0.1, 0.45), eta=0.4) == found[:2]
    )
    with pytest.raises(UserError, match="Did you mean 'alpha'"):
        plots.select(found, alhpa=0.45)
    frame = records.histories(found)
    assert frame["alpha"].tolist()[:2] == [0.1, 0.45] and math.isnan(frame["alpha"].iloc[2])
    assert math.isnan(records.histories(found[2:])["alpha"].iloc[0])


def test_every_file_of_the_losses_decides_a_result():
    folder, files = Path(losses.__file__).parent, {*provenance.decisive_files()}
    assert {*folder.rglob("*.py")} <= files
    modules = {path.relative_to(folder.parent).with_suffix("") for path in files}
    named = {path.as_posix() for module in modules for path in (module, module.parent)}
    assert set(provenance.DECISIVE) <= named

"""A run's parameters of its loss, the same at every door to a run."""

import copy
import dataclasses
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import REQUEST, run_spec, smoke
from test_registered_losses import smoothed
from torch.nn import functional as F

from memutils import losses, runs, training
from memutils.errors import UserError
from memutils.losses import RLL
from memutils.report import notebooks, plots
from memutils.runs import provenance, records, specs
from memutils.runs.specs import Scale, Spec

SCALE = Scale("test", {"dataset": "mnist5k", "network": "mlp", "eta": 0.4})


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
    exec(injected, {}, found := {})
    cell = {"In": ["", f"# Parameters\n{injected}"]}
    return notebooks.requested(REQUEST | found | changes | cell)[1]


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
    folders = sorted(p for p in records.results_root().glob("*") if p.is_dir())
    assert len(folders) > 10, "the repository has its records"
    for folder in folders:
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

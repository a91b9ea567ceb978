"""Scales from configs: what extends takes, which runs a grid has, and errors that name file and
setting.
"""

import pytest
import yaml
from conftest import REPOSITORY

from memutils.errors import UserError
from memutils.runs import specs, storage


@pytest.mark.parametrize("name", sorted(p.stem for p in (REPOSITORY / "configs").glob("*.yaml")))
def test_committed_configs_load(name):
    scale = specs.load_scale(name)
    runs = scale.specs()
    assert scale.name == name and runs
    for key, spec in runs.items():
        assert (
            scale.key(spec) == key and scale.spec(**yaml.safe_load(scale.parameters(spec))) == spec
        )
    first = next(iter(runs))
    assert list(scale.specs(first)) == [k for k in runs if first in k]


@pytest.fixture
def write_configs(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    return lambda **files: [
        (tmp_path / f"{name}.yaml").write_text(text) for name, text in files.items()
    ]


BASE = """
defaults: {dataset: mnist5k, network: mlp, epochs: 7, lr: 0.5}
networks: {resnet18: {dataset: mnist, lr: 0.25}}
grid: [{loss: [cce, rll], eta: [0, 0.4]}, {loss: cce, eta: 0.4}]
"""


def test_extends_takes_defaults_and_networks_but_not_the_grid(write_configs):
    write_configs(
        base=BASE,
        child=(
            "extends: base\ndefaults: {epochs: 2}\nnetworks: {resnet18: {batch_size: 8}, mlp: {lr:"
            " 2}}\n"
        ),
    )
    child, base = specs.load_scale("child"), specs.load_scale("base")
    assert (
        len(base.specs()) == 4 and not child.specs()
    )  # a run that stands twice in the grid counts once
    big, small = (child.spec(network=n, loss="cce", eta=0) for n in ("resnet18", "mlp"))
    assert (big.dataset, big.lr, big.batch_size, big.epochs) == ("mnist", 0.25, 8, 2)
    assert (small.dataset, small.lr, small.epochs) == ("mnist5k", 2.0, 2)
    assert base.spec(loss="cce", eta=0, lr=1).lr == 1.0  # what is asked for wins


def test_what_records_hold_is_inherited_option_by_option(write_configs):
    write_configs(
        base=BASE + "records: {thumbnails: true}",
        child="extends: base\nrecords: {log_probabilities: true}",
        none=BASE,
    )
    assert specs.load_scale("none").records == storage.Storage(False, False, False)
    assert specs.load_scale("child").records == storage.Storage(
        log_probabilities=True, thumbnails=True
    )
    write_configs(
        base=BASE + "records: {thumbnails: true}",
        child="extends: base\nrecords: {thumbnails: false, diverged: true}",
    )
    assert specs.load_scale("child").records == storage.Storage(diverged=True)


def test_the_pairs_of_a_gallery_have_pictures_and_no_other_run_has():
    cpu = specs.load_scale("cpu")
    shown = {key for key, spec in cpu.specs().items() if storage.pictured(cpu, spec)}
    networks = ("mnist-resnet18", "cifar10-inception-lite", "cifar10-resnet32")
    assert shown == {
        f"{network}-{loss}-eta0.4-seed0" for network in networks for loss in ("cce", "rll")
    }
    for name in ("alpha", "size", "sweep", "switch", "steps", "control"):
        scale = specs.load_scale(name)
        assert not any(storage.pictured(scale, spec) for spec in scale.specs().values()), name


def test_an_empty_name_is_the_environment_s_scale(write_configs, monkeypatch):
    write_configs(quick=BASE, other=BASE)
    assert specs.load_scale().name == "quick"
    monkeypatch.setenv("MEMUTILS_SCALE", "other")
    assert specs.load_scale("").name == "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("defaults: [", "not valid YAML"),
        ("", "must have the parts"),
        ("- 1", "must have the parts"),
        ("default: {}", "Did you mean 'defaults'"),
        ("defaults: 3", "tables of settings"),
        ("networks: [mlp]", "tables of settings"),
        ("networks: {mlp: 3}", "tables of settings"),
        ("networks: {mpl: {lr: 1}}", "Did you mean 'mlp'"),
        ("grid: 5", "tables of settings"),
        ("grid: {loss: cce}", "tables of settings"),
        ("grid: [cce]", "tables of settings"),
        ("defaults: {epoch: 3}", "Did you mean 'epochs'"),
        ("networks: {mlp: {learning_rate: 1}}", "Unknown setting 'learning_rate'"),
        ("grid: [{loss: cce}]", "A run needs dataset, network, eta"),
        (
            "defaults: {network: [mlp]}\ngrid: [{dataset: mnist5k, loss: cce, eta: 0}]",
            "'network' must be a text",
        ),
        ("grid: [{dataset: mnist5k, network: mlp, loss: cce, eta: [0, 2]}]", "noise rate"),
        ("records: 3", "must be a table of log_probabilities, thumbnails, diverged"),
        ("records: {thumbnail: true}", "Did you mean 'thumbnails'"),
        ("records: {diverged: 1}", "must be true or false, not '1'"),
        ("extends: bad", "cannot extend itself"),
        ("extends: circle", "cannot extend itself"),
        ("extends: [base]", "Unknown scale"),
        ("extends: basis", "Unknown scale 'basis'. Did you mean 'base'"),
    ],
)
def test_a_wrong_config_says_which_file_and_what(write_configs, text, message):
    write_configs(base=BASE, circle="extends: bad", bad=text)
    with pytest.raises(UserError, match=message) as error:
        specs.load_scale("bad")
    assert "bad.yaml" in str(error.value)


def test_an_unknown_scale_gets_the_nearest_one():
    with pytest.raises(UserError, match="Did you mean 'smoke'"):
        specs.load_scale("smok")
    with pytest.raises(UserError, match="Unknown scale"):
        specs.load_scale("../configs/quick")

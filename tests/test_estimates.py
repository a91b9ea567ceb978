"""The grid's estimate: what is missing, and how long it will take."""

from dataclasses import replace

import pytest

from memutils import runs
from memutils.errors import UserError
from memutils.runs import grid, records, specs

SMOKE = {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4}


def test_an_estimate_of_a_scale_without_a_grid_is_one_sentence(monkeypatch, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text("defaults: {network: mlp, dataset: mnist5k}")
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    assert (
        grid.main(["--scale", "mine"]) == 1
        and "has no grid; add one to its config." in capsys.readouterr().err
    )


def test_estimate_counts_what_is_missing(results, capsys):
    scale = specs.load_scale("smoke")
    assert grid.main(["--scale", "smoke", "--jobs", "2"]) == 0
    assert "4 of 4 runs are missing; about" in capsys.readouterr().out
    assert (
        grid.estimate(scale, jobs=0) == "smoke: 4 of 4 runs are missing."
    )  # a login node's speed says nothing
    for spec in scale.specs().values():
        runs.run(spec, scale, progress=False)
    assert grid.estimate(scale) == "smoke: all 4 runs are recorded."
    assert grid.main(["--scale", "smok"]) == 1
    assert "Did you mean 'smoke'?" in capsys.readouterr().err


def test_an_estimate_for_runs_that_share_a_gpu_is_a_range(results, monkeypatch):
    settled = grid.recipe.settle
    monkeypatch.setattr(grid.recipe, "settle", lambda spec: replace(settled(spec), device="cuda"))
    monkeypatch.setattr(grid.provenance, "machine", lambda device: "a GPU")
    monkeypatch.setattr(grid, "measure", lambda spec: 10.0)
    images = sum(spec.n_train * spec.epochs for spec in specs.load_scale("smoke").specs().values())
    low, high = (f"{(5 + (10 * images + 4) / jobs) / 3600:.1f} hours" for jobs in (4, 1))
    found = grid.estimate(specs.load_scale("smoke"), jobs=4)
    assert f"about {low} with 4 at once; up to {high} if they slow each other" in found, found


def timed(machine, precision, seconds_per_image, network="mlp", dataset="mnist5k", device="cpu"):
    """A record that took so long an image, all that an estimate reads."""
    spec = {"network": network, "dataset": dataset, "epochs": 2}
    execution = {"device": device, "precision": precision}
    provenance = {"machine": machine, "execution": execution, "seconds": seconds_per_image * 400}
    return records.Record(
        None, {"spec": spec, "dataset": {"sizes": {"train": 200}}, "provenance": provenance}
    )


def test_an_estimate_takes_the_rate_of_this_processor_in_this_precision_first(monkeypatch):
    monkeypatch.setattr(grid.provenance, "machine", lambda device: "this one")
    spec = specs.load_scale("smoke").spec(**SMOKE, precision="float32", device="cpu")
    strange = [
        timed("this one", "float32", 99, **other)
        for other in ({"network": "resnet18"}, {"dataset": "mnist"}, {"device": "cuda"})
    ]
    half, other, here = (
        timed("this one", "bfloat16", 8),
        timed("another", "float32", 4),
        timed("this one", "float32", 2),
    )
    found = [
        grid.rate(spec, [*strange, *known])
        for known in ([], [half], [half, other], [half, other, here])
    ]
    assert found == [
        None,
        grid.Rate(8, "as recorded on this one, partly in another precision"),
        grid.Rate(4, "as recorded on another"),
        grid.Rate(2, "as recorded on this one"),
    ]


def test_an_estimate_names_each_kind_of_run_and_adds_them_up(monkeypatch):
    monkeypatch.setattr(grid, "rate", lambda spec, known: grid.Rate(1.0, "as made up"))
    scale = specs.parse_scale(
        "mine",
        {
            "defaults": {
                "dataset": "mnist5k",
                "network": "mlp",
                "loss": "cce",
                "device": "cpu",
                "precision": "float32",
            },
            "grid": [{"eta": [0, 0.4], "n_train": 1000, "epochs": 5}, {"eta": 0.4, "epochs": 1}],
        },
    )
    first, *lines = grid.estimate(scale, jobs=2).splitlines()
    assert (
        first
        == f"mine: 3 of 3 runs are missing; about {(5 + (2 * 5001 + 4001) / 2) / 3600:.1f} hours"
        " with 2 at once."
    )
    assert lines == [
        "  mlp on mnist5k, 1,000 images, 5 epochs, float32: 2 missing, 83 min each, as made up",
        "  mlp on mnist5k, 4,000 images, 1 epoch, float32: 1 missing, 67 min each, as made up",
    ]


def test_an_estimate_does_not_fail_by_another_scales_damaged_record(results):
    (results / "other").mkdir()
    (results / "other/broken.json").write_text("{")
    assert "4 of 4 runs are missing; about" in grid.estimate(specs.load_scale("smoke"))


def test_estimate_refuses_a_part_of_a_name_that_no_run_has():
    with pytest.raises(UserError, match="No run of scale smoke has 'resnet81' in its name"):
        grid.estimate(specs.load_scale("smoke"), "resnet81")


def test_estimate_counts_a_record_of_another_version_as_missing(results, monkeypatch):
    scale = specs.load_scale("smoke")
    runs.run(scale.spec(**SMOKE), scale, progress=False)
    assert len(grid.missing(scale)) == 3
    monkeypatch.setattr(records, "RESULTS_VERSION", records.RESULTS_VERSION + 1)
    assert len(grid.missing(scale)) == 4

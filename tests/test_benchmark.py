"""The benchmark compares like with like:
its sides see the same inputs and compute the same function.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from memutils import models, noise, recipe, runs, training
from memutils.data import Split
from memutils.report import speed, speed_figure
from memutils.runs import grid, specs

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import bench
import ours
import plain
from task import NETWORKS, Task


def make(network: str, n: int = 6) -> Task:
    """A task of random images, in the shapes of the network's data."""
    spec = specs.load_scale("paper").spec(
        network=network, loss="cce", eta=0.4, device="cpu", precision="float32", threads=1
    )
    side, channels = (28, 1) if spec.dataset == "mnist" else (spec.crop or 32, 3)
    rng = np.random.default_rng(0)
    split = Split(
        rng.integers(0, 256, (n, side, side, channels), dtype=np.uint8), rng.integers(0, 10, n)
    )
    labels = noise.NoisyLabels(rng.integers(0, 10, n), split.labels)
    test = noise.NoisyLabels(split.labels, split.labels)
    return Task(spec, {"train": split, "test": split}, {"train": labels, "test": test}, "cpu")


@pytest.mark.parametrize("network", NETWORKS)
def test_the_plain_side_sees_our_inputs_and_labels_and_has_our_network(network, monkeypatch):
    monkeypatch.setattr(plain, "WORKERS", 0)
    task = make(network)
    trainer = runs.make_trainer(task.spec, task.splits, task.labels, 10, recipe.settle(task.spec))
    batches = plain.loaders(task)
    (images, noisy), (_, true) = next(iter(batches["j1"])), next(iter(batches["j2"]))
    torch.testing.assert_close(
        images, trainer.data["train"].batch(slice(0, 6)), rtol=1e-4, atol=1e-4
    )
    assert (
        noisy.tolist() == task.labels["train"].noisy.tolist()
        and true.tolist() == task.splits["train"].labels.tolist()
    )
    network = task.plain_network()
    assert not any(isinstance(m, models.resnet.TinyMapConv2d) for m in network.modules())
    assert models.count_parameters(network) == models.count_parameters(trainer.network)
    network.load_state_dict(trainer.network.state_dict())
    outputs = [n.eval()(images).detach() for n in (network, trainer.network)]
    torch.testing.assert_close(*outputs, rtol=1e-3, atol=1e-4)


def test_the_table_holds_medians_ratios_turn_by_turn_and_the_share_of_the_peak():
    turns = {
        "ours": [(10, 100, 1), (20, 50, 3), (12, 90, 2)],
        "plain": [(30, 40, 5), (40, 30, 4), (24, 20, 6)],
    }
    sides = {
        side: [{"seconds": s, "images_per_second": v, "train_seconds": t} for s, v, t in rows]
        for side, rows in turns.items()
    }
    sides = {
        side: [t | {"precision": {"ours": "bfloat16"}.get(side, "float32")} for t in rows]
        for side, rows in sides.items()
    }
    found = {"net": {"flops": {"step": 2e9}, "sides": sides}}
    plain_row, our_row = sorted(
        bench.summary(found, {"float32": 200, "bfloat16": 1000}),
        key=lambda r: r["side"],
        reverse=True,
    )
    assert plain_row["times_ours"] == 2 and (
        plain_row["times_ours_lowest"],
        plain_row["times_ours_highest"],
    ) == (2, 3)
    assert plain_row["images_per_second"] == 30 and plain_row["share_of_peak"] == pytest.approx(
        30 * 2 / 200
    )
    assert our_row["times_ours"] == 1 and our_row["share_of_peak"] == pytest.approx(90 * 2 / 1000)


def test_compiling_is_not_counted_and_leaves_no_trace(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda network, **options: network)
    settled, passes = recipe.settle, []
    plain_pass = training.Trainer.training_pass
    monkeypatch.setattr(
        training.Trainer, "training_pass", lambda *a: passes.append(a[1:]) or plain_pass(*a)
    )
    found = []
    for kind in ("eager", "compiled"):
        monkeypatch.setattr(
            recipe, "settle", lambda spec, kind=kind: replace(settled(spec), step=kind)
        )
        found.append(ours.epoch(make("resnet32", 16))["figures"])
    assert (
        found[0] == found[1] and len(passes) == 3
    )  # the same pass twice in one process: to the bit


@pytest.mark.parametrize(
    "device, cores, expected",
    [("cpu", 1, [1]), ("cpu", 2, [1, 2]), ("cpu", 6, [1, 2, 4, 6]), ("cuda", 64, [1, 2, 4])],
)
def test_the_numbers_of_runs_at_once(monkeypatch, device, cores, expected):
    monkeypatch.setattr(bench, "cores", lambda: cores)
    assert bench.at_once(device) == expected


def test_operations_are_counted_as_by_hand(monkeypatch):
    monkeypatch.setitem(
        models.NETWORKS, "linear", lambda shape, k: nn.Sequential(nn.Flatten(), nn.Linear(12, k))
    )
    forward = weight_gradient = 2 * 12 * 10  # the input's gradient is not needed
    assert grid.operations("linear", (3, 2, 2)) == forward + weight_gradient


@pytest.mark.parametrize("network", ["resnet18"])
def test_the_share_of_products_is_a_share(network):
    task = make(network, 256)
    assert 0.05 < ours.products(task) < 0.95


def result(
    name="AMD EPYC", instructions="AVX2", quick=False, speed_of_ours=90.0, **machine
) -> dict:
    """A made-up result of one network."""
    machine = {
        "name": name,
        "instructions": instructions,
        "device": "cpu",
        "cores": 2,
        "threads": 2,
        "torch": "2.14",
    } | machine
    row = {
        "network": "resnet32",
        "images_per_second": 30.4,
        "epoch_seconds": 12.34,
        "times_ours": 2.96,
        "times_ours_lowest": 2,
        "times_ours_highest": 3.44,
        "share_of_peak": 0.236,
    }
    ours = row | {"side": "ours", "images_per_second": speed_of_ours, "share_of_peak": 0.3}
    shares = [
        {"network": "resnet32", "products": 0.6, "data_preparation": 0.02, "evaluations": 0.15}
    ]
    settings = {"n": 2560, "n_test": 1000, "repeats": 5}
    return {
        "started": "2026-11-23T17:07:36+00:00",
        "quick": quick,
        "machine": machine | {"peak_gflops": {"float32": 339.3, "bfloat16": 2192.2}},
        "settings": settings,
        "table": [row | {"side": "plain"}, ours],
        "shares": shares,
    }


def test_the_file_keeps_one_result_for_each_kind_of_machine(tmp_path):
    path = tmp_path / "new/results.json"
    kinds = [
        result(),
        result("NVIDIA H100", "", device="cuda"),
        result(instructions="AVX-512"),
        result(cores=4),
        result(threads=1),
    ]
    for found in kinds:
        speed.add(found, path)
    assert speed.read(path) == kinds
    again = result(instructions="AVX-512", speed_of_ours=100.0)
    speed.add(again, path)
    assert speed.read(path) == [kinds[0], kinds[1], kinds[3], kinds[4], again]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"machine": {}}'])
def test_a_damaged_file_is_one_sentence_before_anything_is_measured(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(SystemExit, match="delete the file and run `make bench`"):
        bench.main(["--output", str(path)])
    assert path.read_text() == text and speed.read(tmp_path / "none.json") == []


def test_the_tables_and_words_of_a_machine():
    found = result()
    assert (
        speed.title(found) == "AMD EPYC, AVX2"
        and speed.title(result("NVIDIA H100", "")) == "NVIDIA H100"
    )
    first, second = speed.table(found).to_dict("records")
    assert first == {
        "network": "ResNet-32",
        "side": "plain loop",
        "images/s": 30,
        "epoch, s": "12.3",
        "times ours": "3.0 (2.0 to 3.4)",
        "of peak": "24 %",
    }
    assert second["side"] == "memutils" and second["images/s"] == 90
    (row,) = speed.shares(found).to_dict("records")
    assert list(row.values()) == [
        "ResNet-32",
        "60 %",
        "2 %",
        "15 %",
        "50 %",
    ]  # a peak's share of .3 in .6 of the time
    text = speed.conditions(found)
    assert (
        "on 2026-11-23 with 2 of 2 cores" in text
        and "339 GFLOP/s in float32 and 2,192 GFLOP/s in bfloat16" in text
    )
    assert "trial" not in text and "nothing follows" in speed.conditions(result(quick=True))


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("sse2 avx2 avx512f avx512_bf16 amx_bf16", "AMX"),
        ("avx2 avx512f avx512_bf16", "AVX-512 with bfloat16"),
        ("sse2 avx2", "AVX2"),
        ("sse2", ""),
    ],
)
def test_a_processors_level_is_its_best_flag(tmp_path, flags, level):
    (tmp_path / "cpuinfo").write_text(
        f"model name\t: X\nflags\t\t: {flags}\n\nflags\t\t: amx_bf16\n"
    )
    assert (
        speed.instructions(tmp_path / "cpuinfo") == level
        and speed.instructions(tmp_path / "none") == ""
    )


def test_what_is_committed_can_be_read_and_shown():
    assert speed.read()
    for found in speed.read():
        assert {row["side"] for row in found["table"]} == speed.SIDES.keys() and not found["quick"]
        assert len(speed.table(found)) == 3 * len(speed.shares(found)) and speed.conditions(found)


def test_the_figure_of_scaling_shows_every_measured_point_of_every_machine():
    results = speed.read()
    left, right = speed_figure.draw(results).axes
    for i, result in enumerate(results):
        over_n, over_runs = result["scaling"]["over_n"], result["scaling"]["over_runs"]
        line, proportional = left.lines[2 * i : 2 * i + 2]
        assert [*line.get_ydata()] == [row["train_seconds"] for row in over_n]
        slope = over_n[0]["train_seconds"] / over_n[0]["n"]
        assert proportional.get_ydata() == pytest.approx([slope * row["n"] for row in over_n])
        sums = [sum(row["images_per_second"]) for row in over_runs]
        assert [*right.lines[2 * i].get_ydata()] == sums
    points = sum(len(r["scaling"]["over_n"]) + len(r["scaling"]["over_runs"]) for r in results)
    assert len(speed_figure.data(results)) == points

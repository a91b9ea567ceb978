"""Whole runs: the same twice, and what may go wrong in them."""

import dataclasses
import subprocess
import time

import numpy as np
import pytest
import torch
from conftest import measured as results
from conftest import run_spec, smoke
from test_committed_records import check_identities

from memutils import losses, runs, step
from memutils.errors import UserError
from memutils.runs import checkpoints, provenance, records

pytestmark = pytest.mark.usefixtures("quick_data")


def test_a_run_end_to_end():
    spec, start = smoke(n_holdout=50), time.perf_counter()
    record = run_spec(spec)
    assert (
        record.history["seconds"].sum()
        <= record.provenance["seconds"]
        <= time.perf_counter() - start
    )
    assert record.spec == records.spec_dict(spec) and record.scale == "smoke"
    assert (
        record.dataset["sizes"] == {"train": 200, "test": 100, "holdout": 50}
        and len(record.history) == spec.epochs
    )
    assert (
        record.history.iloc[-1]["holdout_noisy_accuracy"]
        < record.history.iloc[-1]["holdout_accuracy"]
    )
    check_identities(record)
    assert record.content["parameters"] == 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10
    assert {
        "commit",
        "dirty",
        "code",
        "results_version",
        "execution",
        "images_per_second",
    } <= record.provenance.keys()
    work = checkpoints.work_folder("smoke")
    assert {p.name for p in record.path.parent.iterdir()} == {
        ".work",
        record.path.name,
        record.path.with_suffix(".npz").name,
    }
    assert [p.suffix for p in work.iterdir()] == [".lock"]
    trained = spec.epochs * 128  # a batch of 200 images an epoch, the rest is dropped
    assert record.provenance["images_per_second"] == pytest.approx(
        trained / record.history["train_seconds"].sum(), abs=0.06
    )


def ruining(self, loss, intact=step.TrainingStep.__call__):
    """A step that leaves weights which are no numbers."""
    intact(self, loss)
    for parameter in self.network.parameters():
        parameter.data.fill_(float("nan"))


def test_a_network_that_the_last_step_ruined_leaves_the_old_record_alone(monkeypatch):
    old = run_spec(smoke(epochs=1))
    monkeypatch.setattr(records, "RESULTS_VERSION", records.RESULTS_VERSION + 1)
    with monkeypatch.context() as ruined:
        ruined.setattr(step.TrainingStep, "__call__", ruining)
        with pytest.raises(UserError, match="output is not finite"):
            run_spec(smoke(epochs=1))
    assert records.read(old.path).content == old.content


def test_a_registered_loss_that_does_not_work_costs_only_its_own_risks(monkeypatch):
    monkeypatch.setitem(
        losses.LOSSES,
        "forgot mean",
        lambda: lambda z, y: torch.nn.functional.cross_entropy(z, y, reduction="none"),
    )
    record = run_spec(smoke(epochs=1))
    assert all("cce" in table and "forgot mean" not in table for table in record.risks.values())


class Weighted(torch.nn.Module):
    """A loss with weights of its own, in float32 as losses are called in training."""

    def __init__(self):
        super().__init__()
        self.register_buffer("weight", torch.ones(10))

    def forward(self, logits, target):
        return torch.nn.functional.cross_entropy(logits, target, self.weight)


def test_a_loss_that_takes_float32_only_has_its_risks_and_one_without_finite_ones_costs_no_run(
    monkeypatch,
):
    monkeypatch.setitem(losses.LOSSES, "weighted", Weighted)
    monkeypatch.setitem(
        losses.LOSSES, "large", lambda: lambda z, y: losses.CCE()(z, y) / (len(y) < 50)
    )
    for table in run_spec(smoke(epochs=1)).risks.values():
        assert table["weighted"] == pytest.approx(table["cce"], rel=1e-5) and "large" not in table


def test_a_file_system_without_locks_is_an_error(monkeypatch):
    def no_locks(file, kind):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(
        UserError, match="has no locks .*let MEMUTILS_RESULTS name a folder on another"
    ):
        runs.run(smoke(), "smoke", progress=False)


def test_a_record_that_is_there_is_named_not_trained_again(capsys):
    record = run_spec(smoke(epochs=1))
    capsys.readouterr()
    runs.run(smoke(epochs=1), "smoke")
    assert (
        f"is recorded already. To train it anew, delete {record.path}." in capsys.readouterr().err
    )


def test_only_what_decides_a_run_makes_its_tree_dirty(monkeypatch, tmp_path):
    def git(*words):
        subprocess.run(
            ["git", "-C", tmp_path, "-c", "user.name=t", "-c", "user.email=t@t", *words],
            check=True,
            capture_output=True,
        )

    module = tmp_path / "src" / "memutils" / "runs" / "provenance.py"
    module.parent.mkdir(parents=True)
    module.write_text("")
    git("init")
    git("add", "-A")
    git("commit", "-m", "all")
    monkeypatch.setattr(provenance, "__file__", str(module))
    (tmp_path / "out.ipynb").write_text("")
    assert provenance.source_state()["dirty"] is False
    module.write_text("changed = True")
    assert provenance.source_state()["dirty"] is True


@pytest.mark.parametrize("network", ["mlp", "tiny"])
@pytest.mark.parametrize("eta", [0, 0.4])
def test_arrays_and_risks_are_of_the_network_that_the_last_row_describes(tiny_resnet, network, eta):
    record = run_spec(smoke(network=network, eta=eta, batch_size=20, lr=0.01))
    arrays, last = record.arrays(), record.history.iloc[-1]
    assert (
        np.mean(arrays["train_noisy"] != arrays["train_true"])
        == record.noise_rate
        == (0 if eta == 0 else pytest.approx(0.4, abs=0.12))
    )
    assert np.mean(arrays["train_predicted"] == arrays["train_noisy"]) == pytest.approx(last["j1"])
    assert np.mean(arrays["train_predicted"] == arrays["train_true"]) == pytest.approx(last["j2"])
    assert np.mean(arrays["test_predicted"] == arrays["test_true"]) == pytest.approx(
        last["test_accuracy"]
    )
    assert len(np.unique(arrays["train_predicted"])) == last["classes"]
    assert record.risks.keys() == {"train", "test"}
    for part, table in record.risks.items():
        log_p = torch.from_numpy(arrays[f"{part}_log_p"]).double()
        predicted = torch.from_numpy(arrays[f"{part}_predicted"]).long()
        assert torch.equal(
            losses.pick(log_p, predicted), log_p.amax(1)
        )  # rounding to float16 keeps order, but may tie
        assert table.keys() == {n for n in losses.LOSSES if losses.build(n).shift_invariant}
        labelings = {"true": "true", "training": "noisy"} if part == "train" else {"true": "true"}
        for name, risk in table.items():
            assert risk.keys() == labelings.keys() | {"fresh"}
            for label, array in labelings.items():
                target = torch.from_numpy(arrays[f"{part}_{array}"]).long()
                assert risk[label] == pytest.approx(
                    losses.build(name)(log_p, target).item(), rel=2e-3, abs=2e-3
                )
            assert (risk["fresh"] == risk["true"]) == (eta == 0)
    check_identities(record)
    rows = np.arange(len(arrays["train_noisy"]))
    for part, of, label in (("train", "given", "noisy"), ("test", "true", "true")):
        log_p = arrays[f"{part}_log_p"].astype(float)[
            rows[: len(arrays[f"{part}_true"])], arrays[f"{part}_{label}"]
        ]
        np.testing.assert_allclose(arrays[f"{part}_p_{of}"], np.exp(log_p), rtol=1e-2, atol=1e-3)
    assert arrays["train_rll"].mean() == pytest.approx(
        record.risks["train"]["rll"]["training"], rel=2e-3, abs=2e-3
    )
    assert not {"thumbnails", "test_p_given", "train_p_true"} & arrays.keys()


def test_the_same_seed_gives_the_same_record_and_another_seed_another_one():
    """To the bit, since it is one machine and one thread:
    between processors records differ by rounding.
    """
    spec = smoke(loss="rll", evaluations=1)
    first = run_spec(spec)
    stamp = first.path.stat().st_mtime_ns
    assert run_spec(spec).path.stat().st_mtime_ns == stamp  # what is there is not run again
    measured, loss = results(first), first.history["train_loss"][0]
    first.path.unlink()
    assert results(run_spec(spec)) == measured
    other = run_spec(dataclasses.replace(spec, seed=1))
    assert other.history["train_loss"][0] != loss


def test_a_loss_that_is_not_finite_leaves_no_record(monkeypatch):
    class Bad(losses.CCE):
        steps = 0

        def per_example(self, log_p, target):
            Bad.steps += 1
            return super().per_example(log_p, target) * (float("nan") if Bad.steps > 5 else 1)

    monkeypatch.setitem(losses.LOSSES, "bad", Bad)
    spec = smoke(loss="bad", batch_size=100)
    with pytest.raises(UserError, match=r"not finite in epoch 2, step 1\. .* nothing was recorded"):
        run_spec(spec)
    assert records.load("smoke") == []


def test_a_loss_that_cannot_be_trained_with_is_refused_before_the_first_epoch(
    monkeypatch, epochs_run
):
    monkeypatch.setitem(
        losses.LOSSES, "zero-one", lambda: lambda z, y: (z.argmax(1) != y).float().mean()
    )
    with pytest.raises(UserError, match="differentiabl"):
        run_spec(smoke(loss="zero-one"))
    assert epochs_run == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_train": 4001}, "4000 training and 1000 test images"),
        ({"n_train": 3990, "n_holdout": 11}, "lower n_train, n_holdout"),
        ({"n_test": 1001}, "lower n_train, n_holdout or n_test"),
        ({"n_train": 0, "n_holdout": 4000}, "1 to 4000 examples"),
        ({"crop": 29}, "28x28 pixels cannot be cropped to 29"),
        ({"eta": 1, "train_on": "clean"}, "at least 2 images"),
        ({"n_train": 1}, "at least 2 images"),
    ],
)
def test_runs_that_cannot_be_say_why(change, message):
    with pytest.raises(UserError, match=message):
        run_spec(smoke(**change))


def test_a_run_shows_how_far_it_is(capsys):
    spec = smoke()
    runs.run(spec, "smoke")
    assert "3/3" in capsys.readouterr().err
    run_spec(dataclasses.replace(spec, seed=1))
    assert capsys.readouterr().err == ""

"""A run that was killed, interrupted or damaged goes on where it was, or starts anew,
and ends the same.
"""

import dataclasses
import hashlib
import io
import math
import os
import pickle
import signal
import time

import pytest
import torch
from conftest import measured as results
from conftest import run_spec, smoke

from memutils import data, losses, models, noise, runs, training
from memutils.runs import checkpoints, execute, provenance, records, specs

pytestmark = pytest.mark.usefixtures("quick_data")


class Killed(BaseException):
    """Stands for a signal: no handler for errors may catch it."""


def killed_after(monkeypatch, spec: specs.Spec, epochs: int) -> None:
    """Starts the run, with a checkpoint an epoch, and ends it before the epoch after ``epochs``."""
    original = training.Trainer.epoch

    def epoch(trainer, number, exact):
        if number > epochs:
            raise Killed
        return original(trainer, number, exact)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0)
        patch.setattr(training.Trainer, "epoch", epoch)
        with pytest.raises(Killed):
            run_spec(spec)
    assert not records.path_of("smoke", specs.load_scale("smoke").key(spec)).exists()


def undisturbed(spec: specs.Spec) -> dict:
    """The results of the run, whose record is then removed; on one machine and one thread they
    repeat to the bit.
    """
    record = run_spec(spec)
    record.path.unlink()
    return results(record)


@pytest.mark.parametrize("network", ["mlp", "tiny"])
def test_a_killed_run_goes_on_where_it_was_and_ends_the_same(
    monkeypatch, tiny_resnet, network, epochs_run
):
    spec = smoke(network=network, switch_loss="rll", switch_epoch=1)
    expected, start = undisturbed(spec), time.perf_counter()
    killed_after(monkeypatch, spec, 2)
    epochs_run.clear()
    record = run_spec(spec)
    assert results(record) == expected and epochs_run == [3]
    assert (
        record.history["seconds"].sum()
        <= record.provenance["seconds"]
        <= time.perf_counter() - start
    )  # both parts count
    assert not list(checkpoints.work_folder("smoke").glob("*.ckpt"))


def test_a_run_killed_behind_its_record_leaves_no_checkpoint_for_good(monkeypatch, epochs_run):
    spec = smoke()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0)
        patch.setattr(execute, "drop_checkpoint", lambda scale, key: None)
        record = run_spec(spec)
    left = checkpoints.work_folder("smoke") / f"{record.key}.ckpt"
    assert left.exists()
    epochs_run.clear()
    assert run_spec(spec).content == record.content and not epochs_run and not left.exists()


def test_an_interrupt_says_how_to_go_on_and_loses_nothing(monkeypatch, epochs_run):
    spec = smoke()
    expected = undisturbed(spec)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(
            training.Trainer, "evaluate", lambda trainer: signal.raise_signal(signal.SIGINT)
        )
        with pytest.raises(
            KeyboardInterrupt, match="Start the same again: .* goes on from its last checkpoint"
        ):
            run_spec(spec)
    assert records.load("smoke") == []
    assert results(run_spec(spec)) == expected


def test_what_a_killed_process_left_half_written_is_removed_for_this_run_alone():
    spec = smoke()
    record = run_spec(spec)
    folder, work = record.path.parent, checkpoints.work_folder("smoke")
    mine = [
        folder / f".{record.key}.json.x1.tmp",
        folder / f".{record.key}.npz.x2.tmp",
        work / f".{record.key}.ckpt.x3.tmp",
    ]
    others = [
        folder / f".{record.key}-lr0.3.json.x1.tmp",
        folder / ".other.npz.x2.tmp",
        work / f".{record.key}1.ckpt.x3.tmp",
    ]
    for path in mine + others:
        path.touch()
    run_spec(spec)
    assert not any(p.exists() for p in mine) and all(p.exists() for p in others)


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: b"",
        lambda c: c[:-100],
        lambda c: c[:50] + bytes([c[50] ^ 1]) + c[51:],
        lambda c: b"\0" * 40 + c[40:],
        lambda c: c + b"x",
    ],
    ids=["empty", "truncated", "changed", "other sum", "longer"],
)
def test_a_damaged_checkpoint_starts_anew_with_the_same_result(
    monkeypatch, damage, epochs_run, capsys
):
    spec = smoke()
    expected = undisturbed(spec)
    killed_after(monkeypatch, spec, 2)
    (path,) = checkpoints.work_folder("smoke").glob("*.ckpt")
    path.write_bytes(damage(path.read_bytes()))
    epochs_run.clear()
    assert results(run_spec(spec)) == expected and epochs_run == [1, 2, 3]
    assert "damaged; starting from the first epoch" in capsys.readouterr().err


class Evil:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_checkpoint_that_torch_cannot_load_or_read_starts_anew(
    monkeypatch, epochs_run, capsys, tmp_path
):
    """Whole by its sum, but not what this version of torch wrote;
    or something else in its place.
    """
    spec = smoke()
    path = checkpoints.work_folder("smoke") / f"{specs.load_scale('smoke').key(spec)}.ckpt"
    evil = io.BytesIO()
    torch.save({"belongs_to": Evil(tmp_path / "made")}, evil)
    for content in (b"", b"no checkpoint", pickle.dumps(print, protocol=2), evil.getvalue()):
        path.write_bytes(hashlib.sha256(content).digest() + content)
        run_spec(spec).path.unlink()
        assert "cannot be loaded; starting from the first epoch" in capsys.readouterr().err
    assert not (tmp_path / "made").exists(), "a function that a pickle names is not called"
    path.mkdir()
    run_spec(spec)
    assert "cannot be read (Is a directory); starting" in capsys.readouterr().err


def test_what_cannot_be_gone_on_with_took_no_time():
    checkpoint = checkpoints.Checkpoint("smoke", "a-run", {})
    assert checkpoint.resume(trainer=None) == 0
    checkpoint.path.write_bytes(b"no checkpoint")
    assert checkpoint.resume(trainer=None) == 0


def relabel(monkeypatch, known, seed):
    """The data set comes with labels of its own, drawn with this seed."""
    labels = noise.apply_noise(known.train.labels, noise.symmetric_matrix(0.4, 10, "others"), seed)
    own = dataclasses.replace(known, noisy=labels.noisy)
    monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: own)


@pytest.mark.parametrize("name", ["loss", "network", "data", "labels"])
def test_a_checkpoint_is_not_gone_on_with_after_a_name_came_to_stand_for_something_else(
    monkeypatch, epochs_run, capsys, name
):
    monkeypatch.setitem(losses.LOSSES, "mine", lambda: losses.CCE())
    monkeypatch.setitem(models.NETWORKS, "mine", lambda shape, k: models.MLP(shape, k))
    spec, known = smoke(loss="mine", network="mine"), data.load("mnist5k")
    if name == "labels":
        spec = dataclasses.replace(spec, noise="given", labels="own")
        relabel(monkeypatch, known, seed=0)
    killed_after(monkeypatch, spec, 2)
    if name == "labels":
        relabel(monkeypatch, known, seed=1)
    elif name == "loss":
        monkeypatch.setitem(losses.LOSSES, "mine", lambda: losses.MAE())
    elif name == "network":
        monkeypatch.setitem(
            models.NETWORKS, "mine", lambda shape, k: models.MLP(shape, k).requires_grad_()
        )
    else:
        other = dataclasses.replace(known, test=known.test[::-1])
        monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: other)
    epochs_run.clear()
    run_spec(spec)
    assert epochs_run == [1, 2, 3] and "of other code, data or settings" in capsys.readouterr().err


def test_a_network_that_draws_goes_on_as_if_undisturbed_and_leaves_torchs_generator_alone(
    monkeypatch, epochs_run, capsys
):
    def dropping(shape, k):
        return torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(math.prod(shape), k)
        )

    monkeypatch.setitem(models.NETWORKS, "dropping", dropping)
    spec = smoke(network="dropping")
    torch.manual_seed(1)
    first = torch.rand(3)
    torch.manual_seed(1)
    expected = undisturbed(spec)
    assert torch.equal(torch.rand(3), first)
    killed_after(monkeypatch, spec, 2)
    epochs_run.clear()
    capsys.readouterr()
    record = runs.run(spec, "smoke")
    assert (
        results(record) == expected
        and epochs_run == [3]
        and f"{record.key} goes on after epoch 2." in capsys.readouterr().err
    )


def test_a_checkpoint_of_other_code_is_not_gone_on_with(monkeypatch, epochs_run, capsys):
    spec = smoke()
    killed_after(monkeypatch, spec, 2)
    monkeypatch.setattr(provenance, "code_hash", lambda: "other")
    epochs_run.clear()
    run_spec(spec)
    assert epochs_run == [1, 2, 3] and "of other code, data or settings" in capsys.readouterr().err

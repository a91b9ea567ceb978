"""Training: the counting identities, the order of the examples,
and equality with a plain reference loop.
"""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from memutils import batches, evaluation, losses, models, noise, training
from memutils.batches import DeviceSplit
from memutils.data import Split
from memutils.errors import UserError
from memutils.training import Recipe, Trainer

CPU = training.Execution("cpu", "float32", 1, "eager")


@given(k=st.integers(2, 12), n=st.integers(1, 200), eta=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_fractions_add_up_to_j1_and_j2(k, n, eta, seed):
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, k, n), rng.integers(0, k, n)
    labels = noise.apply_noise(true, noise.symmetric_matrix(eta, k), seed)
    row = evaluation.fractions(*map(torch.from_numpy, (predicted, labels.noisy, true)))
    e, f, m, r = labels.rate, row["fitted"], row["memorized"], row["recovered"]
    assert (f is None) == (e == 1) and (m is None) == (r is None) == (e == 0)
    assert row["j1"] == pytest.approx((1 - e) * (f or 0) + e * (m or 0), abs=1e-12)
    assert row["j2"] == pytest.approx((1 - e) * (f or 0) + e * (r or 0), abs=1e-12)
    assert row["j1"] == np.mean(predicted == labels.noisy) and row["j2"] == np.mean(
        predicted == true
    )
    assert m is None or m + r <= 1 + 1e-12


@given(seed=st.integers(0, 2**63), epoch=st.integers(1, 500), n=st.integers(1, 300))
def test_the_order_is_a_permutation_that_seed_and_epoch_decide(seed, epoch, n):
    order = training.order(seed, epoch, n)
    assert order.sort().values.tolist() == list(range(n))
    assert torch.equal(order, training.order(seed, epoch, n))
    if n > 20:
        assert not torch.equal(order, training.order(seed, epoch + 1, n))


def make_data(
    n: int = 160, shape=(8, 8, 3), k: int = 5, seed: int = 0, inputs: str = "standardize"
) -> dict[str, DeviceSplit]:
    """Random images whose brightness tells the class, with 40 % noise."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, k, n)
    images = (rng.integers(0, 100, (n, *shape)) + 30 * true[:, None, None, None]).astype(np.uint8)
    labels = noise.apply_noise(true, noise.symmetric_matrix(0.4, k), seed)
    shift, scale = batches.channel_statistics(images) if inputs == "standardize" else (None, None)
    split = Split(images, true)
    return {
        "train": DeviceSplit(split, labels.noisy, shift, scale, "cpu"),
        "test": DeviceSplit(split[: n // 2], true[: n // 2], shift, scale, "cpu"),
    }


def make_network(name: str = "mlp") -> nn.Module:
    if name == "resnet":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return models.CifarResNet(1, 3, 5)
    return models.build(name, (3, 8, 8), 5, 0)


def make_trainer(recipe: Recipe, network="mlp", loss=None, **data) -> Trainer:
    loss = loss or losses.build("cce")
    return Trainer(
        make_network(network), lambda epoch: loss, make_data(**data), recipe, CPU, seed=3
    )


RECIPES = {
    "sgd": Recipe(
        epochs=5, batch_size=16, lr=0.05, weight_decay=1e-3, schedule="step", milestones=(2,)
    ),
    "adam": Recipe(
        epochs=5, batch_size=16, lr=1e-3, optimizer="adam", schedule="exponential", gamma=0.9
    ),
}


# Adam divides by the size of gradients that are nearly 0 behind batch normalization: rounding grows
# too fast to compare
@pytest.mark.parametrize(("name", "network"), [("sgd", "mlp"), ("sgd", "resnet"), ("adam", "mlp")])
def test_fifty_steps_equal_a_plain_loop(name, network):
    recipe, data = RECIPES[name], make_data()["train"]
    trainer = make_trainer(recipe, network, losses.build("rll"))
    history = trainer.run(progress=False)

    x = data.images.double().permute(
        0, 3, 1, 2
    )  # by the definition: per channel, from the training images
    x = (
        (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), correction=0, keepdim=True)
    ).float()
    plain, loss = make_network(network).train(), losses.build("rll")
    make = {
        "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=1e-3),
        "adam": lambda p: torch.optim.Adam(p, 1e-3),
    }
    optimizer, steps = make[name](plain.parameters()), 0
    for epoch in range(1, 6):
        lr, values = (
            {"sgd": 0.05 if epoch <= 2 else 0.005, "adam": 1e-3 * 0.9 ** (epoch - 1)}[name],
            [],
        )
        optimizer.param_groups[0]["lr"] = lr
        for index in training.order(3, epoch, 160).split(16):
            optimizer.zero_grad()
            value = loss(plain(x[index]), data.noisy[index])
            value.backward()
            optimizer.step()
            values.append(value.item())
            steps += 1
        assert history[epoch - 1]["train_loss"] == pytest.approx(np.mean(values), rel=1e-4)
        assert history[epoch - 1]["lr"] == pytest.approx(lr)
    assert steps == 50
    for mine, theirs in zip(
        trainer.network.state_dict().values(), plain.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=2e-4)
    plain.eval()
    with torch.no_grad():
        predicted = plain(x).argmax(1)
    assert history[-1]["j1"] == pytest.approx(
        (predicted == data.noisy).double().mean().item(), abs=1 / 160 + 1e-9
    )
    assert history[-1]["classes"] == pytest.approx(len(predicted.unique()), abs=1)


def test_seed_and_epoch_decide_what_is_drawn():
    drawn = {}
    for seed, epoch in ((3, 1), (3, 2), (4, 1)):
        with training.seeded(seed, epoch, "cpu"):
            drawn[seed, epoch] = float(torch.rand(()))
    with training.seeded(3, 1, "cpu"):
        assert float(torch.rand(())) == drawn[3, 1]
    assert len({*drawn.values()}) == 3


def test_an_image_of_little_contrast_is_divided_by_no_less_than_the_bound():
    x = torch.zeros(1, 4, 4, 1)
    x[0, 0, 0, 0] = 1  # its standard deviation is .242, the bound 1 / 4
    whitened = batches.whiten(x)
    assert float(whitened[0, 0, 0, 0]) == pytest.approx((1 - 1 / 16) * 4)


def test_a_row_holds_the_training_figures_and_the_test_accuracy():
    trainer = make_trainer(Recipe(epochs=12, batch_size=32, lr=0.01, evaluations=6))
    history, data = trainer.run(progress=False), trainer.data["train"]
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert {row["epoch"] for row in history if "j1" in row} == trainer.recipe.evaluation_epochs()
    e = (data.noisy != data.true).double().mean().item()
    for row in history:
        f, m, r = (row[f"training_{part}"] for part in ("fitted", "memorized", "recovered"))
        assert row["training_j1"] == pytest.approx((1 - e) * f + e * m) and row[
            "training_j2"
        ] == pytest.approx((1 - e) * f + e * r)
        assert row["seconds"] >= row["train_seconds"] > 0
    test = trainer.data["test"]
    accuracy = (
        (evaluation.predict(trainer.network, test).argmax(1) == test.true).double().mean().item()
    )
    assert history[-1]["test_accuracy"] == accuracy  # the same pass twice, in one process


@pytest.mark.parametrize("n", [3, 70])
def test_the_remainder_of_a_batch_is_dropped_and_a_batch_never_exceeds_the_data(n):
    seen = []

    def counting(logits, target):
        seen.append(len(target))
        return logits.square().mean()

    make_trainer(Recipe(epochs=1, batch_size=32), loss=counting, n=n).run(progress=False)
    assert seen == ([3] if n == 3 else [32, 32])


@pytest.mark.parametrize("training_mode", [True, False])
def test_predict_restores_the_mode_and_changes_nothing(training_mode):
    trainer = make_trainer(Recipe(epochs=1), "resnet")
    network = trainer.network.train(training_mode)
    before = copy.deepcopy(network.state_dict())
    log_p = evaluation.predict(network, trainer.data["train"], batch_size=33)
    assert (
        network.training == training_mode
        and log_p.dtype == torch.float32
        and log_p.shape == (160, 5)
    )
    torch.testing.assert_close(log_p.exp().sum(1), torch.ones(160))
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    torch.testing.assert_close(
        log_p, evaluation.predict(network, trainer.data["train"]), rtol=1e-4, atol=1e-5
    )


def test_inputs_are_standardized_by_channel_or_whitened_by_image():
    whole = slice(0, 160)
    x = make_data()["train"].batch(whole)
    assert (
        x.shape == (160, 3, 8, 8)
        and x.dtype == torch.float32
        and x.is_contiguous(memory_format=torch.channels_last)
    )
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)
    x = make_data(inputs="whiten")["train"].batch(whole)
    torch.testing.assert_close(x.mean((1, 2, 3)), torch.zeros(160), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((1, 2, 3), correction=0), torch.ones(160), atol=1e-5, rtol=0)
    flat = Split(np.full((4, 8, 8, 1), 7, np.uint8), np.arange(4))
    for statistics in (batches.channel_statistics(flat.images), (None, None)):
        whole = DeviceSplit(flat, flat.labels, *statistics, "cpu")
        assert whole.batch(slice(0, 4)).abs().max() == 0


@pytest.mark.parametrize(("bad_epoch", "bad_step"), [(1, 1), (2, 3), (3, 5)])
def test_a_loss_that_is_not_finite_stops_with_epoch_and_step(bad_epoch, bad_step):
    calls, cce = [], losses.build("cce")

    def loss(logits, target):
        calls.append(1)
        return cce(logits, target) * (
            math.nan if len(calls) >= 5 * (bad_epoch - 1) + bad_step else 1
        )

    trainer = make_trainer(Recipe(epochs=4, batch_size=32), loss=loss)
    with pytest.raises(UserError, match=f"not finite in epoch {bad_epoch}, step {bad_step}"):
        trainer.run(progress=False)
    assert len(trainer.history) == bad_epoch - 1


def test_a_bounded_loss_does_not_hide_an_output_that_is_not_finite():
    trainer = make_trainer(
        Recipe(epochs=2, batch_size=32), loss=lambda z, y: torch.nan_to_num(z).clamp(-1, 1).mean()
    )
    with torch.no_grad():
        trainer.network[1].bias[0] = math.inf
    with pytest.raises(UserError, match="output is not finite in epoch 1, step 1"):
        trainer.run(progress=False)


def without_times(history):
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in history]


@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_a_resumed_run_is_bit_identical(name, stop):
    """To the bit: in one process the same kernels get the same numbers in the same order,
    on any processor.
    """
    states = {}
    whole = make_trainer(RECIPES[name], "resnet")
    whole.run(lambda t: states.update({len(t.history): copy.deepcopy(t.state())}), progress=False)
    resumed = make_trainer(RECIPES[name], "resnet")
    resumed.load_state(states[stop])
    assert len(resumed.history) == stop
    assert without_times(resumed.run(progress=False)) == without_times(whole.history)
    for mine, theirs in zip(
        resumed.network.state_dict().values(), whole.network.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_the_loss_may_change_in_mid_training():
    used = []

    def loss_at(epoch):
        return lambda z, y: (used.append(epoch), z.square().mean())[1]

    Trainer(make_network(), loss_at, make_data(), Recipe(epochs=3, batch_size=80), CPU, 0).run(
        progress=False
    )
    assert used == [1, 1, 2, 2, 3, 3]


def test_evaluations_keep_cudnn_and_float32_is_no_tf32(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    torch.backends.cuda.matmul.allow_tf32 = True  # which monkeypatch cannot restore
    seen = []

    class Seen(nn.Flatten):
        def forward(self, x):
            seen.append(
                (
                    torch.backends.cudnn.enabled,
                    torch.backends.cudnn.deterministic,
                    torch.backends.cudnn.allow_tf32,
                )
            )
            return super().forward(x)[:, :5]

    evaluation.predict(Seen(), make_data()["train"])
    torch.backends.cudnn.deterministic = False  # as another program may have it
    training.prepare_process(CPU)
    assert torch.backends.cudnn.deterministic
    assert set(seen) == {(True, True, False)} and torch.backends.cudnn.allow_tf32 is False
    assert torch.backends.cuda.matmul.allow_tf32 is False


def test_bfloat16_stays_near_float32():
    low = training.Execution("cpu", "bfloat16", 1, "eager")
    one = make_trainer(RECIPES["sgd"]).run(progress=False)
    two = Trainer(
        make_network(), lambda e: losses.build("cce"), make_data(), RECIPES["sgd"], low, 3
    ).run(progress=False)
    assert two[0]["train_loss"] == pytest.approx(one[0]["train_loss"], rel=0.05)
    assert two[0]["train_loss"] != one[0]["train_loss"]

"""Flips and crops: one of the images that may come of it, all equally often; off by default."""

import numpy as np
import pytest
import torch
from conftest import run_spec, smoke
from hypothesis import given
from hypothesis import strategies as st
from test_training import make_data, make_trainer

from memutils import batches
from memutils.augment import PADDING, Augmentation
from memutils.data import Split
from memutils.errors import UserError
from memutils.training import Recipe

KINDS = ("flip", "crop", "flip+crop")


def possible(image: np.ndarray, how: str) -> list[np.ndarray]:
    """Every image, (H, W, C), that may come of it: written with numpy's slices."""
    height, width = image.shape[:2]
    mirrored = [image, image[:, ::-1]] if "flip" in how else [image]
    if "crop" not in how:
        return mirrored
    padded = [np.pad(m, ((PADDING, PADDING), (PADDING, PADDING), (0, 0))) for m in mirrored]
    corners = range(2 * PADDING + 1)
    return [
        p[top : top + height, left : left + width]
        for p in padded
        for top in corners
        for left in corners
    ]


@pytest.mark.parametrize("how", KINDS)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
)
def test_what_comes_out_is_a_flip_or_a_crop_of_what_went_in(how, seed, size):
    images = np.random.default_rng(seed).integers(1, 256, (6, *size), dtype=np.uint8)
    augmentation = Augmentation(how, 6, "cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        augmentation.draw()
    index = torch.tensor([4, 0, 4, 2])
    out = augmentation(torch.from_numpy(images)[index], index).numpy()
    assert out.dtype == np.uint8 and out.shape == (4, *size)
    np.testing.assert_array_equal(out[0], out[2])  # an epoch changes an image in one way
    for image, changed in zip(images[index.numpy()], out, strict=True):
        assert any(np.array_equal(changed, p) for p in possible(image, how))


@pytest.mark.parametrize("how", KINDS)
def test_every_flip_and_crop_is_equally_likely(how):
    n = 8100
    image = np.random.default_rng(0).integers(1, 256, (10, 10, 1), dtype=np.uint8)
    augmentation = Augmentation(how, n, "cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        augmentation.draw()
    out = augmentation(torch.from_numpy(np.repeat(image[None], n, 0)), torch.arange(n)).numpy()
    options = [p.tobytes() for p in possible(image, how)]
    counts = np.array([[o.tobytes() for o in out].count(option) for option in options])
    share = 1 / len(options)
    assert len(set(options)) == {"flip": 2, "crop": 81, "flip+crop": 162}[how] and counts.sum() == n
    assert (np.abs(counts - n * share) < 5 * np.sqrt(n * share * (1 - share))).all()


def test_evaluations_see_the_images_as_they_are(monkeypatch):
    seen = []
    monkeypatch.setattr(
        Augmentation, "__call__", lambda self, x, index: (seen.append(len(x)), x)[1]
    )
    trainer = make_trainer(Recipe(epochs=1, batch_size=40, augment="flip"))
    trainer.evaluate()
    assert seen == []
    trainer.training_pass(1, 0.1)
    assert seen == [40] * 4


@pytest.mark.parametrize("how", KINDS)
def test_a_resumed_run_sees_the_same_images_and_epochs_see_others(how):
    recipe = Recipe(epochs=3, batch_size=40, lr=0.05, augment=how)
    whole, drawn = make_trainer(recipe), []
    whole.run(
        lambda t: drawn.append((t.augmentation.mirrored.clone(), t.augmentation.corner.clone())),
        progress=False,
    )
    first = make_trainer(recipe)
    first.history.append(first.epoch(1, True))
    resumed = make_trainer(recipe)
    resumed.load_state(first.state())
    torch.rand(7)  # what else was drawn in between is of no account
    resumed.run(progress=False)
    assert [r["train_loss"] for r in resumed.history] == [r["train_loss"] for r in whole.history]
    assert not all(torch.equal(a, b) for a, b in zip(drawn[0], drawn[1], strict=True))


@pytest.mark.usefixtures("quick_data")
def test_augmentation_is_a_setting_that_its_key_names_and_is_off_by_default():
    plain, flipped = (
        run_spec(smoke(augment=how, epochs=2, precision="float32")) for how in ("", "flip+crop")
    )
    assert "-augmentflip+crop" in flipped.key
    assert plain.spec["augment"] == "" and "augment" not in plain.key
    assert plain.history["train_loss"][0] != flipped.history["train_loss"][0]
    with pytest.raises(UserError, match="Unknown augment 'flop'. Did you mean 'flip'"):
        smoke(augment="flop")


def test_nothing_is_drawn_where_nothing_is_augmented():
    trainer = make_trainer(Recipe(epochs=1))
    before = torch.get_rng_state()
    trainer.training_pass(1, 0.1)
    assert trainer.augmentation is None and torch.equal(torch.get_rng_state(), before)


def test_whitening_and_standardizing_come_after():
    """A cropped image's border is black, not of the mean: 0 before normalization."""
    for inputs in ("standardize", "whiten"):
        data = make_data(inputs=inputs)["train"]
        augmentation = Augmentation("crop", len(data), "cpu")
        augmentation.corner.fill_(0)  # up and to the left by 4
        index = torch.arange(3)
        shifted = data.images[index].numpy().copy()
        shifted[:] = 0
        shifted[:, PADDING:, PADDING:] = data.images[index].numpy()[:, :-PADDING, :-PADDING]
        other = batches.DeviceSplit(
            Split(shifted, data.true[:3].numpy()),
            data.noisy[:3].numpy(),
            data.shift,
            data.scale,
            "cpu",
        )
        assert torch.equal(data.batch(index, augmentation), other.batch(index))

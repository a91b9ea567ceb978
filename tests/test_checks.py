"""A user's arrays: what is wrong is said with type, shape and mend; the mend that is told works."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_data import images

from memutils import checks, data, noise
from memutils.errors import UserError

X, Y = images(12, shape=(8, 8)), np.arange(12) % 3
RGB = images(12, shape=(8, 8, 3))


def own(x=X, y=Y, **more) -> data.Dataset:
    return data.from_arrays(
        "own", x, y, X if more.get("x_test") is None else more.pop("x_test"), Y, **more
    )


GOOD_IMAGES = {
    "gray": X,
    "one channel": X[..., None],
    "RGB": RGB,
    "two channels": images(12, shape=(8, 8, 2)),
    "thirteen channels": images(12, shape=(8, 8, 13)),
    "one row of pixels": images(12, shape=(1, 9, 1)),
    "a tensor": torch.from_numpy(RGB),
    "a list": RGB.tolist(),
}


@pytest.mark.parametrize("name", GOOD_IMAGES)
def test_images_that_are_accepted(name):
    x = np.asarray(GOOD_IMAGES[name]) if name == "a list" else GOOD_IMAGES[name]
    x = x.astype(np.uint8) if name == "a list" else x
    dataset = data.from_arrays("own", x, Y, x, Y)
    expected = np.asarray(x).reshape(12, *np.asarray(x).shape[1:3], -1)
    np.testing.assert_array_equal(dataset.train.images, expected[dataset.order["train"]])


def mended(x: np.ndarray, mend: str) -> np.ndarray:
    return {
        "x.astype('uint8') * 255": lambda: x.astype("uint8") * 255,
        "x.astype('uint8')": lambda: x.astype("uint8"),
        "(255 * x).round().astype('uint8')": lambda: (255 * x).round().astype("uint8"),
        "x.round().astype('uint8')": lambda: x.round().astype("uint8"),
        "x.transpose(0, 2, 3, 1)": lambda: x.transpose(0, 2, 3, 1),
        "np.moveaxis(x, -1, 0)": lambda: np.moveaxis(x, -1, 0),
        "x.reshape(-1, height, width)": lambda: x.reshape(-1, 8, 8),
    }[mend]()


BAD_IMAGES = {
    "RGB, channels first": (
        RGB.transpose(0, 3, 1, 2),
        "looks like (N, C, H, W)",
        "x.transpose(0, 2, 3, 1)",
    ),
    "gray, channels first": (X[:, None], "looks like (N, C, H, W)", "x.transpose(0, 2, 3, 1)"),
    "two channels first": (
        images(12, shape=(2, 8, 8)),
        "looks like (N, C, H, W)",
        "x.transpose(0, 2, 3, 1)",
    ),
    "oblong, channels first": (
        images(12, shape=(3, 6, 8)),
        "looks like (N, C, H, W)",
        "x.transpose(0, 2, 3, 1)",
    ),
    "images last": (np.moveaxis(RGB, 0, -1), "looks like (H, W, C, N)", "np.moveaxis(x, -1, 0)"),
    "flat": (X.reshape(12, 64), "(12, 64): flat rows", "x.reshape(-1, height, width)"),
    "floats up to 1": (X / 255, "float64 (12, 8, 8)", "(255 * x).round().astype('uint8')"),
    "floats up to 255": (X.astype(np.float32), "float32 (12, 8, 8)", "x.round().astype('uint8')"),
    "int64": (X.astype(int), "int64 (12, 8, 8)", "x.astype('uint8')"),
    "bool": (X > 99, "bool (12, 8, 8)", "x.astype('uint8') * 255"),
    "normalized": (X / 100 - 1, "float64 (12, 8, 8)", None),
    "text": (X.astype(str), "<U", None),
    "no pixels": (X[:, :0], "(12, 0, 8)", None),
    "ragged": ([[1], [1, 2]], "no array of one shape", None),
    "nothing": (None, "object ()", None),
    "a video": (images(12, shape=(4, 8, 8, 3)), "(12, 4, 8, 8, 3)", None),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_images_that_are_refused_with_the_mend(name):
    x, came, mend = BAD_IMAGES[name]
    with pytest.raises(UserError) as error:
        own(x)
    text = str(error.value)
    assert text.startswith("own: training images") and came in text and "\n" not in text
    assert mend is None or mend in text
    if mend:
        assert checks.images("own", mended(x, mend)).dtype == np.uint8
    with pytest.raises(UserError, match="own: test images"):
        data.from_arrays("own", X, Y, x, Y)


GOOD_LABELS = {
    "(N, 1)": Y[:, None],
    "uint8": Y.astype(np.uint8),
    "a list": Y.tolist(),
    "a tensor": torch.from_numpy(Y),
}


@pytest.mark.parametrize("name", GOOD_LABELS)
def test_labels_that_are_accepted(name):
    np.testing.assert_array_equal(own(y=GOOD_LABELS[name]).train.labels, own().train.labels)


BAD_LABELS = {
    "float64": (Y.astype(float), "these are float64 (12,); hand y.astype(int)"),
    "halves": (Y / 2, "these are float64 (12,); they are no whole numbers"),
    "bool": (Y > 1, "these are bool (12,); hand y.astype(int)"),
    "texts": (Y.astype(str), "number the classes, classes, y = np.unique(y, return_inverse=True)"),
    "objects": (
        np.array(list("abcabcabcabc"), dtype=object),
        "these are object (12,); number the classes",
    ),
    "one-hot": (
        np.eye(3, dtype=int)[Y],
        "these are int64 (12, 3); if they are one-hot, hand y.argmax(1)",
    ),
    "fewer": (Y[:7], "one for each of 12 images, these are int64 (7,)"),
    "a number": (np.array(3), "these are int64 ()"),
    "from 1": (Y + 1, "no image has 0; if they count from 1, hand y - 1"),
    "a missing class": (Y * 2, "no image has 1, 3"),
    "one class": (Y * 0, "no image has 1"),
    "negative": (Y - 1, "must lie from 0 up, these lie from -1 to 1"),
    "257 classes": (Y + 255, "labels go up to 257; at most 256 classes"),
    "beyond int64": (Y.astype(np.uint64) + np.uint64(2**63), "labels go up to 9223372036854775810"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_labels_that_are_refused_with_type_and_mend(name):
    y, message = BAD_LABELS[name]
    with pytest.raises(UserError) as error:
        own(y=y)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_test_labels_and_noisy_labels_must_lie_in_the_training_set_s_classes():
    with pytest.raises(
        UserError, match="own: test labels must lie from 0 to 2, these lie from 0 to 3"
    ):
        data.from_arrays("own", X, Y, X[:4], np.arange(4))
    for bad, message in (
        (Y + 1, "noisy labels must lie from 0 to 2, these lie from 1 to 3; if they count from 1"),
        (Y[:5], "noisy labels must be integers from 0, one for each of 12"),
        (Y / 1, "float64"),
    ):
        with pytest.raises(UserError, match=message):
            own(noisy=bad)
    with pytest.raises(UserError, match="differ in size"):
        data.from_arrays("own", X, Y, images(12, shape=(9, 8)), Y)


NAMES = ["ant", "bee", "cow"]


@pytest.mark.parametrize("classes", [NAMES, tuple(NAMES), np.array(NAMES), iter(NAMES)])
def test_class_names_that_are_accepted(classes):
    assert own(classes=classes).classes == tuple(NAMES)
    assert own(classes=range(3)).classes == own().classes == ("0", "1", "2")


BAD_NAMES = {
    "name to index": (
        {"bee": 1, "ant": 0, "cow": 2},
        "not a dict; hand sorted(classes, key=classes.get)",
    ),
    "index to name": (
        dict(enumerate(NAMES)),
        "not a dict; hand [classes[i] for i in sorted(classes)]",
    ),
    "a set": (set(NAMES), "not a set, which has no order"),
    "a frozen set": (frozenset(NAMES), "not a set"),
    "the keys of a dict": (dict.fromkeys(NAMES).keys(), "not a set"),
    "a text": ("abc", "not 'abc'"),
    "a number": (3, "not 3"),
    "bytes": ([b"ant", b"bee", b"cow"], "b'ant' is no name; decode bytes first"),
    "twice": (["ant", "bee", "ant"], "'ant' stands there twice"),
    "two alike once texts": (["1", 1, "2"], "'1' stands there twice"),
    "too few": (["ant"], "there are 1 class names for 3 classes"),
    "none": (["ant", None, "cow"], "None is no name"),
    "empty": (["ant", "", "cow"], "'' is no name"),
    "pairs": ([("ant", 0), ("bee", 1), ("cow", 2)], "is no name"),
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_class_names_that_are_refused_with_the_mend(name):
    classes, message = BAD_NAMES[name]
    with pytest.raises(UserError) as error:
        own(classes=classes)
    assert message in str(error.value)


def test_the_mends_of_class_names_work():
    to_index, to_name = BAD_NAMES["name to index"][0], BAD_NAMES["index to name"][0]
    assert own(classes=sorted(to_index, key=to_index.get)).classes == tuple(NAMES)
    assert own(classes=[to_name[i] for i in sorted(to_name)]).classes == tuple(NAMES)


@given(k=st.integers(2, 256), seed=st.integers(0, 99))
def test_any_number_of_classes_from_2_to_256(k, seed):
    y = np.random.default_rng(seed).permutation(np.arange(k))
    x = images(k, seed, (2, 2))
    dataset = data.from_arrays("own", x, y, x, y, noisy=(y + 1) % k)
    assert dataset.num_classes == k and dataset.noisy.max() == k - 1


BAD_PAIRS = {
    "columns": (Y[:, None], Y),
    "fewer": (Y[:3], Y),
    "floats": (Y / 1, Y),
    "texts": (Y.astype(str), Y),
    "both columns": (Y[:, None], Y[:, None]),
    "a float of true labels": (Y, Y / 1),
}


@pytest.mark.parametrize("name", BAD_PAIRS)
def test_noisy_labels_that_do_not_lie_beside_the_true_ones_have_no_noise_rate(name):
    with pytest.raises(UserError, match="two vectors of as many integers, not"):
        noise.NoisyLabels(*BAD_PAIRS[name])


def test_a_tensor_or_a_list_of_labels_is_taken_as_an_array():
    other = (Y + 1) % 3
    assert (
        noise.NoisyLabels(torch.from_numpy(other), Y).rate
        == noise.NoisyLabels(other.tolist(), Y.astype(np.uint8)).rate
        == 1
    )

"""Label noise: what its matrices promise, what is drawn from them,
and that nothing changes in place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memutils import noise
from memutils.data import CIFAR_CLASSES
from memutils.errors import UserError

etas = st.floats(0, 1)
seeds = st.integers(0, 2**63)
matrices = st.one_of(
    st.builds(noise.symmetric_matrix, etas, st.integers(2, 12), st.sampled_from(["others", "all"])),
    st.builds(noise.pair_matrix, etas, st.integers(2, 12)),
    st.builds(noise.random_matrix, st.integers(2, 12)),
    st.builds(lambda eta: noise.asymmetric_matrix(eta, CIFAR_CLASSES), etas),
    st.tuples(st.integers(2, 12), st.integers(0, 99)).map(
        lambda size: np.random.default_rng(size[1]).dirichlet(np.full(size[0], 0.3), size[0])
    ),
)


@given(matrix=matrices)
def test_rows_are_distributions(matrix):
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-12)


@given(eta=etas, k=st.integers(2, 12))
def test_the_conventions_differ_by_their_factor(eta, k):
    others, everyone = noise.symmetric_matrix(eta, k), noise.symmetric_matrix(eta, k, "all")
    np.testing.assert_allclose(np.diag(others), 1 - eta, atol=1e-12)
    np.testing.assert_allclose(everyone, (1 - eta) * np.eye(k) + eta / k, atol=1e-12)
    np.testing.assert_allclose(everyone, noise.symmetric_matrix(eta * (k - 1) / k, k), atol=1e-12)
    off = others[~np.eye(k, dtype=bool)]
    np.testing.assert_allclose(off, off[0], atol=1e-12)


@given(matrix=matrices, seed=seeds)
def test_empirical_transitions_are_those_of_the_matrix(matrix, seed):
    k, n = len(matrix), 4000
    drawn = noise.apply_noise(np.repeat(np.arange(k), n), matrix, seed)
    counts = np.zeros((k, k))
    np.add.at(counts, (drawn.true, drawn.noisy), 1)
    # five standard deviations and a bit for the rare cells
    assert (np.abs(counts / n - matrix) <= 5 * np.sqrt(matrix * (1 - matrix) / n) + 2 / n).all()
    assert (counts[matrix == 0] == 0).all()


@given(k=st.integers(2, 12))
def test_labels_drawn_at_random_are_both_conventions_at_once(k):
    drawn = noise.random_matrix(k)
    np.testing.assert_allclose(drawn, np.full((k, k), 1 / k))
    np.testing.assert_allclose(drawn, noise.symmetric_matrix(1 - 1 / k, k), atol=1e-12)
    np.testing.assert_allclose(drawn, noise.symmetric_matrix(1, k, "all"), atol=1e-12)


@given(eta=etas, seed=st.integers(0, 99))
def test_asymmetric_noise_takes_five_classes_for_their_look_alikes(eta, seed):
    """Patrini et al. 2017, section 5: truck to automobile, bird to airplane, deer to horse,
    cat to dog and back."""
    classes = np.random.default_rng(seed).permutation(CIFAR_CLASSES).tolist()
    matrix = noise.asymmetric_matrix(eta, classes)
    taken = {"truck": "automobile", "bird": "airplane", "deer": "horse", "cat": "dog", "dog": "cat"}
    for i, true in enumerate(classes):
        expected = {true: 1 - eta, taken[true]: eta} if true in taken else {true: 1.0}
        assert {classes[j]: v for j, v in enumerate(matrix[i]) if v} == {
            c: v for c, v in expected.items() if v
        }
    assert 1 - matrix.diagonal().mean() == pytest.approx(eta / 2)  # over equally frequent classes


def test_asymmetric_noise_is_refused_for_other_classes():
    with pytest.raises(
        UserError, match="automobile, bird, .* not among this data set's; write a matrix"
    ):
        noise.asymmetric_matrix(0.4, ["airplane", "cat", "dog"])


@given(seed=seeds, k=st.integers(2, 9), n=st.integers(1, 300))
def test_shuffling_within_classes_keeps_every_transition_count(seed, k, n):
    rng = np.random.default_rng(seed % 2**32)
    labels = noise.NoisyLabels(rng.integers(0, k, n), rng.integers(0, k, n))
    before = labels.noisy.copy()
    shuffled = noise.shuffle_within_classes(labels, seed)
    np.testing.assert_array_equal(labels.noisy, before)
    np.testing.assert_array_equal(shuffled.true, labels.true)
    counts = np.zeros((k, k), dtype=int)
    np.add.at(counts, (shuffled.true, shuffled.noisy), 1)
    np.testing.assert_array_equal(counts, noise.transition_counts(labels, k))
    np.testing.assert_array_equal(shuffled.noisy, noise.shuffle_within_classes(labels, seed).noisy)


def test_shuffling_leaves_no_trace_of_the_image():
    """Wrong labels on the first half of each class; shuffled,
    each example is wrong in half of the draws."""
    true = np.arange(400) % 4
    labels = noise.NoisyLabels(np.where(np.arange(400) < 200, (true + 1) % 4, true), true)
    wrong = np.mean(
        [noise.shuffle_within_classes(labels, seed).mislabeled for seed in range(400)], 0
    )
    assert np.abs(wrong - 0.5).max() < 5 * 0.5 / 400**0.5 and abs(wrong[:200].mean() - 0.5) < 0.02


def test_golden_shuffle():
    true = np.arange(12) % 2
    labels = noise.NoisyLabels(np.array([0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1]), true)
    assert noise.shuffle_within_classes(labels, 7).noisy.tolist() == SHUFFLED


SHUFFLED = [0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0]


def test_an_empirical_matrix_is_row_stochastic_where_a_class_has_no_example():
    counts = noise.transition_counts(noise.NoisyLabels(np.array([1, 0, 2]), np.array([0, 0, 2])), 4)
    np.testing.assert_array_equal(
        noise.empirical_matrix(counts), [[0.5, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    )


@given(matrix=matrices, seed=seeds, n=st.integers(0, 50))
def test_nothing_changes_in_place_and_a_seed_decides(matrix, seed, n):
    labels = np.arange(n) % len(matrix)
    before, matrix_before = labels.copy(), matrix.copy()
    first, second = noise.apply_noise(labels, matrix, seed), noise.apply_noise(labels, matrix, seed)
    np.testing.assert_array_equal(labels, before)
    np.testing.assert_array_equal(matrix, matrix_before)
    np.testing.assert_array_equal(first.true, before)
    np.testing.assert_array_equal(first.noisy, second.noisy)
    np.testing.assert_array_equal(first.mislabeled, first.noisy != before)
    assert not np.shares_memory(first.noisy, labels) and not np.shares_memory(first.true, labels)
    assert first.noisy.dtype == first.true.dtype == np.int64
    if n:
        assert first.rate == first.mislabeled.mean()


@given(low=etas, high=etas, seed=seeds)
def test_flips_at_a_lower_rate_are_flips_at_a_higher_one(low, high, seed):
    low, high = sorted((low, high))
    labels = np.arange(300) % 10
    few, many = (
        noise.apply_noise(labels, noise.symmetric_matrix(eta, 10), seed) for eta in (low, high)
    )
    assert not (few.mislabeled & ~many.mislabeled).any()


@given(seed=seeds, k=st.integers(2, 12))
def test_the_ends(seed, k):
    labels = np.arange(100) % k
    assert noise.apply_noise(labels, noise.symmetric_matrix(0, k), seed).rate == 0
    assert noise.apply_noise(labels, noise.symmetric_matrix(1, k), seed).rate == 1
    np.testing.assert_array_equal(
        noise.apply_noise(labels, noise.pair_matrix(1, k), seed).noisy, (labels + 1) % k
    )


GOLDEN = {
    ("others", 0): [1, 1, 2, 3, 9, 3, 7, 0, 8, 7, 5, 1, 8, 3, 7, 5, 2, 7, 8, 9],
    ("others", 1): [0, 9, 2, 1, 4, 5, 2, 7, 8, 9, 4, 1, 2, 8, 4, 5, 6, 7, 8, 9],
    ("all", 0): [0, 1, 2, 3, 9, 2, 6, 0, 8, 7, 5, 1, 8, 3, 7, 5, 2, 7, 8, 9],
    ("all", 1): [0, 9, 2, 1, 4, 5, 1, 7, 8, 9, 3, 1, 2, 7, 4, 5, 6, 7, 8, 9],
    ("pair", 0): [1, 1, 2, 3, 5, 6, 7, 8, 8, 0, 1, 1, 3, 3, 5, 5, 7, 7, 8, 9],
    ("pair", 1): [0, 2, 2, 4, 4, 5, 7, 7, 8, 9, 1, 1, 2, 4, 4, 5, 6, 7, 8, 9],
}


@pytest.mark.parametrize(("kind", "seed"), GOLDEN)
def test_golden_labels(kind, seed):
    matrix = noise.pair_matrix(0.4, 10) if kind == "pair" else noise.symmetric_matrix(0.4, 10, kind)
    assert noise.apply_noise(np.arange(20) % 10, matrix, seed).noisy.tolist() == GOLDEN[kind, seed]


@pytest.mark.parametrize("eta", [-0.01, 1.01, float("nan"), float("inf"), "0.4", None, True, [0.4]])
def test_eta_must_be_a_rate(eta):
    for matrix in (noise.symmetric_matrix, noise.pair_matrix):
        with pytest.raises(UserError, match="noise rate"):
            matrix(eta, 10)


def test_other_errors_say_what_is_wrong():
    with pytest.raises(UserError, match="at least 2 classes"):
        noise.symmetric_matrix(0.4, 1)
    with pytest.raises(UserError, match="Did you mean 'others'"):
        noise.symmetric_matrix(0.4, 10, "other")
    good = noise.symmetric_matrix(0.4, 3)
    for bad in (good[:2], good * 1.1, good - 0.5, good * np.nan, good[0]):
        with pytest.raises(UserError, match="noise matrix"):
            noise.apply_noise(np.array([0, 1]), bad, 0)
    for labels in ([3], [-1], [[0, 1]], [0.5, 1.7], ["a"]):
        with pytest.raises(UserError, match="integers from 0 to 2"):
            noise.apply_noise(np.array(labels), good, 0)

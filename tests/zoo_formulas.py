"""The losses beside the paper's as their own papers write them, in numpy and float64.

And their ranges and constants, and the parameters with which they are tried.
"""

import math

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


def log_softmax(z):
    """Log-probabilities of logits (N, K)."""
    shifted = z - z.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def own(values, y):
    """values[i, y[i]] for each row i."""
    return values[np.arange(len(y)), y]


def p_y(z, y):
    """The label's probability."""
    return np.exp(own(log_softmax(z), y))


def cross_entropy(z, y):
    return -own(log_softmax(z), y)


def smoothed(z, y, epsilon):
    """Cross entropy with (1 - epsilon) of the label's mass on y and epsilon / K on each class."""
    k = z.shape[1]
    q = (1 - epsilon) * np.eye(k)[y] + epsilon / k
    return -(q * log_softmax(z)).sum(1)


def symmetrized_gce(z, y, q):
    """(L_y - mean of the other L_j) + 1/q, L being generalized cross entropy, a label at a time."""
    p, values = np.exp(log_softmax(z)), []
    for row, label in zip(p, y):
        costs = (1 - row**q) / q
        values.append(costs[label] - np.delete(costs, label).mean() + 1 / q)
    return np.array(values)


def nce(z, y):
    return own(log_softmax(z), y) / log_softmax(z).sum(1)


def reverse_cross_entropy(z, y, log_zero):
    """-sum_k p_k log q_k of the one-hot label q, where log 0 is a number."""
    log_q = np.where(np.eye(z.shape[1])[y] == 1, 0.0, log_zero)
    return -(np.exp(log_softmax(z)) * log_q).sum(1)


def absolute_error(z, y):
    return np.abs(np.exp(log_softmax(z)) - np.eye(z.shape[1])[y]).sum(1)


def agce(z, y, a, q):
    return ((a + 1) ** q - (a + p_y(z, y)) ** q) / q


def divergence(p, q):
    """Kullback and Leibler's, of each row, with 0 log 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * (np.log(p) - np.log(q)), 0).sum(1)


def jensen_shannon(z, y, pi):
    label, p = np.eye(z.shape[1])[y], np.exp(log_softmax(z))
    mean = pi * label + (1 - pi) * p
    return (pi * divergence(label, mean) + (1 - pi) * divergence(p, mean)) / (
        -(1 - pi) * math.log(1 - pi)
    )


def log_t(x, t):
    return np.log(x) if t == 1 else (x ** (1 - t) - 1) / (1 - t)


def exp_t(x, t):
    return np.exp(x) if t == 1 else np.maximum(1 + (1 - t) * x, 0) ** (1 / (1 - t))


def tempered_softmax(z, t):
    """exp_t(z - lambda) with the lambda between the ends that are known, by halving."""
    top = z.max(1, keepdims=True)
    low, high = top, top - log_t(1 / z.shape[1], t)
    for _ in range(200):
        middle = (low + high) / 2
        above = exp_t(z - middle, t).sum(1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return exp_t(z - (low + high) / 2, t)


def bi_tempered(z, y, t1, t2):
    """The Bregman divergence of the paper for a one-hot label q, 0 log_t 0 being 0."""
    q, p = np.eye(z.shape[1])[y], tempered_softmax(z, t2)
    logs = -own(log_t(p, t1), y)
    return logs - (q ** (2 - t1) - p ** (2 - t1)).sum(1) / (2 - t1)


def epsilon_softmax_ce(z, y, m):
    p = np.exp(log_softmax(z))
    p[np.arange(len(p)), p.argmax(1)] += m
    return -np.log(own(p / (m + 1), y))


def clip(z, tau):
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    return np.where(norm > tau, tau * z / np.where(norm > 0, norm, 1), z)


def at_even_shares(formula):
    """A formula at the prediction that keeps p_y and gives each other class the same."""

    def even(z, y, **parameters):
        k, p = z.shape[1], np.exp(log_softmax(z))
        rest = [np.delete(row, label).sum() / (k - 1) for row, label in zip(p, y)]
        label = np.eye(k)[y]
        shared = label * own(p, y)[:, None] + (1 - label) * np.array(rest)[:, None]
        return formula(shared, y, **parameters)

    return even


def rll(p, y, alpha):
    """The paper's, a label at a time."""
    values = []
    for row, label in zip(p, y):
        costs = -np.log(alpha + row)
        others = np.delete(costs, label).mean()
        values.append(math.log((1 + alpha) / alpha) + costs[label] - others)
    return np.array(values)


REFERENCE = {
    "shifted-ce": lambda z, y, alpha: np.log((1 + alpha) / (alpha + p_y(z, y))),
    "gce": lambda z, y, q: (1 - p_y(z, y) ** q) / q,
    "symmetrized-gce": symmetrized_gce,
    "unhinged": lambda z, y: z.mean(1) - own(z, y),
    "label-smoothing": smoothed,
    "nce": nce,
    "rce": reverse_cross_entropy,
    "sce": lambda z, y, active, passive, log_zero: (
        active * cross_entropy(z, y) + passive * reverse_cross_entropy(z, y, log_zero)
    ),
    "nce-rce": lambda z, y, active, passive, log_zero: (
        active * nce(z, y) + passive * reverse_cross_entropy(z, y, log_zero)
    ),
    "nce-mae": lambda z, y, active, passive: active * nce(z, y) + passive * absolute_error(z, y),
    "nce-agce": lambda z, y, active, passive, a, q: active * nce(z, y) + passive * agce(z, y, a, q),
    "agce": agce,
    "aul": lambda z, y, a, q: ((a - p_y(z, y)) ** q - (a - 1) ** q) / q,
    "ael": lambda z, y, a: np.exp(-p_y(z, y) / a),
    "js": jensen_shannon,
    "bi-tempered": bi_tempered,
    "taylor-ce": lambda z, y, order: sum((1 - p_y(z, y)) ** i / i for i in range(1, order + 1)),
    "eps-softmax": lambda z, y, active, passive, m: (
        active * epsilon_softmax_ce(z, y, m) + passive * absolute_error(z, y)
    ),
    "logit-clip-cce": lambda z, y, tau: cross_entropy(clip(z, tau), y),
    "even-rll": at_even_shares(rll),
    "even-mse": at_even_shares(lambda p, y: ((p - np.eye(p.shape[1])[y]) ** 2).sum(1)),
}
"""Each loss as its paper writes it: logits (N, K), labels (N,) and parameters to values (N,)."""


def smoothed_range(k, epsilon):
    """From the entropy of the smoothed label on."""
    q = np.full(k, epsilon / k)
    q[0] += 1 - epsilon
    return -sum(v * math.log(v) for v in q if v), math.inf


def clipped_range(k, tau):
    """Where the label's logit is as far above the others, all alike, as the norm allows; below."""
    furthest = tau * math.sqrt(k / (k - 1))
    return tuple(math.log1p((k - 1) * math.exp(sign * furthest)) for sign in (-1, 1))


def agce_range(k, a, q):
    return 0, ((a + 1) ** q - a**q) / q


RANGE = {
    "shifted-ce": lambda k, alpha: (0, math.log((1 + alpha) / alpha)),
    "gce": lambda k, q: (0, 1 / q),
    "symmetrized-gce": lambda k, q: (0, (1 + (k - 1) ** -q) / q),
    "unhinged": lambda k: (-math.inf, math.inf),
    "label-smoothing": smoothed_range,
    "nce": lambda k: (0, 1),
    "rce": lambda k, log_zero: (0, -log_zero),
    "sce": lambda k, active, passive, log_zero: (0, math.inf),
    "nce-rce": lambda k, active, passive, log_zero: (0, active - passive * log_zero),
    "nce-mae": lambda k, active, passive: (0, active + 2 * passive),
    "nce-agce": lambda k, active, passive, a, q: (0, active + passive * agce_range(k, a, q)[1]),
    "agce": agce_range,
    "aul": lambda k, a, q: (0, (a**q - (a - 1) ** q) / q),
    "ael": lambda k, a: (math.exp(-1 / a), 1),
    "js": lambda k, pi: (0, 1 + pi * math.log(pi) / ((1 - pi) * math.log(1 - pi))),
    "bi-tempered": lambda k, t1, t2: (0, 1 / (1 - t1) if t1 < 1 else math.inf),
    "taylor-ce": lambda k, order: (0, sum(1 / i for i in range(1, order + 1))),
    "eps-softmax": lambda k, active, passive, m: (0, math.inf),
    "logit-clip-cce": clipped_range,  # for tau <= 1
    "even-rll": lambda k, alpha: (0, math.log((1 + alpha) / alpha * (1 + 1 / ((k - 1) * alpha)))),
    "even-mse": lambda k: (0, k / (k - 1)),
}
"""The lowest and the highest value of each loss for K classes."""

CONSTANT = {
    "symmetrized-gce": lambda k, q: k / q,
    "unhinged": lambda k: 0,
    "nce": lambda k: 1,
    "rce": lambda k, log_zero: -log_zero * (k - 1),
    "nce-rce": lambda k, active, passive, log_zero: active - passive * log_zero * (k - 1),
    "nce-mae": lambda k, active, passive: active + 2 * passive * (k - 1),
    "even-rll": lambda k, alpha: 2 * math.log((1 + alpha) / alpha) if k == 2 else None,
}
"""C of the symmetric ones; None where one is symmetric for other K only."""

WEIGHTS = {
    "active": st.sampled_from([0.1, 1.0, 10.0]),
    "passive": st.sampled_from([0.1, 1.0, 10.0]),
}
LOG_ZERO = {"log_zero": st.sampled_from([-9.21, -4.0, -1.0])}
AGCE = {"a": st.sampled_from([0.6, 4.0, 6.0]), "q": st.sampled_from([0.2, 0.6, 1.5])}
PARAMETERS = {
    "shifted-ce": {"alpha": st.sampled_from([0.01, 0.1, 0.45, 3.0])},
    "gce": {"q": st.sampled_from([0.1, 0.3, 0.7, 0.95])},
    "symmetrized-gce": {"q": st.sampled_from([0.1, 0.3, 0.7, 1.0])},
    "label-smoothing": {"epsilon": st.sampled_from([0.0, 0.1, 0.5, 1.0])},
    "rce": LOG_ZERO,
    "sce": WEIGHTS | LOG_ZERO,
    "nce-rce": WEIGHTS | LOG_ZERO,
    "nce-mae": WEIGHTS,
    "nce-agce": WEIGHTS | AGCE,
    "agce": AGCE,
    "aul": {"a": st.sampled_from([1.1, 3.0, 5.5]), "q": st.sampled_from([0.1, 0.9, 3.0])},
    "ael": {"a": st.sampled_from([0.5, 2.5, 3.5])},
    "js": {"pi": st.sampled_from([0.1, 0.5, 0.7, 0.9])},
    "bi-tempered": {
        "t1": st.sampled_from([0.0, 0.5, 0.8, 1.0]),
        "t2": st.sampled_from([1.0, 1.2, 2.0, 4.0]),
    },
    "taylor-ce": {"order": st.sampled_from([2, 3, 6])},
    "eps-softmax": WEIGHTS | {"m": st.sampled_from([0.1, 1e3, 1e5])},
    "logit-clip-cce": {"tau": st.sampled_from([0.2, 0.5, 1.0])},
    "even-rll": {"alpha": st.sampled_from([0.01, 0.1, 0.45, 3.0])},
}


def chosen(data, name):
    """Parameters of a loss, drawn."""
    return {n: data.draw(values) for n, values in PARAMETERS.get(name, {}).items()}


@st.composite
def batches(draw, max_logit=30.0):
    """Logits (N, K) in float64, K from 2 to 50, and labels (N,).

    The logits are float16's numbers, so that no rounding makes different ones equal.
    """
    n, k = draw(st.integers(1, 4)), draw(st.integers(2, 50))
    z = draw(arrays(np.float64, (n, k), elements=st.floats(-max_logit, max_logit, width=16)))
    return z, draw(arrays(np.int64, n, elements=st.integers(0, k - 1)))


def values_of(loss, z, y):
    """A torch loss of each row of numpy logits, in numpy."""
    return loss(torch.from_numpy(z), torch.from_numpy(y)).numpy()


def every_label(loss, z):
    """The loss of each row under each label, (N, K)."""
    n, k = z.shape
    columns = [values_of(loss, z, np.full(n, label)) for label in range(k)]
    return np.stack(columns, 1)

"""Checks of the statements about risks under noise, each on recorded networks or on the simplex.

A check raises AssertionError where a statement fails; what it returns is what the chapter tells.
"""

import math

import numpy as np
import torch
from torch import Tensor

from memutils import noise
from memutils.report.theory.points import (
    ALPHAS,
    ETAS,
    Losses,
    at,
    build,
    constant,
    fresh,
    highest,
    line,
    own,
    simplex,
    symmetric,
    table,
)

Networks = dict[str, tuple[Tensor, Tensor]]
"""Names to log-probabilities (N, K) and true labels (N,)."""


def check_line(losses: Losses, networks: Networks) -> float:
    """Theorem 1: the expectation over fresh labels is on the line. Returns the largest distance."""
    worst = 0.0
    for key, (log_p, true) in networks.items():
        k = log_p.shape[1]
        for name, c in symmetric(losses, k).items():
            values = table(build(losses, name), log_p)
            for eta in (*ETAS, (k - 1) / k, 0.95):
                predicted = line(float(own(values, true).mean()), c, eta, k)
                gap = abs(float(fresh(values, true, eta).mean()) - predicted)
                assert gap < 1e-10, f"{name} leaves the line by {gap:.1e}, {key}, eta = {eta:.2f}"
                worst = max(worst, gap)
    return worst


def check_order(losses: Losses, networks: Networks) -> None:
    """Theorem 1: below the threshold noise keeps the order of two networks, above it reverses it.

    Each network is compared with itself made surer and less sure.
    """
    for key, (log_p, true) in networks.items():
        k = log_p.shape[1]
        for name in symmetric(losses, k):
            values = [table(build(losses, name), (f * log_p).log_softmax(1)) for f in (1, 0.3, 3)]
            clean = [float(own(v, true).mean()) for v in values]
            for eta in (*ETAS, 0.95):
                noisy = [float(fresh(v, true, eta).mean()) for v in values]
                for i in (1, 2):
                    alike = (clean[0] - clean[i]) * (noisy[0] - noisy[i]) > 0
                    close = abs(clean[0] - clean[i]) < 1e-9
                    ranked = f"{name} ranks {key} otherwise at eta = {eta}"
                    assert close or alike is (eta < (k - 1) / k), ranked


def check_draws(
    losses: Losses, networks: Networks, eta: float = 0.4, draws: int = 16
) -> list[float]:
    """Labels that are really drawn scatter about the line by the predicted amount.

    Returns the distance of the drawn noisy risks, averaged over the draws, from the line, in
    predicted standard deviations, for each network and loss.
    """
    z = []
    for i, (key, (log_p, true)) in enumerate(networks.items()):
        k = log_p.shape[1]
        matrix = noise.symmetric_matrix(eta, k)
        labels = [noise.apply_noise(true.numpy(), matrix, 1000 * i + d) for d in range(draws)]
        rows = torch.from_numpy(matrix)[true]
        for name, c in symmetric(losses, k).items():
            values = table(build(losses, name), log_p)
            spread = rows * (values - fresh(values, true, eta)[:, None]) ** 2
            deviation = float(spread.sum().sqrt()) / len(true) / math.sqrt(draws)
            risks = [own(values, torch.from_numpy(y.noisy)).mean() for y in labels]
            predicted = line(float(own(values, true).mean()), c, eta, k)
            z.append((float(torch.stack(risks).mean()) - predicted) / deviation)
            assert abs(z[-1]) < 4, f"{name}: {z[-1]:.1f} standard deviations for {key}"
    return z


def check_mse_offset(losses: Losses, networks: Networks) -> dict[tuple, float]:
    """MSE lies below the line of a certain network by the predicted amount, and on it if certain.

    Returns the offsets by network, factor of the logits and noise rate.
    """
    offsets = {}
    for key, (log_p, true) in networks.items():
        k = log_p.shape[1]
        for sharper in (1, 3, 1e6):  # the last: the same decisions, with certainty
            log_q = (sharper * log_p).log_softmax(1)
            values = table(build(losses, "mse"), log_q)
            rent = float((1 - log_q.exp().square().sum(1)).mean())
            for eta in ETAS:
                certain = line(float(own(values, true).mean()), 2 * (k - 1), eta, k)
                offset = float(fresh(values, true, eta).mean()) - certain
                predicted = -eta * k / (k - 1) * rent
                assert abs(offset - predicted) < 1e-10, f"{key}: {offset:.3e}, not {predicted:.3e}"
                offsets[key, sharper, eta] = offset
        assert abs(offset) <= 2e-3, "a certain network is on the line (but for ties)"
    return offsets


def check_class_conditional(
    losses: Losses, k: int = 10, eta: float = 0.4
) -> tuple[float, float, float]:
    """Noise that depends on the class: minimizers survive where the theorem says so.

    Returns where RLL's minimum moves to under pair noise (p_y), its clean risk, and by how much its
    noisy risk is below that of the right answer.
    """
    points, corner = simplex(k), at(k, p0=1.0)
    pair = torch.from_numpy(noise.pair_matrix(eta, k))[0]
    even = torch.from_numpy(noise.symmetric_matrix(eta, k))[0]

    def noisy(name: str, z: Tensor, row: Tensor) -> Tensor:
        return table(build(losses, name), z) @ row

    for name in ("mae", "rll", "nmse"):
        lowest = noisy(name, points, even) >= noisy(name, corner, even) - 1e-12
        assert lowest.all(), f"(a) fails for {name}"
    lowest = noisy("mae", points, pair) >= noisy("mae", corner, pair) - 1e-12
    assert lowest.all(), "(b) fails for MAE"
    worst = at(k, **{f"p{i}": 1 / (k - 1) for i in range(1, k)})
    for name, meets in (("mae", True), ("rll", False), ("nmse", False)):
        largest = float(table(build(losses, name), torch.cat([points, worst])).max())
        within = largest <= constant(losses, name, k) / (k - 1) + 1e-12
        assert within is meets, f"{name} and the condition of (b)"
    t = moved_minimum(losses["rll"]().alpha, k, eta)
    moved = at(k, p0=t, p1=1 - t)
    beside = [float(noisy("rll", at(k, p0=t + d, p1=1 - t - d), pair)) for d in (-0.01, 0.01)]
    assert float(noisy("rll", moved, pair)) < min(beside), "the minimum on the edge"
    clean = float(table(build(losses, "rll"), moved)[0, 0])
    drop = float(noisy("rll", corner, pair) - noisy("rll", moved, pair))
    assert clean > 0.1 and drop > 0.01, "RLL's minimum does not move"
    return t, clean, drop


def moved_minimum(alpha: float, k: int, eta: float) -> float:
    """The p_y at which RLL's risk under pair noise is least, along the edge to the next class."""
    first, second = 1 - eta - 1 / k, eta - 1 / k
    return (first * (alpha + 1) - second * alpha) / (first + second)


def check_order_breaks(losses: Losses, k: int = 10, eta: float = 0.4) -> dict[str, list[float]]:
    """The two examples in which noise that depends on the class reverses the order.

    Returns the risks of both networks of the first, with true labels and under pair noise, by loss.
    """
    pair, risks = torch.from_numpy(noise.pair_matrix(eta, k))[0], {}
    rates = torch.from_numpy(np.stack([noise.symmetric_matrix(e, k)[0] for e in (0.0, 0.8)]))
    for name in symmetric(losses, k):
        loss = build(losses, name)
        one, two = table(loss, at(k, p0=0.5, p1=0.5))[0], table(loss, at(k, p0=0.55, p2=0.45))[0]
        assert two[0] < one[0] and two @ pair > one @ pair, f"{name}: the order does not break"
        right, wrong, worse = (table(loss, at(k, p0=p, p1=1 - p))[0] for p in (1.0, 0.6, 0.4))
        # rows: a pattern of each class, the second class's label moved to place 0
        first, second = torch.stack([wrong, right]), torch.stack([right, worse])
        assert first[:, 0].sum() < second[:, 0].sum(), f"{name}: differing rates, true labels"
        assert (rates * first).sum() > (rates * second).sum(), f"{name}: differing rates, noise"
        risks[name] = [float(v) for v in (one[0], two[0], one @ pair, two @ pair)]
    return risks


def check_hoeffding(
    losses: Losses, networks: Networks, eta: float = 0.4, delta: float = 0.05, draws: int = 100
) -> dict[str, float]:
    """Hoeffding's bound holds in at least a share 1 - delta of draws. Returns each loss's M."""
    log_p, true = networks["invented"]
    n, k = log_p.shape
    matrix, largest = noise.symmetric_matrix(eta, k), {}
    for name, c in symmetric(losses, k).items():
        loss = build(losses, name)
        values, top = table(loss, log_p), highest(loss, k)
        largest[name] = top
        assert 0 <= values.min() and values.max() <= top + 1e-12, f"{name} is not within [0, M]"
        target = line(float(own(values, true).mean()), c, eta, k)
        drawn = (noise.apply_noise(true.numpy(), matrix, d).noisy for d in range(draws))
        risks = np.array([float(own(values, torch.from_numpy(y)).mean()) for y in drawn])
        outside = np.mean(abs(risks - target) > top * math.sqrt(math.log(2 / delta) / (2 * n)))
        assert outside <= delta, f"{name}: {outside:.0%} of the draws lie outside the bound"
    return largest


def cost(alpha: float, k: int = 10) -> float:
    """The least RLL of an example whose label has at most half of the probability, in nats."""
    return math.log((1 + alpha) / alpha) - (k - 2) / (k - 1) * math.log((alpha + 0.5) / alpha)


def check_memory(losses: Losses, k: int = 10) -> None:
    """Where p_y <= 1/2 RLL is at least ``cost``, the bound is reached, and the infimum is 0."""
    points = torch.cat([simplex(k), at(k, p0=0.5, p1=0.5)])
    for alpha in ALPHAS:
        rll = build(losses, "rll", alpha)
        values, doubtful = table(rll, points), points.exp() <= 0.5
        assert values[doubtful].min() >= cost(alpha, k) - 1e-12, f"too cheap at alpha = {alpha}"
        reached = abs(float(values[-1, 0]) - cost(alpha, k)) < 1e-9
        assert reached, f"the bound is not reached at alpha = {alpha}"
        surer = torch.zeros(26, k, dtype=torch.float64)
        surer[:, 0] = torch.arange(26)
        risk = rll(surer, torch.zeros(26, dtype=torch.long))
        falls = (risk > 0).all() and (risk.diff() < 0).all() and risk[-1] < 1e-8
        assert falls, f"no infimum of 0 at alpha = {alpha}"

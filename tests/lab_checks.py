"""What the lab computes, against Python: with node in the unit tests, in a browser on the book.

``evaluate`` takes a JavaScript expression in which ``Lab`` and ``labDigits`` are known, and returns
its value.
"""

import base64
import itertools
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from memutils import losses

Evaluate = Callable[[str], object]
ALPHA = ("alpha", (0.01, 0.1, 0.45, 10.0))
PARAMETERS = {"rll": ALPHA, "even-rll": ALPHA, "gce": ("q", (0.1, 0.7, 1.0))}
LOSSES = ("cce", "mse", "mae", "rll", "nmse", "gce", "even-rll")
STREAMS = {"start": 1, "noise": 2, "order": 3}
MASK = (1 << 64) - 1


class PCG32:
    """O'Neill (2014), PCG-XSH-RR 64/32, written from the paper with Python's integers."""

    def __init__(self, seed: int, stream: int):
        self.increment = (2 * stream + 1) & MASK
        self.state = (self.increment + seed) & MASK
        self.advance()

    def advance(self) -> None:
        self.state = (self.state * 6364136223846793005 + self.increment) & MASK

    def next(self) -> int:
        old = self.state
        self.advance()
        word, turn = ((old >> 18) ^ old) >> 27 & 0xFFFFFFFF, old >> 59
        return (word >> turn | word << (32 - turn)) & 0xFFFFFFFF

    def uniform(self) -> float:
        return self.next() / 2**32


def noisy(labels: np.ndarray, classes: int, eta: float, seed: int) -> np.ndarray:
    """Symmetric noise from one uniform number an example, as the lab documents it."""
    random, given = PCG32(seed, STREAMS["noise"]), []
    for label in labels:
        beyond = random.uniform() - (1 - eta)
        other = min(classes - 2, int(beyond / eta * (classes - 1))) if eta else 0
        given.append(label if beyond < 0 or not eta else (label + 1 + other) % classes)
    return np.array(given)


def start(sizes: list[int], seed: int) -> np.ndarray:
    """Weights (outputs, inputs) and biases of each layer in a row, in torch's range, float32."""
    random, values = PCG32(seed, STREAMS["start"]), []
    for inputs, outputs in itertools.pairwise(sizes):
        values += [(2 * random.uniform() - 1) / inputs**0.5 for _ in range(outputs * (inputs + 1))]
    return np.array(values, dtype=np.float32)


def orders(n: int, seed: int, epochs: int) -> list[list[int]]:
    """The order in each epoch, the one before shuffled (Fisher and Yates, from the end)."""
    random, order, found = PCG32(seed, STREAMS["order"]), list(range(n)), []
    for _ in range(epochs):
        for i in range(n - 1, 0, -1):
            j = int(random.uniform() * (i + 1))
            order[i], order[j] = order[j], order[i]
        found.append(list(order))
    return found


def images(evaluate: Evaluate, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels (N, 196) and labels (N,) that are embedded."""
    content = evaluate(f"labDigits.{part}")
    packed = np.frombuffer(base64.b64decode(content["levels"]), np.uint8)
    levels = np.stack([packed >> 4, packed & 15], 1).reshape(-1, 196)
    return levels, np.array(list(map(int, content["labels"])))


def digits(n: int, seed: int, eta: float, loss: str) -> str:
    """The settings of a run on the digits, as JavaScript."""
    common = f"problem: 'digits', lr: 0.003, phases: [Lab.phase('{loss}')]"
    return f"{{{common}, n: {n}, seed: {seed}, eta: {eta}}}"


def check_random(evaluate: Evaluate) -> None:
    """The reference implementation's first numbers; then a run's noise, start and order."""
    known = [0xA15C02B7, 0x7B47F409, 0xBA1D3330, 0x83D2F293, 0xBFA4784B, 0xCBED606E]
    assert (
        evaluate("((r) => Array.from({length: 6}, () => r.next()))(new Lab.Random(42, 54))")
        == known
    )
    twin = PCG32(42, 54)
    assert [twin.next() for _ in known] == known
    for seed, n, eta in ((0, 1000, 0.4), (7, 2000, 0.1)):
        settings = digits(n, seed, eta, "cce")
        found = evaluate(f"""(() => {{ const run = new Lab.Run({settings}, labDigits), orders = [];
            const steps = run.train();
            const start = Array.from(run.network.parameters);
            while (orders.length < 2) {{
                steps.next();
                if (run.begun > orders.length) orders.push([...run.order]);
            }}
            return {{given: Array.from(run.given), start, orders}}; }})()""")
        labels = images(evaluate, "train")[1][:n]
        given = noisy(labels, 10, eta, seed)
        assert found["given"] == given.tolist()
        assert abs((given != labels).mean() - eta) < 4 * (eta * (1 - eta) / n) ** 0.5
        np.testing.assert_array_equal(
            np.array(found["start"], dtype=np.float32), start([196, 128, 10], seed)
        )
        assert found["orders"] == orders(n, seed, 2)


def package_loss(name: str, parameter: float | None) -> nn.Module:
    """The package's loss with that parameter, where it has one."""
    return losses.build(name, **({PARAMETERS[name][0]: parameter} if parameter else {}))


def check_losses(evaluate: Evaluate) -> None:
    """Value and gradient of each loss, from uniform to saturated logits, K of 3 and 10, to 1e-5."""
    assert tuple(evaluate("Object.keys(Lab.LOSSES)")) == LOSSES
    random = np.random.default_rng(0)
    for classes in (3, 10):
        scales = np.repeat([0.0, 0.1, 1.0, 5.0, 30.0], 8)[:, None]
        logits = (random.normal(size=(40, classes)) * scales).astype(np.float32)
        target = np.arange(40) % classes
        for name in LOSSES:
            for parameter in PARAMETERS.get(name, ("", (None,)))[1]:
                value, gradient = (
                    evaluate(f"""(() => {{ const gradient = new Float32Array({40 * classes});
                    const value = Lab.meanLoss('{name}', {json.dumps(parameter)},
                        Float32Array.from({logits.ravel().tolist()}), {target.tolist()}, gradient);
                    return [value, Array.from(gradient)]; }})()""")
                )
                z = torch.from_numpy(logits).double().requires_grad_()
                expected = package_loss(name, parameter)(z, torch.from_numpy(target))
                expected.backward()
                assert value == pytest.approx(expected.item(), rel=1e-5, abs=1e-5), (
                    name,
                    parameter,
                )
                found = 40 * np.array(gradient).reshape(
                    40, classes
                )  # of each example, not divided by their number
                np.testing.assert_allclose(
                    found, 40 * z.grad.numpy(), rtol=1e-5, atol=1e-5, err_msg=f"{name} {parameter}"
                )


def check_twenty_steps(evaluate: Evaluate, name: str) -> None:
    """Twenty steps on batches of 50 from the lab's start, as torch's Adam in float64: to 1e-4."""
    parameter = {"rll": 0.1, "even-rll": 0.1, "gce": 0.7}.get(name)
    settings = digits(1000, 3, 0.4, name)
    first, last = (
        evaluate(f"""(() => {{ const run = new Lab.Run({settings}, labDigits), steps = run.train();
        const first = Array.from(run.network.parameters);
        while (run.adam.steps < 20) steps.next();
        return [first, Array.from(run.network.parameters)]; }})()""")
    )
    levels, labels = images(evaluate, "train")
    levels, given = levels[:1000], torch.from_numpy(noisy(labels[:1000], 10, 0.4, 3))
    x = torch.from_numpy((levels / levels.std()).astype(np.float32)).double()
    network = nn.Sequential(nn.Linear(196, 128), nn.ReLU(), nn.Linear(128, 10)).double()
    nn.utils.vector_to_parameters(torch.tensor(first, dtype=torch.float64), network.parameters())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    loss = package_loss(name, parameter)
    for rows in torch.tensor(orders(1000, 3, 1)[0]).split(50):
        optimizer.zero_grad()
        loss(network(x[rows]), given[rows]).backward()
        optimizer.step()
    expected = nn.utils.parameters_to_vector(network.parameters()).detach().numpy()
    assert abs(expected - np.array(first)).max() > 0.01, "nothing was trained"
    np.testing.assert_allclose(np.array(last), expected, rtol=0, atol=1e-4)

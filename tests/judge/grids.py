"""Made-up grids in which it is known what holds: three seeds and the paper's noise rates, n = 2,000
training images and as many test images, every fraction binomial with a known probability.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from memutils.claims import contrasts
from memutils.claims.measured import Measured
from memutils.claims.selection import MAIN, Protocol
from memutils.claims.statements import CLAIMS
from memutils.claims.table import judge_part
from memutils.claims.thresholds import Thresholds

LIMITS = Thresholds()
N, K, EPOCHS, SEEDS = 2000, 10, 25, (0, 1, 2)
COLUMN = {c.id: c for c in MAIN}


@dataclass(frozen=True)
class Truth:
    """A run's probabilities: of m, r and f, of a right answer on a test image;
    numbers or one each epoch.
    """

    m: float | np.ndarray = 1.0
    r: float | np.ndarray = 0.0
    f: float | np.ndarray = 1.0
    test: float = 0.9
    classes: int = 10
    risk: float = 0.5


CLEAN = Truth(m=0.0, r=0.0, f=1.0)


IDLE = Truth(m=0.1, r=0.1, f=0.1, test=0.1)


MEMORIZER, RESISTER = Truth(), Truth(m=0.02, r=0.95, test=0.9, risk=0.6)


@dataclass(frozen=True)
class Planted:
    """A claim, what is planted and what a right rule says.

    ``runs`` gives the truths by (loss, eta), from the noise rate and the seed; the clean runs come
    by themselves.
    """

    claim: str
    part: str
    name: str
    expected: str
    runs: Callable[[float, int], dict[str, Truth]]
    column: str = "resnet32"
    clean: dict[str, Truth] = field(default_factory=dict)


class OneProtocol:
    """A pool with one protocol."""

    def __init__(self, protocol: Protocol):
        self.protocol = protocol

    def fitting(self, wanted: dict) -> list[Protocol]:
        """That protocol, whatever is wanted."""
        return [self.protocol]


def se(p: float, q: float, n: int) -> float:
    """SE of the difference of two independent fractions of n images."""
    return math.sqrt(p * (1 - p) + q * (1 - q)) / math.sqrt(n)


def draw(generator, truth: Truth, eta: float, grids: int) -> dict[str, np.ndarray]:
    """Columns of the history, (grids, epochs) each: binomial in each epoch where the truth moves,
    else once for the run.
    """
    wrong = round(eta * N)
    moves = any(np.ndim(p) for p in (truth.m, truth.r, truth.f))
    size = (grids, EPOCHS if moves else 1)
    m, r, f = (
        np.broadcast_to(np.asarray(p, float), (size[1],)) for p in (truth.m, truth.r, truth.f)
    )
    memorized = generator.binomial(max(wrong, 1), m, size)
    recovered = generator.binomial(
        max(wrong, 1) - memorized, np.clip(r / np.maximum(1 - m, 1e-12), 0, 1)
    )
    shares = {"memorized": memorized / max(wrong, 1), "recovered": recovered / max(wrong, 1)}
    shares["fitted"] = generator.binomial(N - wrong, f, size) / (N - wrong)
    shares["j1"], shares["j2"] = (
        (1 - eta) * shares["fitted"] + eta * shares[p] for p in ("memorized", "recovered")
    )
    shares["test_accuracy"] = generator.binomial(N, truth.test, (grids, 1)) / N
    shares = {name: np.broadcast_to(values, (grids, EPOCHS)) for name, values in shares.items()}
    columns = shares | {f"training_{n}": v for n, v in shares.items() if n != "test_accuracy"}
    constant = {
        "epoch": np.arange(1.0, EPOCHS + 1),
        "lr": np.full(EPOCHS, 0.1),
        "classes": np.full(EPOCHS, float(truth.classes)),
    }
    return columns | {
        name: np.broadcast_to(values, (grids, EPOCHS)) for name, values in constant.items()
    }


def share(truth: Truth, eta: float, part: str) -> float:
    """The probability that an image counts in a pair of runs."""
    at = {n: float(np.ravel(getattr(truth, n))[-1]) for n in ("m", "r", "f")}
    given, true = ((1 - eta) * at["f"] + eta * at[p] for p in ("m", "r"))
    return {"memorized": at["m"], "given": given, "true": true, "tested": truth.test}[part]


def pairs(
    generator, first: tuple[Truth, float], second: tuple[Truth, float], grids: int
) -> dict[str, np.ndarray]:
    """b, c and n of two independent runs for each part: int (grids, 3)."""
    found = {}
    for part in ("memorized", "given", "true", "tested"):
        p, q = share(*first, part), share(*second, part)
        n = max(1, round(first[1] * N)) if part == "memorized" else N
        both = generator.multinomial(
            n, [p * (1 - q), q * (1 - p), max(0.0, 1 - p * (1 - q) - q * (1 - p))], grids
        )
        found[part] = np.column_stack([both[:, :2], np.full(grids, n)])
    return found


def words(planted: Planted, grids: int, seed: int) -> Counter:
    """How often the rule says each word."""
    generator = np.random.default_rng(seed)
    claim = next(c for c in CLAIMS if c.id == planted.claim)
    part = next(p for p in claim.parts if p.title == planted.part)
    truths = {
        (loss, eta, s): t
        for s in SEEDS
        for eta in LIMITS.etas
        for loss, t in planted.runs(eta, s).items()
    }
    truths |= {(loss, 0.0, s): planted.clean.get(loss, CLEAN) for loss, _, s in list(truths)}
    columns = {key: draw(generator, truth, key[1], grids) for key, truth in truths.items()}
    counts = {}
    for a, b in ((a, b) for a in truths for b in truths if a != b and a[2] == b[2]):
        if a[1] == b[1] > 0 or (a[0] == b[0] and 0.0 in (a[1], b[1])):
            counts[a, b] = pairs(generator, (truths[a], a[1]), (truths[b], b[1]), grids)
    window, medians = LIMITS.last_epochs, {}
    for key, own in columns.items():
        medians[key] = {
            name: np.median(values[:, -window:], axis=1) for name, values in own.items()
        }
    found = Counter()
    for g in range(grids):
        protocol = Protocol({"lr": 0.1, "epochs": EPOCHS}, N)
        for key, truth in truths.items():
            spec = {"loss": key[0], "eta": key[1], "seed": key[2], "train_on": "all"}
            risks = {
                "train": {"rll": {"training": truth.risk + 0.05 * generator.standard_normal()}}
            }
            own = {name: values[g] for name, values in columns[key].items()}
            run = Measured(f"cpu/{key}", spec, K, N, key[1], own, dict, risks)
            run._medians.update({(name, window): float(v[g]) for name, v in medians[key].items()})
            protocol.runs[(*key, COLUMN[planted.column].alpha if key[0] == "rll" else "")] = run
        for (a, b), by_part in counts.items():
            run, other = (protocol.get(*k, COLUMN[planted.column].alpha) for k in (a, b))
            for name, values in by_part.items():
                run.pairs[other.name, name] = tuple(int(v) for v in values[g])
        found[
            judge_part(claim, part, OneProtocol(protocol), COLUMN[planted.column], LIMITS).word
        ] += 1
    return found


def of_seeds(claim: str, mean: float, spread: float, grids: int, seed: int) -> Counter:
    """How often P1 or H1 says each word, for three seeds whose contrasts are normal
    with this mean and spread.
    """
    generator = np.random.default_rng(seed)
    found = Counter()
    for values in generator.normal(mean, spread, (grids, len(SEEDS))):
        if claim == "P1":
            rows = [{"level": n, "gap": v, "edge": 0.0} for v in values for n in LIMITS.fit_levels]
            found[contrasts.weigh_gaps(rows, LIMITS)[0]] += 1
        else:
            rows = [{"seed": i, "gap": v} for i, v in enumerate(values)]
            found[contrasts.judged_by_seeds(rows, N, (), "", LIMITS).state] += 1
    return found

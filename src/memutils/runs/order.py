"""Which runs come in which order, and what each will take."""

import functools
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from memutils.errors import UserError, unknown_name
from memutils.runs import config_text, grid
from memutils.runs.specs import Scale, Spec, load_scale

PRIOR = {
    "cuda": {"mlp": 1e-6, "resnet18": 6e-6, "resnet32": 1.1e-5, "inception-lite": 1.1e-5},
    "cpu": {"mlp": 1e-4, "resnet18": 1 / 780, "resnet32": 1 / 395, "inception-lite": 1 / 235},
}
"""Seconds of one image of one epoch where none was measured: on one H100 alone (derived), on one
core with AMX (measured).
"""

BESIDE = {"cuda": 10.0, "cpu": 3.0}
"""Seconds of a run beside its epochs: data, capture, the record."""


@dataclass(frozen=True)
class Job:
    """A run that waits.

    Attributes:
        scale, key, spec: the run.
        first: scale and key of a run that must be recorded before with a final J1 of at least
            ``j1``; empty for none.
    """

    scale: Scale
    key: str
    spec: Spec
    first: tuple[str, ...] = ()
    j1: float = 0.0

    @property
    def name(self) -> tuple[str, str]:
        """Scale and key."""
        return self.scale.name, self.key


class Rates:
    """What a run takes: by the slowest of the runs of its network so far, else by a prior.

    Args:
        device: 'cuda' or 'cpu'.
        at_once: runs at once; on a GPU they slow each other.
        path: a file of what was measured before, seconds of one image of one epoch by network.
    """

    def __init__(self, device: str, at_once: int = 1, path: Path | None = None):
        sharing = max(1.0, at_once / 2) if device == "cuda" else 1.0
        self.prior = {network: seconds * sharing for network, seconds in PRIOR[device].items()}
        self.beside, self.known, self.measured = [BESIDE[device]], {}, {}
        if path is not None:
            try:
                self.known = {
                    str(name): float(value) for name, value in json.loads(path.read_bytes()).items()
                }
            except (OSError, ValueError, AttributeError, TypeError) as error:
                raise UserError(
                    f"The file of rates {path} cannot be read ({error}); leave it out or mend it."
                ) from error

    def seconds(self, spec: Spec) -> float:
        """An estimate of a run's time."""
        prior = self.prior.get(spec.network, max(self.prior.values()))
        rate = self.measured.get(spec.network, self.known.get(spec.network, prior))
        return statistics.median(self.beside) + rate * images(spec)

    def learn(self, spec: Spec, seconds: float, epochs: float) -> None:
        """Takes in what a run took, and its epochs of that: what is beside them is the same for
        short and for long runs.
        """
        rate = epochs / images(spec)
        self.measured[spec.network] = max(rate, self.measured.get(spec.network, 0.0))
        self.beside.append(max(seconds - epochs, 0.0))


def images(spec: Spec) -> int:
    """Training images of a run, each epoch's counted."""
    return spec.epochs * grid.images(spec)


def of_scale(name: str, only: str = "") -> list[Job]:
    """The grid of a scale, in its order.

    Raises:
        UserError: no such scale, or no run of it has ``only`` in its key.
    """
    scale = load_scale(name)
    jobs = [Job(scale, key, spec) for key, spec in scale.specs(only).items()]
    if not jobs:
        raise UserError(f"No run of scale {name} has {only!r} in its name.")
    return jobs


def read_order(path: Path, only: str = "") -> list[Job]:
    """The runs of a file, in its order, each once.

    The file is a list of entries like ``{scale: paper, runs: ["*-seed0"], first: {run: KEY, j1:
    0.95}}``: ``runs`` are patterns of keys (``*`` stands for anything), in order; ``first`` names a
    run of that scale that must have come to that J1.

    Raises:
        UserError: the file cannot be read or an entry is wrong; says which.
    """
    try:
        entries = config_text.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, UserError) as error:
        raise UserError(
            f"The order {path} cannot be read: {' '.join(str(error).split())[:200]}."
        ) from error
    if not isinstance(entries, list):
        raise UserError(f"The order {path} must be a list of entries with scale and runs.")
    jobs, of = {}, functools.cache(grid_of)
    for number, entry in enumerate(entries, 1):
        try:
            for job in jobs_of(entry, of):
                jobs.setdefault(job.name, job)
        except UserError as error:
            raise UserError(f"In the order {path}, entry {number}: {error}") from error
    found = [job for job in jobs.values() if only in job.key]
    if jobs and not found:
        raise UserError(f"No run of the order {path} has {only!r} in its name.")
    return found


def is_condition(first: object, known: dict[str, Spec]) -> bool:
    """Whether ``first`` of an entry names a run of the scale and the J1 that it must come to."""
    if not isinstance(first, dict) or first.keys() != {"run", "j1"}:
        return False
    run, j1 = first["run"], first["j1"]
    return isinstance(run, str) and run in known and isinstance(j1, int | float)


def grid_of(name: object) -> tuple[Scale, dict[str, Spec]]:
    """A scale, and its runs by key."""
    scale = load_scale(name)
    return scale, scale.specs()


def jobs_of(entry: object, of: Callable) -> list[Job]:
    """The runs of one entry; ``of`` gives a scale and its runs, see ``grid_of``."""
    if not isinstance(entry, dict) or not {"scale", "runs"} <= entry.keys():
        raise UserError("An entry must have scale and runs.")
    for part in entry:
        if part not in ("scale", "runs", "first"):
            raise unknown_name("part", part, ("scale", "runs", "first"))
    (scale, known), first = of(str(entry["scale"] or "")), entry.get("first") or {}
    patterns = entry["runs"] if isinstance(entry["runs"], list) else [entry["runs"]]
    if first and not is_condition(first, known):
        raise UserError(f"first must have run, a key of scale {scale.name}, and j1.")
    needs = ((scale.name, first["run"]), float(first["j1"])) if first else ((), 0.0)
    jobs = []
    for pattern in patterns:
        found = [key for key in known if fnmatchcase(key, str(pattern))]
        if not found:
            raise unknown_name("run", pattern, known)
        jobs += [Job(scale, key, known[key], *needs) for key in found]
    return jobs

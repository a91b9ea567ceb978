"""A training step captured once as a CUDA graph and replayed for each batch.

These networks' steps are some 300 small kernels; launched one by one they keep a fast GPU waiting,
a graph launches them together. A graph holds addresses and what the host knew at capture, so it
stands only for a step whose state lies on the device (``memutils.step``) and that does the same
each time: no other loss, no random numbers. Whether it computes what the step computes is tried
before the first step.
"""

import contextlib
import gc
import os
import threading
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from memutils.step import TrainingStep

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
"""Has cuBLAS sum in one order whatever other streams do; it reads this before its first product."""

WARM_UP = 3
"""Steps before the capture: libraries choose their kernels and their workspaces in them."""

TOLERANCE = 0.01
"""By what share of a tensor's change in the warm-up the graph may differ from it. Kernels are the
same, so it does by rounding at most; a graph that repeats a batch or has no momentum differs by
tens of per cent.
"""

CAPTURING = threading.Lock()
"""One capture at a time: others may train meanwhile, on streams of their own."""


UNSAFE = threading.Event()
"""Set where a capture broke off or the GPU reported an error: torch's allocator and its generators
may then believe that a capture is still under way, so this process begins nothing more on the GPU.
"""

LOCAL = threading.local()
"""Each thread's own stream: torch hands out 32 in turn, and two runs on one would disturb each
other.
"""


class CannotCaptureError(Exception):
    """Why a step cannot be a graph, in half a sentence."""


class CapturedStep:
    """A step as a graph; weights, buffers, the optimizer's state and the counters are
    as they were before the capture.

    Args:
        step: with its epoch begun, since it is tried.
        loss: of (logits, target); the same for every step.

    Raises:
        CannotCaptureError: the step cannot be captured, draws random numbers, or does not do the
        same each time.
    """

    def __init__(self, step: TrainingStep, loss: Callable[[Tensor, Tensor], Tensor]):
        self.step, self.stream = step, side_stream(step.execution.device)
        devices = [torch.cuda.current_device()] if step.execution.device == "cuda" else []
        with (
            CAPTURING,
            switched(self.stream),
            undone(step.changing()) as before,
            torch.random.fork_rng(devices),
        ):
            try:
                if UNSAFE.is_set():  # since this thread waited
                    raise CannotCaptureError("an earlier capture in this process broke off")
                self.replay = self.tried(lambda: step(loss), before)
            except CannotCaptureError:
                raise
            # network and loss can be the user's; what is wrong with them shows in the eager step
            except Exception as error:
                cause = first_cause(error)
                why = f"{type(cause).__name__}: {cause}".splitlines()[0][:200].rstrip(".")
                raise CannotCaptureError(why) from error
            finally:
                step.optimizer.zero_grad(set_to_none=True)

    def tried(self, step: Callable[[], None], before: list[Tensor]) -> Callable[[], None]:
        """Captures the step and compares the graph with the warm-up, both from the same state."""
        changing, drawn = self.step.changing(), generator_state(self.step.execution.device)
        self.few(step)
        if not torch.equal(drawn, generator_state(self.step.execution.device)):
            raise CannotCaptureError("the network or the loss draws random numbers")
        wanted = [t.clone() for t in changing]
        self.step.number.zero_()
        replay = cuda_graph(step, self.stream)
        restore(changing, before)
        self.few(replay)
        if not all(map(close, changing, wanted, before)):
            raise CannotCaptureError("replayed, it does not do what the step does")
        return replay

    def few(self, take: Callable[[], None]) -> None:
        """Takes the steps of the warm-up; an epoch can have fewer."""
        for i in range(WARM_UP):
            self.step.number.fill_(i % len(self.step))
            take()

    def take(self, steps: int) -> None:
        """Takes the next steps."""
        with switched(self.stream):
            for _ in range(steps):
                self.replay()


def cuda_graph(step: Callable[[], None], stream: torch.cuda.Stream) -> Callable[[], None]:
    """Captures a function as a CUDA graph with a memory pool of its own;
    returns what replays it.
    """
    graph = torch.cuda.CUDAGraph()
    captured = torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local")
    try:
        with no_collection(), captured:
            step()
    except BaseException:
        UNSAFE.set()
        raise
    return graph.replay


def first_cause(error: BaseException) -> BaseException:
    """What an error was raised for: to end a capture that broke off raises an error of its own,
    which says only that there was one before.
    """
    while error.__context__ is not None:
        error = error.__context__
    return error


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Collects garbage now and not in what follows: to free an earlier run's graph may break a
    capture, and torch itself no longer collects before one.
    """
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def side_stream(device: str) -> "torch.cuda.Stream | None":
    """The current stream, or a new one where it is the default one, in which nothing can be
    captured; None on a CPU.
    """
    if device != "cuda":
        return None
    current = torch.cuda.current_stream()
    return torch.cuda.Stream() if current == torch.cuda.default_stream() else current


@contextlib.contextmanager
def switched(stream: "torch.cuda.Stream | None") -> Iterator[None]:
    """What follows runs on this stream, after what is under way on the current one,
    which then waits for it.
    """
    if stream is None:
        yield
        return
    outer = torch.cuda.current_stream()
    stream.wait_stream(outer)
    with torch.cuda.stream(stream):
        yield
    outer.wait_stream(stream)


def own_stream(device: str) -> contextlib.AbstractContextManager:
    """A stream for all that a run does on a GPU, the same for all runs of a thread:
    autograd remembers the stream of a weight's first gradient.
    """
    if device == "cuda" and not hasattr(LOCAL, "stream"):
        LOCAL.stream = torch.cuda.Stream()
    return switched(LOCAL.stream if device == "cuda" else None)


@contextlib.contextmanager
def undone(tensors: list[Tensor]) -> Iterator[list[Tensor]]:
    """Gives the tensors' values, and puts them back in place in the end:
    a graph holds addresses.
    """
    values = [t.detach().clone() for t in tensors]
    try:
        yield values
    finally:
        restore(tensors, values)


@torch.no_grad()
def restore(tensors: list[Tensor], values: list[Tensor]) -> None:
    """Puts values back in place."""
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)


def generator_state(device: str) -> Tensor:
    """The state of the device's random generator."""
    return torch.cuda.get_rng_state() if device == "cuda" else torch.default_generator.get_state()


@torch.no_grad()
def close(found: Tensor, wanted: Tensor, before: Tensor) -> bool:
    """Whether a tensor is where it is wanted, up to a share of its way there;
    whole numbers exactly.
    """
    if not found.is_floating_point():
        return torch.equal(found, wanted)
    return bool((found - wanted).double().norm() <= TOLERANCE * (wanted - before).double().norm())

"""One measurement in a process of its own, printed as JSON:
``python measure.py ours resnet32 --n 2000``.
"""

import argparse
import importlib
import json
import resource
import sys
import time

SIDES = {"plain": "plain", "lightning": "with_lightning", "ours": "ours"}
WARM_UP = 256
"""Images of the epoch that comes first and is not counted: libraries choose their kernels in it."""


def side(name: str, network: str, n: int, n_test: int, threads: int) -> dict:
    """One epoch of a side, after a warm-up; with images a second of its training steps
    and the process's peak memory.
    """
    import task as tasks

    task = tasks.make(network, n, n_test, threads)
    epoch = importlib.import_module(SIDES[name]).epoch
    epoch(task.first(WARM_UP))
    result = epoch(task)
    trained = n // task.spec.batch_size * task.spec.batch_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return result | {"images_per_second": trained / result["train_seconds"], "peak_mb": peak}


def machine(threads: int) -> dict:
    """The machine, and what matrix products reach on it in each precision,
    GFLOP/s (the best of several).
    """
    import torch

    from memutils import recipe
    from memutils.report import speed
    from memutils.runs import provenance

    torch.set_num_threads(threads)
    device = recipe.settle(recipe.Recipe()).device
    peaks = {}
    precisions = {"float32": torch.float32, "bfloat16": torch.bfloat16} | (
        {"tf32": torch.float32} if device == "cuda" else {}
    )
    for precision, dtype in precisions.items():
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        size = 8192 if device == "cuda" else 2048  # on a GPU starting a small one shows
        a = torch.randn(size, size, device=device).to(dtype)
        best = float("inf")
        for _ in range(12):
            start = time.perf_counter()
            a @ a
            if device == "cuda":
                torch.cuda.synchronize()
            best = min(best, time.perf_counter() - start)
        peaks[precision] = 2 * size**3 / best / 1e9
    found = {
        "name": provenance.machine(device),
        "instructions": speed.instructions() if device == "cpu" else "",
    }
    return found | {"device": device, "torch": str(torch.__version__), "peak_gflops": peaks}


def flops(network: str) -> dict:
    """Floating-point operations of one image in a training step."""
    from memutils.runs import grid, specs

    spec = specs.load_scale("paper").spec(network=network, loss="cce", eta=0)
    shape = (1, 28, 28) if spec.dataset == "mnist" else (3, spec.crop or 32, spec.crop or 32)
    return {"step": grid.operations(network, shape, batch=spec.batch_size)}


def products(network: str, n: int, threads: int) -> dict:
    """The share of our training steps that is arithmetic in convolutions and matrix products."""
    import ours
    import task as tasks

    return {"products": ours.products(tasks.make(network, n, 1000, threads))}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*SIDES, "machine", "flops", "products"])
    parser.add_argument("network", nargs="?")
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--n-test", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.what == "machine":
        result = machine(options.threads)
    elif options.what == "flops":
        result = flops(options.network)
    elif options.what == "products":
        result = products(options.network, options.n, options.threads)
    else:
        result = side(options.what, options.network, options.n, options.n_test, options.threads)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

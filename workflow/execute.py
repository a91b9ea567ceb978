"""Executes the run notebook for each run of a batch, several at once:
``python workflow/execute.py batch.json --at-once 2``.

It is papermill throughout, but its processes and their kernels serve one run after another:
starting both and importing torch would cost more than a run of the quick scale. A run that fails
stops no other.
"""

import argparse
import contextlib
import functools
import json
import logging
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.util import Finalize
from pathlib import Path

import papermill
from job import die_with_parent
from jupyter_client import AsyncKernelManager, BlockingKernelClient
from jupyter_core.utils import run_sync

START_SECONDS = 300
"""What a kernel may take to answer at first: on a busy machine it starts slowly."""

EMPTY = """
import sys
# These hold a failed run's tensors.
sys.last_traceback = sys.last_value = sys.last_exc = get_ipython().InteractiveTB.tb = None
get_ipython().reset()
import gc, sys
gc.collect()
if "torch" in sys.modules and sys.modules["torch"].cuda.is_initialized():
    sys.modules["torch"].cuda.empty_cache()  # other kernels may share the GPU
"""


@functools.cache
def warm_kernel() -> AsyncKernelManager:
    """This process's kernel: started at its first run, stopped with it. Async, or papermill would
    not see it die.
    """
    manager = AsyncKernelManager(kernel_name="python3")
    run_sync(manager.start_kernel)(extra_arguments=["--log-level=ERROR"])
    inherit_priority(manager.provisioner.pid)
    Finalize(None, stop, args=(manager,), exitpriority=0)  # a worker's exit runs no atexit handlers
    return manager


def inherit_priority(session: int) -> None:
    """Gives a kernel's session this process's niceness: Linux weighs sessions first, so that
    ``nice`` would be in vain.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{session}/autogroup").write_text(str(os.nice(0)), encoding="utf-8")


def stop(manager: AsyncKernelManager) -> None:
    """Ends the kernel at once."""
    run_sync(manager.shutdown_kernel)(now=True)


def drop_kernel() -> None:
    """Ends this process's kernel, if it has one; the next run gets a new one."""
    if warm_kernel.cache_info().currsize:
        stop(warm_kernel())
    warm_kernel.cache_clear()


def empty(manager: AsyncKernelManager) -> None:
    """Clears the kernel's namespace and history and starts its count anew;
    what it imported stays.
    """
    client = BlockingKernelClient(
        parent=manager
    )  # asks the process whether it lives; heartbeats stop on a busy machine
    client.load_connection_info(manager.get_connection_info())
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_SECONDS)
        client.execute_interactive(EMPTY, silent=True, timeout=60)
    finally:
        client.stop_channels()


def execute(notebook: str, output: str, parameters: dict) -> str:
    """Executes the notebook with these parameters; returns an empty text, or what went wrong,
    in one line.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    part = Path(output).with_name(
        f".{os.getpid()}.{Path(output).name}"
    )  # another batch may hold the same run
    try:
        kernel = warm_kernel()
        empty(kernel)
        with open(Path(output).with_suffix(".log"), "w", encoding="utf-8") as log:
            papermill.execute_notebook(
                notebook,
                part,
                parameters,
                kernel_name="python3",
                km=kernel,
                progress_bar=False,
                stdout_file=log,
                stderr_file=log,
                start_timeout=START_SECONDS,
            )
        part.replace(output)
        return ""
    except papermill.PapermillExecutionError as error:
        if (
            error.ename != "UserError"
        ):  # after some errors CUDA refuses all that follows in the process
            drop_kernel()
        return f"{error.evalue}"
    except Exception as error:  # the kernel died, the disk is full
        drop_kernel()
        return f"{type(error).__name__}: {error}"


def main(arguments: list[str] | None = None) -> int:
    """Executes a batch, a JSON table of each notebook's output and its parameters;
    1 where a run failed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("batch", type=Path)
    parser.add_argument("--notebook", default="notebooks/run.ipynb")
    parser.add_argument("--at-once", type=int, default=1)
    options = parser.parse_args(arguments)
    batch, failed = json.loads(options.batch.read_text(encoding="utf-8")), 0
    with ProcessPoolExecutor(min(options.at_once, len(batch)), initializer=die_with_parent) as pool:
        jobs = {
            pool.submit(execute, options.notebook, output, given): output
            for output, given in batch.items()
        }
        for done, job in enumerate(as_completed(jobs), 1):
            wrong, name = job.result(), Path(jobs[job]).stem
            failed += bool(wrong)
            print(
                f"{done} of {len(batch)}: {name}{f' failed: {wrong}' if wrong else ''}", flush=True
            )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Runs a job's command so that it ends with the workflow:
``exec python workflow/job.py $PPID LOG COMMAND ...``

The command's output goes to LOG, or is shown where LOG is '-'; when it fails, what matters of the
log is shown. Whether the workflow is interrupted or killed, within a second the command and the
processes of its group are killed too (a Jupyter kernel sees to that itself): nothing goes on
writing behind a second start, and every writer is safe to kill.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path


def die_with_parent() -> None:
    """Linux: the kernel kills this process with its parent,
    which may be killed itself before it can do so.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def follow(child: subprocess.Popen, parent: int) -> int:
    """Waits for the command while its workflow lives; returns its exit code."""
    while os.getppid() == parent:
        try:
            return child.wait(timeout=0.3)
        except subprocess.TimeoutExpired:
            pass
    return 1


def what_matters(log: Path) -> str:
    """The warnings and errors of a log, or else its last lines."""
    lines = [
        line
        for line in log.read_text(errors="replace").splitlines()
        if line and not line.startswith("[IPKernelApp]")
    ]
    return "\n".join(
        [line for line in lines if "WARNING" in line or "ERROR" in line] or lines[-20:]
    )


def main(parent: str, log: str, *command: str) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.nullcontext() if log == "-" else open(log, "wb") as file:
        child = subprocess.Popen(
            command,
            stdout=file,
            stderr=file and subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    try:
        code = follow(child, int(parent))
    except KeyboardInterrupt:
        return 130
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if code and log != "-":
        print(what_matters(Path(log)), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

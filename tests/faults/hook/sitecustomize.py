"""With this folder on PYTHONPATH, a run checkpoints after every epoch
and can be killed at a point of one's choice.

FAULT is ``point:count:whom:share``: the count-th time a process gets to the point, SIGKILL goes to
whom: itself, or the nearest process above it whose command line has that word, or 'all' of those.
Points: ``step`` (of the optimizer), ``evaluation`` (a pass in eval mode), ``final`` (the risks),
and for each of ckpt, npz and json: ``torn`` (only that share of the file has reached the disk),
``synced`` (it is whole, under its temporary name) and ``renamed``. FAULT_STRUCK names a file that
is made by the kill: there is one a start.
"""

import os
import signal
import sys

POINT, COUNT, WHOM, SHARE = (os.environ.get("FAULT") or ":0:self:0").split(":")
DRIVERS = ("snakemake", "job.py", "papermill")
seen = 0


def at(point: str, file: int | None = None) -> None:
    """Notes that the process is at a point, and kills where that is the one."""
    global seen
    seen += point == POINT
    if point != POINT or seen != int(COUNT):
        return
    try:
        os.close(os.open(os.environ["FAULT_STRUCK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    if file is not None:
        os.truncate(file, int(float(SHARE) * os.fstat(file).st_size))
    import psutil

    above = [
        p
        for p in psutil.Process().parents()
        if any(word in " ".join(p.cmdline()) for word in DRIVERS)
    ]
    for process in (
        reversed(above)
        if WHOM == "all"
        else [p for p in above if WHOM in " ".join(p.cmdline())][:1]
    ):
        process.kill()
    if (
        WHOM in ("self", "all") or file is not None
    ):  # a process that tore its file must not live to rename it
        os.kill(os.getpid(), signal.SIGKILL)


def before(owner, name: str, point: str) -> None:
    """Has a function note a point when it is called."""
    function = getattr(owner, name)
    setattr(owner, name, lambda *a, **k: (at(point), function(*a, **k))[1])


def kind(path) -> str:
    """Which of the run's files a path is, or a temporary path will be; '' for any other."""
    name = os.path.basename(str(path)).removesuffix(".tmp")
    return next(
        (k for k in ("ckpt", "npz", "json") if f".{k}." in name or name.endswith(f".{k}")), ""
    )


def arm() -> None:
    """Puts the points into the package, which is imported by now."""
    from memutils import training
    from memutils.runs import checkpoints, execute

    checkpoints.CHECKPOINT_SECONDS = 0
    before(training.TrainingStep, "__call__", "step")
    before(training, "predict", "evaluation")
    before(execute, "final_state", "final")
    fsync, replace = os.fsync, os.replace

    def noted_fsync(file):
        path = os.readlink(f"/proc/self/fd/{file}")
        if path.endswith(".tmp"):
            at(f"{kind(path)}-torn", file)
        fsync(file)
        if path.endswith(".tmp"):
            at(f"{kind(path)}-synced")

    def noted_replace(source, target, **places):
        replace(source, target, **places)
        at(f"{kind(target)}-renamed")

    os.fsync, os.replace = noted_fsync, noted_replace


def hook(event: str, arguments: tuple) -> None:
    """Arms when a run takes its lock."""
    global hook_done
    if (
        event == "open"
        and not hook_done
        and str(arguments[0]).endswith(".lock")
        and "memutils.runs" in sys.modules
    ):
        hook_done = True
        arm()


hook_done = False
if "FAULT_STRUCK" in os.environ:
    sys.addaudithook(hook)

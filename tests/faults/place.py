"""Where faults are tried: a folder with a config, results and a build of its own, and processes
that are told by its mark.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import REPOSITORY, measured

from memutils.runs import records, specs

CONFIG = """\
defaults:
  {dataset: mnist5k, network: mlp, optimizer: adam, lr: 0.001, epochs: 12, evaluations: 8,
   batch_size: 100, precision: float32, device: cpu, threads: 1, n_train: 400, n_test: 200,
   n_holdout: 50, switch_loss: mse, switch_epoch: 8}
grid:
  - {loss: [cce, rll], eta: [0, 0.4]}
"""
"""The grid that is disturbed: four runs, each with everything that a checkpoint must restore."""

MARK = "FAULTS_PLACE"


class Place:
    """A fresh folder; ``with`` removes it and ends what still runs there."""

    def __init__(self, config: str = CONFIG):
        self.folder, self.mark = Path(tempfile.mkdtemp(prefix="faults-")), uuid.uuid4().hex
        (self.folder / "configs").mkdir()
        self.config = self.folder / "configs" / "tiny.yaml"
        self.config.write_text(config)
        self.results, self.build = self.folder / "results", self.folder / "build"
        self.variables = {
            "MEMUTILS_CONFIGS": str(self.config.parent),
            "MEMUTILS_RESULTS": str(self.results),
        }
        os.environ.update(self.variables, MEMUTILS_SCALE="tiny")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes():
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command: list[str], log: str = "log", **variables: str) -> subprocess.Popen:
        """Starts a command of this place in a session of its own; its output goes to a file."""
        path = os.pathsep.join(
            filter(None, [str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")])
        )
        environment = (
            os.environ
            | self.variables
            | {MARK: self.mark, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
            | variables
        )
        with open(self.folder / log, "ab") as file:
            return subprocess.Popen(
                command,
                env=environment,
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                # a shell's background jobs ignore it
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def log(self, name: str = "log") -> str:
        return (self.folder / name).read_text(errors="replace")

    def processes(self) -> list[psutil.Process]:
        """Every living process that was started here, or by one that was."""
        found = []
        for process in psutil.process_iter():
            try:
                if (
                    process.status() != psutil.STATUS_ZOMBIE
                    and process.environ().get(MARK) == self.mark
                ):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def quiet_within(self, seconds: float) -> bool:
        """Whether no process is left after so long."""
        end = time.monotonic() + seconds
        while self.processes():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def scale(self) -> specs.Scale:
        return specs.load_scale("tiny")

    def measured(self) -> dict[str, dict]:
        """What every record here measured, by key."""
        os.environ.update(self.variables)
        return {record.key: measured(record) for record in records.load("tiny")}

    def litter(self) -> list[str]:
        """Half-written files and checkpoints that a finished grid must not leave."""
        return [p.name for p in self.results.rglob("*") if p.suffix in (".tmp", ".ckpt")]


def direct(key: str) -> list[str]:
    """One run from Python."""
    return [
        sys.executable,
        "-c",
        (
            "from memutils import runs; from memutils.runs import specs; s ="
            f" specs.load_scale('tiny'); runs.run(s.specs()[{key!r}], s)"
        ),
    ]


def papermill(place: Place, key: str) -> list[str]:
    """One run by the run notebook."""
    scale = place.scale()
    parameters = ["-p", "scale", "tiny", "-y", scale.parameters(scale.specs()[key])]
    notebook = [str(REPOSITORY / "notebooks/run.ipynb"), str(place.folder / "out.ipynb")]
    return [
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        "--log-output",
        "--log-level",
        "WARNING",
        *notebook,
        *parameters,
    ]


def workflow(place: Place, cores: int = 1, build: str = "build") -> list[str]:
    """The grid by the workflow, as ``make runs`` calls it."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        "workflow/Snakefile",
        "--profile",
        "workflow/local",
        "--cores",
        str(cores),
    ]
    return [*command, "--config", "scale=tiny", f"build={place.folder / build}", "--", "runs"]

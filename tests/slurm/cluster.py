"""A Slurm of one node on this machine, in a folder of its own: munged, slurmctld and slurmd,
started and stopped here.

No root, no system configuration and no fixed port is needed. The node claims one GPU, a stand-in
that no job opens, so that the profile's request for one can be tried anywhere.
"""

import contextlib
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "sinfo")
SBIN = ("/usr/sbin", "/sbin", "/usr/local/sbin")
"""Where the daemons may lie although no user's PATH names it."""

CONFIG = """\
ClusterName=onenode
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
MinJobAge=3600
SlurmdParameters=config_overrides
KillWait=5
SchedulerParameters=sched_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def program(name: str) -> str | None:
    """The path of one of Slurm's or munge's programs; None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(SBIN))


def missing() -> list[str]:
    """The programs that are not installed here."""
    return [name for name in (*DAEMONS, *CLIENTS) if program(name) is None]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write_config(folder: Path) -> None:
    """slurm.conf, gres.conf, munge's key, and an srun that finds them:
    inside a job Snakemake drops SLURM_CONF.
    """
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o700)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    host = socket.gethostname().split(".")[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 9 // 10 // 2**20
    values = {
        "host": host,
        "folder": folder,
        "cpus": max(4, os.cpu_count() or 1),
        "memory": memory,
        "user": getpass.getuser(),
    }
    (folder / "slurm.conf").write_text(
        CONFIG.format(**values, ctld_port=free_port(), slurmd_port=free_port())
    )
    shim = folder / "bin" / "srun"
    shim.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {program("srun")} "$@"\n')
    shim.chmod(0o755)
    (folder / "gres.conf").write_text(f"NodeName={host} Name=gpu File=/dev/null\n")


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Starts the cluster in an empty folder and yields the environment its clients need; stops it,
    and its jobs, at the end.

    Raises:
        RuntimeError: a daemon did not come up; its log's end is in the message.
    """
    write_config(folder)
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    environment["PATH"] = os.pathsep.join([str(folder / "bin"), environment["PATH"], *SBIN])
    munge = [
        f"--{n}={folder}/munge{s}"
        for n, s in (("socket", ".socket"), ("key-file", ".key"), ("pid-file", ".pid"))
    ]
    munge += [f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed"]
    commands = {"munged": ["-F", "-f", *munge], "slurmctld": ["-D"], "slurmd": ["-D"]}
    started = []
    try:
        for name, arguments in commands.items():
            log = open(folder / f"{name}.out", "w")
            started.append(
                subprocess.Popen(
                    [program(name), *arguments], env=environment, stdout=log, stderr=log
                )
            )
            if name == "munged":
                wait(lambda: (folder / "munge.socket").exists(), folder)
        wait(lambda: "idle" in ask(environment, "sinfo", "-h", "-o", "%T"), folder)
        yield environment
        ask(environment, "scancel", "--state=PENDING", "--state=RUNNING", "-u", getpass.getuser())
        wait(
            lambda: (
                not ask(environment, "squeue", "-h", "-t", "PENDING,RUNNING,COMPLETING").strip()
            ),
            folder,
        )
    finally:
        for process in reversed(started):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def ask(environment: dict[str, str], *command: str) -> str:
    """What one of Slurm's clients prints; empty while the controller does not answer."""
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def wait(ready, folder: Path, seconds: float = 60) -> None:
    """Waits for a condition; otherwise says what the daemons' logs say."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            logs = [p.read_text(errors="replace")[-600:] for p in sorted(folder.glob("*.out"))]
            raise RuntimeError("Slurm did not come up or go down in time: " + "\n".join(logs))
        time.sleep(0.3)

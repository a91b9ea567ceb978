"""Begins the workflow for make: checks what was typed, prints the estimate, starts Snakemake.

    python workflow/start.py runs --scale=cpu --only=resnet18 --jobs=2

The estimate and the workflow get the same texts. Snakemake reads a bare ``only=000`` as the number
0, quotes or not, and its jobs on a cluster lose an apostrophe; percent-encoded in a table it is
what was typed.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

from memutils.errors import UserError, command, unknown_name
from memutils.runs import grid, provenance, specs

WORKFLOW = Path(__file__).parent
UNCOMMITTED = (
    "Note: there are changes that are not committed. Other checkouts refuse records of such code:"
    " commit first."
)


def positive(name: str, text: str) -> int:
    """A whole number of at least 1.

    Raises:
        UserError: the text is no such number.
    """
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise UserError(f"{name} must be a whole number from 1 up, not {text!r}.")
    return int(text)


def check_profile(name: str) -> None:
    """Raises a UserError where no folder of ``workflow`` is a profile of that name."""
    valid = sorted(path.parent.name for path in WORKFLOW.glob("*/config.yaml"))
    if name not in valid:
        raise unknown_name("profile", name, valid)


def snakemake(target: str, options: argparse.Namespace) -> list[str]:
    """Snakemake's command line."""
    local = options.profile == "local"
    share = positive("SHARE", options.share) if options.share else int(not local)
    texts = {"scale": options.scale, "only": options.only, "build": options.build}
    typed = json.dumps({name: quote(text) for name, text in texts.items()})
    words = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        "workflow/Snakefile",
        "--profile",
        f"workflow/{options.profile}",
    ]
    words += ["--cores", str(positive("JOBS", options.jobs))] if local else []
    return [
        *words,
        "--config",
        f"typed={typed}",
        f"share={share}",
        f"book={int(target == 'book')}",
        "--",
        target,
    ]


def start(options: argparse.Namespace) -> list[str]:
    """Prints what is missing and about how long it takes, and returns the command that does it."""
    check_profile(options.profile)
    options.scale = specs.scale_name(options.scale)
    words = snakemake(options.target, options)
    jobs = int(options.jobs) if options.profile == "local" else 0  # of a cluster nothing is known
    if options.profile != "local" and provenance.source_state()["dirty"]:
        print(UNCOMMITTED, file=sys.stderr)
    print(grid.estimate(specs.load_scale(options.scale), options.only, jobs), flush=True)
    return words


@command
def main(arguments: list[str] | None = None) -> int:
    """Ends as Snakemake does, or before it with 1 and one sentence on what was typed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=("book", "runs"))
    parser.add_argument("--scale", default="", help="a file of configs, by default quick")
    parser.add_argument("--only", default="", help="only the runs whose names contain this text")
    parser.add_argument(
        "--jobs", default=str(os.cpu_count() or 1), help="runs at once on this machine"
    )
    parser.add_argument("--build", default="_build", help="the folder of what is made")
    parser.add_argument(
        "--profile", default="local", help="a folder of workflow: local, slurm, kubernetes"
    )
    parser.add_argument(
        "--share", default="", help="runs in each job of a cluster, or at once on a GPU"
    )
    words = start(parser.parse_args(arguments))
    os.execv(words[0], words)  # so that Ctrl-C and a kill reach it alone


if __name__ == "__main__":
    sys.exit(main())

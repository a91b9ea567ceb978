"""Small faults put into the package's code, one at a time: the unit tests must notice.

``python tests/faults/mutants.py losses.paper noise --sample 60`` mutates a comparison, an operator,
a condition or a number, and runs the module's own tests in a fork, where torch is loaded already.
What survives is printed. After tests were added, ``--again`` (with the same sample) tries only the
lines where one lived; the module itself must not have changed meanwhile.
"""

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import io
import os
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from table import read, renew

ROOT = Path(__file__).parents[2]
TESTS = {
    "losses.active_passive": ["test_zoo.py", "test_zoo_families.py"],
    "losses.asymmetric": ["test_zoo.py"],
    "losses.base": ["test_losses.py", "test_loss_parameters.py", "test_registered_losses.py"],
    "losses.checks": ["test_loss_checks.py", "test_zoo_runs.py"],
    "losses.divergences": ["test_zoo.py", "test_zoo_families.py"],
    "losses.entries": [
        "test_loss_parameters.py",
        "test_registered_losses.py",
        "test_parameters_of_runs.py",
        "test_losses.py",
        "test_bad_input.py::test_losses",
    ],
    "losses.entropies": ["test_zoo.py"],
    "losses.modified_ce": ["test_zoo.py", "test_zoo_families.py"],
    "losses.multiples": ["test_multiples.py"],
    "losses.paper": ["test_losses.py"],
    "losses.pairs": ["test_zoo.py", "test_zoo_pairs.py"],
    "noise": ["test_noise.py", "test_bad_input.py::test_noise"],
    "claims.outcomes": ["test_outcomes.py", "test_claims.py", "test_cells.py"],
    "claims.measured": ["test_outcomes.py", "test_claims.py", "test_cells.py"],
    "claims.rules.clean": ["test_claims.py", "test_table.py"],
    "claims.rules.fit": ["test_claims.py"],
    "claims.rules.leads": ["test_claims.py"],
    "claims.rules.pairs": ["test_claims_of_pairs.py", "test_claims.py"],
    "claims.cells": ["test_cells.py", "test_table.py", "test_claims.py"],
    "claims.table": ["test_table.py", "test_cells.py", "test_answer.py"],
    "claims.contrasts": ["test_contrasts.py"],
    "claims.intervals": ["test_intervals.py", "test_claims.py"],
    "claims.cases": ["test_claims.py"],
    "runs.records": ["test_records.py", "test_security.py", "test_format1.py"],
    "runs.record": ["test_records.py", "test_format1.py"],
    "runs.format1": ["test_format1.py"],
    "runs.measured": ["test_measured.py", "test_runs.py", "test_golden.py"],
    "runs.entries": ["test_entries.py"],
    "runs.execute": ["test_runs.py", "test_resume.py"],
    "runs.setup": ["test_preparation.py", "test_runs.py", "test_labels.py", "test_own_labels.py"],
    "runs.checkpoints": ["test_resume.py", "test_runs.py"],
}
"""The tests that must notice a fault in a module."""

COMPARE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATE = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.FloorDiv: ast.Mult,
}


def places(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that compute: not texts, annotations, messages or decorators."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "exc"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not isinstance(node, ast.JoinedStr):
                yield node
                yield from places(node)


def mutations(node: ast.AST) -> list:
    """The changes of a node, each a function that makes it."""

    def set_to(field, value):
        return lambda target: setattr(target, field, value)

    if isinstance(node, ast.Compare):
        return [set_to("ops", [COMPARE[type(node.ops[0])](), *node.ops[1:]])]
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OPERATE:
        return [set_to("op", OPERATE[type(node.op)]())]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return [set_to("test", ast.UnaryOp(ast.Not(), copy.deepcopy(node.test)))]
    if isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        value = node.value
        return [
            set_to(
                "value",
                (
                    not value
                    if isinstance(value, bool)
                    else value + 1
                    if isinstance(value, int)
                    else value * 1.5 + 0.1
                ),
            )
        ]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        return [set_to("op", ast.UAdd() if isinstance(node.op, ast.USub) else ast.USub())]
    return []


def mutants(source: str) -> list[tuple[int, str, str]]:
    """Every mutant of a source: line, what changed, and the mutated source."""
    found, plain = [], ast.parse(source)
    for i, node in enumerate(places(plain)):
        for change in mutations(node):
            tree = copy.deepcopy(plain)
            target = next(n for j, n in enumerate(places(tree)) if j == i)
            before = ast.unparse(target).splitlines()[0]
            change(target)
            found.append(
                (
                    node.lineno,
                    f"{before}  ->  {ast.unparse(target).splitlines()[0]}",
                    ast.unparse(ast.fix_missing_locations(tree)),
                )
            )
    return found


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module of the package another source."""

    def __init__(self, module: str, source: str):
        self.module, self.source = f"memutils.{module}", source

    def find_spec(self, name, path=None, target=None):
        if name == self.module:
            file = ROOT / "src" / f"{name.replace('.', '/')}.py"
            return importlib.util.spec_from_file_location(name, file, loader=self)

    def exec_module(self, module):
        exec(
            compile(self.source, module.__spec__.origin, "exec"), module.__dict__
        )  # our own code, changed by us


def killed(module: str, source: str, seconds: int = 1200) -> bool:
    """Whether the tests notice: a failure, an error, a crash, or no end after so many seconds."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
    signal.alarm(seconds)
    sys.meta_path.insert(0, Loader(module, source))
    import pytest

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main(
            [
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                *(str(ROOT / "tests" / name) for name in TESTS[module]),
            ]
        )
    os._exit(int(code))


def lived(module: str) -> set[int]:
    """The lines of a module where a mutant lived, by the table."""
    return {int(line) for line in re.findall(r"line (\d+)", read()[f"Mutants, {module}"]["detail"])}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument(
        "--sample", type=int, default=0, help="so many mutants of each module; 0 for all"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--again",
        action="store_true",
        help="only the lines where one lived last time; tests were added since",
    )
    options = parser.parse_args()
    for name in ("hypothesis", "matplotlib.pyplot", "nbformat", "pandas"):
        importlib.import_module(name)  # once, before the forks
    torch.set_num_threads(1)
    os.chdir(ROOT)
    for module in options.modules:
        source = (ROOT / "src" / "memutils" / f"{module.replace('.', '/')}.py").read_text()
        start = time.monotonic()
        if killed(module, source):
            print(f"{module}: its tests fail without a fault", flush=True)
            return 1
        limit = 60 + int(10 * (time.monotonic() - start))  # a busy machine is no hang
        every = mutants(source)
        chosen = sorted(
            random.Random(options.seed).sample(every, min(options.sample or len(every), len(every)))
        )
        alive, n = [], len(chosen)
        suspects = lived(module) if options.again else {line for line, _, _ in chosen}
        for number, (line, what, text) in enumerate(chosen, 1):
            if line not in suspects:
                continue
            if not killed(module, text, limit):
                alive.append((line, what))
            verdict = "survives" if alive and alive[-1] == (line, what) else "killed"
            print(
                f"{number} of {n}, {time.monotonic() - start:.0f} s: {module}.py:{line} {verdict}:"
                f" {what}",
                flush=True,
            )
        print(f"{module}: {n - len(alive)} of {n} killed ({len(every)} in all)", flush=True)
        renew(
            [
                {
                    "what": f"Mutants, {module}",
                    "cases": n,
                    "passed": n - len(alive),
                    "seed": options.seed,
                    "detail": f"of {len(every)}; alive: "
                    + (", ".join(f"line {line}" for line, _ in alive) or "none"),
                }
            ]
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

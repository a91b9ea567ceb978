"""What is skipped without a GPU still fits the package: each name that it takes is there."""

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("tests/gpu/*.py"), *ROOT.glob("workflow/gpu/*.py")])


def taken(name: str, part: str):
    """What ``from name import part`` gives, or None where that fails."""
    module = importlib.import_module(name)
    if hasattr(module, part):
        return getattr(module, part)
    try:
        return importlib.import_module(f"{name}.{part}")
    except ImportError:
        return None


def missing(source: str) -> list[str]:
    """The names that a source takes from the package or its modules and that are not there."""
    tree, modules, lost = ast.parse(source), {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "memutils":
            for alias in node.names:
                found = taken(node.module, alias.name)
                if found is None:
                    lost.append(f"{node.module}.{alias.name}")
                if isinstance(found, ModuleType):
                    modules[alias.asname or alias.name] = found
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None and not hasattr(module, node.attr):
                lost.append(f"{module.__name__}.{node.attr}")
    return lost


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_name_is_there(path):
    assert not missing(path.read_text(encoding="utf-8"))


def test_a_name_that_is_gone_is_seen():
    source = "from memutils import training\nfrom memutils.data import gone\ntraining.Resident(1)"
    assert missing(source) == ["memutils.data.gone", "memutils.training.Resident"]

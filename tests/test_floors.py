"""Each floor of the package uses only those below it: core, runs, claims, report."""

import ast
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src" / "memutils"
FLOORS = ("core", "runs", "claims", "report")


def floor_of(name: str) -> str:
    """The floor of a module by its full name: the core is what lies in no other floor's package."""
    return next((floor for floor in FLOORS if name.startswith(f"memutils.{floor}")), "core")


def imported(source: str) -> set[str]:
    """The package's modules that a source imports, wherever in it;
    ``from memutils import x`` too.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "the package imports by full names"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == "memutils"}


def upward(floor: str, source: str) -> set[str]:
    """What a source on a floor imports from a higher one."""
    above = FLOORS[FLOORS.index(floor) + 1 :]
    return {name for name in imported(source) if floor_of(name) in above}


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=lambda p: p.stem)
def test_no_import_runs_up(path):
    name = ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts)
    assert not upward(floor_of(name), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "floor, source, found",
    [
        ("core", "from memutils import losses, runs", {"memutils.runs"}),
        (
            "core",
            "def f():\n    from memutils.runs.specs import Spec",
            {"memutils.runs.specs.Spec"},
        ),
        ("runs", "import memutils.claims.table", {"memutils.claims.table"}),
        ("claims", "from memutils.runs import records", set()),
        ("report", "from memutils.claims import table\nimport json", set()),
    ],
)
def test_an_import_that_runs_up_is_seen(floor, source, found):
    assert upward(floor, source) == found


PACKAGES = sorted(str(p.parent.relative_to(SOURCES)) for p in SOURCES.rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is(package):
    text = ast.get_docstring(ast.parse((SOURCES / package / "__init__.py").read_text("utf-8")))
    assert "Begin with" in text and len(text.splitlines()) <= 10
    if package not in (".", "losses"):
        assert "In: " in text and "Out: " in text

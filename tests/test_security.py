"""Nothing from outside is unpickled or executed, names stay names,
and what is installed is pinned.
"""

import ast
import re
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from conftest import REPOSITORY
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from test_records import CONTENT, KEY, write

from memutils.errors import UserError
from memutils.report import notebooks, plots
from memutils.runs import records, specs

FORBIDDEN = {
    "eval",
    "exec",
    "compile",
    "pickle.load",
    "pickle.loads",
    "marshal.loads",
    "shelve.open",
    "joblib.load",
    "pd.read_pickle",
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "CIFAR10",
    "torchvision.datasets.CIFAR10",
    "datasets.CIFAR10",
    "torch.hub.load",
}
NEEDED = {
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}


def unsafe(source: str) -> list[str]:
    """The calls in a source that could carry out what data say."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        if name in FORBIDDEN or given.get("shell") is True:
            found.append(name)
        if name in NEEDED and (NEEDED[name][0], NEEDED[name][1]) not in given.items():
            found.append(name)
    return found


def sources() -> dict[str, str]:
    """Every Python source that works on data: modules, scripts, the workflow's rules aside,
    and notebooks' code cells.
    """
    found = {
        str(p): p.read_text(encoding="utf-8")
        for part in ("src", "workflow", "book")
        for p in REPOSITORY.glob(f"{part}/**/*.py")
    }
    for path in REPOSITORY.glob("notebooks/*.ipynb"):
        cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        found[str(path)] = re.sub(r"^[%!].*$", "", "\n".join(cells), flags=re.MULTILINE)
    return found


def test_nothing_is_unpickled_or_evaluated():
    found = sources()
    assert len(found) > 25
    assert {path: unsafe(text) for path, text in found.items() if unsafe(text)} == {}


@pytest.mark.parametrize(
    "source",
    [
        "np.load(p)",
        "np.load(p, allow_pickle=True)",
        "torch.load(p)",
        "torch.load(p, weights_only=False)",
        "pickle.loads(b)",
        "yaml.load(t, Loader=yaml.Loader)",
        "eval(t)",
        "subprocess.run(t, shell=True)",
        "torchvision.datasets.CIFAR10(root)",
    ],
)
def test_the_check_notices(source):
    assert unsafe(source)


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/b",
        "..",
        ".hidden",
        "",
        "a b",
        "<script>",
        "x" * 201,
        "é",
        "a\n",
        None,
    ],
)
def test_names_cannot_leave_the_results_folder(name):
    for use in (lambda: records.path_of("quick", name), lambda: records.path_of(name, "key")):
        with pytest.raises(UserError, match="must be made of letters"):
            use()
    if name:  # an empty scale means the default
        with pytest.raises(UserError, match="must be made of letters"):
            records.load(name)


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "`<b>", "x](javascript:alert(1))"]
)
def test_a_record_whose_name_is_markup_is_refused(name):
    content = CONTENT | {
        "format": 2,
        "results_version": 1,
        "scale": "test",
        "key": name,
        "arrays_sha256": "",
        "columns": [],
    }
    path = write().path.with_name(f"{name.replace('/', '')}.json")
    path.write_bytes(records.dump(content))
    with pytest.raises(UserError, match="must be made of letters"):
        records.read(path)


@pytest.mark.parametrize("name", ["dataset", "network", "loss"])
def test_settings_that_are_markup_or_code_are_refused(name):
    for value in (
        "<script>alert(1)</script>",
        "__import__('os').system('true')",
        "$(true)",
        "'; true",
    ):
        with pytest.raises(UserError, match="Unknown"):
            specs.load_scale("smoke").spec(**({"loss": "cce", "eta": 0.4} | {name: value}))


def test_texts_of_a_record_are_escaped_in_tables():
    row = {
        "epoch": 1,
        "j1": 0.5,
        "j2": 0.5,
        "fitted": 0.5,
        "memorized": 0.5,
        "recovered": 0.1,
        "test_accuracy": 0.5,
        "classes": 10,
    }
    record = write([row])
    record.content["spec"] = record.spec | {"dataset": "<script>alert(1)</script>"}
    html = notebooks.table(plots.final_table([record])).to_html()
    assert "<script>" not in html and "&lt;script&gt;" in html and record.key == KEY


def test_lab_listens_on_localhost_with_a_token():
    recipe = re.search(
        r"^lab:.*\n((?:\t.*\n)+)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE
    ).group(1)
    assert "--ip=127.0.0.1" in recipe
    assert not re.search(r"token|password|allow-root|disable_check_xsrf|allow_origin", recipe)


def test_lock_pins_every_dependency_of_every_dependency():
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    pins = {
        canonicalize_name(Requirement(line).name)
        for line in lock.splitlines()
        if not line.startswith("#")
    }
    missing = set()
    for name in pins:
        try:
            needs = map(Requirement, metadata.requires(name) or [])
        except metadata.PackageNotFoundError:  # of another platform
            continue
        missing |= {
            f"{name} needs {r.name}"
            for r in needs
            if r.marker is None or r.marker.evaluate({"extra": ""})
            if canonicalize_name(r.name) not in pins
        }
    assert missing == set()


def test_every_pin_runs_on_the_oldest_python_that_is_promised():
    """Python 3.11.2 is what a widespread Linux has;
    a pin that wants a later one would end the installation there.
    """
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    oldest = re.search(
        r'requires-python = ">=([\d.]+),', (REPOSITORY / "pyproject.toml").read_text()
    )[1]
    wants = {}
    for line in (line for line in lock.splitlines() if not line.startswith("#")):
        try:
            wants[line] = metadata.metadata(Requirement(line).name)["Requires-Python"] or ""
        except metadata.PackageNotFoundError:  # of another platform
            continue
    assert (
        len(wants) > 100
        and [line for line, python in wants.items() if f"{oldest}.0" not in SpecifierSet(python)]
        == []
    )


def test_licenses_are_known():
    import audit

    assert audit.unknown_licenses(["numpy", "torch", "snakemake"]) == {}
    assert audit.LIBRE.search("MIT License") and not audit.LIBRE.search("All rights reserved")


def test_an_audit_without_its_data_is_skipped_with_the_reason(capsys, tmp_path):
    import audit

    (tmp_path / "pip-audit").write_text("#!/bin/sh\necho 'ConnectionError: no route' >&2\nexit 1\n")
    (tmp_path / "pip-audit").chmod(0o755)
    assert audit.vulnerabilities(str(tmp_path / "pip-audit")) == 0
    assert "skipped: ConnectionError: no route" in capsys.readouterr().out
    assert audit.vulnerabilities(str(tmp_path / "none")) == 0
    assert "skipped" in capsys.readouterr().out
    (tmp_path / "pip-audit").write_text(
        '#!/bin/sh\necho \'{"dependencies": [{"name": "x", "version": "1", "vulns": [{"id":'
        ' "CVE-1"}]}]}\'\nexit 1\n'
    )
    assert audit.vulnerabilities(str(tmp_path / "pip-audit")) == 1
    assert "x 1: CVE-1" in capsys.readouterr().out


assert Path(plots.__file__).is_relative_to(REPOSITORY / "src"), (
    "the checkout's own package is tested"
)

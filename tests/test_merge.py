"""Records of another machine come home whole, and never over what is here."""

import pytest

from memutils import grid, merge, records, runs, specs
from memutils.errors import UserError


@pytest.fixture
def elsewhere(quick_data, tmp_path, monkeypatch):
    """Two records of the smoke scale in another results folder; here there is none."""
    scale = specs.load_scale("smoke")
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "elsewhere"))
    for spec in list(scale.specs("cce").values()):
        runs.run(spec, scale, progress=False)
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "here"))
    return tmp_path / "elsewhere"


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.glob("smoke/[!.]*.*")}


def test_records_are_copied_once_and_count(elsewhere, capsys):
    scale = specs.load_scale("smoke")
    assert len(grid.missing(scale)) == 4
    assert merge.main([str(elsewhere)]) == 0 and "2 copied, 0 here already" in capsys.readouterr().out
    assert contents(records.results_root()) == contents(elsewhere) and len(grid.missing(scale)) == 2
    assert merge.main([str(elsewhere)]) == 0 and "0 copied, 2 here already" in capsys.readouterr().out


def test_a_conflict_is_told_and_what_is_here_stays(elsewhere, capsys):
    scale = specs.load_scale("smoke")
    spec = next(iter(scale.specs("cce").values()))
    own = runs.run(spec, scale, progress=False)  # the same run: another start, other seconds
    before = own.path.read_bytes()
    assert merge.main([str(elsewhere)]) == 1
    told = capsys.readouterr()
    assert "1 copied, 0 here already, 1 conflicts" in told.out and own.key in told.err
    assert own.path.read_bytes() == before and own.arrays()


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_damaged_record_is_refused_and_not_copied(elsewhere, suffix):
    path = next(elsewhere.glob(f"smoke/*{suffix}"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"damaged|cannot be read"):
        merge.merge(elsewhere)
    assert f"{path.stem}.json" not in contents(records.results_root())


def test_a_missing_folder_is_named(tmp_path, capsys):
    assert merge.main([str(tmp_path / "nowhere")]) == 1 and "nowhere" in capsys.readouterr().err

"""The archive of finished records: below its limit, whole whatever happens,
and never the same record twice.
"""

import itertools
import multiprocessing
import os
import time
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest

from memutils.errors import UserError
from memutils.runs.archive import Archive


def made(folder: Path, name: str, size: int = 1000):
    """A record's two files, the arrays of random bytes."""
    path = folder / "smoke" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{"key": "{name}"}}')
    path.with_suffix(".npz").write_bytes(np.random.default_rng(size).bytes(size))
    return types.SimpleNamespace(scale="smoke", path=path)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_second_archive_is_begun_when_the_first_would_pass_its_limit(tmp_path):
    archive = Archive(tmp_path / "out.zip", most=10_000)
    records = [made(tmp_path, f"run{i}", 4000 + i) for i in range(5)]
    parts = [archive.add(record).name for record in records]
    assert parts == ["out.zip"] * 2 + ["out.2.zip"] * 2 + ["out.3.zip"]
    assert all(path.stat().st_size <= 10_000 for path in tmp_path.glob("*.zip"))
    together = {
        name: data for path in tmp_path.glob("*.zip") for name, data in contents(path).items()
    }
    assert together == {f"smoke/{p.name}": p.read_bytes() for p in (tmp_path / "smoke").iterdir()}


def test_an_archive_is_gone_on_with_and_takes_no_record_twice(tmp_path):
    records = [made(tmp_path, f"run{i}", 4000 + i) for i in range(4)]
    for record in records[:3]:
        Archive(tmp_path / "out.zip", most=10_000).add(record)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.zip")}
    again = Archive(tmp_path / "out.zip", most=10_000)
    for record in records[:3]:
        again.add(record)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.zip")} == before and len(
        before
    ) == 2
    assert again.add(records[3]).name == "out.2.zip"


def test_what_cannot_be_archived_is_told_and_leaves_the_archive_alone(tmp_path):
    archive = Archive(tmp_path / "out.zip", most=10_000)
    archive.add(made(tmp_path, "small"))
    before = (tmp_path / "out.zip").read_bytes()
    with pytest.raises(UserError, match=r"large\.json is larger than an archive may be"):
        archive.add(made(tmp_path, "large", 20_000))
    assert (tmp_path / "out.zip").read_bytes() == before and len(list(tmp_path.glob("*.zip"))) == 1
    archive.add(made(tmp_path, "other"))
    assert len(contents(tmp_path / "out.zip")) == 4
    with pytest.raises(UserError, match=r"named like records\.zip"):
        Archive(tmp_path / "out")
    (tmp_path / "bad.zip").write_bytes(before[:-30])
    with pytest.raises(UserError, match=r"bad\.zip cannot be read"):
        Archive(tmp_path / "bad.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(UserError, match=r"folder\.zip cannot be read"):
        Archive(tmp_path / "folder.zip")


def add_for_ever(folder: Path) -> None:
    archive = Archive(folder / "out.zip", most=400_000)
    for i in itertools.count():
        archive.add(made(folder, f"run{i}", 3000 + i))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_kill_at_any_moment_leaves_whole_archives(tmp_path):
    random = np.random.default_rng(0)
    for attempt in range(6):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        process = multiprocessing.get_context("fork").Process(target=add_for_ever, args=(folder,))
        process.start()
        end = time.monotonic() + 100
        while not (folder / "out.zip").exists() and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(float(random.uniform(0, 0.3)))
        process.kill()
        process.join()
        archives = [contents(path) for path in folder.glob("out*.zip")]  # reads all, with its sums
        assert archives and all(len(files) % 2 == 0 and files for files in archives), (
            "each record with its arrays"
        )

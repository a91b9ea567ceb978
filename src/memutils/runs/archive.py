"""Finished records in archives that are whole after each run:
what a machine that is given back leaves behind.

An archive is a zip file in the layout of a results folder; ``python -m memutils.runs.merge
OUT.zip`` takes it.
"""

import io
import threading
import zipfile
from pathlib import Path

from memutils.errors import UserError
from memutils.runs import records
from memutils.runs.records import Record

MOST = 16 * 2**20 - 1
"""Bytes of an archive: one that would pass them is left as it is, and another is begun."""


class Archive:
    """OUT.zip, then OUT.2.zip and so on; each is replaced by a larger one in one move, so that
    there is always a whole one.

    Args:
        path: OUT.zip; what earlier calls put into it and its successors stays.
        most: bytes of one archive.

    Raises:
        UserError: the path does not end in .zip, or what is there is no zip file.
    """

    def __init__(self, path: Path, most: int = MOST):
        if path.suffix != ".zip":
            raise UserError(f"The archive must be named like records.zip, not {path}.")
        self.first, self.most, self.lock = path, most, threading.Lock()
        self.parts = [path]
        while self.path_of(len(self.parts) + 1).exists():
            self.parts.append(self.path_of(len(self.parts) + 1))
        self.names = {name for part in self.parts if part.exists() for name in names_in(part)}
        self.content = self.parts[-1].read_bytes() if self.parts[-1].exists() else b""

    def path_of(self, number: int) -> Path:
        """Where the archive of that number lies, counted from 1."""
        return self.first if number == 1 else self.first.with_suffix(f".{number}.zip")

    def add(self, record: Record) -> Path:
        """Adds a record with its arrays, if it is not in yet;
        returns the archive that was written last.

        Raises:
            UserError: the record alone is larger than an archive may be, or the disk is full.
        """
        name = f"{record.scale}/{record.path.name}"
        with self.lock:
            if name in self.names:
                return self.parts[-1]
            files = {
                f"{record.scale}/{p.name}": p.read_bytes()
                for p in (record.path.with_suffix(".npz"), record.path)
            }
            alone, grown = zipped(b"", files), zipped(self.content, files)
            if len(alone) > self.most:
                raise UserError(
                    f"The record {record.path} is larger than an archive may be; bring it home by"
                    " itself."
                )
            if len(grown) > self.most:
                self.parts.append(self.path_of(len(self.parts) + 1))
                grown = alone
            records.write_whole(self.parts[-1], grown)
            self.content = grown
            self.names.update(files)
            return self.parts[-1]


def zipped(content: bytes, files: dict[str, bytes]) -> bytes:
    """A zip file's content with further files in it; an empty content begins one."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def names_in(path: Path) -> list[str]:
    """The files in an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(
            f"The archive {path} cannot be read ({error}). Move it away, then start again."
        ) from error

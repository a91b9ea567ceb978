"""Where files lie: the folders that the environment names;
``~`` is the home folder wherever it comes in."""

import os
from pathlib import Path

from memutils.errors import UserError

REPOSITORY = Path(__file__).parents[2]


def expanded(path: Path | str) -> Path:
    """The path with ``~`` or ``~name`` at its beginning as the home folder.

    Raises:
        UserError: there is no such user, or no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"No home folder is known for {str(path)!r}; write the whole path."
        ) from error


def folder(variable: str, default: str, needed: bool = True) -> Path:
    """The folder that an environment variable names, else the repository's folder of that name.

    Raises:
        UserError: it is ``needed``, the variable is not set, and the package lies outside its
            repository.
    """
    if named := os.environ.get(variable):
        return expanded(named)
    if needed and not (REPOSITORY / "configs").is_dir():
        raise UserError(
            f"The package in {Path(__file__).parent} was installed without its repository, so there"
            f" is no folder {default}: install it from a clone with `pip install -e .`, or let"
            f" {variable} name such a folder."
        )
    return REPOSITORY / default

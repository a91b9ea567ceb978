"""Where the repository's folders are, and what to do where there is no repository."""

import os
from pathlib import Path

from memutils.errors import UserError

PACKAGE = Path(__file__).parent


def folder(name: str, variable: str) -> Path:
    """The folder that the environment's ``variable`` names ('~' is the home folder), else the repository's.

    Args:
        name: of a folder in the repository: 'configs' or 'results'.
        variable: of the environment: 'MEMUTILS_CONFIGS' or 'MEMUTILS_RESULTS'.

    Raises:
        UserError: the variable is not set, and the package lies outside the repository.
    """
    if given := os.environ.get(variable):
        return Path(given).expanduser()
    root = PACKAGE.parents[1]
    if not (root / "configs").is_dir():
        raise UserError(
            f"The package in {PACKAGE} was installed without its repository, so there is no folder {name}: "
            f"install it from a clone with `pip install -e .`, or let {variable} name such a folder."
        )
    return root / name

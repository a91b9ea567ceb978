"""Scales from ``configs/*.yaml``, and the names by which other modules know runs and scales."""

import os
from pathlib import Path

from memutils import models, paths
from memutils.errors import UserError, unknown_name
from memutils.runs import config_text
from memutils.runs.scale import Scale
from memutils.runs.spec import FIELDS, NAMING, Spec, check_known, flat, registered
from memutils.runs.storage import Storage

__all__ = [
    "FIELDS",
    "NAMING",
    "Scale",
    "Spec",
    "check_known",
    "configs_root",
    "flat",
    "load_scale",
    "parse_scale",
    "registered",
    "scale_name",
]

PARTS = ("extends", "defaults", "networks", "records", "grid")
"""What a config may have."""


def configs_root() -> Path:
    """The folder of the configs: MEMUTILS_CONFIGS, else ``configs`` in the repository."""
    return paths.folder("MEMUTILS_CONFIGS", "configs")


def scale_name(name: str = "") -> str:
    """The name, or where it is empty the environment's MEMUTILS_SCALE, else 'quick'."""
    return name or os.environ.get("MEMUTILS_SCALE") or "quick"


def load_scale(name: str = "", within: tuple[str, ...] = ()) -> Scale:
    """Reads ``configs/<name>.yaml``; ``extends`` in it names a scale whose defaults, networks and
    records it starts from.

    An empty name means ``scale_name()``; ``within`` holds the scales on the way here, none of which
    it may extend.

    Raises:
        UserError: no such scale, a file that is not a scale, or an unknown or wrong setting in it.
    """
    root, name = configs_root(), scale_name(name)
    valid = sorted(p.stem for p in root.glob("*.yaml"))
    if not valid:
        advice = "let MEMUTILS_CONFIGS name a folder that has some, or unset it."
        raise UserError(f"There is no scale in {root}; {advice}")
    if name not in valid:
        raise unknown_name("scale", name, valid)
    path = root / f"{name}.yaml"
    try:
        content = config_text.parse(path.read_text(encoding="utf-8"))
        return parse_scale(name, content, (*within, name))
    except UnicodeDecodeError as error:
        raise UserError(f"The config {path} is not valid YAML: it is not in UTF-8.") from error
    except UserError as error:
        raise UserError(f"In the config {path}: {error}") from error


def parse_scale(name: str, content: object, within: tuple[str, ...] = ()) -> Scale:
    """A scale from a config's content; ``within`` as in ``load_scale``."""
    defaults, networks, grid, records = checked_parts(content)
    storage = Storage()
    if content.get("extends"):
        if content["extends"] in (name, *within):
            raise UserError("A scale cannot extend itself.")
        base = load_scale(content["extends"], within)
        defaults, storage = flat(base.defaults) | flat(defaults), base.records
        names = base.networks | networks
        networks = {n: flat(base.networks.get(n, {})) | flat(networks.get(n, {})) for n in names}
    scale = Scale(name, defaults, networks, tuple(grid), storage.over(records))
    scale.specs()  # every run of the grid must be valid
    return scale


def checked_parts(content: object) -> tuple[dict, dict, list, object]:
    """A config's defaults, networks, grid and records; absent ones are empty.

    Raises:
        UserError: another part, one of another type, or an unknown setting or network in one.
    """
    if not isinstance(content, dict):
        raise UserError(f"A config must have the parts {', '.join(PARTS)}.")
    for part in content:
        if part not in PARTS:
            raise unknown_name("part", part, PARTS)
    defaults, networks = content.get("defaults") or {}, content.get("networks") or {}
    grid, records = content.get("grid") or [], content.get("records") or {}
    tables = [defaults, networks, *(networks.values() if isinstance(networks, dict) else [])]
    tables += grid if isinstance(grid, list) else [grid]
    if not isinstance(grid, list) or not all(isinstance(t, dict) for t in tables):
        raise UserError(
            "defaults and each network must be tables of settings, and grid a list of such tables."
        )
    for settings in (defaults, *networks.values(), *grid):
        check_known(flat(settings))
    for network in networks:
        if network not in models.NETWORKS:
            raise unknown_name("network", network, models.NETWORKS)
    return defaults, networks, grid, records

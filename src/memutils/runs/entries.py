"""What the names in a specification stand for: the package's own entry, or a hash of other code.

An entry of the package needs no hash: RESULTS_VERSION and the golden run cover it. One from outside
is hashed by what it means: its syntax tree without comments and docstrings, its base classes, what
it refers to (closures, defaults, functions, classes, constants) and, of a ready object, the state.
Every lambda, and code whose text cannot be shown, is hashed by its bytecode. Libraries count by
their names, data by their fingerprints. The text is the file's: reload a module that you edit.
"""

import ast
import contextlib
import dis
import functools
import hashlib
import importlib
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from memutils import data, losses, models
from memutils.runs.specs import Spec

CODE = {
    "loss": (losses.LOSSES, losses.OWN),
    "network": (models.NETWORKS, models.OWN),
    "switch_loss": (losses.LOSSES, losses.OWN),
}
"""Settings that name code: what is registered now, and what the package registers."""

PLAIN = (type(None), type(...), bool, int, float, complex, str, bytes, torch.dtype, torch.device)
ALWAYS = {"__module__", "__doc__", "__dict__", "__weakref__", "__qualname__", "__annotations__"}
ALWAYS |= {"__firstlineno__", "__static_attributes__", "__abstractmethods__", "_abc_impl"}
"""What every class has."""


def stood_for(spec: Spec) -> dict[str, str | None]:
    """For each setting that names code: None for the package's entry, else the hash of its code."""
    names = {setting: getattr(spec, setting) for setting in CODE}
    return {
        setting: None if not name or table[name] is own.get(name) else digest(table[name])
        for (setting, name), (table, own) in zip(names.items(), CODE.values(), strict=True)
    }


def differing(spec: Spec, then: dict[str, str | None], fingerprints: dict[str, str]) -> list[str]:
    """What a run's names stood for when it was recorded and do not stand for now, in words.

    Args:
        spec: of the run.
        then: what ``stood_for`` gave.
        fingerprints: of the data, by split; an empty one is not compared.
    """
    now = stood_for(spec)
    others = [setting for setting in CODE if now[setting] != then.get(setting)]
    words = [f"the {setting.replace('_', ' ')} {getattr(spec, setting)!r}" for setting in others]
    found = data_now(spec.dataset)
    if any(fingerprints.get(part, found[part]) != found[part] for part in found):
        words.append(f"the data set {spec.dataset!r}")
    return words


def data_now(name: str) -> dict[str, str]:
    """The fingerprints of the data of that name; only data from outside are loaded for it."""
    if data.DATASETS[name] is data.OWN.get(name):
        return {part: found for (known, part), found in data.FINGERPRINTS.items() if known == name}
    return data.load(name).fingerprints


def digest(entry) -> str:
    """sha256 of what an entry means."""
    return hashlib.sha256("\n".join(described(entry, {})).encode()).hexdigest()


def described(value, seen: dict[int, object]) -> Iterator[str]:
    """Lines that two values share if they mean the same.

    ``seen`` holds by id what has been described, and keeps it, lest another object get its id.
    """
    if isinstance(value, PLAIN):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, torch.Tensor | np.ndarray | np.generic):
        array = as_array(value)
        yield f"{array.shape} {array.dtype} {hashlib.sha256(array.tobytes()).hexdigest()}"
    elif id(value) in seen:
        yield "seen"
    else:
        seen[id(value)] = value
        yield from parts_of(value, seen)


def as_array(value: torch.Tensor | np.ndarray | np.generic) -> np.ndarray:
    """The values; bfloat16, which numpy does not know, as float32."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return np.asarray(value)


def parts_of(value, seen: dict[int, object]) -> Iterator[str]:
    """Lines for a value that is made of others."""
    if isinstance(value, list | tuple):
        yield f"{len(value)} in order"
        for part in value:
            yield from described(part, seen)
    elif isinstance(value, set | frozenset):
        yield from sorted("\n".join(described(part, seen)) for part in value)
    elif isinstance(value, dict):
        for name in sorted(value, key=repr):
            yield f"{name!r}:"
            yield from described(value[name], seen)
    elif isinstance(value, functools.partial):
        yield from described((value.func, value.args, value.keywords), seen)
    elif isinstance(value, types.MethodType):
        yield from described((value.__func__, value.__self__), seen)
    elif isinstance(value, types.CodeType):
        yield from described((value.co_code, value.co_names, value.co_consts), seen)
    elif isinstance(value, type | types.ModuleType) or hasattr(value, "__code__"):
        if of_library(value):
            name = getattr(value, "__qualname__", value.__name__)
            yield f"{getattr(value, '__module__', '')} {name}"
        elif not isinstance(value, types.ModuleType):
            yield from (of_class if isinstance(value, type) else of_function)(value, seen)
    else:
        yield from of_object(value, seen)


def of_library(value) -> bool:
    """Whether a class, function or module is Python's, an installed package's or this package's."""
    name = getattr(value, "__module__", None) or getattr(value, "__name__", "builtins")
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    installed = {"site-packages", "dist-packages"} & set(Path(file).parts)
    top = name.partition(".")[0]
    return bool(installed) or top in sys.stdlib_module_names or top == "memutils"


def of_object(value, seen: dict[int, object]) -> Iterator[str]:
    """An object's class, what it wraps and, of a module or of somebody's own class, its state."""
    yield from described(type(value), seen)
    for name in ("__wrapped__", "__func__", "fget", "func"):  # caches, static methods, properties
        if hasattr(value, name):
            yield from described(getattr(value, name), seen)
    if isinstance(value, torch.nn.Module) or not of_library(type(value)):
        yield from described(getattr(value, "__dict__", {}), seen)


def of_class(kind: type, seen: dict[int, object]) -> Iterator[str]:
    """A class's bases and members: its own text cannot be shown where it stands in a notebook."""
    yield from described(kind.__bases__, seen)
    yield from described({n: v for n, v in vars(kind).items() if n not in ALWAYS}, seen)


def of_function(function: types.FunctionType, seen: dict[int, object]) -> Iterator[str]:
    """A function's code and what it refers to."""
    yield text_of(function) or "\n".join(described(without_doc(function), seen))
    yield from described((function.__defaults__, function.__kwdefaults__), seen)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield f"{name} ="
        with contextlib.suppress(ValueError):  # empty until the function around it has gone on
            yield from described(cell.cell_contents, seen)
    names, attributes, modules = names_in(function.__code__)
    imports = {name: module for name in modules if (module := imported(name))}
    known = function.__globals__ | imports
    for name in sorted(names | imports.keys()):
        value = used_of(known.get(name), attributes, set())
        if not isinstance(value, list | set):  # a log, more often than a setting
            yield f"{name} ="
            yield from described(value, seen)


def imported(name: str) -> types.ModuleType | None:
    """Somebody's own module that a function imports by this name when it is called, or None. An
    import relative to a package (``from .parts import w``) is not followed.
    """
    try:
        module = importlib.import_module(name)
    except Exception:  # the run itself will say so
        return None
    return None if of_library(module) else module


def used_of(value, attributes: set[str], around: set[int]):
    """Of somebody's own module what is used of it, by name, of modules within it too; else the
    value itself.

    Args:
        attributes: the names that are used.
        around: the modules that it is looked up in.
    """
    if not isinstance(value, types.ModuleType) or of_library(value) or id(value) in around:
        return value
    own = {n: getattr(value, n) for n in attributes if hasattr(value, n)}
    return {n: used_of(part, attributes, around | {id(value)}) for n, part in own.items()}


def text_of(function: types.FunctionType) -> str | None:
    """A function's text without comments and docstrings, laid out anew; None where it has none."""
    if function.__name__ == "<lambda>":  # its line may hold several, or half of a statement
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def without_doc(function: types.FunctionType) -> types.CodeType:
    """A function's code without its docstring, which is the first of its constants."""
    code = function.__code__
    has_doc = function.__doc__ is not None and code.co_consts[:1] == (function.__doc__,)
    return code.replace(co_consts=(None, *code.co_consts[1:])) if has_doc else code


def names_in(code: types.CodeType) -> tuple[set[str], set[str], set[str]]:
    """The global names, the attributes' names and the modules imported on the way, that code and
    the functions within it use.
    """
    kinds = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM", "IMPORT_NAME")
    loads, todo = {kind: set() for kind in kinds}, [code]
    while todo:
        for instruction in dis.get_instructions(part := todo.pop()):
            loads.get(instruction.opname, set()).add(instruction.argval)
        todo += [inner for inner in part.co_consts if isinstance(inner, types.CodeType)]
    attributes = loads["LOAD_ATTR"] | loads["LOAD_METHOD"] | loads["IMPORT_FROM"]
    return loads["LOAD_GLOBAL"] | loads["LOAD_NAME"], attributes, loads["IMPORT_NAME"]

"""Loops of the scheduling core, compiled by numba, which the broker always has.

numba looks only at the file of the compiled function itself to see whether what it keeps on disk is out of date. Here
a function may call compiled functions, and take constants, of whatever its module imports of this package: the files
of all of these, and of what they import in turn, are its stamp.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., object])

# Nothing here is called from C: wrappers for it would take a quarter of the time that it takes to compile.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_OPTIONS_INLINED = {**_OPTIONS, "forceinline": True, "no_cpython_wrapper": True}
_PACKAGE = __name__.rpartition(".")[0]
_ROOT = Path(__file__).parents[2]


def compiled(function: Function) -> Function:
    """Compile at the first call, once for each set of types; runs without Python's lock.

    Nothing is ever divided by zero: compiled code would go on with infinity where Python raises.
    """
    made = numba.njit(**_OPTIONS)(function)
    fast: Function = _kept(made, function.__module__)
    return fast


def inlined(function: Function) -> Function:
    """As `compiled`, a part of whatever calls it; calls from Python are refused, and so need no code."""
    made = numba.njit(**_OPTIONS_INLINED)(function)
    fast: Function = _within(_kept(made, function.__module__))
    return fast


def _within(fast: Any) -> Any:
    """Python would jump to nowhere: it is told of no code that it could call, and then asks for some."""

    def refuse(*_: object, **__: object) -> None:
        raise TypeError(f"{fast.py_func.__name__} is a part of compiled code, which alone can call it")

    fast._insert = lambda *_: None
    fast._compile_for_args = refuse
    return fast


def _kept(fast: Any, module: str) -> Any:
    try:
        fast.enable_caching()
    except RuntimeError:  # numba finds no folder to write to: compile in each process
        return fast
    # numba has no setting for it; without the attribute this raises, and the cache of a new numba is looked at anew.
    file = fast._cache._cache_file
    file._source_stamp = (file._source_stamp, stamp(module))
    return fast


@cache
def stamp(module: str) -> tuple[tuple[str, float, int], ...]:
    """Name, time and size of every file that compiled code of the module may come from."""
    found, new = {module}, [module]
    while new:
        more = _imported(new.pop()) - found
        found |= more
        new += more
    return tuple((name, *_time_and_size(name)) for name in sorted(found))


@cache
def _imported(module: str) -> frozenset[str]:
    """Modules of this package that the module imports."""
    tree = ast.parse(_file(module).read_bytes())
    return frozenset(name for node in ast.walk(tree) for name in _names(node) if _file(name).is_file())


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.startswith(_PACKAGE))
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_PACKAGE):
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _time_and_size(module: str) -> tuple[float, int]:
    state = _file(module).stat()
    return state.st_mtime, state.st_size


def _file(module: str) -> Path:
    """Where the module's source is, whether there is such a one or not."""
    return _ROOT.joinpath(*module.split(".")).with_suffix(".py")

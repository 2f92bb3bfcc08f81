"""Loops of the scheduling core, compiled by numba, which the broker always has.

numba looks only at the file of the compiled function itself to see whether what it keeps on disk is out of date. Here
a function may call compiled functions, and take constants, of any module that itself imports this one: the files of
all of these together are the stamp of each.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., object])

_PACKAGE = Path(__file__).parent


def compiled(function: Function) -> Function:
    """Compile at the first call, once for each set of types; runs without Python's lock.

    Nothing is ever divided by zero: compiled code would go on with infinity where Python raises.
    """
    fast: Function = _kept(numba.njit(nogil=True, error_model="numpy")(function))
    return fast


def inlined(function: Function) -> Function:
    """As `compiled`, a part of whatever calls it."""
    fast: Function = _kept(numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))
    return fast


def _kept(fast: Any) -> Any:
    try:
        fast.enable_caching()
    except RuntimeError:  # numba finds no folder to write to: compile in each process
        return fast
    # numba has no setting for it; without the attribute this raises, and the cache of a new numba is looked at anew.
    file = fast._cache._cache_file
    file._source_stamp = (file._source_stamp, _stamp())
    return fast


@cache
def _stamp() -> tuple[tuple[str, float, int], ...]:
    """Name, time and size of every file that compiled code may come from."""
    found = [path for path in sorted(_PACKAGE.rglob("*.py")) if __name__ in path.read_text(encoding="utf-8")]
    return tuple((str(path.relative_to(_PACKAGE)), path.stat().st_mtime, path.stat().st_size) for path in found)

"""Functions compiled by numba where it is installed; plain Python, slow and with the same results, where it isn't.

numba keeps machine code on disk beside the module (in a read-only install: in the user's cache folder, or where
NUMBA_CACHE_DIR points) and looks only at the file of the function itself to see whether it is out of date: so a
compiled function calls compiled functions, and takes constants, of its own module alone.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def _installed() -> bool:
    try:
        return find_spec("numba") is not None
    except ValueError:  # barred, as in tests of what goes without it
        return False


AVAILABLE = _installed()


def compiled(function: Function) -> Function:
    """Compile at the first call, once for each set of types; nothing is compiled at import.

    Nothing is ever divided by zero: compiled code would go on with infinity where Python raises.
    """
    return _compiled(function, inline=False)


def inlined(function: Function) -> Function:
    """As `compiled`, a part of whatever calls it: for what is called for every word or move."""
    return _compiled(function, inline=True)


def _compiled(function: Function, *, inline: bool) -> Function:
    if not AVAILABLE:
        return function
    import numba

    fast: Any
    try:
        fast = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=inline)(function)
    except RuntimeError:  # numba finds no folder to write to: compile in each process
        fast = numba.njit(nogil=True, error_model="numpy", forceinline=inline)(function)
    compiled_function: Function = fast
    return compiled_function

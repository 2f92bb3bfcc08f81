"""Whether the loops of `kernels` are to be used: only where numba is, and only for meshes that are worth its start."""

import gc
import sys
from functools import cache

from slicer_bridge.compiled import AVAILABLE

WORTH_FACETS = 20_000
"""numba takes a third of a second to start; below this numpy is done sooner."""


def worth(facets: int) -> bool:
    return facets >= WORTH_FACETS and _there()


@cache
def _there() -> bool:
    if not AVAILABLE:
        return False
    from slicer_bridge.meshes import kernels

    kernels.warm_up()
    return True


def start_alone() -> bool:
    """Start numba in a process that uses it for `kernels` alone; true if it is there.

    It asks for scipy.linalg and cffi only to offer what `kernels` don't need: a third of its time and 30 MB spared.
    """
    spared = [name for name in ("scipy.linalg", "cffi") if name not in sys.modules]
    for name in spared:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python bars an import
    gc.disable()  # a hundred thousand objects come to stay: looking for garbage among them takes a sixth of the time
    try:
        return _there()
    finally:
        gc.enable()
        for name in spared:
            del sys.modules[name]

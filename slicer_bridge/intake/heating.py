"""The compiled loops, made ready before any stranger's file is read: compiling them takes half a minute, once.

A child that reads a file has no such time, and may not write where compiled code is kept for others to run.
Run as `python -m slicer_bridge.intake.heating`, it measures a box of our own, of as many facets as it takes.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes.loops import WORTH_FACETS

_LIMIT_S = 600.0
_LOOPS = tuple(Path(__file__).parents[1] / "meshes" / name for name in ("kernels.py", "crossings.py", "voids.py"))
_SOLIDS = frozenset({".stl", ".obj", ".3mf", ".step", ".stp"})
_STL_BYTES_PER_FACET = 50
_WORTH_BYTES = 30_000
"""Smaller files don't unfold to so many facets that the loops are used."""
_lock = Lock()
_done: set[str] = set()


def worth(path: Path, size_bytes: int) -> bool:
    """Whether it may hold so many facets that the loops are used."""
    kind = path.suffix.lower()
    least = _STL_BYTES_PER_FACET * WORTH_FACETS if kind == ".stl" else _WORTH_BYTES
    return kind in _SOLIDS and size_bytes > least


def heat(environment: Mapping[str, str]) -> None:
    """Compile what is not compiled yet, in a process of its own; once for each state of the loops. Blocks.

    Where it fails, meshes are measured without: a child says by itself what it lacks.
    """
    with _lock:
        if _mark().name in _done or _mark().is_file():
            return
        command = [sys.executable, "-P", "-m", "slicer_bridge.intake.heating"]
        subprocess.run(command, env=dict(environment), capture_output=True, timeout=_LIMIT_S, check=False)
        _done.add(_mark().name)


def _mark() -> Path:
    """Stands beside the compiled loops where these can be written; numba too goes by the source's time and size."""
    seen = [loops.stat() for loops in _LOOPS]
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    name = f"heated-{version}-{max(one.st_mtime_ns for one in seen)}-{sum(one.st_size for one in seen)}"
    return _LOOPS[0].parent / "__pycache__" / name


def _fine_box(facets: int) -> NDArray[np.float32]:
    """Corners (n, 3, 3) of a box of 20 × 10 × 5 mm whose sides are grids, n >= `facets`."""
    steps = int(np.ceil(np.sqrt(facets / 12)))
    u, v = np.meshgrid(np.arange(steps), np.arange(steps))
    square = np.array([[(0, 0), (1, 0), (1, 1)], [(0, 0), (1, 1), (0, 1)]])
    flat = (np.stack([u, v], axis=-1).reshape(-1, 1, 1, 2) + square).reshape(-1, 3, 2) / steps
    sides = []
    for axis in range(3):
        for level in (0.0, 1.0):
            side = np.insert(np.roll(flat, axis, axis=2) if axis == 1 else flat, axis, level, axis=2)
            outward = np.cross(side[0, 1] - side[0, 0], side[0, 2] - side[0, 0])[axis] > 0
            sides.append(side if outward == (level > 0) else side[:, ::-1])
    return (np.concatenate(sides) * [20.0, 10.0, 5.0]).astype(np.float32)


def main() -> None:
    from slicer_bridge.intake.child import read_part
    from slicer_bridge.intake.parsing import Request
    from slicer_bridge.meshes import loops
    from slicer_bridge.meshes.solid import measure_solid
    from slicer_bridge.reading.stl import write_stl

    if not loops.start_alone():
        return
    corners = _fine_box(loops.WORTH_FACETS).astype(np.float64)
    with tempfile.TemporaryDirectory() as folder:
        write_stl(Path(folder) / "box.stl", corners)
        most = 10 * loops.WORTH_FACETS
        read_part(Request.of_ours(Path(folder) / "box.stl", Path(folder), most, features=True))
    measure_solid(corners, "box")
    if _mark().parent.is_dir():
        _mark().touch()


if __name__ == "__main__":
    main()

"""Wavefront OBJ in: vertices and faces alone. OBJ has no units: the numbers are returned as they stand.

Files that name materials are read without them: nothing but the file itself is ever opened.
"""

import re
import warnings
from array import array
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge

_LONGEST_LINE = 100_000
_MOST_CORNERS = 10_000
"""Of one face; fans of larger ones are all but sure to be wrong."""
_VERTEX = re.compile(rb"^[ \t]*v[ \t]+([^\n]*)", re.MULTILINE)
_FACE = re.compile(rb"^[ \t]*f[ \t]+([^\n]*)", re.MULTILINE)
_BESIDE = re.compile(rb"/[^ \t\n]*")
"""Numbers of texture and normal after a vertex."""


@dataclass(frozen=True, slots=True, eq=False)
class _Mesh:
    """`points` (k, 3); `corners` (n, 3): zero-based."""

    points: NDArray[np.float64]
    corners: NDArray[np.int64]


def read_obj(path: Path, max_triangles: int) -> NDArray[np.float64]:
    """Facets (n, 3, 3), n >= 1; polygons are cut into fans. Raises BadFile, FileTooLarge."""
    content = path.read_bytes().replace(b"\r", b"\n").replace(b"\\\n", b" ")
    _check_lines(content, path.name)
    mesh = _at_once(content) or _line_by_line(content, path.name, max_triangles)
    if not len(mesh.corners):
        raise BadFile(f"{path.name} holds no faces: nothing to make; export it again")
    if len(mesh.corners) > max_triangles:
        raise FileTooLarge(f"{path.name} has over {max_triangles:,} facets: simplify the mesh")
    if mesh.corners.min() < 0 or mesh.corners.max() >= len(mesh.points):
        raise BadFile(f"{path.name} has a face without its vertex: export it again")
    if not np.isfinite(mesh.points).all():
        raise BadFile(f"{path.name} has a coordinate that is no number: repair the mesh in your CAD")
    return mesh.points[mesh.corners]


def _check_lines(content: bytes, name: str) -> None:
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
    gaps = np.diff(ends, prepend=-1, append=len(content))
    if gaps.max() > _LONGEST_LINE:
        number = int(np.argmax(gaps > _LONGEST_LINE)) + 1
        raise BadFile(f"{name}, line {number}: a line of over {_LONGEST_LINE:,} characters: it is no OBJ, or broken")


def _at_once(content: bytes) -> _Mesh | None:
    """The plain case, quickly: three numbers a vertex, faces that count from the first one. None for any other."""
    vertices, faces = _VERTEX.findall(content), _FACE.findall(content)
    points = _numbers(b" ".join(vertices), np.float64)
    # Zero is no vertex: it can stand between the faces.
    listed = _numbers(_BESIDE.sub(b"", b" 0 ".join(faces)), np.int64)
    if points is None or listed is None or len(points) != 3 * len(vertices):
        return None
    between = np.flatnonzero(listed == 0)
    if not faces or len(between) != len(faces) - 1 or listed.min() < 0:
        return None
    sides = np.diff(between, prepend=-1, append=len(listed)) - 1
    if sides.min() < 3 or sides.max() > _MOST_CORNERS:
        return None
    first = np.repeat(np.concatenate([[0], between + 1]), sides - 2)
    within = np.arange(len(first)) - np.repeat(np.cumsum(sides - 2) - (sides - 2), sides - 2)
    fans = np.stack([first, first + within + 1, first + within + 2], axis=1)
    return _Mesh(points.reshape(-1, 3), listed[fans] - 1)


def _numbers(text: bytes, kind: type[np.float64] | type[np.int64]) -> NDArray[Any] | None:
    """None where numpy finds anything but numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(text, dtype=kind, sep=" ")
        except (DeprecationWarning, ValueError, OverflowError):
            return None


def _line_by_line(content: bytes, name: str, max_triangles: int) -> _Mesh:
    """Anything that OBJ allows, and words for what it doesn't. Raises BadFile, FileTooLarge."""
    vertices: array[float] = array("d")
    faces: array[int] = array("q")
    number = 0
    try:
        for number, line in enumerate(content.split(b"\n"), 1):
            words = line.split()
            if not words or words[0] not in {b"v", b"f"}:
                continue
            if words[0] == b"v":
                vertices.extend(float(word) for word in words[1:4])
                if len(vertices) % 3:
                    raise BadFile(f"{name}, line {number}: a vertex needs three numbers: export it again")
                continue
            faces.extend(_fan([_index(word, len(vertices) // 3) for word in words[1:]]))
            if len(faces) > 3 * max_triangles:
                raise FileTooLarge(f"{name} has over {max_triangles:,} facets: simplify the mesh")
    except (ValueError, OverflowError, IndexError) as error:
        raise BadFile(f"{name}, line {number}: {str(error)[:200]}: it is no OBJ, or broken") from error
    corners = np.frombuffer(faces, dtype=np.int64).reshape(-1, 3)
    return _Mesh(np.frombuffer(vertices, dtype=np.float64).reshape(-1, 3), corners)


def _fan(corners: list[int]) -> list[int]:
    if len(corners) > _MOST_CORNERS:
        raise ValueError(f"a face of {len(corners):,} corners, which is to be cut into triangles")
    return [one for second, third in pairwise(corners[1:]) for one in (corners[0], second, third)]


def _index(word: bytes, known: int) -> int:
    """Zero-based; negative numbers count back from the last vertex so far. Raises ValueError."""
    value = int(word.partition(b"/")[0])
    if value == 0:
        raise ValueError("faces count vertices from 1")
    return value - 1 if value > 0 else known + value

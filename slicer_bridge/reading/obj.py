"""Wavefront OBJ in: vertices and faces alone. OBJ has no units: the numbers are returned as they stand."""

from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge

_LONGEST_LINE = 100_000
_MOST_CORNERS = 10_000
"""Of one face; fans of larger ones are all but sure to be wrong."""


def read_obj(path: Path, max_triangles: int) -> NDArray[np.float64]:
    """Facets (n, 3, 3), n >= 1; polygons are cut into fans. Raises BadFile, FileTooLarge."""
    vertices: array[float] = array("d")
    faces: array[int] = array("q")
    number = 0
    try:
        with path.open(encoding="utf-8", errors="strict") as lines:
            for number, line in enumerate(_bounded(lines), 1):
                words = line.split()
                if not words or words[0] not in {"v", "f"}:
                    continue
                if words[0] == "v":
                    vertices.extend(float(word) for word in words[1:4])
                    if len(vertices) % 3:
                        raise BadFile(f"{path.name}, line {number}: a vertex needs three numbers: export it again")
                    continue
                if len(words) > _MOST_CORNERS:
                    raise BadFile(
                        f"{path.name}, line {number}: a face of {len(words) - 1:,} corners: cut it into triangles"
                    )
                corners = [_index(word, len(vertices) // 3) for word in words[1:]]
                for second, third in pairwise(corners[1:]):
                    faces.extend((corners[0], second, third))
                if len(faces) > 3 * max_triangles:
                    raise FileTooLarge(f"{path.name} has over {max_triangles:,} facets: simplify the mesh")
    except (ValueError, OverflowError, IndexError) as error:
        raise BadFile(f"{path.name}, line {number}: {error}: it is no OBJ, or broken") from error
    if not faces:
        raise BadFile(f"{path.name} holds no faces: nothing to make; export it again")
    corner = np.frombuffer(faces, dtype=np.int64).reshape(-1, 3)
    points = np.frombuffer(vertices, dtype=np.float64).reshape(-1, 3)
    if corner.min() < 0 or corner.max() >= len(points):
        raise BadFile(f"{path.name} has a face without its vertex: export it again")
    if not np.isfinite(points).all():
        raise BadFile(f"{path.name} has a coordinate that is no number: repair the mesh in your CAD")
    return points[corner]


def _bounded(lines: TextIO) -> Iterator[str]:
    """Raises ValueError for a line without end."""
    while line := lines.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise ValueError(f"a line of over {_LONGEST_LINE:,} characters")
        yield line


def _index(word: str, known: int) -> int:
    """Zero-based; negative numbers count back from the last vertex so far. Raises ValueError."""
    value = int(word.partition("/")[0])
    if value == 0:
        raise ValueError("faces count vertices from 1")
    return value - 1 if value > 0 else known + value

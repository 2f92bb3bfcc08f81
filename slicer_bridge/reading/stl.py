"""STL, binary and ASCII, in and out. STL has no units: the numbers are returned as they stand."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge

_HEADER = 80
_FACET = np.dtype([("normal", "<f4", 3), ("vertices", "<f4", (3, 3)), ("attribute", "<u2")])
_VERTEX = re.compile(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", re.IGNORECASE)


_BLOCK = 1 << 15
"""Facets that are read at a time."""
Corners = NDArray[np.float32] | NDArray[np.float64]


def read_stl(path: Path, max_triangles: int) -> NDArray[np.float64]:
    """As `read_corners`, in float64."""
    return read_corners(path, max_triangles).astype(np.float64, copy=False)


def read_corners(path: Path, max_triangles: int) -> Corners:
    """Facets of an STL file, shape (n, 3, 3), n >= 1, all finite, in the file's unknown unit.

    A binary file's are float32, as it has them.

    Raises BadFile, FileTooLarge.
    """
    size = path.stat().st_size
    if size == 0:
        raise BadFile(f"{path.name} is empty (0 bytes): export it again")
    with path.open("rb") as file:
        head = file.read(_HEADER + 4)
    facets: Corners | None = _read_binary(path, size, head, max_triangles)
    if facets is None:
        facets = _read_ascii(path, head, size, max_triangles)
    if len(facets) == 0:
        raise BadFile(f"{path.name} holds no facets: nothing to make; export it again")
    if not np.isfinite(facets.min()) or not np.isfinite(facets.max()):
        bad = ~np.isfinite(facets).all(axis=(1, 2))
        raise BadFile(
            f"{path.name}: facet {int(np.argmax(bad)) + 1} has a coordinate that is no number "
            f"({int(bad.sum())} such facets): repair the mesh in your CAD and export it again"
        )
    return facets


def _read_binary(path: Path, size: int, head: bytes, max_triangles: int) -> NDArray[np.float32] | None:
    """None if the size doesn't fit a binary file and the text may be ASCII."""
    count = int.from_bytes(head[_HEADER:], "little") if len(head) == _HEADER + 4 else -1
    if count >= 0 and size == _HEADER + 4 + _FACET.itemsize * count:
        if count > max_triangles:
            raise FileTooLarge(
                f"{path.name} has {count:,} facets; at most {max_triangles:,} are read: simplify the mesh"
            )
        facets = np.empty((count, 3, 3), np.float32)
        with path.open("rb") as file:
            file.seek(_HEADER + 4)
            for at in range(0, count, _BLOCK):
                block = np.fromfile(file, dtype=_FACET, count=min(_BLOCK, count - at))
                facets[at : at + len(block)] = block["vertices"]
        return facets
    if head[:5].lower() == b"solid":
        return None
    if count < 0:
        raise BadFile(f"{path.name} is no STL: {size} bytes are too few and there is no 'solid' at the start")
    need = _HEADER + 4 + _FACET.itemsize * count
    raise BadFile(
        f"{path.name} is no whole STL: its header promises {count:,} facets ({need:,} bytes) "
        f"and the file has {size:,} bytes: it was cut off or is another format; export or upload it again"
    )


def _read_ascii(path: Path, head: bytes, size: int, max_triangles: int) -> NDArray[np.float64]:
    text = path.read_bytes()
    lower = text.lower()
    facets = lower.count(b"endfacet")
    if not facets and b"facet" not in lower:
        if b"endsolid" in lower:
            return np.empty((0, 3, 3))
        raise BadFile(f"{path.name} starts with 'solid' but is neither ASCII nor whole binary STL ({size:,} bytes)")
    if facets > max_triangles:
        raise FileTooLarge(f"{path.name} has {facets:,} facets; at most {max_triangles:,} are read: simplify the mesh")
    if b"endsolid" not in lower:
        raise BadFile(
            f"{path.name} was cut off after {facets:,} facets ('endsolid' is missing): export or upload it again"
        )
    found = _VERTEX.findall(text)
    if len(found) != 3 * facets:
        raise BadFile(
            f"{path.name}: {facets:,} facets need {3 * facets:,} vertices, {len(found):,} can be read: export it again"
        )
    try:
        return np.array(found, dtype=np.bytes_).astype(np.float64).reshape(-1, 3, 3)
    except ValueError as error:
        raise BadFile(f"{path.name}: a vertex is no number ({error}): export it again") from error


def write_stl(path: Path, facets: NDArray[np.float64]) -> None:
    """Write facets of shape (n, 3, 3) as binary STL; the same facets give the same bytes."""
    out = np.zeros(len(facets), dtype=_FACET)
    out["vertices"] = facets
    edges = np.diff(out["vertices"].astype(np.float64), axis=1)
    normals = np.cross(edges[:, 0], edges[:, 1])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    out["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    with path.open("wb") as file:
        file.write(b"\0" * _HEADER)
        file.write(len(facets).to_bytes(4, "little"))
        file.write(out.tobytes())

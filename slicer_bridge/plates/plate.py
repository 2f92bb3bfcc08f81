"""Parts at given places: copies transformed as the plate says. Nesting itself is done elsewhere."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile
from slicer_bridge.facts import Rotation
from slicer_bridge.plates.plate_file import PlateObject, write_plate
from slicer_bridge.reading.stl import read_stl

UPRIGHT: Rotation = (1, 0, 0, 0, 1, 0, 0, 0, 1)
_MAX_TRIANGLES = 20_000_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one copy goes, in the machine's bed or sheet coordinates."""

    x_mm: float
    y_mm: float
    angle_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """One normalised file (binary STL or DXF, mm) and where its copies go.

    A copy is: the part turned by `rotation` (row-major 3 × 3), dropped to z = 0 with its bounding box's low corner at
    the origin, turned by `angle_deg` about z, then moved by (x, y). Drawings have the unit matrix.
    """

    path: Path
    name: str
    placements: tuple[Placement, ...]
    rotation: Rotation = UPRIGHT
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy on the bed: corners of its bounding box, mm."""

    label: str
    """Names it in the program, so that it alone can be skipped."""
    part: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    lot: str = ""


def turned(facets: NDArray[np.float64], rotation: Rotation) -> NDArray[np.float64]:
    """Facets (n, 3, 3) turned by `rotation`, low corner of the bounding box at the origin."""
    out = facets @ np.asarray(rotation, dtype=np.float64).reshape(3, 3).T
    lowest: NDArray[np.float64] = out.reshape(-1, 3).min(axis=0)
    return out - lowest


def placed(points: NDArray[np.float64], placement: Placement) -> NDArray[np.float64]:
    """Points (..., 2 or 3) turned about z at the origin, then moved."""
    angle = np.radians(placement.angle_deg)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    out = points.copy()
    out[..., 0] = points[..., 0] * cos - points[..., 1] * sin + placement.x_mm
    out[..., 1] = points[..., 0] * sin + points[..., 1] * cos + placement.y_mm
    return out


def plate_mesh(parts: tuple[PlacedPart, ...], path: Path) -> tuple[Copy, ...]:
    """Write the plate as 3MF; labels are `OBJECT copy N`. Raises BadFile, also for parts that are no STL."""
    objects, copies = plate_objects(parts)
    write_plate(path, list(objects))
    return copies


def plate_objects(parts: tuple[PlacedPart, ...]) -> tuple[tuple[PlateObject, ...], tuple[Copy, ...]]:
    """Objects, and their copies in the order of their moves. Raises BadFile, also for parts that are no STL.

    Copies at the same angle are instances of one object: a slicer works each object out once.
    """
    copies: list[Copy] = []
    objects: list[PlateObject] = []
    for part in parts:
        if part.path.suffix.lower() != ".stl":
            raise BadFile(f"{part.path.name} is no STL: only normalised meshes can be printed")
        if not part.placements:
            continue
        facets = turned(read_stl(part.path, _MAX_TRIANGLES), part.rotation)
        for angle in dict.fromkeys(place.angle_deg for place in part.placements):
            one = _object(f"{len(objects):03d}-{_plain(part.name)}", facets, part, angle)
            objects.append(one)
            copies += _copies(one, part)
    return tuple(objects), tuple(copies)


def _object(name: str, facets: NDArray[np.float64], part: PlacedPart, angle: float) -> PlateObject:
    moves = tuple((place.x_mm, place.y_mm) for place in part.placements if place.angle_deg == angle)
    return PlateObject(name, placed(facets, Placement(0.0, 0.0, angle)), moves)


def _copies(one: PlateObject, part: PlacedPart) -> list[Copy]:
    corners = one.facets.reshape(-1, 3)
    low, high = corners.min(axis=0), corners.max(axis=0)
    moves = [np.array([x, y, 0.0]) for x, y in one.moves]
    return [
        Copy(one.label(number), part.name, _triple(low + move), _triple(high + move), part.lot)
        for number, move in enumerate(moves)
    ]


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))


def _plain(name: str) -> str:
    """Letters, digits, dot, dash and underscore alone: the name becomes a comment in the program."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:40] or "part"

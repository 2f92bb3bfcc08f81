"""Flat paths of a drawing, joined to closed contours and nested: outsides at even depth, holes at odd."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon

from slicer_bridge.reading.flat_path import JOIN_MM, FlatPath


@dataclass(frozen=True, slots=True)
class Contour:
    """A closed line: `polygon` without holes, `depth` = number of contours around it."""

    polygon: Polygon
    handles: tuple[str, ...]
    radius_mm: float | None
    depth: int = 0

    @property
    def is_hole(self) -> bool:
        return self.depth % 2 == 1


@dataclass(frozen=True, slots=True)
class Outlines:
    """What the lines of a drawing make, outermost and largest first."""

    contours: tuple[Contour, ...]
    open_paths: tuple[FlatPath, ...]
    crossing: tuple[Contour, ...]
    """Closed lines that cross themselves or touch another: nobody can say where their inside is."""
    duplicates: int


def join(paths: list[FlatPath]) -> Outlines:
    """Chain open paths end to end, then nest what is closed."""
    chained = [path for path in paths if path.closed] + _chain([path for path in paths if not path.closed])
    loops = [path for path in chained if path.closed]
    contours, crossing, duplicates = _distinct([Contour(Polygon(p.points), p.handles, p.radius_mm) for p in loops])
    nested, tangled = _nest(contours)
    return Outlines(
        tuple(nested), tuple(path for path in chained if not path.closed), (*crossing, *tangled), duplicates
    )


def _chain(paths: list[FlatPath]) -> list[FlatPath]:
    """Join at ends where exactly two paths meet; a crossroads stays open, and is reported."""
    if not paths:
        return []
    ends = np.array([end for path in paths for end in (path.points[0], path.points[-1])])
    meeting = _clusters(ends)
    at: dict[int, list[int]] = {}
    for end, cluster in enumerate(meeting):
        at.setdefault(int(cluster), []).append(end)
    partner = {pair[i]: pair[1 - i] for pair in at.values() if len(pair) == 2 for i in (0, 1)}
    left = set(range(len(paths)))
    found = []
    starts = [e for e in range(2 * len(paths)) if e not in partner] + list(range(0, 2 * len(paths), 2))
    for start in starts:
        if start // 2 in left:
            found.append(_follow(paths, partner, start, left))
    return found


def _follow(paths: list[FlatPath], partner: dict[int, int], start: int, left: set[int]) -> FlatPath:
    """The chain that begins at end number `start`: ends 2i and 2i + 1 are first and last point of path i."""
    pieces: list[NDArray[np.float64]] = []
    handles: list[str] = []
    radii: list[float] = []
    end: int | None = start
    while end is not None and end // 2 in left:
        path = paths[end // 2]
        left.discard(end // 2)
        points = path.points if end % 2 == 0 else path.points[::-1]
        pieces.append(points if not pieces else points[1:])
        handles += path.handles
        radii += [] if path.radius_mm is None else [path.radius_mm]
        end = partner.get(end ^ 1)
    return FlatPath(np.concatenate(pieces), tuple(dict.fromkeys(handles)), min(radii, default=None))


def _clusters(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the meeting place of each point (n, 2): points within JOIN_MM of one another share it."""
    places = [Point(x, y) for x, y in points]
    one, other = shapely.STRtree(places).query(places, predicate="dwithin", distance=JOIN_MM)
    label = np.arange(len(points), dtype=np.int64)
    for _ in range(8):  # a chain of near points grows by hops; real meeting places are one hop wide
        np.minimum.at(label, one, label[other])
    return label


def _distinct(loops: list[Contour]) -> tuple[list[Contour], list[Contour], int]:
    """Valid contours once each, largest first; those that cross themselves; how many were double."""
    kept: list[Contour] = []
    crossing: list[Contour] = []
    seen: set[tuple[float, ...]] = set()
    doubles = 0
    for loop in sorted(loops, key=lambda one: -one.polygon.area):
        shape = loop.polygon
        key = tuple(round(value, 1) for value in (*shape.bounds, shape.area))
        if key in seen:
            doubles += 1
        elif not shape.is_valid or shape.area < 1e-6:
            crossing.append(loop)
        else:
            seen.add(key)
            kept.append(loop)
    return kept, crossing, doubles


def _nest(contours: list[Contour]) -> tuple[list[Contour], list[Contour]]:
    """Depth of each, and those whose lines run into one another. `contours` come largest first."""
    if not contours:
        return [], []
    shapes = [contour.polygon for contour in contours]
    tree = shapely.STRtree(shapes)
    depth = [0] * len(shapes)
    tangled: set[int] = set()
    for inner, outer in zip(*(index.tolist() for index in tree.query(shapes, predicate="intersects")), strict=True):
        if outer >= inner:
            continue  # pairs come twice, and each with itself; the larger has the lower number
        if shapes[outer].contains_properly(shapes[inner]):
            depth[inner] += 1
        elif shapes[outer].intersection(shapes[inner]).area > 1e-6:
            tangled |= {inner, outer}
    nested = [replace(one, depth=depth[i]) for i, one in enumerate(contours) if i not in tangled]
    return sorted(nested, key=lambda one: (one.depth, -one.polygon.area)), [contours[i] for i in sorted(tangled)]

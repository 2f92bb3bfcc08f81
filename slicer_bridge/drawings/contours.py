"""Flat paths of a drawing, joined to closed contours and nested: outsides at even depth, holes at odd."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon

from slicer_bridge.drawings.circles import Circle, fitted_circle
from slicer_bridge.errors import FileTooLarge
from slicer_bridge.reading.flat_path import JOIN_MM, FlatPath, enclosed_mm2, length_mm, turned, without_standstill

MAX_NESTED = 300_000
"""Pairs of contours whose bounds overlap."""
_SAME_MM = JOIN_MM / 10
_AT_ONCE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """A closed line: `polygon` without holes, `depth` = number of contours around it."""

    polygon: Polygon
    handles: tuple[str, ...]
    corners: NDArray[np.float64]
    """(n, 3) with bulges, as in `FlatPath`, the last one at the first: arcs are exact."""
    depth: int = 0
    layer: str = ""

    @property
    def is_hole(self) -> bool:
        return self.depth % 2 == 1

    @property
    def length_mm(self) -> float:
        return length_mm(self.corners)

    @property
    def area_mm2(self) -> float:
        return enclosed_mm2(self.corners)

    @property
    def circle(self) -> Circle | None:
        """Centre x and y, and diameter, mm, if the line is a circle or was one before it was exported."""
        return fitted_circle(shapely.get_coordinates(self.polygon.exterior)[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """What the lines of a drawing make, outermost and largest first."""

    contours: tuple[Contour, ...]
    open_paths: tuple[FlatPath, ...]
    crossing: tuple[Contour, ...]
    """Closed lines that cross themselves or touch another: nobody can say where their inside is."""
    duplicates: tuple[tuple[str, ...], ...]
    """Handles of lines that lie on others."""


def join(paths: list[FlatPath]) -> Outlines:
    """Chain open paths end to end, then nest what is closed.

    Raises FileTooLarge for more than `MAX_NESTED` contours in one another.
    """
    single, doubles = _single([path for path in paths if not path.closed])
    chained = [path for path in paths if path.closed] + _faces(_chain(single))
    loops = [_contour(path) for path in chained if path.closed]
    contours, crossing, more_doubles = _distinct([loop for loop in loops if loop is not None])
    nested, tangled = _nest(contours)
    return Outlines(
        tuple(nested),
        tuple(path for path in chained if not path.closed),
        (*crossing, *tangled),
        (*doubles, *more_doubles),
    )


def _contour(path: FlatPath) -> Contour | None:
    """Both ends of a closed line may be `JOIN_MM` apart: its last corner goes to its first. None: a mere point."""
    corners = path.corners.copy()
    corners[-1, :2] = corners[0, :2]
    corners = without_standstill(corners)
    points = FlatPath(corners, ()).points
    return Contour(Polygon(points), path.handles, corners, layer=path.layer) if len(points) > 3 else None


def _single(paths: list[FlatPath]) -> tuple[list[FlatPath], list[tuple[str, ...]]]:
    """Open paths once each, and the handles of those that were drawn over another."""
    kept: dict[tuple[bytes, ...], FlatPath] = {}
    doubles = []
    for path in paths:
        places = np.round(np.array([path.points[0], path.points[-1], path.points.mean(axis=0)]) / _SAME_MM) + 0.0
        start, end, middle = (place.tobytes() for place in places)
        if kept.setdefault((min(start, end), max(start, end), middle), path) is not path:
            doubles.append(path.handles)
    return list(kept.values()), doubles


def _chain(paths: list[FlatPath]) -> list[FlatPath]:
    """Join at ends where exactly two paths meet; a crossroads stays open, and is reported."""
    if not paths:
        return []
    meeting = _clusters(np.array([end for path in paths for end in (path.points[0], path.points[-1])]))
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


def _faces(paths: list[FlatPath]) -> list[FlatPath]:
    """Where pieces share a line, each gets its whole outline: the smallest closed ways through the crossroads.

    What is on no such way comes back as it is.
    """
    loose = [number for number, path in enumerate(paths) if not path.closed]
    if len(loose) < 2:
        return paths
    ends = np.array([end for number in loose for end in (paths[number].points[0], paths[number].points[-1])])
    _, first, place = np.unique(_clusters(ends), return_index=True, return_inverse=True)
    meeting = ends[first][place].reshape(-1, 2, 2)
    met = (np.bincount(place)[place] > 1).reshape(-1, 2).min(axis=1)  # others are on no way round
    loose, meeting = [loose[row] for row in np.flatnonzero(met)], meeting[met]
    if len(loose) < 2:
        return paths
    lines = [
        LineString([start, *paths[number].points[1:-1], end])
        for number, (start, end) in zip(loose, meeting, strict=True)
    ]
    tree = shapely.STRtree([line.interpolate(0.5, normalized=True) for line in lines])
    closed: list[FlatPath] = []
    used: set[int] = set()
    for face in shapely.polygonize(lines).geoms:
        around = [loose[row] for row in tree.query(shapely.boundary(face), predicate="dwithin", distance=_SAME_MM)]
        ring = _chain([paths[number] for number in around])
        if len(ring) == 1 and ring[0].closed:
            closed += ring
            used |= set(around)
    return closed + [path for number, path in enumerate(paths) if number not in used]


def _follow(paths: list[FlatPath], partner: dict[int, int], start: int, left: set[int]) -> FlatPath:
    """The chain that begins at end number `start`: ends 2i and 2i + 1 are first and last point of path i."""
    pieces: list[NDArray[np.float64]] = []
    handles: list[str] = []
    end: int | None = start
    while end is not None and end // 2 in left:
        path = paths[end // 2]
        left.discard(end // 2)
        corners = (path.corners if end % 2 == 0 else turned(path.corners)).copy()
        if pieces:
            pieces[-1][-1, 2] = corners[0, 2]  # the meeting point stays where the chain reached it first
            corners = corners[1:]
        pieces.append(corners)
        handles += path.handles
        end = partner.get(end ^ 1)
    return FlatPath(np.concatenate(pieces), tuple(dict.fromkeys(handles)), paths[start // 2].layer)


def _clusters(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the meeting place of each point (n, 2): points within JOIN_MM of one another share it.

    Points that round to the same `_SAME_MM` count as one, so that any number may lie in one place.
    """
    rounded, inverse = np.unique(np.round(points / _SAME_MM), axis=0, return_inverse=True)
    places = [Point(x, y) for x, y in rounded * _SAME_MM]
    one, other = shapely.STRtree(places).query(places, predicate="dwithin", distance=JOIN_MM)
    label = np.arange(len(rounded), dtype=np.int64)
    for _ in range(8):  # a chain of near points grows by hops; real meeting places are one hop wide
        np.minimum.at(label, one, label[other])
    found: NDArray[np.int64] = label[inverse.reshape(-1)]
    return found


def _distinct(loops: list[Contour]) -> tuple[list[Contour], list[Contour], list[tuple[str, ...]]]:
    """Valid contours once each, largest first; those that cross themselves; handles of those that were double."""
    kept: list[Contour] = []
    crossing: list[Contour] = []
    seen: set[tuple[float, ...]] = set()
    doubles: list[tuple[str, ...]] = []
    for loop in sorted(loops, key=lambda one: -one.polygon.area):
        shape = loop.polygon
        key = tuple(round(value, 1) for value in (*shape.bounds, shape.area))
        if key in seen:
            doubles.append(loop.handles)
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
    shapes = np.array([contour.polygon for contour in contours])
    inner, outer = _meeting(shapes)
    inside = shapely.contains_properly(shapes[outer], shapes[inner])
    depth = np.bincount(inner[inside], minlength=len(shapes))
    inner, outer = inner[~inside], outer[~inside]
    across = shapely.area(shapely.intersection(shapes[outer], shapes[inner])) > 1e-6
    tangled = set(inner[across].tolist()) | set(outer[across].tolist())
    nested = [replace(one, depth=int(depth[i])) for i, one in enumerate(contours) if i not in tangled]
    return sorted(nested, key=lambda one: (one.depth, -one.polygon.area)), [contours[i] for i in sorted(tangled)]


def _meeting(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (inner, outer) of shapes that have something in common; the larger has the lower number."""
    tree = shapely.STRtree(shapes.tolist())
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(shapes), _AT_ONCE):
        inner, outer = tree.query(shapes[start : start + _AT_ONCE])  # by their bounds alone
        inner = inner + start
        found.append(np.stack([inner[outer < inner], outer[outer < inner]]))
        if sum(pairs.shape[1] for pairs in found) > MAX_NESTED:
            raise FileTooLarge(f"over {MAX_NESTED:,} times a contour lies in another or beside it: simplify it")
    inner, outer = np.concatenate(found, axis=1)
    shapely.prepare(shapes)
    meets = shapely.intersects(shapes[outer], shapes[inner])
    return inner[meets], outer[meets]

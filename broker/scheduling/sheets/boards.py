"""Sheets as the compiled first fit sees them: turned so that their grain runs along x, with all ways to lay all parts.

What overlaps what is found out once for all sheets with grain and once for all without; a sheet adds its own places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from broker.scheduling.nesting.bed import Bed, Variant, Zone
from broker.scheduling.nesting.covers import convex_cover
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.ways import EXACT_MM, Ways, blocked_places, ways
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Pose, Shape
from broker.scheduling.sheets.problem import Floats

_THICK, _HIGH = 1.0, 2.0
"""Sheets are flat: any height under any other."""
_SLIVER_MM2 = 1e-6


@dataclass(frozen=True, slots=True)
class Part:
    """A part's outline, low corner at the origin, and whether it is bound to the x axis."""

    outline: Floats
    bound: bool

    @property
    def key(self) -> tuple[bytes, bool]:
        """Equal for equal parts."""
        return self.outline.tobytes(), self.bound


@dataclass(frozen=True, slots=True)
class Board:
    """One kind of sheet."""

    ways: Ways
    cell_mm: float
    corner_mm: tuple[float, float]
    cells: tuple[int, int]
    """Rows, columns."""
    variants: tuple[Variant, ...]
    """In the order of `ways`."""
    types: dict[int, int]
    """By lot, in `ways`; without lots that fit no sheet."""


class Boards:
    """Boards for parts of one material."""

    def __init__(self, parts: Mapping[int, Part], spaces: Sequence[BaseGeometry], spacing_mm: float) -> None:
        """`parts` by lot; `spaces` are all regions that parts may lie in, grain along x."""
        self._spacing_mm = spacing_mm
        bounds = np.array([space.bounds for space in spaces if not space.is_empty]).reshape(-1, 4)
        width, depth = (bounds[:, 2:] - bounds[:, :2]).max(axis=0, initial=0.0).tolist()
        largest = Bed(width, depth, _HIGH, spacing_mm)
        different = list({part.key: part for part in parts.values()}.values())
        nester = Nester([Shape((Pose(part.outline, _THICK),)) for part in different])
        found = [(part, _turns(nester.variants(largest, k), part.bound)) for k, part in enumerate(different)]
        found = [(part, some) for part, some in found if some]
        types = {part.key: kind for kind, (part, _) in enumerate(found)}
        self._types = {lot: types[part.key] for lot, part in parts.items() if part.key in types}
        self._flat = [(kind, variant) for kind, (_, some) in enumerate(found) for variant in some]
        self._thin = {(kind, 0): convex_cover(part.outline) for kind, (part, _) in enumerate(found)}
        self._ways, self._cell_mm = None, 1.0
        if found:
            self._ways, self._cell_mm = ways(
                [[part.outline] for part, _ in found], [some for _, some in found], largest
            )

    def board(self, space: BaseGeometry) -> Board | None:
        """None where nothing can lie on it."""
        if self._ways is None or space.is_empty:
            return None
        x0, y0, x1, y1 = (float(value) for value in space.bounds)
        cell = self._cell_mm
        size = np.array([variant.size_mm[::-1] for _, variant in self._flat])
        room = np.array([y1 - y0, x1 - x0]) - size + EXACT_MM
        places = np.maximum(np.floor(room / cell).astype(np.int64) + 1, 0)
        bed = Bed(x1 - x0, y1 - y0, _HIGH, self._spacing_mm, _barred(space, (x0, y0, x1, y1)))
        blocked, blocked_from = blocked_places(self._flat, self._thin, places, bed, cell)
        own = self._ways._replace(places=places, blocked=blocked, blocked_from=blocked_from)
        cells = int((y1 - y0) / cell) + 1, int((x1 - x0) / cell) + 1
        return Board(own, cell, (x0, y0), cells, tuple(variant for _, variant in self._flat), self._types)


def _turns(every: tuple[Variant, ...], bound: bool) -> tuple[Variant, ...]:
    """Sheets are large and parts many: quarter turns, others only where a part fits by no quarter turn."""
    step = 180.0 if bound else 90.0
    found = tuple(way for way in every if way.angle_deg % step == 0.0)
    return found if found or bound else every


def _barred(space: BaseGeometry, bounds: tuple[float, float, float, float]) -> tuple[Zone, ...]:
    """What the region lacks of its bounds, as simple polygons from their low corner."""
    zones: list[Zone] = []
    for part in shapely.get_parts(shapely.difference(shapely.box(*bounds), space)):
        if part.area > _SLIVER_MM2:
            simple = shapely.get_parts(shapely.constrained_delaunay_triangles(part)) if part.interiors else [part]
            zones += [_zone(one, bounds[:2]) for one in simple]
    return tuple(zones)


def _zone(polygon: shapely.Polygon, corner: tuple[float, float]) -> Zone:
    points = shapely.get_coordinates(polygon.exterior)[:-1] - corner
    return tuple((float(x), float(y)) for x, y in points)


def grain_along_x(space: BaseGeometry) -> BaseGeometry:
    """A sheet whose grain runs along y, turned clockwise by a quarter."""
    return shapely.transform(space, lambda points: turned(points, 270.0))

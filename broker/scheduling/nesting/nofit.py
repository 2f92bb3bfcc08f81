"""Where one part may not stand beside another: no-fit regions, exact to rounding and never too small.

The region is the Minkowski sum of one outline and the other's reflection (Art 1966; Milenkovic 1999), made of convex
pieces and widened by the spacing. It is kept per pair of poses and relative angle, and read on a grid.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats, Pose

Mask = NDArray[np.bool_]
Region = BaseGeometry

NEARLY_CONVEX = 0.98
"""Share of its hull's area above which a part is taken for its hull: what lies between is too thin to hold another."""
FEW_CORNERS = 32
"""Corners that a concave outline keeps: the work for a pair grows with the product of theirs."""
COARSENESS_MM = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
ROUNDING_MM = 1e-7
"""Taken off the spacing, lest a part that just fits is lost to a rotation's rounding."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Offsets, in cells, from one part's low corner to another's at which they come too close."""

    mask: Mask
    """[rows, columns]: y, x."""
    first_row: int
    first_column: int


class NoFit:
    """No-fit regions between poses, kept."""

    def __init__(self, poses: dict[tuple[int, int], Pose]) -> None:
        """`poses[shape, pose]`."""
        self._poses = poses
        self._covers: dict[tuple[int, int], tuple[Floats, ...]] = {}
        self._regions: dict[tuple[int, int, int, int, float, float], Region] = {}
        self._clashes: dict[tuple[Variant, Variant, Bed], Clash] = {}

    def clash(self, fixed: Variant, moved: Variant, bed: Bed) -> Clash:
        """Offsets of `moved` from `fixed` on a bed at which they lie closer than its spacing, or overlap."""
        key = (fixed, moved, bed)
        if key not in self._clashes:
            mirrored = self._clashes.get((moved, fixed, bed))
            self._clashes[key] = _mirror(mirrored) if mirrored else self._rasterised(*key)
        return self._clashes[key]

    def _rasterised(self, fixed: Variant, moved: Variant, bed: Bed) -> Clash:
        region = self._region(fixed, moved, (moved.angle_deg - fixed.angle_deg) % 360.0, bed.spacing_mm)
        shift = np.subtract(moved.low_mm, fixed.low_mm)
        region = shapely.transform(region, lambda points: turned(points, fixed.angle_deg) + shift)
        # No offset beyond what the bed leaves to both parts is ever asked for; a cell more, for rounding.
        size = np.array([bed.width_mm, bed.depth_mm]) + bed.cell_mm
        bounds = shapely.bounds(region)
        low = np.ceil(np.maximum(bounds[:2], np.subtract(fixed.size_mm, size)) / bed.cell_mm).astype(np.int64)
        high = np.floor(np.minimum(bounds[2:], np.subtract(size, moved.size_mm)) / bed.cell_mm).astype(np.int64)
        columns, rows = np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)
        shapely.prepare(region)
        x, y = np.meshgrid(columns * bed.cell_mm, rows * bed.cell_mm)
        return Clash(np.asarray(shapely.contains_xy(region, x, y), dtype=np.bool_), int(low[1]), int(low[0]))

    def _region(self, fixed: Variant, moved: Variant, angle_deg: float, spacing_mm: float) -> Region:
        key = (fixed.shape, fixed.pose, moved.shape, moved.pose, angle_deg, spacing_mm)
        if key not in self._regions:
            reflected = [-turned(part, angle_deg) for part in self._cover(moved.shape, moved.pose)]
            sums = [_hulls_of_sums(part, reflected) for part in self._cover(fixed.shape, fixed.pose)]
            self._regions[key] = _widened(shapely.union_all(np.concatenate(sums)), spacing_mm - ROUNDING_MM)
        return self._regions[key]

    def _cover(self, shape: int, pose: int) -> tuple[Floats, ...]:
        key = (shape, pose)
        if key not in self._covers:
            self._covers[key] = convex_cover(self._poses[key].outline)
        return self._covers[key]


def convex_cover(outline: Floats) -> tuple[Floats, ...]:
    """Convex polygons `[k, 2]` whose union covers `outline[k, 2]` and hardly more."""
    polygon = shapely.Polygon(outline)
    hull = polygon.convex_hull
    if polygon.area >= NEARLY_CONVEX * hull.area:
        return (shapely.get_coordinates(hull)[:-1],)
    triangles = shapely.constrained_delaunay_triangles(_fewer_corners(polygon))
    return tuple(shapely.get_coordinates(triangle)[:-1] for triangle in shapely.get_parts(triangles))


def _fewer_corners(polygon: shapely.Polygon) -> shapely.Polygon:
    """A polygon that covers this one and has few corners: widened, then straightened by no more than it was widened."""
    if len(polygon.exterior.coords) <= FEW_CORNERS:
        return polygon
    for width_mm in COARSENESS_MM:
        wide = polygon.buffer(width_mm, join_style="mitre").simplify(0.95 * width_mm)
        simple = shapely.Polygon(wide.exterior) if isinstance(wide, shapely.Polygon) else _hull(polygon)
        if len(simple.exterior.coords) <= FEW_CORNERS and simple.covers(polygon):
            return simple
    return _hull(polygon)


def _hull(polygon: shapely.Polygon) -> shapely.Polygon:
    return shapely.Polygon(shapely.get_coordinates(polygon.convex_hull))


def _hulls_of_sums(part: Floats, others: list[Floats]) -> NDArray[np.object_]:
    """One convex region for each of `others`, all with equally many corners: a hull, or triangles."""
    sums = (part[None, :, None] + np.stack(others)[:, None]).reshape(len(others), -1, 2)
    points = np.asarray(shapely.points(sums), dtype=object)
    return np.asarray(shapely.convex_hull(np.asarray(shapely.multipoints(points), dtype=object)), dtype=object)


def _widened(region: Region, by_mm: float) -> Region:
    """At least `by_mm` all round: mitred corners are exact along edges, round ones lie within their circle; of the
    mitred and of the round, a trifle widened, each covers the true region, and so does what they share."""
    mitred = shapely.buffer(region, by_mm, join_style="mitre", mitre_limit=2.0)
    if by_mm <= 0:
        return mitred
    return shapely.intersection(mitred, shapely.buffer(region, by_mm * 1.0025, quad_segs=12))


def _mirror(clash: Clash) -> Clash:
    rows, columns = clash.mask.shape
    return Clash(clash.mask[::-1, ::-1], 1 - clash.first_row - rows, 1 - clash.first_column - columns)

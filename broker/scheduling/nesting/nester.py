"""Parts on a plate, true to their shape: several first fits, the best of them, checked exactly."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import shapely

from broker.scheduling.eligibility import Fit, poses_that_fit
from broker.scheduling.nesting.bed import COARSE_CELL_MM, FINEST_CELL_MM, Bed, Variant
from broker.scheduling.nesting.clear import clear_part
from broker.scheduling.nesting.firstfit import FirstFit
from broker.scheduling.nesting.nest import Nest, Spot, check_exactly, nest_of
from broker.scheduling.nesting.nofit import NoFit
from broker.scheduling.nesting.patterns import Patterns, Wanted
from broker.scheduling.nesting.shelves import in_columns, in_rows
from broker.scheduling.nesting.ways import EXACT_MM
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats, Shape

PIECES_PER_PLATE = 1000
"""More than this no person takes off a plate and counts."""
SAME_SHAPE = 1e-4
"""Share of its area within which a turned outline counts as the same."""

Stage = tuple[tuple[Variant, ...], int]
"""Pieces to lay in any of some ways."""


class Nester:
    """Nests of one problem's shapes. Keeps every pattern it has found: the same question gets the same answer."""

    def __init__(self, shapes: Sequence[Shape], angles_deg: tuple[float, ...] | None = None) -> None:
        """`angles_deg` are the only angles to try; None: quarter turns and whatever else a part needs to fit."""
        self.shapes = tuple(shapes)
        self.angles_deg = angles_deg
        self._nofit = NoFit({(s, p): pose for s, shape in enumerate(shapes) for p, pose in enumerate(shape.poses)})
        self._variants: dict[tuple[Bed, int], tuple[Variant, ...]] = {}
        self._areas = [shapely.Polygon(shape.poses[0].outline).area for shape in shapes]
        self._fills: dict[tuple[Bed, Wanted, float], Nest] = {}
        self._patterns: dict[Bed, Patterns] = defaultdict(Patterns)

    def capacity(self, bed: Bed, shape: int) -> int:
        """How many of one shape the bed holds, `PIECES_PER_PLATE` at most."""
        return len(self.fill(bed, ((shape, PIECES_PER_PLATE),)).shape)

    def holds(self, bed: Bed, wanted: Wanted) -> bool:
        """Whether all that is wanted lies on the bed: it does where more is known to, and not where less doesn't."""
        known = self._patterns[bed]
        return known.holding(wanted) is not None or (not known.fail(wanted) and self.nest(bed, wanted) is not None)

    def nest(self, bed: Bed, wanted: Wanted) -> Nest | None:
        """All that is wanted, on the bed; None where that doesn't fit."""
        pieces = sum(number for _, number in wanted)
        if pieces > PIECES_PER_PLATE or sum(self._areas[s] * n for s, n in wanted) > bed.width_mm * bed.depth_mm:
            return None
        if any(number > self.capacity(bed, shape) for shape, number in wanted):
            return None
        # First fit may lose a piece where another is missing: what is known to hold more holds less.
        if len(wanted) > 1 and (known := self._patterns[bed].holding(wanted)) is not None:
            return known
        if len(wanted) > 1 and len((found := self.fill(bed, wanted, COARSE_CELL_MM)).shape) == pieces:
            return found
        found = self.fill(bed, wanted)
        return found if len(found.shape) == pieces else self._patterns[bed].holding(wanted)

    def fill(self, bed: Bed, wanted: Wanted, finest_mm: float = FINEST_CELL_MM) -> Nest:
        """As much of what is wanted as the bed holds: most part area first, then the smallest extent."""
        key = (bed, wanted, finest_mm)
        if key not in self._fills:
            tried = self._tried(replace(bed, finest_mm=finest_mm), wanted)
            best = max((nest_of(spots) for spots in tried), key=self._worth)
            check_exactly(self.shapes, best, bed)
            self._patterns[bed].learn(wanted, best, last=finest_mm == FINEST_CELL_MM)
            self._fills[key] = best
        return self._fills[key]

    def _tried(self, bed: Bed, wanted: Wanted) -> list[list[Spot]]:
        tried = self._first_fits(bed, wanted)
        if not bed.forbidden:
            return tried + (self._straight_rows(bed, *wanted[0]) if len(wanted) == 1 else [])
        clear = clear_part(bed)
        if clear is None:
            return tried
        part, (x0, y0) = clear
        return tried + [[(way, x + x0, y + y0) for way, x, y in spots] for spots in self._tried(part, wanted)]

    def variants(self, bed: Bed, shape: int) -> tuple[Variant, ...]:
        """The ways to lay `shape` on `bed`: its best pose that fits, at the angles worth trying."""
        key = (bed, shape)
        if key not in self._variants:
            usable = (0.0, 0.0, bed.width_mm, bed.depth_mm)
            fits = poses_that_fit(self.shapes[shape], usable, bed.height_mm)
            self._variants[key] = self._turned_variants(shape, fits[0], bed) if fits else ()
        return self._variants[key]

    def _turned_variants(self, shape: int, fit: Fit, bed: Bed) -> tuple[Variant, ...]:
        outline = self.shapes[shape].poses[fit.pose].outline
        found: list[Variant] = []
        polygons: list[shapely.Polygon] = []
        for angle in self.angles_deg if self.angles_deg is not None else angles_to_try(outline, fit):
            points = turned(outline, angle)
            low, size = points.min(axis=0), np.ptp(points, axis=0)
            if size[0] > bed.width_mm + EXACT_MM or size[1] > bed.depth_mm + EXACT_MM:
                continue
            polygon = shapely.Polygon(points - low)
            if not any(_same(polygon, other) for other in polygons):
                polygons.append(polygon)
                corner, extent = (float(low[0]), float(low[1])), (float(size[0]), float(size[1]))
                found.append(Variant(shape, fit.pose, angle, corner, extent))
        return tuple(found)

    def _first_fits(self, bed: Bed, wanted: Wanted) -> list[list[Spot]]:
        """Large parts first, each however it lies lowest; and a shape alone in each direction by itself."""
        largest_first = sorted(wanted, key=lambda item: (-self._areas[item[0]], item[0]))
        plans: list[list[Stage]] = [[(self.variants(bed, shape), pieces) for shape, pieces in largest_first]]
        if len(wanted) == 1:
            directions = self._directions(bed, wanted[0][0])
            plans += [[(direction, wanted[0][1])] for direction in directions] if len(directions) > 1 else []
        return [self._placed(bed, plan, by_columns=way) for plan in plans for way in (False, True)]

    def _straight_rows(self, bed: Bed, shape: int, pieces: int) -> list[list[Spot]]:
        most = min(pieces, PIECES_PER_PLATE)
        pairs = product(self.variants(bed, shape), repeat=2)
        return [lay(bed, first, second, most) for first, second in pairs for lay in (in_rows, in_columns)]

    def _directions(self, bed: Bed, shape: int) -> list[tuple[Variant, ...]]:
        """The variants of a shape, by their angle to the bed's axes."""
        variants = self.variants(bed, shape)
        angles = sorted({variant.angle_deg % 180.0 for variant in variants})
        return [tuple(v for v in variants if v.angle_deg % 180.0 == angle) for angle in angles]

    def _placed(self, bed: Bed, plan: list[Stage], *, by_columns: bool) -> list[Spot]:
        search = FirstFit(bed, self._nofit, by_columns=by_columns)
        for variants, pieces in plan:
            search.begin(variants)
            for _ in range(min(pieces, PIECES_PER_PLATE - len(search.placements))):
                if not search.place():
                    break
        return [(p.variant, p.column * bed.cell_mm, p.row * bed.cell_mm) for p in search.placements]

    def _worth(self, nest: Nest) -> tuple[float, float, float]:
        width, depth = nest.used_mm
        area = sum(self._areas[shape] for shape in nest.shape)
        return round(area, 6), -round(width * depth, 6), -round(width + depth, 6)


def angles_to_try(outline: Floats, fit: Fit) -> tuple[float, ...]:
    """Angles worth trying: quarter turns, the longest edge of the hull along an axis; else those that fit at all."""
    hull = shapely.get_coordinates(shapely.MultiPoint(outline).convex_hull)
    edges = np.diff(hull, axis=0)
    longest = edges[np.argmax(np.hypot(edges[:, 0], edges[:, 1]))]
    aligned = round(float(-np.degrees(np.arctan2(longest[1], longest[0]))) % 90.0, 6)
    wanted = [0.0, 90.0, 180.0, 270.0]
    if 0.01 < aligned < 89.99:
        wanted += [aligned + quarter for quarter in (0.0, 90.0, 180.0, 270.0)]
    found = [angle for angle in wanted if any(low <= angle % 180.0 <= high for low, high in fit.angles_deg)]
    if not found:
        inside = [angle for low, high in fit.angles_deg for angle in ((low + high) / 2, low, high)]
        found = inside + [angle + 180.0 for angle in inside]
    return tuple(dict.fromkeys(angle % 360.0 for angle in found))


def _same(polygon: shapely.Polygon, other: shapely.Polygon) -> bool:
    return bool(polygon.symmetric_difference(other).area <= SAME_SHAPE * polygon.area)

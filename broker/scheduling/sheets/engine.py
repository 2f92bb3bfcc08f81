"""Parts on one sheet: what the nester of plates needs to know of sheets, and nothing else knows of it.

A sheet is turned so that its grain runs along x, where parts that are bound to it lie at 0 or 180 degrees. Of a region
that is no rectangle the nester gets rectangles, one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Pose, Shape
from broker.scheduling.sheets.problem import GRAIN_ALONG_Y, NO_GRAIN, Bools, Floats, Problem
from broker.scheduling.sheets.rectangles import Box
from broker.scheduling.sheets.space import boxes_within, shortest_width, usable

Wanted = tuple[tuple[int, int], ...]
"""Sorted (lot, pieces)."""
_THICK, _HIGH = 1.0, 2.0
"""Sheets are flat: any height under any other."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Pieces on a sheet."""

    lot: tuple[int, ...]
    at: Floats
    """[P, 3] x, y, angle, in the sheet's coordinates, of the part's own."""

    @property
    def pieces(self) -> dict[int, int]:
        """By lot."""
        counted: dict[int, int] = {}
        for lot in self.lot:
            counted[lot] = counted.get(lot, 0) + 1
        return counted


class Engine:
    """Nests of one problem's lots. The same question gets the same answer."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._low = [outline.min(axis=0) for outline in problem.lots.outlines]
        self._width = [shortest_width(outline) for outline in problem.lots.outlines]
        shapes = [
            Shape((Pose(outline - low, _THICK),)) for outline, low in zip(problem.lots.outlines, self._low, strict=True)
        ]
        bound = problem.lots.grained
        self._nesters = _Turns(shapes, np.zeros_like(bound)), _Turns(shapes, bound)
        self._spaces: dict[int, BaseGeometry] = {}

    def space(self, stock: int) -> BaseGeometry:
        """Where parts may lie on a sheet."""
        if stock not in self._spaces:
            self._spaces[stock] = usable(self._problem, stock)
        return self._spaces[stock]

    def fits(self, stock: int, lot: int) -> bool:
        """A piece can be laid on an empty sheet."""
        return bool(self.fill(stock, ((lot, 1),)).lot)

    def fill(self, stock: int, wanted: Wanted, within: Box | None = None) -> Laid:
        """As much of what is wanted as a sheet holds, or what of it lies `within`."""
        space = self.space(stock) if within is None else shapely.intersection(self.space(stock), within.polygon)
        along_y = int(self._problem.stock.grain[stock]) == GRAIN_ALONG_Y
        if along_y:
            space = shapely.transform(space, lambda points: turned(points, 270.0))
        nester = self._nesters[int(self._problem.stock.grain[stock]) != NO_GRAIN]
        laid = self._filled(nester, space, wanted)
        return _turned_back(laid) if along_y else laid

    def _filled(self, nester: Nester, space: BaseGeometry, wanted: Wanted) -> Laid:
        spacing = self._problem.cutting.spacing_mm
        left = dict(wanted)
        lots: list[int] = []
        at: list[Floats] = []
        for box in boxes_within(space, min((self._width[lot] for lot in left), default=1.0), spacing):
            bed = Bed(box.x1 - box.x0, box.y1 - box.y0, _HIGH, spacing)
            asked = tuple(sorted((lot, pieces) for lot, pieces in left.items() if pieces))
            nest = nester.fill(bed, asked) if asked else None
            if nest is None or not nest.shape:
                continue
            for lot in nest.shape:
                left[lot] -= 1
            lots += nest.shape
            at.append(self._in_own_coordinates(nest.shape, nest.at, box))
        return Laid(tuple(lots), np.concatenate(at) if at else np.zeros((0, 3)))

    def _in_own_coordinates(self, lots: Sequence[int], at: Floats, box: Box) -> Floats:
        """The nester's parts have their low corner at the origin, and its bed too."""
        moved = at.copy()
        moved[:, 0] += box.x0
        moved[:, 1] += box.y0
        for row, lot in enumerate(lots):
            moved[row, :2] -= turned(self._low[lot][None], float(at[row, 2]))[0]
        return moved


class _Turns(Nester):
    """Sheets are large and parts many: quarter turns are tried, others only where a part fits by no quarter turn."""

    def __init__(self, shapes: Sequence[Shape], bound: Bools) -> None:
        """`bound` [L]: to the x axis."""
        super().__init__(shapes)
        self._bound = bound

    def variants(self, bed: Bed, shape: int) -> tuple[Variant, ...]:
        every = super().variants(bed, shape)
        step = 180.0 if self._bound[shape] else 90.0
        turns = tuple(way for way in every if way.angle_deg % step == 0.0)
        return turns if turns or self._bound[shape] else every


def _turned_back(laid: Laid) -> Laid:
    at = laid.at.copy()
    at[:, :2] = turned(at[:, :2], 90.0)
    at[:, 2] = (at[:, 2] + 90.0) % 360.0
    return Laid(laid.lot, at)

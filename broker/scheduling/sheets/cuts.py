"""Sheets with parts laid on them, their offcuts and what they cost."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.scheduling.rotation import turned
from broker.scheduling.sheets.engine import Engine, Laid, Wanted
from broker.scheduling.sheets.offcuts import offcuts
from broker.scheduling.sheets.problem import Floats, Problem
from broker.scheduling.sheets.rectangles import Box

PIECES_A_SHEET = 1000
"""More than this no person sorts off a sheet."""
SHRINKINGS = 3
"""Halvings, in search of the shortest length of a sheet that holds the same parts."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One sheet as it will be cut."""

    stock: int
    laid: Laid
    offcuts: Floats
    """[R, 4]"""
    cost: float
    part_mm2: float
    taken_mm2: float
    worth: float
    """Of its pieces."""


class Cutter:
    """Lays parts on sheets, and keeps what it has found."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.engine = Engine(problem)
        self.part_mm2 = np.array([shapely.Polygon(outline).area for outline in problem.lots.outlines])
        self.sheets = [shapely.Polygon(outline) for outline in problem.stock.outlines]
        self.sheet_mm2 = np.array([sheet.area for sheet in self.sheets])
        self._found: dict[tuple[int, Wanted], Cut | None] = {}
        self._gathered: dict[tuple[int, Wanted], Cut] = {}

    def wanted(self, stock: int, pieces: dict[int, int]) -> Wanted:
        """Pieces by lot, no more of each than its area allows on the sheet."""
        room = self.engine.space(stock).area
        counts = ((lot, min(n, PIECES_A_SHEET, int(room / self.part_mm2[lot]))) for lot, n in sorted(pieces.items()))
        return tuple((lot, number) for lot, number in counts if number > 0)

    def cut(self, stock: int, wanted: Wanted) -> Cut | None:
        """As much of what is wanted as a sheet of a kind holds; None where it holds nothing."""
        key = (stock, wanted)
        if key not in self._found:
            laid = self.engine.fill(stock, wanted)
            self._found[key] = self._measured(stock, laid) if laid.lot else None
        return self._found[key]

    def gathered(self, cut: Cut) -> Cut:
        """The same pieces on a sheet of the same kind, laid so that the offcuts are worth most; kept like `cut`."""
        wanted = tuple(sorted(cut.laid.pieces.items()))
        key = (cut.stock, wanted)
        if key not in self._gathered:
            shorter = (self._shrunk(cut.stock, wanted, axis) for axis in (0, 1))
            found = [cut, *(self._measured(cut.stock, laid) for laid in shorter if laid)]
            self._gathered[key] = min(found, key=lambda one: (one.cost, -_longest(one)))
        return self._gathered[key]

    def _shrunk(self, stock: int, wanted: Wanted, axis: int) -> Laid | None:
        """The same pieces on as short a stretch of the sheet, from its low end along one axis, as is soon found."""
        x0, y0, x1, y1 = self.engine.space(stock).bounds
        ends, start = (x1, y1), (x0, y0)[axis]
        low = start + sum(self.part_mm2[lot] * n for lot, n in wanted) / ((y1 - y0), (x1 - x0))[axis]
        high, best = ends[axis], None
        if high - start <= self.problem.cutting.least_mm[0]:
            return None
        for _ in range(SHRINKINGS):
            middle = (low + high) / 2
            within = Box(x0, y0, middle, y1) if axis == 0 else Box(x0, y0, x1, middle)
            laid = self.engine.fill(stock, wanted, within)
            if len(laid.lot) == sum(number for _, number in wanted):
                best = laid
                high = _reach(self.polygons(laid), axis)
            else:
                low = middle
        return best

    def polygons(self, laid: Laid) -> NDArray[np.object_]:
        """Every piece where it lies."""
        outlines = self.problem.lots.outlines
        placed = zip(laid.lot, laid.at.tolist(), strict=True)
        return np.array([shapely.Polygon(turned(outlines[lot], a) + np.array([x, y])) for lot, (x, y, a) in placed])

    def _measured(self, stock: int, laid: Laid) -> Cut:
        cutting, price = self.problem.cutting, float(self.problem.stock.price[stock])
        kept = offcuts(self.sheets[stock], self.polygons(laid), cutting)
        kept_mm2 = float(((kept[:, 2] - kept[:, 0]) * (kept[:, 3] - kept[:, 1])).sum())
        whole = float(self.sheet_mm2[stock])
        lots = list(laid.lot)
        return Cut(
            stock=stock,
            laid=laid,
            offcuts=kept,
            cost=price * (1.0 - cutting.kept_value * kept_mm2 / whole),
            part_mm2=float(self.part_mm2[lots].sum()),
            taken_mm2=whole - kept_mm2,
            worth=float(self.problem.lots.worth[lots].sum()),
        )


def _reach(polygons: NDArray[np.object_], axis: int) -> float:
    return float(shapely.total_bounds(polygons)[2 + axis])


def _longest(cut: Cut) -> float:
    """Area of the largest offcut: of two ways to keep as much, the one with fewer and larger pieces."""
    boxes = cut.offcuts
    return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).max(initial=0.0))

"""Sheets with parts laid on them, their offcuts and what they cost."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.scheduling.rotation import turned
from broker.scheduling.sheets.engine import Engine, Laid, Wanted
from broker.scheduling.sheets.offcuts import offcuts
from broker.scheduling.sheets.problem import Floats, Problem

PIECES_A_SHEET = 1000
"""More than this no person sorts off a sheet."""


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
        self.part_mm2 = np.array([shapely.Polygon(outline).area for outline in problem.lots.outlines])
        self.engine = Engine(problem, self.part_mm2)
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
            found = [cut, *(self._measured(cut.stock, laid) for laid in self.engine.gathered(cut.stock, wanted))]
            self._gathered[key] = min(found, key=lambda one: (one.cost, -_longest(one)))
        return self._gathered[key]

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


def _longest(cut: Cut) -> float:
    """Area of the largest offcut: of two ways to keep as much, the one with fewer and larger pieces."""
    boxes = cut.offcuts
    return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).max(initial=0.0))

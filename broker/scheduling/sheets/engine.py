"""Parts on one sheet: all that is known here of how plates are nested."""

from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from broker.scheduling.rotation import turned
from broker.scheduling.sheets.boards import Board, Boards, Part, grain_along_x
from broker.scheduling.sheets.filling import fill
from broker.scheduling.sheets.problem import GRAIN_ALONG_Y, NO_GRAIN, Floats, Ints, Problem
from broker.scheduling.sheets.space import usable

Wanted = tuple[tuple[int, int], ...]
"""Sorted (lot, pieces)."""
SHRINKINGS = 5
"""Halvings, in search of the shortest stretch of a sheet that holds the same pieces."""


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


@dataclass(frozen=True, slots=True)
class _Found:
    lots: tuple[int, ...]
    place: Ints
    """[n, 4] which of `lots`, variant, row, column."""
    area: float
    reach: tuple[int, int]
    """Rows and columns that are used."""


class Engine:
    """Nests of one problem's lots. The same question gets the same answer."""

    def __init__(self, problem: Problem, part_mm2: Floats) -> None:
        self._problem = problem
        self._part_mm2 = part_mm2
        self._low = [outline.min(axis=0) for outline in problem.lots.outlines]
        self._spaces: dict[int, BaseGeometry] = {}
        self._alike: dict[tuple[int, bool], Boards] = {}
        self._boards: dict[int, Board | None] = {}

    def space(self, stock: int) -> BaseGeometry:
        """Where parts may lie on a sheet."""
        if stock not in self._spaces:
            self._spaces[stock] = usable(self._problem, stock)
        return self._spaces[stock]

    def fits(self, stock: int, lot: int) -> bool:
        """A piece can be laid on an empty sheet."""
        return bool(self.fill(stock, ((lot, 1),)).lot)

    def fill(self, stock: int, wanted: Wanted) -> Laid:
        """As much of what is wanted as a sheet holds: most part area, then in the smallest corner."""
        board = self._board(stock)
        if board is None:
            return Laid((), np.zeros((0, 3)))
        tried = [self._filled(board, wanted, board.cells, by_columns=way) for way in (False, True)]
        return self._laid(stock, board, max(tried, key=lambda one: (one.area, -one.reach[0] * one.reach[1])))

    def gathered(self, stock: int, wanted: Wanted) -> list[Laid]:
        """All that is wanted, on as short a stretch of the sheet as is soon found, along one axis and the other."""
        board = self._board(stock)
        found = [self._shrunk(board, wanted, axis) for axis in (0, 1)] if board else []
        return [self._laid(stock, board, one) for one in found if board and one]

    def _shrunk(self, board: Board, wanted: Wanted, axis: int) -> _Found | None:
        pieces = sum(number for _, number in wanted)
        area = sum(float(self._part_mm2[lot]) * number for lot, number in wanted) / board.cell_mm**2
        low, high = int(area / board.cells[1 - axis]), board.cells[axis]
        best = None
        for _ in range(SHRINKINGS):
            if low >= high:
                break
            most = (low + high) // 2
            cells = (most, board.cells[1]) if axis == 0 else (board.cells[0], most)
            found = self._filled(board, wanted, cells, by_columns=axis == 1)
            if len(found.place) == pieces:
                best, high = found, found.reach[axis]
            else:
                low = most + 1
        return best

    def _board(self, stock: int) -> Board | None:
        if stock not in self._boards:
            kinds = self._problem.stock
            material, grain = int(kinds.material[stock]), int(kinds.grain[stock]) != NO_GRAIN
            if (material, grain) not in self._alike:
                alike = (kinds.material == material) & ((kinds.grain != NO_GRAIN) == grain)
                spaces = [self._along_x(other) for other in np.flatnonzero(alike).tolist()]
                parts = self._parts(material, grain)
                self._alike[material, grain] = Boards(parts, spaces, self._problem.cutting.spacing_mm)
            self._boards[stock] = self._alike[material, grain].board(self._along_x(stock))
        return self._boards[stock]

    def _parts(self, material: int, grain: bool) -> dict[int, Part]:
        """By lot; equal outlines are equal parts."""
        lots = self._problem.lots
        mine = np.flatnonzero((lots.material == material) & (lots.quantity > 0)).tolist()
        return {lot: Part(lots.outlines[lot] - self._low[lot], grain and bool(lots.grained[lot])) for lot in mine}

    def _along_x(self, stock: int) -> BaseGeometry:
        along_y = int(self._problem.stock.grain[stock]) == GRAIN_ALONG_Y
        return grain_along_x(self.space(stock)) if along_y else self.space(stock)

    def _filled(self, board: Board, wanted: Wanted, cells: tuple[int, int], *, by_columns: bool) -> _Found:
        """Largest parts first."""
        known = [(lot, number) for lot, number in wanted if lot in board.types]
        known.sort(key=lambda one: (-self._part_mm2[one[0]], one[0]))
        lots, numbers = [lot for lot, _ in known], [number for _, number in known]
        place = np.zeros((sum(numbers), 4), dtype=np.int64)
        kinds = np.array([board.types[lot] for lot in lots], dtype=np.int64)
        most = np.array(cells, dtype=np.int64)
        place = place[: fill(board.ways, kinds, np.array(numbers, dtype=np.int64), most, by_columns, place)]
        ends = place[:, 2:] + board.ways.far[place[:, 1]]
        area = float(self._part_mm2[[lots[k] for k in place[:, 0].tolist()]].sum())
        rows, columns = ends.max(axis=0, initial=0).tolist()
        return _Found(tuple(lots), place, area, (rows, columns))

    def _laid(self, stock: int, board: Board, found: _Found) -> Laid:
        """In the sheet's coordinates and the parts' own."""
        lots = [found.lots[k] for k in found.place[:, 0].tolist()]
        at = np.zeros((len(lots), 3))
        for row, (lot, (_, variant, y, x)) in enumerate(zip(lots, found.place.tolist(), strict=True)):
            way = board.variants[variant]
            corner = np.array([x, y]) * board.cell_mm + board.corner_mm - way.low_mm
            at[row, :2] = corner - turned(self._low[lot][None], way.angle_deg)[0]
            at[row, 2] = way.angle_deg
        if int(self._problem.stock.grain[stock]) == GRAIN_ALONG_Y:
            at[:, :2] = turned(at[:, :2], 90.0)
            at[:, 2] = (at[:, 2] + 90.0) % 360.0
        return Laid(tuple(lots), at)

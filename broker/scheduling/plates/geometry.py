"""What a network's problem leaves out: the shapes of its lots, and the tables of its machines.

A table is where a run is laid out. A class of machines may have several of them, a sheet of each material for one:
which it is follows from the lot. Lots of one family have one table in a class, so what shares a run lies on one.
"""

from dataclasses import dataclass

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.network.problem import Bools, Ints
from broker.scheduling.shapes import Shape

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in mm."""


@dataclass(frozen=True, slots=True)
class Table:
    """Where parts may lie, in the machine's own coordinates."""

    usable_mm: Box
    """Within which every outline lies."""
    height_mm: float
    """Of the tallest part."""
    spacing_mm: float
    """Least distance between outlines."""
    forbidden_mm: tuple[Box, ...] = ()
    """Which no outline may touch, such as clamps."""

    @property
    def free_mm(self) -> Box:
        """The largest part of the usable area that no forbidden box reaches into; empty where there is none."""
        return _largest(self.usable_mm, self.forbidden_mm)

    @property
    def bed(self) -> Bed:
        """The free area as the nester wants it."""
        x0, y0, x1, y1 = self.free_mm
        return Bed(x1 - x0, y1 - y0, self.height_mm, self.spacing_mm)


@dataclass(frozen=True, slots=True)
class Geometry:
    """N lots, C classes, as in the problem."""

    shapes: tuple[Shape, ...]
    lot_shape: Ints
    """[N] index into `shapes`."""
    tables: tuple[Table, ...]
    lot_table: Ints
    """[N, C] index into `tables`; -1 where the class can't make the lot anyway."""
    alone: Bools
    """[M] machines whose shop lays no two lots on one plate."""

    def table(self, lot: int, kind: int) -> Table:
        """Where a class lays a lot out; it must have a table for it."""
        return self.tables[int(self.lot_table[lot, kind])]

    def shape(self, lot: int) -> Shape:
        return self.shapes[int(self.lot_shape[lot])]


def _largest(usable: Box, forbidden: tuple[Box, ...]) -> Box:
    """Each box leaves what is left, below, right and above of it; the best of what all of them leave."""
    free = {usable}
    for box in forbidden:
        free = {part for one in free for part in _beside(one, box)}
    empty = usable[0], usable[1], usable[0], usable[1]
    return max(sorted(free), key=_area, default=empty)


def _beside(free: Box, box: Box) -> list[Box]:
    x0, y0, x1, y1 = free
    low_x, low_y, high_x, high_y = box
    if low_x >= x1 or high_x <= x0 or low_y >= y1 or high_y <= y0:
        return [free]
    parts = [(x0, y0, low_x, y1), (x0, y0, x1, low_y), (high_x, y0, x1, y1), (x0, high_y, x1, y1)]
    return [part for part in parts if part[0] < part[2] and part[1] < part[3]]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])

"""What a network's problem leaves out: the shapes of its lots, and the tables of its machines.

A table is where a run is laid out. A class of machines may have several of them, a sheet of each material for one:
which it is follows from the lot. Lots of one family have one table in a class, so what shares a run lies on one.
"""

from dataclasses import dataclass

from broker.scheduling.nesting.bed import Bed, Zone
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
    def bed(self) -> Bed:
        """As the nester wants it, from the usable area's low corner on."""
        x0, y0, x1, y1 = self.usable_mm
        zones = tuple(zone for box in self.forbidden_mm if (zone := _within(self.usable_mm, box)))
        return Bed(x1 - x0, y1 - y0, self.height_mm, self.spacing_mm, zones)


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


def _within(usable: Box, box: Box) -> Zone:
    """What of a box lies in the usable area, from its low corner on; empty where nothing does."""
    x0, y0, x1, y1 = usable
    low_x, low_y, high_x, high_y = max(box[0], x0), max(box[1], y0), min(box[2], x1), min(box[3], y1)
    if low_x >= high_x or low_y >= high_y:
        return ()
    left, low, right, high = low_x - x0, low_y - y0, high_x - x0, high_y - y0
    return (left, low), (right, low), (right, high), (left, high)

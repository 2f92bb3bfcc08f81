"""What nests have shown of plates that lots share, told to compiled searches."""

from collections.abc import Sequence

import numpy as np
import shapely

from broker.scheduling.network.problem import Floats, Ints, Problem
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.layout import Entries, Lies, by_shape
from broker.scheduling.plates.together import KEPT, WIDE, Company
from broker.scheduling.shapes import Shape

LOOSE = 1.2
"""How much more of a table a large part is thought to take than its hull and half the spacing round it."""
FIRST, LEAST, MOST = 0.85, 0.5, 1.5
UP, DOWN = 0.005, 0.04
"""By which the sum of shares that is tried moves with a nest near it: of nine that are tried, eight lie."""
NEAR = 0.1


class Learnt:
    """Of one problem's plates."""

    def __init__(self, problem: Problem, geometry: Geometry, lies: Lies) -> None:
        self._kind = problem.machines.kind.tolist()
        self._geometry = geometry
        self._lies = lies
        self.company = company(problem, geometry)
        self._told: set[tuple[int, Entries]] = set()

    def lies(self, machine: int, entries: Entries) -> bool:
        """Whether a table holds a run; what is found out is told to the search."""
        found = self._lies(machine, entries)
        kind = self._kind[machine]
        if (kind, entries) not in self._told:
            self._told.add((kind, entries))
            self._tell(kind, entries, found)
        return found

    def _tell(self, kind: int, entries: Entries, found: bool) -> None:
        own, table = self.company, int(self._geometry.lot_table[entries[0][0], kind])
        wanted = by_shape(self._geometry, entries)
        if len(wanted) > WIDE:
            return
        at = own.known[table, int(found)] % KEPT
        own.patterns[table, int(found), at] = 0
        own.patterns[table, int(found), at, : len(wanted)] = wanted
        own.known[table, int(found)] += 1
        space = sum(float(own.space[lot, kind]) * pieces for lot, pieces in entries)
        if found == (space > own.reach[table] - NEAR):
            step = UP if found else -DOWN
            own.reach[table] = min(max(own.reach[table] + step, LEAST), MOST)


def company(problem: Problem, geometry: Geometry) -> Company:
    """Before anything is learnt."""
    lots, tables = problem.lots, len(geometry.tables)
    number = np.arange(len(lots.quantity))
    group = np.stack([lots.family, lots.share, np.where(lots.share < 0, number, -1)])
    mates = np.lexsort(group).astype(np.int64)
    starts = np.concatenate([[True], (np.diff(group[:, mates], axis=1) != 0).any(axis=0)])[: len(mates)]
    firsts, numbers = np.flatnonzero(starts), np.cumsum(starts) - 1
    first, last = np.zeros_like(mates), np.zeros_like(mates)
    first[mates] = firsts[numbers]
    last[mates] = np.append(firsts[1:], len(mates))[numbers]
    return Company(
        shape=geometry.lot_shape,
        table=geometry.lot_table,
        alone=geometry.alone,
        mates=mates,
        first=first,
        last=last,
        space=_space(problem, geometry),
        reach=np.full(tables, FIRST),
        patterns=np.zeros((tables, 2, KEPT, WIDE, 2), dtype=np.int64),
        known=np.zeros((tables, 2), dtype=np.int64),
    )


def _space(problem: Problem, geometry: Geometry) -> Floats:
    """[N, C] by how many lie on a table, or by the hull where few do; 1 where none does."""
    space = np.ones(problem.lots.per_plate.shape)
    areas = [[_hull_mm2(shape, table.spacing_mm) for table in geometry.tables] for shape in geometry.shapes]
    for lot, kind in np.argwhere(problem.lots.per_plate > 0).tolist():
        table = geometry.table(lot, kind)
        bed = table.bed
        whole = (bed.width_mm + table.spacing_mm) * (bed.depth_mm + table.spacing_mm)
        area = areas[int(geometry.lot_shape[lot])][int(geometry.lot_table[lot, kind])]
        space[lot, kind] = min(1 / int(problem.lots.per_plate[lot, kind]), LOOSE * area / whole)
    return space


def _hull_mm2(shape: Shape, spacing_mm: float) -> float:
    hulls = [shapely.convex_hull(shapely.Polygon(pose.outline)) for pose in shape.poses[:1]]
    return float(min(shapely.area(shapely.buffer(hulls, spacing_mm / 2, join_style="mitre"))))


def entries_by_run(rows: Ints) -> Sequence[tuple[int, int, Entries]]:
    """`together.mixed` as (run, machine, entries)."""
    found: dict[int, tuple[int, list[tuple[int, int]]]] = {}
    for run, machine, lot, pieces in rows.tolist():
        found.setdefault(run, (machine, []))[1].append((lot, pieces))
    return [(run, machine, tuple(sorted(entries))) for run, (machine, entries) in found.items()]

"""Runs as plates: where each piece of a run lies."""

from collections.abc import Callable

import numpy as np

from broker.scheduling.errors import NestingFault
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.patterns import Wanted
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.capacity import CANT, NESTING_FAILS
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.placed import Layout, Placed
from broker.scheduling.shapes import Floats

Entries = tuple[tuple[int, int], ...]
"""What a run makes: (lot, pieces)."""
Lies = Callable[[int, Entries], bool]
"""Whether a machine's table holds a run of such entries."""


def entries_of(plan: Plan, run: int) -> Entries:
    """What a run of the plan makes."""
    of = slice(int(plan.entry_first[run]), int(plan.entry_first[run + 1]))
    return tuple(zip(plan.entry_lot[of].tolist(), plan.entry_pieces[of].tolist(), strict=True))


def laid_out(
    problem: Problem, geometry: Geometry, nester: Nester, plan: Plan
) -> tuple[tuple[Layout, ...], dict[tuple[int, int], str]]:
    """[R] each run's layout; and, by lot and class, why the nester doesn't lay out what it should."""
    layouts: list[Layout] = []
    failed: dict[tuple[int, int], str] = {}
    for run, kind in enumerate(problem.machines.kind[plan.machine].tolist()):
        entries = entries_of(plan, run)
        try:
            layouts.append(layout(geometry, nester, kind, entries))
        except NESTING_FAILS as error:
            failed |= {(lot, kind): f"{CANT}: {error}" for lot, _ in entries}
    return tuple(layouts), failed


def layout(geometry: Geometry, nester: Nester, kind: int, entries: Entries) -> Layout:
    """A run's nest, dealt out to its lots. Raises NestingFault where the table of the class doesn't hold it."""
    table = geometry.table(entries[0][0], kind)
    nest = nester.nest(table.bed, by_shape(geometry, entries))
    if nest is None:
        raise NestingFault(f"a run that was planned for class {kind} doesn't lie on its table: {entries}")
    x0, y0, _, _ = table.usable_mm
    at = nest.at + np.array([x0, y0, 0.0])
    rows: dict[tuple[int, int], list[int]] = {}
    for row, key in enumerate(zip(nest.shape, nest.pose, strict=True)):
        rows.setdefault(key, []).append(row)
    placed = []
    for lot, pieces in entries:
        placed += _dealt(lot, pieces, int(geometry.lot_shape[lot]), rows, at)
    return tuple(placed)


def _dealt(lot: int, pieces: int, shape: int, rows: dict[tuple[int, int], list[int]], at: Floats) -> list[Placed]:
    """Takes its rows away from what is left for other lots."""
    placed = []
    for key in sorted(key for key in rows if key[0] == shape):
        taken, rows[key] = rows[key][:pieces], rows[key][pieces:]
        pieces -= len(taken)
        if taken:
            placed.append(Placed(lot, key[1], at[taken]))
    return placed


class Lying:
    """A `Lies` of one problem: what a table holds is asked of the nester once."""

    def __init__(self, problem: Problem, geometry: Geometry, nester: Nester) -> None:
        self._kind = problem.machines.kind.tolist()
        self._geometry = geometry
        self._nester = nester
        self._known: dict[tuple[int, Entries], bool] = {}

    def __call__(self, machine: int, entries: Entries) -> bool:
        if len(entries) > 1 and self._geometry.alone[machine]:
            return False
        key = self._kind[machine], tuple(sorted(entries))
        if key not in self._known:
            self._known[key] = self._lies(*key)
        return self._known[key]

    def _lies(self, kind: int, entries: Entries) -> bool:
        tables = {int(self._geometry.lot_table[lot, kind]) for lot, _ in entries}
        if len(tables) != 1 or min(tables) < 0:
            return False
        bed = self._geometry.table(entries[0][0], kind).bed
        try:
            return self._nester.holds(bed, by_shape(self._geometry, entries))
        except NESTING_FAILS:
            return False


def by_shape(geometry: Geometry, entries: Entries) -> Wanted:
    """Pieces of each shape."""
    total: dict[int, int] = {}
    for lot, pieces in entries:
        shape = int(geometry.lot_shape[lot])
        total[shape] = total.get(shape, 0) + pieces
    return tuple(sorted(total.items()))

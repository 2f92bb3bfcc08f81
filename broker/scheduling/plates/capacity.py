"""How many pieces of each lot a run holds, and why none where it holds none."""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from broker.scheduling.eligibility import Misfit, fits
from broker.scheduling.errors import SchedulingError
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.network.problem import Problem
from broker.scheduling.plates.geometry import Geometry, Table
from broker.scheduling.validate import check_shape

NESTING_FAILS = (SchedulingError, shapely.errors.ShapelyError, ArithmeticError, ValueError)
"""What a part's odd geometry may end in: it must cost that part alone its place."""


CANT = "the part can't be laid out"
CLAMPED = "what is forbidden of the bed, such as clamps, leaves the part no place"


@dataclass(frozen=True, slots=True)
class _Held:
    pieces: int
    reason: str


def fitted(problem: Problem, geometry: Geometry, nester: Nester) -> Problem:
    """The problem with what its shapes say: `per_plate` is never more than lies on the table, and 0 has its reason.

    Whatever the problem says of lots and classes stays: only what it holds for possible is judged. A lot of which
    nothing is left to make is judged like any other.
    """
    per_plate, reason = problem.lots.per_plate.copy(), problem.lots.reason.copy()
    numbers = {words: number for number, words in enumerate(problem.reasons)}
    judged: dict[tuple[int, Table], _Held] = {}
    for lot, kind in np.argwhere(per_plate > 0).tolist():
        table = geometry.table(lot, kind)
        key = int(geometry.lot_shape[lot]), table
        if key not in judged:
            judged[key] = _judge(nester, geometry, *key)
        held = judged[key]
        per_plate[lot, kind] = min(per_plate[lot, kind], held.pieces)
        if not held.pieces:
            reason[lot, kind] = numbers.setdefault(held.reason, len(numbers))
    lots = replace(problem.lots, per_plate=per_plate, reason=reason)
    return replace(problem, lots=lots, reasons=tuple(numbers))


def _judge(nester: Nester, geometry: Geometry, shape: int, table: Table) -> _Held:
    try:
        check_shape("outline", geometry.shapes[shape])
        fit = fits(geometry.shapes[shape], table.usable_mm, table.height_mm)
        if isinstance(fit, Misfit):
            return _Held(0, fit.reason)
        pieces = nester.capacity(table.bed, shape)
    except NESTING_FAILS as error:
        return _Held(0, f"{CANT}: {error}")
    return _Held(pieces, "" if pieces else CLAMPED if table.bed.forbidden else CANT)

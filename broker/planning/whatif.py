"""What quotes ask: how would this be made, beside everything already promised?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from broker.clock import Clock
from broker.database import Database
from broker.planning.posing import SHIPPING_S, Posed, pose
from broker.planning.situation import OpenLine
from broker.planning.snapshot import take
from broker.planning.solving import Solver
from broker.quotes.live_plan import LeftOut, Opinion, Share, Wanted
from broker.scheduling.problem import Excluded, PlannedPlate, Result

_WITHIN_S = 2.0
BACK_AFTER_S = 3600.0
"""A machine that takes no work now counts as back by then: a price doesn't hang on a lunch break."""
_NEW_ORDER = "the new order"


class WhatIf:
    """Fills `quotes.live_plan.LivePlan`."""

    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._clock = clock
        self._solver = solver

    async def consider(self, wanted: Sequence[Wanted]) -> tuple[Opinion, ...]:
        """Raises Infeasible for a fault of the solver's."""
        async with self._database.reading() as session:
            now = await take(session, self._clock.now())
        asked = tuple(_line(number, item) for number, item in enumerate(wanted))
        situation = replace(now, lines=now.lines + asked)
        posed = pose(situation, later_s=BACK_AFTER_S)
        if posed is None:
            return tuple(_nobody(item) for item in wanted)
        result = await self._solver.solve(posed.problem, _WITHIN_S)
        first = len(now.lines)
        return tuple(_opinion(posed, result, first + number) for number in range(len(wanted)))


def _line(number: int, item: Wanted) -> OpenLine:
    return OpenLine(
        id=f"{_NEW_ORDER} {number}",
        order_id=_NEW_ORDER,
        name=item.name,
        facts=item.facts,
        pieces=item.quantity,
        process=item.process,
        material=item.material,
        recipe=item.recipe,
        due_at=None,
        barred_workshops={},
        barred_machines={},
    )


def _nobody(item: Wanted) -> Opinion:
    return Opinion((), (), item.quantity, "no workshop has joined yet", 0.0, 0.0)


def _opinion(posed: Posed, result: Result, line: int) -> Opinion:
    unplanned = [missing for missing in result.unplanned if missing.line == line]
    plates = [plate for plate in result.plates if _pieces(plate, line)]
    seconds = posed.problem.piece_s[line]
    makes = np.isfinite(seconds)
    return Opinion(
        shares=_shares(posed, plates, line),
        left_out=left_out(posed, result.excluded, line),
        unplanned=sum(missing.pieces for missing in unplanned),
        unplanned_reason="; ".join(missing.reason for missing in unplanned),
        piece_s=float(seconds[makes].min()) if makes.any() else 0.0,
        ready_s=max((plate.end_s for plate in plates), default=0.0) + SHIPPING_S,
    )


def left_out(posed: Posed, excluded: Sequence[Excluded], line: int) -> tuple[LeftOut, ...]:
    """Machines none of whose columns can make the line; of several reasons the last, which is of its own sheet."""
    reasons = {found.machine: found.reason for found in excluded if found.line == line}
    words: dict[str, LeftOut] = {}
    able = set()
    for number, column in enumerate(posed.columns):
        station = column.station
        if number not in reasons:
            able.add(station.machine_id)
            continue
        stock = station.stock(posed.lines[line].material)
        if station.machine_id not in words or (stock is not None and stock.sheet_mm == column.sheet):
            words[station.machine_id] = LeftOut(station.workshop, station.spec.name, reasons[number])
    return tuple(one for machine, one in words.items() if machine not in able)


def _shares(posed: Posed, plates: Sequence[PlannedPlate], line: int) -> tuple[Share, ...]:
    shares: dict[str, Share] = {}
    for plate in plates:
        station = posed.columns[plate.machine].station
        pieces = _pieces(plate, line)
        of_plate = pieces / sum(len(placed.at) for placed in plate.placed)
        seconds = pieces * float(posed.problem.piece_s[line, plate.machine])
        seconds += of_plate * float(posed.problem.plate_s[plate.machine])
        before = shares.get(station.machine_id, Share(station.workshop_id, station.machine_id, 0, 0.0, 0.0))
        shares[station.machine_id] = replace(
            before,
            pieces=before.pieces + pieces,
            machine_s=before.machine_s + seconds,
            plates=before.plates + of_plate,
        )
    return tuple(shares.values())


def _pieces(plate: PlannedPlate, line: int) -> int:
    return sum(len(placed.at) for placed in plate.placed if placed.line == line)

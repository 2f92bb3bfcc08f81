"""What quotes ask: how would this be made, beside everything already promised?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from broker.clock import Clock
from broker.database import Database
from broker.planning.left_out import left_out
from broker.planning.posing import SHIPPING_S, Posed, pose
from broker.planning.situation import OpenLine
from broker.planning.snapshot import take
from broker.planning.solving import Solver
from broker.quotes.live_plan import Opinion, Share, Wanted
from broker.scheduling.network.figures import arrivals
from broker.scheduling.plates.runs import runs_of
from broker.scheduling.plates.solve import Plated
from broker.wire.tiers import Tier

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

    async def consider(self, wanted: Sequence[Wanted]) -> Mapping[Tier, tuple[Opinion, ...]]:
        """Raises Infeasible for a fault of the solver's."""
        async with self._database.reading() as session:
            now = await take(session, self._clock.now())
        asked = tuple(_line(number, item) for number, item in enumerate(wanted))
        situation = replace(now, lines=now.lines + asked)
        posed = pose(situation, later_s=BACK_AFTER_S)
        if posed is None:
            return {Tier.STANDARD: tuple(_nobody(item) for item in wanted)}
        plated = await self._solver.solve(posed.problem, posed.geometry, _WITHIN_S)
        first = len(now.lines)
        return {Tier.STANDARD: tuple(_opinion(posed, plated, first + number) for number in range(len(wanted)))}


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
        share=item.share,
        due_at=None,
        barred_workshops={},
        barred_machines={},
    )


def _nobody(item: Wanted) -> Opinion:
    return Opinion((), (), item.quantity, "no workshop has joined yet", 0.0, 0.0)


def _opinion(posed: Posed, plated: Plated, lot: int) -> Opinion:
    result, lots = plated.result, plated.problem.lots
    missing = [left for left in result.unplanned if left.lot == lot]
    seconds = lots.piece_s[lot][lots.per_plate[lot] > 0]
    arrival_s = float(arrivals(plated.problem, result.plan)[lot])
    return Opinion(
        shares=_shares(posed, plated, lot),
        left_out=left_out(posed, plated.problem, lot),
        unplanned=sum(left.pieces for left in missing),
        unplanned_reason="; ".join(left.reason for left in missing),
        piece_s=float(seconds.min(initial=np.inf)) if len(seconds) else 0.0,
        ready_s=max(arrival_s, SHIPPING_S),
    )


def _shares(posed: Posed, plated: Plated, lot: int) -> tuple[Share, ...]:
    problem, plan = plated.problem, plated.result.plan
    shares: dict[str, Share] = {}
    for run in runs_of(plan):
        pieces = dict(run.entries).get(lot, 0)
        if not pieces:
            continue
        station, kind = posed.stations[run.machine], int(problem.machines.kind[run.machine])
        of_plate = pieces / sum(number for _, number in run.entries)
        seconds = pieces * float(problem.lots.piece_s[lot, kind]) + of_plate * float(problem.classes.overhead_s[kind])
        before = shares.get(station.machine_id, Share(station.workshop_id, station.machine_id, 0, 0.0, 0.0))
        shares[station.machine_id] = replace(
            before,
            pieces=before.pieces + pieces,
            machine_s=before.machine_s + seconds,
            plates=before.plates + of_plate,
        )
    return tuple(shares.values())

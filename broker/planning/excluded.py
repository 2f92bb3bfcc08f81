"""Which machines an order's lines leave out, and why: judged anew whenever somebody asks."""

from sqlalchemy.ext.asyncio import AsyncSession

from broker.clock import Clock
from broker.database import Database
from broker.orders import lot_repository
from broker.orders.models import Order
from broker.parts.repository import parts_by_id
from broker.planning.left_out import left_out
from broker.planning.posing import pose
from broker.planning.situation import Situation
from broker.planning.snapshot import open_line, stations
from broker.planning.solving import Solver
from broker.wire.tracking import ExcludedView


class Exclusions:
    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._clock = clock
        self._solver = solver

    async def of_order(self, order: Order) -> list[ExcludedView]:
        """By line, then machine: process, material and shape alone, so the answer stays while the order is made."""
        async with self._database.reading() as session:
            situation = await self._whole_order(session, order)
        posed = pose(situation, later_s=0.0)
        if posed is None:
            return []
        judged = await self._solver.judged(posed.problem, posed.geometry)
        return [
            ExcludedView(line=line.id, part=line.name, workshop=left.workshop, machine=left.machine, reason=left.reason)
            for number, line in enumerate(posed.lines)
            for left in left_out(posed, judged, number)
        ]

    async def _whole_order(self, session: AsyncSession, order: Order) -> Situation:
        now = self._clock.now()
        lines = await lot_repository.lines_of_order(session, order.id)
        parts = await parts_by_id(session, [line.part_id for line in lines])
        # Whom a shop's or an agent's no has barred could still make it.
        asked = tuple(open_line(line, order, parts[line.part_id], line.quantity, {}, {}) for line in lines)
        return Situation(now, asked, await stations(session))

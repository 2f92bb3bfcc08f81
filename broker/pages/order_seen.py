"""Everything that an order's page shows, read in one unit of work."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.orders.service import order_of
from broker.orders.views import order_view
from broker.pages.order_view import GroupedPlate, NamedLot
from broker.runs import repository
from broker.runs.views import lot_views, plate_views, run_views
from broker.wire.rest import OrderView
from broker.wire.states import RunState
from broker.wire.tracking import LotView, PlateView, RunView

_NEVER_MADE = frozenset(
    {RunState.WITHDRAWN, RunState.REJECTED, RunState.EXPIRED, RunState.RELEASED, RunState.CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Seen:
    order: OrderView
    lots: tuple[NamedLot, ...]
    runs: tuple[RunView, ...]
    plates: tuple[GroupedPlate, ...]


async def see(database: Database, clock: Clock, viewer: Caller, order_id: str) -> Seen:
    """Raises NotFound, also for somebody else's order."""
    async with database.reading() as session:
        order = await order_view(session, await order_of(session, viewer, order_id), clock.now())
        lots = await lot_views(session, order.id)
        runs, plates = await _making(session, order.id)
    return Seen(order, _named(order, lots), runs, _grouped(order, lots, plates))


async def _making(session: AsyncSession, order_id: str) -> tuple[tuple[RunView, ...], tuple[PlateView, ...]]:
    """Without what the planner merely turned over in its mind, and plates that were given up."""
    rows = await repository.runs_of_order(session, order_id)
    runs = await run_views(session, rows, order_id)
    plates = await plate_views(session, rows, order_id)
    offered = tuple(run for run in runs if run.states != (RunState.PLANNED, RunState.WITHDRAWN))
    return offered, tuple(plate for plate in plates if plate.state not in _NEVER_MADE)


def _named(order: OrderView, lots: list[LotView]) -> tuple[NamedLot, ...]:
    names = {line.id: line.name for line in order.lines}
    return tuple(NamedLot(names[lot.line], lot) for lot in lots)


def _grouped(order: OrderView, lots: list[LotView], plates: tuple[PlateView, ...]) -> tuple[GroupedPlate, ...]:
    places = {line.id: place for place, line in enumerate(order.lines)}
    groups = tuple((lot.id, places[lot.line]) for lot in lots)
    return tuple(GroupedPlate(plate, groups) for plate in plates)

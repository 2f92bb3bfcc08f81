"""Selects of the planner."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.runs.models import PlateRow, Run
from broker.wire.states import RunState
from broker.workshops.models import Machine, Workshop

_WAS_LOADED = frozenset(RunState) - {
    RunState.PLANNED,
    RunState.OFFERED,
    RunState.WITHDRAWN,
    RunState.REJECTED,
    RunState.EXPIRED,
    RunState.CLAIMED,
    RunState.RELEASED,
}


async def stations(session: AsyncSession) -> Sequence[tuple[Machine, Workshop]]:
    """Machines of workshops that have described themselves."""
    query = (
        select(Machine, Workshop)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(Machine.retired_at.is_(None), Workshop.inventory.is_not(None))
        .order_by(Workshop.name, Machine.name)
    )
    return [(machine, workshop) for machine, workshop in await session.execute(query)]


async def loaded_plates(session: AsyncSession, machine_ids: Iterable[str]) -> dict[str, str]:
    """By machine: the document of the latest plate that it was set up for."""
    # A plate's document may be large, and a machine's past is long: only the latest is read.
    turn = func.row_number().over(partition_by=Run.machine_id, order_by=(Run.planned_start.desc(), Run.id))
    latest = (
        select(Run.machine_id, Run.plate_id, turn.label("turn"))
        .where(Run.machine_id.in_(set(machine_ids)), Run.state.in_(_WAS_LOADED))
        .subquery()
    )
    query = (
        select(latest.c.machine_id, PlateRow.document)
        .join(PlateRow, PlateRow.id == latest.c.plate_id)
        .where(latest.c.turn == 1)
    )
    return dict(iter(await session.execute(query)))

"""Selects of the planner."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.runs.models import PlateRow, Run
from broker.wire.states import RunState
from broker.workshops.models import Agent, Machine, Workshop

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
    query = (
        select(Run.machine_id, PlateRow.document)
        .join(PlateRow, PlateRow.id == Run.plate_id)
        .where(Run.machine_id.in_(set(machine_ids)), Run.state.in_(_WAS_LOADED))
        .order_by(Run.planned_start)
    )
    return dict(iter(await session.execute(query)))


async def agents_by_workshop(session: AsyncSession) -> dict[str, Agent]:
    rows = await session.scalars(select(Agent).where(Agent.revoked_at.is_(None)))
    return {agent.workshop_id: agent for agent in rows}

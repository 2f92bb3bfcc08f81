from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from broker.database import Workshops
from broker.many_rows import one_of
from broker.wire.messages import Availability
from broker.workshops.models import TAKES_NO_WORK, Agent, EnrolmentCode, Machine, Workshop


async def workshop_by_name(session: AsyncSession, name: str) -> Workshop | None:
    return (await session.scalars(select(Workshop).where(Workshop.name == name))).one_or_none()


async def workshops(session: AsyncSession) -> Sequence[Workshop]:
    return (await session.scalars(select(Workshop).order_by(Workshop.name))).all()


async def workshop(session: AsyncSession, workshop_id: str) -> Workshop:
    return await session.get_one(Workshop, workshop_id)


async def agent(session: AsyncSession, agent_id: str) -> Agent | None:
    """None for one that is not known or has been revoked."""
    found = await session.get(Agent, agent_id)
    return None if found is None or found.revoked_at is not None else found


async def locked_agent(session: AsyncSession, agent_id: str) -> Agent:
    """The agent's row, held until the transaction's end."""
    return await session.get_one(Agent, agent_id, with_for_update=True, populate_existing=True)


async def locked_agents(session: AsyncSession, agent_ids: Iterable[str]) -> dict[str, Agent]:
    """As many at once as there are, revoked ones too, held until the transaction's end."""
    query = select(Agent).where(one_of(Agent.id, agent_ids)).with_for_update()
    return {row.id: row for row in await session.scalars(query.execution_options(populate_existing=True))}


async def connections(session: AsyncSession) -> dict[str, str | None]:
    """The latest connection of every agent that is not revoked."""
    query = select(Agent.id, Agent.connection).where(Agent.revoked_at.is_(None))
    return dict(iter(await session.execute(query)))


async def silent(session: AsyncSession, since: datetime) -> Sequence[str]:
    """Workshops with machines that take work, and no word from their agent since before then."""
    query = (
        select(Agent.workshop_id)
        .join(Machine, Machine.workshop_id == Agent.workshop_id)
        .where(
            Agent.revoked_at.is_(None),
            Agent.last_seen_at.is_(None) | (Agent.last_seen_at < since),
            Machine.retired_at.is_(None),
            Machine.availability.not_in(TAKES_NO_WORK),
        )
        .distinct()
        .order_by(Agent.workshop_id)
    )
    return (await session.scalars(query)).all()


async def behind(session: AsyncSession) -> set[str]:
    """Workshops whose agent hasn't sent again all that a restored broker lacks."""
    query = select(Agent.workshop_id).where(Agent.behind, Agent.revoked_at.is_(None))
    return set(await session.scalars(query))


async def agents_in(session: AsyncSession, among: Workshops) -> Sequence[Agent]:
    """Of these workshops or of all, those that are not revoked."""
    query = select(Agent).where(Agent.revoked_at.is_(None))
    if among is not None:
        query = query.where(one_of(Agent.workshop_id, among))
    return (await session.scalars(query)).all()


async def agents(session: AsyncSession) -> Sequence[Agent]:
    return (await session.scalars(select(Agent).where(Agent.revoked_at.is_(None)))).all()


async def agents_of(session: AsyncSession, workshop_id: str) -> Sequence[Agent]:
    query = select(Agent).where(Agent.workshop_id == workshop_id, Agent.revoked_at.is_(None))
    return (await session.scalars(query)).all()


async def machines(session: AsyncSession) -> Sequence[Machine]:
    """All that are not retired."""
    query = select(Machine).where(Machine.retired_at.is_(None)).order_by(Machine.workshop_id, Machine.name)
    return (await session.scalars(query)).all()


async def machines_at_rest(session: AsyncSession) -> Mapping[str, Availability]:
    """Those that take no work and are not retired: how each stands, by id."""
    query = select(Machine.id, Machine.availability).where(
        Machine.retired_at.is_(None), Machine.availability.in_(TAKES_NO_WORK)
    )
    return dict(iter(await session.execute(query)))


async def all_machines_of(session: AsyncSession, workshop_id: str) -> Sequence[Machine]:
    """Retired ones too."""
    return (await session.scalars(select(Machine).where(Machine.workshop_id == workshop_id))).all()


async def machines_in(session: AsyncSession, among: Workshops) -> Sequence[Machine]:
    """Of these workshops or of all, retired ones too."""
    query = select(Machine)
    if among is not None:
        query = query.where(one_of(Machine.workshop_id, among))
    return (await session.scalars(query)).all()


async def machine_of(session: AsyncSession, workshop_id: str, name: str) -> Machine | None:
    query = select(Machine).where(Machine.workshop_id == workshop_id, Machine.name == name)
    return (await session.scalars(query)).one_or_none()


async def machine(session: AsyncSession, machine_id: str) -> Machine:
    return await session.get_one(Machine, machine_id)


async def retired(session: AsyncSession, machine_ids: Iterable[str]) -> set[str]:
    """Those of the machines that their shop no longer names."""
    query = select(Machine.id).where(one_of(Machine.id, machine_ids), Machine.retired_at.is_not(None))
    return set(await session.scalars(query))


async def use_code(session: AsyncSession, sha256: str, now: datetime) -> bool:
    """Mark the code as used; False if it is not known, used or expired. Of two at once only one gets True."""
    query = (
        update(EnrolmentCode)
        .where(EnrolmentCode.sha256 == sha256, EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
        .values(used_at=now)
    )
    done = await session.execute(query)
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


async def code(session: AsyncSession, sha256: str) -> EnrolmentCode | None:
    return await session.get(EnrolmentCode, sha256, populate_existing=True)

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.database import new_id
from broker.errors import NotFound
from broker.parts import repository
from broker.parts.intake import Measured
from broker.parts.models import Part
from broker.wire.rest import PartView
from slicer_bridge.facts_json import facts_from_json, facts_to_json


async def add_part(session: AsyncSession, account_id: str, measured: Measured, now: datetime) -> Part:
    facts = measured.facts
    row = Part(
        id=new_id("part"),
        account_id=account_id,
        name=measured.name,
        source_sha256=facts.source_sha256,
        normalised_sha256=facts.normalised_sha256,
        facts=facts_to_json(facts),
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def part_of(session: AsyncSession, caller: Caller, part_id: str) -> Part:
    """Raises NotFound, also for a part of somebody else."""
    row = await repository.part(session, part_id)
    if row is None or (row.account_id != caller.id and caller.role is not Role.ADMIN):
        raise NotFound(f"there is no part {part_id!r} of yours", where="part", fix="upload the file first")
    return row


def part_view(row: Part) -> PartView:
    return PartView(id=row.id, name=row.name, facts=facts_from_json(row.facts), created_at=row.created_at)

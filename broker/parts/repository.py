from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.parts.models import Part


async def part(session: AsyncSession, part_id: str) -> Part | None:
    return await session.get(Part, part_id)


async def parts_by_id(session: AsyncSession, ids: Iterable[str]) -> dict[str, Part]:
    rows = await session.scalars(select(Part).where(Part.id.in_(set(ids))))
    return {row.id: row for row in rows}

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Account, Idempotency, Token


async def account(session: AsyncSession, account_id: str) -> Account | None:
    return await session.get(Account, account_id)


async def accounts_by_id(session: AsyncSession, ids: Iterable[str]) -> dict[str, Account]:
    return {row.id: row for row in await session.scalars(select(Account).where(Account.id.in_(set(ids))))}


async def account_by_name(session: AsyncSession, name: str) -> Account | None:
    return (await session.scalars(select(Account).where(Account.name == name))).one_or_none()


async def account_by_token(session: AsyncSession, sha256: str) -> Account | None:
    """None for a token that is not known or has been revoked."""
    live = Token.revoked_at.is_(None)
    query = select(Account).join(Token, Token.account_id == Account.id).where(Token.sha256 == sha256, live)
    return (await session.scalars(query)).one_or_none()


async def answer_to(session: AsyncSession, account_id: str, key: str) -> Idempotency | None:
    return await session.get(Idempotency, (account_id, key))

"""People and their bearer tokens: 256 random bits each, of which only the SHA-256 is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts import repository
from broker.accounts.models import Account, Role, Token
from broker.database import new_id
from broker.errors import Conflict, Unauthorised

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the token says."""

    id: str
    name: str
    role: Role
    address: str


def token_sha256(token: str) -> str:
    """By which a token is known, here and in a signed cookie."""
    return hashlib.sha256(token.encode()).hexdigest()


async def add_account(session: AsyncSession, name: str, role: Role, address: str, now: datetime) -> Account:
    """Raises Conflict if the name is taken."""
    if await repository.account_by_name(session, name) is not None:
        raise Conflict(f"there is an account named {name!r} already", where="name", fix="take another name")
    account = Account(id=new_id("acc"), name=name, role=role, address=address, created_at=now)
    session.add(account)
    await session.flush()
    return account


async def issue_token(session: AsyncSession, account: Account, now: datetime) -> str:
    """A new bearer token; this is the only time that its text is known."""
    token = f"llg_{secrets.token_urlsafe(_TOKEN_BYTES)}"
    session.add(Token(sha256=token_sha256(token), account_id=account.id, created_at=now))
    await session.flush()
    return token


async def caller_of(session: AsyncSession, token: str) -> Caller:
    """Raises Unauthorised."""
    account = await repository.account_by_token(session, token_sha256(token))
    if account is None:
        raise Unauthorised(
            "this bearer token is not known, or was revoked",
            where="Authorization",
            fix="take the token that `llagar-broker user add` printed; the client reads it from LLAGAR_TOKEN",
        )
    return Caller(id=account.id, name=account.name, role=account.role, address=account.address)

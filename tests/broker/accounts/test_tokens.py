import pytest
from sqlalchemy import select

from broker.accounts.models import Role, Token
from broker.accounts.service import add_account, caller_of, issue_token
from broker.database import Database
from broker.errors import Conflict, Unauthorised
from tests.broker.conftest import HandClock


async def test_a_token_names_its_account_and_is_not_kept(database: Database, clock: HandClock) -> None:
    async with database.writing() as session:
        account = await add_account(session, "ana", Role.PRODUCER, "Calle Uría 1", clock.now())
        token = await issue_token(session, account, clock.now())
    async with database.reading() as session:
        caller = await caller_of(session, token)
        kept = (await session.scalars(select(Token.sha256))).all()
    assert (caller.id, caller.name, caller.role, caller.address) == (account.id, "ana", Role.PRODUCER, "Calle Uría 1")
    assert len(kept) == 1
    assert token not in kept[0]


async def test_unknown_and_revoked_tokens_are_refused(database: Database, clock: HandClock) -> None:
    async with database.writing() as session:
        account = await add_account(session, "ana", Role.PRODUCER, "", clock.now())
        token = await issue_token(session, account, clock.now())
        row = (await session.scalars(select(Token))).one()
        row.revoked_at = clock.now()
    async with database.reading() as session:
        for bad in (token, "llg_nothing"):
            with pytest.raises(Unauthorised):
                await caller_of(session, bad)


async def test_a_name_is_taken_once(database: Database, clock: HandClock) -> None:
    async with database.writing() as session:
        await add_account(session, "ana", Role.PRODUCER, "", clock.now())
        with pytest.raises(Conflict, match="ana"):
            await add_account(session, "ana", Role.ADMIN, "", clock.now())

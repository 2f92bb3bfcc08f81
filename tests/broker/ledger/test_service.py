"""Whatever is asked of the books in whatever order, they balance and nobody spends what is not theirs."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Role
from broker.accounts.service import add_account
from broker.database import Database
from broker.errors import BadRequest
from broker.ledger import repository, service
from broker.ledger.service import InsufficientFunds, LedgerFault
from broker.settings import Settings
from tests.broker.conftest import HandClock
from tests.broker.databases import Databases

Step = tuple[Literal["deposit", "hold", "release", "refund"], int, int]
_STEPS = st.tuples(st.sampled_from(["deposit", "hold", "release", "refund"]), st.integers(-5, 500), st.integers(0, 2))


async def _take(session: AsyncSession, step: Step, clock: HandClock) -> None:
    kind, amount, which = step
    order, now = f"ord_{which}", clock.now()
    match kind:
        case "deposit":
            await service.deposit(session, "ana", amount, "EUR", now)
        case "hold":
            await service.hold(session, order, "ana", abs(amount), "EUR", now)
        case "release":
            await service.release(session, order, {"w1": amount, "w2": amount // 3}, amount // 10, "EUR", now)
        case "refund":
            await service.refund(session, order, "ana", amount, "EUR", now)


async def _play(settings: Settings, steps: list[Step]) -> None:
    database = Database(settings.url)
    clock = HandClock()
    for step in steps:
        try:
            async with database.writing() as session:
                await _take(session, step, clock)
        except (InsufficientFunds, LedgerFault, BadRequest):
            continue
    async with database.reading() as session:
        assert await repository.everything(session) == 0
        assert all([await service.balance(session, owner) >= 0 for owner in ("ana", "w1", "w2")])
        for which in range(3):
            sums = await service.order_sums(session, f"ord_{which}")
            assert (sums.balance, sums.held >= 0, sums.paid >= 0) == (0, True, True)
    await database.close()


@given(st.lists(_STEPS, max_size=25))
@settings(deadline=None, max_examples=15)
def test_the_books_always_balance(databases: Databases, steps: list[Step]) -> None:
    with TemporaryDirectory() as folder, databases.migrated(Path(folder)) as fresh:
        asyncio.run(_play(fresh, steps))


async def test_an_order_from_hold_to_release(database: Database, clock: HandClock) -> None:
    async with database.writing() as session:
        ana = await add_account(session, "ana", Role.PRODUCER, "", clock.now())
        await service.deposit(session, ana.id, 1000, "EUR", clock.now())
        await service.hold(session, "ord_1", ana.id, 990, "EUR", clock.now())
        assert await service.order_sums(session, "ord_1") == service.OrderSums(0, 990, 0)
        await service.release(session, "ord_1", {"w1": 500}, 0, "EUR", clock.now())
        await service.release(session, "ord_1", {"w2": 400}, 90, "EUR", clock.now())
        assert await service.order_sums(session, "ord_1") == service.OrderSums(0, 0, 990)
        assert await service.balance(session, ana.id) == 10
        assert await service.balance(session, "w2") == 400


async def test_money_that_is_not_there_is_not_held(database: Database, clock: HandClock) -> None:
    async with database.writing() as session:
        await service.deposit(session, "ana", 100, "EUR", clock.now())
        with pytest.raises(InsufficientFunds, match=r"1\.01 EUR.*1\.00 EUR") as refused:
            await service.hold(session, "ord_1", "ana", 101, "EUR", clock.now())
        assert refused.value.fix == "deposit 0.01 EUR more"

import pytest

from broker.database import Database
from broker.ledger.service import LedgerFault, balance, hold
from tests.broker.conftest import HandClock, person


async def test_a_negative_price_makes_nobody_rich(database: Database, clock: HandClock) -> None:
    ana = await person(database, "ana", clock.now(), balance=100)
    with pytest.raises(LedgerFault, match="-50 can't be held"):
        async with database.writing() as session:
            await hold(session, "ord_1", ana.id, -50, "EUR", clock.now())
    async with database.reading() as session:
        assert await balance(session, ana.id) == 100

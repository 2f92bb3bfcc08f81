"""Rows from before lead times: their quotes offered the standard one."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.database import Database
from broker.migrations.upgrade import require_head, upgrade
from broker.orders.service import accept, order_of
from broker.orders.views import order_view
from broker.quotes.service import quote_of
from broker.quotes.views import quote_view
from broker.settings import Settings
from broker.wire.rest import QuoteTierView
from broker.wire.tiers import Tier
from tests.broker.app.revisions import to_revision
from tests.broker.databases import Databases

_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_DUE = _NOW + timedelta(days=3)
_ANA = Caller(id="acc_1", name="ana", role=Role.PRODUCER, address="")
_ROWS = """
INSERT INTO accounts (id, name, role, address, created_at) VALUES ('acc_1', 'ana', 'producer', '', :now);
INSERT INTO quotes (id, account_id, state, currency, total, created_at, expires_at, due_at)
    VALUES ('quo_open', 'acc_1', 'open', 'EUR', 0, :now, :due, :due);
INSERT INTO quotes (id, account_id, state, currency, total, created_at, expires_at, due_at)
    VALUES ('quo_done', 'acc_1', 'accepted', 'EUR', 1100, :now, :due, NULL);
INSERT INTO quote_lines (quote_id, position, kind, text, amount) VALUES ('quo_done', 0, 'machine', 'h', 1000);
INSERT INTO quote_lines (quote_id, position, kind, text, amount) VALUES ('quo_done', 1, 'fee', '10 %', 100);
INSERT INTO orders (id, account_id, quote_id, state, created_at) VALUES ('ord_1', 'acc_1', 'quo_done', 'accepted', :now)
"""


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    with databases.empty(tmp_path) as settings:
        yield settings


@pytest.fixture
async def old(empty: Settings) -> AsyncIterator[Database]:
    """A database as the program before left it: an open quote, and one that became an order."""
    database = Database(empty.url)
    naive = database.engine.dialect.name == "sqlite"
    moments = {name: at.replace(tzinfo=None) if naive else at for name, at in (("now", _NOW), ("due", _DUE))}
    async with database.migrating() as connection:
        await connection.run_sync(to_revision, "0002")
        for statement in _ROWS.split(";\n"):
            known = {name: at for name, at in moments.items() if f":{name}" in statement}
            await connection.execute(text(statement), known)
    yield database
    await database.close()


async def test_old_quotes_offer_the_standard_tier_as_they_did(old: Database) -> None:
    await upgrade(old)
    await require_head(old)
    async with old.reading() as session:
        shown = await quote_view(session, await quote_of(session, _ANA, "quo_open"), _NOW)
        order = await order_view(session, await order_of(session, _ANA, "ord_1"), _NOW)
    assert (shown.tier, shown.total, shown.due_at) == (Tier.STANDARD, 0, _DUE)
    assert shown.tiers == (QuoteTierView(tier=Tier.STANDARD, total=0, due_at=_DUE, arrival_at=None, lines=()),)
    assert (order.tier, order.total, order.quote.due_at) == (Tier.STANDARD, 1100, None)
    assert [(line.kind, line.amount) for line in order.quote.lines] == [("machine", 1000), ("fee", 100)]


async def test_old_quotes_can_still_be_accepted_and_accepted_again(old: Database) -> None:
    await upgrade(old)
    async with old.writing() as session:
        placed = await accept(session, _ANA, "quo_open", Tier.STANDARD, _NOW)
        again = await accept(session, _ANA, "quo_done", Tier.STANDARD, _NOW)
    assert (placed.tier, placed.due_at) == (Tier.STANDARD, _DUE)
    assert again.id == "ord_1"

"""Quotes and orders of the whole broker, on its own planner."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from broker.app.factory import create_app
from broker.clock import SystemClock
from broker.database import Database, new_id
from broker.runs.sql_book import SqlBook
from broker.settings import Settings
from broker.wire.rest import OrderView, PartView, Problem, QuoteView
from broker.workshops.models import Workshop
from broker.workshops.service import take_inventory
from tests.broker.conftest import Person, person, served
from tests.broker.parts.shapes import box_stl, rectangle_dxf
from tests.broker.quotes.towns import DOS, UNO


@dataclass(frozen=True, slots=True)
class Whole:
    url: str
    ana: Person

    async def upload(self, name: str, content: bytes) -> str:
        async with self.ana.client(self.url) as client:
            answer = await client.post("/parts", files={"file": (name, content)})
        return PartView.model_validate_json(answer.content).id

    async def post(self, path: str, body: dict[str, object] | None = None) -> bytes:
        async with self.ana.client(self.url) as client:
            return (await client.post(path, json=body)).content


@pytest.fixture
async def whole(settings: Settings, database: Database) -> AsyncIterator[Whole]:
    now = SystemClock().now()
    ana = await person(database, "ana", now, balance=1_000_000)
    async with database.writing() as session:
        for inventory in (UNO, DOS):
            workshop = Workshop(id=new_id("wsh"), name=inventory.workshop, created_at=now)
            session.add(workshop)
            await session.flush()
            await take_inventory(SqlBook(session), workshop.id, inventory, now)
    async with served(create_app(settings)) as url:
        yield Whole(url, ana)


async def test_a_batch_is_priced_and_ordered(whole: Whole) -> None:
    items = [
        {"part_id": await whole.upload("box.stl", box_stl(40, 30, 10)), "quantity": 20, "material": "petg"},
        {"part_id": await whole.upload("panel.dxf", rectangle_dxf(100, 50)), "quantity": 6, "material": "plywood"},
    ]
    quote = QuoteView.model_validate_json(await whole.post("/quotes", {"items": items}))
    assert sum(line.amount for line in quote.lines) == quote.total
    assert all(sum(line.amount for line in terms.lines) == terms.total for terms in quote.tiers)
    assert all(line.amount > 0 for line in quote.lines)
    assert [{left.machine for left in item.left_out} for item in quote.items] == [{"router"}, {"prusa"}]
    order = OrderView.model_validate_json(await whole.post(f"/quotes/{quote.id}/accept"))
    assert (order.state, order.ledger.held, order.ordered) == ("accepted", quote.total, 26)


async def test_a_part_that_fits_nowhere_hears_of_every_machine(whole: Whole) -> None:
    beam = await whole.upload("beam.stl", box_stl(400, 10, 5))
    wish: dict[str, object] = {"items": [{"part_id": beam, "quantity": 1, "material": "PLA"}]}
    problem = Problem.model_validate_json(await whole.post("/quotes", wish))
    assert problem.status == 422
    for machine in ("Taller Uno prusa", "Taller Dos router"):
        assert machine in problem.detail

"""Events of many agents in one transaction: what is wrong with one of them is no other's trouble."""

import asyncio
from datetime import datetime

import pytest

from broker.database import Database
from broker.orders.models import Lot
from broker.runs.book import Book
from broker.runs.errors import RolledBack, Superseded
from broker.runs.inbox import Inbox, Offered, Opened, open_events
from broker.runs.sql_book import SqlBooks
from broker.wire.messages import Availability, HandedOver, MachineChanged
from tests.broker.runs.contract.acts import Alter, Keep
from tests.broker.runs.contract.world import World

BUSY = {agent: MachineChanged(machine=machine, availability=Availability.OWN_WORK) for agent, machine in
        (("a1", "m1"), ("a2", "m3"))}  # fmt: skip


@pytest.fixture
async def world(database: Database) -> World:
    return await World.opened(SqlBooks(database))


def _opened(world: World, agent: str) -> tuple[Opened, ...]:
    speaker = world.speakers[agent]
    return open_events(speaker.stream, [speaker.sign(world.envelope(agent, BUSY[agent]))])


async def _machines(world: World) -> list[Availability]:
    async with world.books.reading() as book:
        return [(await book.machine(machine)).availability for machine in ("m1", "m3")]


async def test_all_agents_events_are_kept_together(world: World) -> None:
    offered = [Offered(world.speakers[agent].stream, _opened(world, agent)) for agent in BUSY]
    answers = await world.inbox.take_all(offered)
    assert [getattr(answer, "acked", None) for answer in answers] == [1, 1]
    assert await _machines(world) == [Availability.OWN_WORK] * 2


async def test_a_refused_stream_refuses_no_other(world: World) -> None:
    offered = [Offered(world.speakers[agent].stream, _opened(world, agent)) for agent in BUSY]
    async with world.books.writing() as book:
        (await book.locked_agent("a1")).connection = "another"
    over, kept = await world.inbox.take_all(offered)
    assert isinstance(over, Superseded)
    assert getattr(kept, "acked", None) == 1
    assert await _machines(world) == [Availability.FREE, Availability.OWN_WORK]


async def test_what_fails_them_together_is_found_one_by_one(world: World) -> None:
    """A fault of ours while one agent's event is applied: the others' are kept."""

    class Broken:
        async def hand_over(self, book: Book, lot: Lot, now: datetime) -> None:
            raise RuntimeError("a fault of ours")

        async def close(self, book: Book, order_id: str, now: datetime) -> None:
            raise RuntimeError("a fault of ours")

    inbox = Inbox(world.books, world.clock, Broken())
    speaker = world.speakers["a1"]
    bad = open_events(speaker.stream, [speaker.sign(world.envelope("a1", HandedOver(lot="lot1", operator="eva")))])
    failed, kept = await inbox.take_all(
        [Offered(speaker.stream, bad), Offered(world.speakers["a2"].stream, _opened(world, "a2"))]
    )
    assert isinstance(failed, RuntimeError)
    assert getattr(kept, "acked", None) == 1
    async with world.books.reading() as book:
        assert await book.inbox_event("a1", "a1-epoch1", 1) is None
        assert await book.inbox_event("a2", "a2-epoch1", 1) is not None


async def test_what_comes_at_once_is_answered_each_to_its_own(world: World) -> None:
    first = await asyncio.gather(
        *(
            world.inbox.receive(
                world.speakers[agent].stream, [world.speakers[agent].sign(world.envelope(agent, BUSY[agent]))]
            )
            for agent in BUSY
        )
    )
    assert [received.acked for received in first] == [1, 1]
    assert (await Alter("a1").play(world)).refused.startswith(RolledBack.__name__)  # type: ignore[attr-defined]
    await Keep("a2").play(world)
    assert (await world.hear("a2", ())).acked == 1

"""Signs of life: what is written together, and what an agent's events take with them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from broker.database import Database
from broker.runs.errors import Superseded
from broker.runs.inbox import EventStream
from broker.runs.link.connection import Connection
from broker.runs.link.signs import PACE_S, Signs
from broker.runs.presence import Sign
from broker.runs.sql_book import SqlBooks
from broker.wire.messages import Availability, BrokerFrame, Heartbeat, MachineChanged, MachineReport, Withdrawn
from tests.broker.runs.contract.world import World
from tests.simulation.books import MemoryBooks
from tests.virtual_time.loop import VirtualLoop, run


class Heard:
    """A channel that keeps what it is given."""

    def __init__(self) -> None:
        self.frames: list[BrokerFrame] = []

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        self.frames.extend(frames)

    async def close(self, _code: int, _reason: str) -> None:
        raise AssertionError("nobody closes here")


@pytest.fixture
async def world(database: Database) -> World:
    return await World.opened(SqlBooks(database))


def _connection(world: World, agent: str, workshop: str) -> tuple[Connection, Heard]:
    heard = Heard()
    return Connection(world.speakers[agent].stream, workshop, heard, 0.0), heard


def _beat(machine: str, availability: Availability, *leases: str) -> Heartbeat:
    return Heartbeat(machines=(MachineReport(machine=machine, availability=availability),), leases=leases)


async def _machine(world: World, machine: str) -> Availability:
    async with world.books.reading() as book:
        return (await book.machine(machine)).availability


@contextmanager
def _counted(books: MemoryBooks) -> Iterator[list[None]]:
    """One for each transaction that writes."""
    writing, count = books.writing, list[None]()

    def counted() -> object:
        count.append(None)
        return writing()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(books, "writing", counted)
        yield count


def test_one_change_is_written_at_once_and_many_ten_times_a_second() -> None:
    async def main(_loop: VirtualLoop) -> None:
        books = MemoryBooks()
        world = await World.opened(books)
        connection, _ = _connection(world, "a1", "w1")
        signs = Signs(books, world.clock)
        await asyncio.sleep(1.0)
        with _counted(books) as written:
            signs.beat(connection, _beat("m1", Availability.OWN_WORK))
            await asyncio.sleep(PACE_S / 100)
            assert len(written) == 1
            assert await _machine(world, "m1") == Availability.OWN_WORK
        with _counted(books) as written:
            for number in range(100):
                signs.beat(connection, _beat("m1", (Availability.FREE, Availability.OWN_WORK)[number % 2]))
                await asyncio.sleep(PACE_S / 10)
            assert 9 <= len(written) <= 11
        await signs.close()
        assert await _machine(world, "m1") == Availability.OWN_WORK

    run(main)


async def test_what_an_agent_said_of_itself_is_written_with_its_next_event_and_before_it(world: World) -> None:
    speaker = world.speakers["a1"]
    sign = Sign("a1", world.clock.now(), _beat("m1", Availability.OWN_WORK, "of-nobody"))
    event = world.envelope("a1", MachineChanged(machine="m1", availability=Availability.FREE))
    received = await world.inbox.receive(speaker.stream, [speaker.sign(event)], sign)
    assert received.acked == 1
    assert received.heeded is not None
    assert received.heeded.changed
    assert [one.run for one in received.heeded.lost] == ["of-nobody"]
    assert await _machine(world, "m1") == Availability.FREE
    assert speaker.stream.sign is None


async def test_what_somebody_takes_is_written_by_nobody_else(world: World) -> None:
    connection, heard = _connection(world, "a1", "w1")
    signs = Signs(world.books, world.clock)
    signs.beat(connection, _beat("m1", Availability.OWN_WORK, "of-nobody"))
    assert await signs.take(connection) is not None
    await signs.close()
    assert await _machine(world, "m1") == Availability.FREE
    signs.beat(connection, _beat("m1", Availability.OWN_WORK, "of-nobody"))
    await signs.close()
    assert await _machine(world, "m1") == Availability.OWN_WORK
    assert await signs.take(connection) is None
    await asyncio.sleep(0)
    assert [type(frame) for frame in heard.frames] == [Withdrawn]


async def test_a_connection_that_is_over_says_nothing_of_its_agent(world: World) -> None:
    speaker = world.speakers["a1"]
    async with world.books.writing() as book:
        (await book.locked_agent("a1")).connection = "another"
    sign = Sign("a1", world.clock.now(), _beat("m1", Availability.OWN_WORK))
    event = world.envelope("a1", MachineChanged(machine="m1", availability=Availability.OWN_WORK))
    with pytest.raises(Superseded):
        await world.inbox.receive(speaker.stream, [speaker.sign(event)], sign)
    assert await _machine(world, "m1") == Availability.FREE


async def test_another_connections_sign_is_not_taken(world: World) -> None:
    before, _ = _connection(world, "a1", "w1")
    after = Connection(EventStream("a1", "", "a1-epoch1"), "w1", Heard(), 0.0)
    signs = Signs(world.books, world.clock)
    signs.beat(before, _beat("m1", Availability.OWN_WORK))
    assert await signs.take(after) is None
    await signs.close()
    assert await _machine(world, "m1") == Availability.FREE

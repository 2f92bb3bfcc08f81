"""Signs of life: what is written together, and what goes with an agent's events."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from broker.database import Database
from broker.runs.inbox import EventStream, Offered
from broker.runs.link import signs as collected
from broker.runs.link.connection import SUPERSEDED, Connection
from broker.runs.link.signs import Signs
from broker.runs.presence import Sign
from broker.runs.sql_book import SqlBooks
from broker.wire.messages import Availability, BrokerFrame, Heartbeat, MachineChanged, MachineReport, Signed, Withdrawn
from tests.broker.runs.contract.seeded import KEYS
from tests.broker.runs.contract.world import World


class Channel:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.frames: list[BrokerFrame] = []
        self.closed: int | None = None

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        self.frames.extend(frames)

    async def close(self, code: int, _reason: str) -> None:
        self.closed = code


@pytest.fixture
async def world(database: Database) -> World:
    return await World.opened(SqlBooks(database))


def _connection(world: World, agent: str) -> tuple[Connection, Channel]:
    channel = Channel()
    return Connection(world.speakers[agent].stream, "w1" if agent == "a1" else "w2", channel, 0.0), channel


def _beat(machine: str, availability: Availability, *leases: str) -> Heartbeat:
    return Heartbeat(machines=(MachineReport(machine=machine, availability=availability),), leases=leases)


def _event(world: World, agent: str, machine: str, availability: Availability) -> Signed:
    return world.speakers[agent].sign(world.envelope(agent, MachineChanged(machine=machine, availability=availability)))


async def _machine(world: World, machine: str) -> Availability:
    async with world.books.reading() as book:
        return (await book.machine(machine)).availability


@contextmanager
def _written(world: World) -> Iterator[list[Sequence[EventStream]]]:
    """Whose signs and events each transaction has written."""
    written: list[Sequence[EventStream]] = []
    store = world.inbox._store_all

    async def noting(streams: Sequence[EventStream]) -> object:
        written.append(streams)
        return await store(streams)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.inbox, "_store_all", noting)
        yield written


async def test_what_changes_nothing_is_written_with_the_agents_next_event_and_before_it(world: World) -> None:
    connection, channel = _connection(world, "a1")
    signs = Signs(world.inbox, world.clock)
    connection.standing = (MachineReport(machine="m1", availability=Availability.OWN_WORK),)
    with _written(world) as written:
        await signs.beat(connection, _beat("m1", Availability.OWN_WORK, "of-nobody"))
        assert not written
        received = await signs.with_events(connection, [_event(world, "a1", "m1", Availability.FREE)])
        await signs.close()
        assert len(written) == 1
    assert received.acked == 1
    assert await _machine(world, "m1") == Availability.FREE
    await asyncio.sleep(0)
    assert [(type(frame), getattr(frame, "run", "")) for frame in channel.frames] == [(Withdrawn, "of-nobody")]


async def test_a_change_is_written_at_once_and_then_counts_as_known(world: World) -> None:
    connection, _ = _connection(world, "a1")
    signs = Signs(world.inbox, world.clock)
    with _written(world) as written:
        for _ in range(3):
            await signs.beat(connection, _beat("m1", Availability.OWN_WORK))
        assert len(written) == 1
        assert await _machine(world, "m1") == Availability.OWN_WORK
        await signs.close()
        assert len(written) == 2


async def test_changes_that_come_together_are_written_together(world: World) -> None:
    signs = Signs(world.inbox, world.clock)
    (first, _), (second, _) = _connection(world, "a1"), _connection(world, "a2")
    with _written(world) as written:
        await asyncio.gather(
            signs.beat(first, _beat("m1", Availability.OWN_WORK)),
            signs.beat(second, _beat("m3", Availability.OWN_WORK)),
            world.inbox.receive(first.stream, [_event(world, "a1", "m2", Availability.OWN_WORK)]),
        )
        assert [len(streams) for streams in written] == [2]
    assert [await _machine(world, machine) for machine in ("m1", "m2", "m3")] == [Availability.OWN_WORK] * 3


async def test_a_connection_that_is_over_says_nothing_of_its_agent_and_is_ended(world: World) -> None:
    connection, channel = _connection(world, "a1")
    signs = Signs(world.inbox, world.clock)
    async with world.books.writing() as book:
        (await book.locked_agent("a1")).connection = "another"
    await signs.beat(connection, _beat("m1", Availability.OWN_WORK))
    await asyncio.sleep(0)
    assert channel.closed == SUPERSEDED
    assert await _machine(world, "m1") == Availability.FREE


async def test_what_the_connection_before_said_does_not_go_with_the_next_ones_events(world: World) -> None:
    before, _ = _connection(world, "a1")
    before.standing = _beat("m1", Availability.OWN_WORK).machines
    after = Connection(EventStream("a1", KEYS["a1"].public, "a1-epoch1"), "w1", Channel(), 0.0)
    signs = Signs(world.inbox, world.clock)
    await signs.beat(before, _beat("m1", Availability.OWN_WORK))
    await signs.with_events(after, [_event(world, "a1", "m2", Availability.OWN_WORK)])
    await signs.close()
    assert [await _machine(world, machine) for machine in ("m1", "m2")] == [Availability.FREE, Availability.OWN_WORK]


async def test_a_broker_that_ends_waits_for_what_is_just_being_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its database would be closed over an open transaction."""
    monkeypatch.setattr(collected, "GATHER_S", 0.0)
    connection, _ = _connection(world, "a1")
    connection.standing = _beat("m1", Availability.OWN_WORK).machines
    signs = Signs(world.inbox, world.clock)
    with _written(world) as written:
        async with world.books.writing():  # all others wait
            await signs.beat(connection, _beat("m1", Availability.OWN_WORK))
            async with asyncio.timeout(10):
                while not written:  # noqa: ASYNC110  (transactions don't ring)
                    await asyncio.sleep(0.001)
            closing = asyncio.create_task(signs.close())
            ended, _ = await asyncio.wait([closing], timeout=0.05)
            assert not ended
        await closing
    assert await _machine(world, "m1") == Availability.OWN_WORK


async def test_a_sign_that_could_not_be_written_alone_waits_for_what_comes_next(world: World) -> None:
    speaker = world.speakers["a1"]
    sign = Sign("a1", world.clock.now(), _beat("m1", Availability.OWN_WORK))

    async def fails(_streams: Sequence[EventStream]) -> None:
        raise RuntimeError("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.inbox, "_store_all", fails)
        with pytest.raises(RuntimeError, match="disk"):
            await world.inbox.take_all([Offered(speaker.stream, (), sign)])
    [received] = await world.inbox.take_all([Offered(speaker.stream, ())])
    assert getattr(received, "heeded", None) is not None
    assert await _machine(world, "m1") == Availability.OWN_WORK

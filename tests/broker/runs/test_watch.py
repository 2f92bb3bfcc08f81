"""Whose connection is over, as one process sees it in the rows and by its own clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from broker.runs.book import Book
from broker.runs.inbox import EventStream
from broker.runs.link.connection import SILENT, SUPERSEDED, Connection
from broker.runs.link.registry import Registry
from broker.runs.link.watch import Watch
from broker.wire.messages import BrokerFrame
from broker.workshops.models import Agent
from tests.simulation.books import MemoryBooks

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEARD_S = 1000.0


@dataclass
class Line:
    """A channel that only notes how it was closed."""

    closed: list[tuple[int, str]] = field(default_factory=list)

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        raise AssertionError(f"nothing is said here: {frames}")

    async def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


@pytest.mark.parametrize(
    ("at_s", "revoked_at", "latest", "code"),
    [
        (HEARD_S + 180.0, None, "con1", None),
        (HEARD_S + 180.1, None, "con1", SILENT),
        (HEARD_S, None, "con2", SUPERSEDED),
        (HEARD_S, NOW, "con1", SUPERSEDED),
    ],
)
async def test_what_is_over_is_ended_and_told_why(
    at_s: float, revoked_at: datetime | None, latest: str, code: int | None
) -> None:
    books, registry, line = MemoryBooks(), Registry(), Line()
    async with books.writing() as book:
        agent = Agent(id="a1", workshop_id="w1", public_key="", created_at=NOW)
        agent.connection, agent.revoked_at = latest, revoked_at
        book.add(agent)
    registry.add(Connection(EventStream("a1", "", "epoch1", "con1"), "w1", line, HEARD_S))
    await Watch(books, registry).look(at_s)
    await asyncio.sleep(0)
    assert [one for one, _ in line.closed] == ([] if code is None else [code])
    assert all(reason for _, reason in line.closed)


async def test_who_is_welcomed_while_the_rows_are_read_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    books, registry, before, after = MemoryBooks(), Registry(), Line(), Line()
    reading = books.reading
    agent = Agent(id="a1", workshop_id="w1", public_key="", created_at=NOW, connection="con1")
    async with books.writing() as book:
        book.add(agent)
    registry.add(Connection(EventStream("a1", "", "epoch1", "con1"), "w1", before, HEARD_S))

    @asynccontextmanager
    async def overtaken() -> AsyncIterator[Book]:
        async with reading() as book:
            yield book
        registry.add(Connection(EventStream("a1", "", "epoch1", "con2"), "w1", after, HEARD_S))

    monkeypatch.setattr(books, "reading", overtaken)
    await Watch(books, registry).look(HEARD_S)
    await asyncio.sleep(0)
    assert not after.closed

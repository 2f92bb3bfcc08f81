"""What one process changes rings in the others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from broker.database import Database
from broker.processes import wakeups
from broker.processes.wakeups import CHANNEL, WakeUps

pytestmark = pytest.mark.proof(share=0.0055, group="postgresql in process")
_LISTENING = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'")
_END_LISTENERS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")


@contextlib.asynccontextmanager
async def _listening(*databases: Database) -> AsyncIterator[None]:
    """Each of them as a process of its own, ready to hear. Its first ring tells that it listens."""
    heard = [database.waker.rings for database in databases]
    tasks = [asyncio.create_task(WakeUps(one, f"prc_{number}").run()) for number, one in enumerate(databases)]
    try:
        for database, rings in zip(databases, heard, strict=True):
            await database.waker.wait(rings, 60.0)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_ring_is_heard_in_all_processes_and_once_in_its_own(processes: list[Database]) -> None:
    async with _listening(*processes):
        heard = [database.waker.rings for database in processes]
        processes[0].waker.ring(["wsh_1"])
        for database, rings in list(zip(processes, heard, strict=True))[1:]:
            assert await database.waker.wait(rings, 60.0) == rings + 1
        # Notifications come in order: once this one is there, the first has not come back.
        processes[1].waker.ring()
        assert await processes[0].waker.wait(heard[0] + 1, 60.0) == heard[0] + 2


async def test_workshops_are_told_if_they_are_few(processes: list[Database], monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.Queue[object]()
    monkeypatch.setattr(processes[1].waker, "heard", told.put_nowait)
    async with _listening(processes[0]), asyncio.timeout(60):
        listener = asyncio.create_task(WakeUps(processes[1], "other").run())
        assert await told.get() is None
        for ring, heard in (
            (["b", "a"], ["a", "b"]),
            ([f"wsh_{number:016}" for number in range(1000)], None),
            (None, None),
        ):
            processes[0].waker.ring(ring)
            assert await told.get() == heard
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def test_a_lost_connection_is_made_again_and_rings_for_what_was_missed(
    processes: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "_AGAIN_S", 0.0)
    here, there, other = processes
    async with _listening(here, there):
        heard = here.waker.rings
        async with other.engine.connect() as connection:
            assert (await connection.execute(_LISTENING)).scalar_one() == 2
            await connection.execute(_END_LISTENERS)
        heard = await here.waker.wait(heard, 60.0)
        async with other.engine.connect() as connection:
            await connection.execute(
                text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": '["elsewhere", null]'}
            )
            await connection.commit()
        assert await here.waker.wait(heard, 60.0) == heard + 1

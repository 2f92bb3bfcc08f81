"""One process leads; one that was away too long can't write, however it comes back."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import func, make_url, select, update

from broker import database
from broker.accounts.models import Account, Role
from broker.accounts.service import add_account
from broker.clock import SystemClock
from broker.database import Database
from broker.processes.leadership import Deposed, Lease
from broker.processes.models import Lead

pytestmark = pytest.mark.proof(share=0.0055, group="postgresql in process")


async def _run_out(database: Database) -> None:
    """As if the leader hadn't renewed its lease for long enough."""
    async with database.writing() as session:
        await session.execute(update(Lead).values(until=func.clock_timestamp()))


async def _write(database: Database) -> None:
    async with database.writing() as session:
        await add_account(session, "ana", Role.PRODUCER, "", SystemClock().now())


async def _written(database: Database) -> int:
    async with database.reading() as session:
        return len((await session.scalars(select(Account))).all())


async def test_of_many_that_look_at_once_one_leads(processes: list[Database]) -> None:
    leases = [Lease(database, f"prc_{number}") for number, database in enumerate(processes)]
    for _ in range(3):
        await asyncio.gather(*[lease.look() for lease in leases])
        [leader] = [number for number, lease in enumerate(leases) if lease.leads]
    await asyncio.gather(*[lease.look() for lease in leases])
    assert {lease.leader for lease in leases} == {f"prc_{leader}"}


async def test_another_takes_over_once_the_lease_ran_out_and_the_first_writes_no_more(
    processes: list[Database],
) -> None:
    first, second = Lease(processes[0], "first"), Lease(processes[1], "second")
    led = processes[0].guarded(first.guard)
    await first.look()
    await second.look()
    assert (first.leads, second.leads, second.leader) == (True, False, "first")
    await _run_out(processes[2])
    await second.look()
    assert second.leads
    # The first has hung meanwhile: it still believes that it leads.
    assert first.leads
    with pytest.raises(Deposed):
        await _write(led)
    assert await _written(processes[2]) == 0
    await first.look()
    assert (first.leads, first.leader) == (False, "second")
    with pytest.raises(Deposed):
        await _write(led)
    await _write(processes[1].guarded(second.guard))
    assert await _written(processes[2]) == 1


async def test_a_leader_in_the_midst_of_a_plan_is_waited_for(processes: list[Database]) -> None:
    """Its lease runs out while it writes: whoever takes over sees all of that plan, never half of it."""
    first, second = Lease(processes[0], "first"), Lease(processes[1], "second")
    await first.look()
    led = processes[0].guarded(first.guard)
    async with led.writing() as session:
        await session.execute(update(Lead).values(until=func.clock_timestamp()))
        await add_account(session, "ana", Role.PRODUCER, "", SystemClock().now())
        taking = asyncio.create_task(second.look())
        await asyncio.wait({taking}, timeout=0.1)
        assert not second.leads
    await first.look()
    await taking
    # Either was quicker; in no case do both lead, and what was written stays.
    assert first.leads != second.leads
    assert await _written(processes[2]) == 1


async def test_a_renewed_lease_is_kept_and_one_given_up_is_free_at_once(processes: list[Database]) -> None:
    first, second = Lease(processes[0], "first"), Lease(processes[1], "second")
    await first.look()
    await _run_out(processes[2])
    await first.look()
    await second.look()
    assert (first.leads, second.leads) == (True, False)
    await first.resign()
    await second.look()
    assert (first.leads, second.leads) == (False, True)
    async with processes[2].reading() as session:
        assert (await session.scalars(select(Lead.token))).one() == 2


async def test_a_writer_that_hangs_within_a_command_is_ended_by_whoever_takes_over(
    processes: list[Database], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between a statement's preparation and its execution: no time-out of the server's own ends that."""
    hung = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    await hung.execute("BEGIN")
    await hung.fetchval("SELECT pg_advisory_xact_lock($1)", database._WRITERS_LOCK)
    await hung.prepare("SELECT count(*) FROM agents")
    monkeypatch.setattr(database, "_HUNG_FOR", "0s")
    lease = Lease(processes[0], "second")
    await lease.look()
    assert lease.leads
    assert hung.is_closed()

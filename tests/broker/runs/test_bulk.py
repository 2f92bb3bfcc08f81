"""Rows that are written together: all that was set, over what was read and nothing else."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError

from broker.database import Database
from broker.runs.bulk import write_changed
from broker.runs.models import Run, RunStep
from broker.runs.sql_book import SqlBooks
from broker.wire.messages import Availability
from broker.wire.states import Actor, RunState
from tests.broker.runs.contract.world import World


@pytest.fixture
async def world(database: Database) -> World:
    return await World.opened(SqlBooks(database))


async def _run_ids(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(text("SELECT id FROM runs ORDER BY id")))


async def test_rows_of_each_kind_and_new_ones_are_written_at_the_end(world: World, database: Database) -> None:
    first, *_ = await _run_ids(database)
    async with world.books.writing() as book:
        agents = await book.locked_agents({"a1", "a2"})
        agents["a1"].acked_seq, agents["a2"].acked_seq, agents["a2"].behind = 4, 5, True
        for machine in await book.machines_in(None):
            machine.availability = Availability.OWN_WORK
        run = (await book.locked_runs({first}))[first]
        run.state, run.version = RunState.WITHDRAWN, run.version + 1
        version = run.version
        step = RunStep(run_id=first, version=version, state=run.state, actor=Actor.BROKER, at=world.clock.now())
        book.add(step)
    async with world.books.reading() as book:
        agents = {agent.id: agent for agent in await book.agents()}
        assert (agents["a1"].acked_seq, agents["a1"].behind) == (4, False)
        assert (agents["a2"].acked_seq, agents["a2"].behind) == (5, True)
        assert {machine.availability for machine in await book.machines_in(None)} == {Availability.OWN_WORK}
        [kept] = [run for run in await book.runs_in(RunState) if run.id == first]
        assert (kept.state, kept.version) == (RunState.WITHDRAWN, version)
        assert (await book.steps({first}))[first][-1].version == version


async def test_a_run_that_has_moved_meanwhile_is_not_overwritten(world: World, database: Database) -> None:
    if database.is_shared:
        pytest.skip("its driver doesn't count; there the row is locked from when it is read")
    first, *_ = await _run_ids(database)
    async with database.writing() as session:
        run = await session.get_one(Run, first)
        await session.execute(text("UPDATE runs SET version = version + 1 WHERE id = :id"), {"id": first})
        run.note = "written over it"
        with pytest.raises(StaleDataError):
            await write_changed(session)
        await session.rollback()

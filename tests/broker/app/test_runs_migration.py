"""Runs from before permits had an epoch keep what is known of them."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from broker.database import Database
from broker.migrations.upgrade import upgrade
from broker.runs.repository import record_was_used, runs_in
from broker.settings import Settings
from broker.wire.states import Actor, RunState
from tests.broker.app.revisions import to_revision
from tests.broker.databases import Databases

_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_MOMENTS = {"early": _NOW - timedelta(hours=1), "now": _NOW, "late": _NOW + timedelta(hours=1)}
_ROWS = """
INSERT INTO workshops (id, name, town, country, created_at) VALUES ('w1', 'w1', '', '', :now);
INSERT INTO workshops (id, name, town, country, created_at) VALUES ('w2', 'w2', '', '', :now);
INSERT INTO agents (id, workshop_id, public_key, epoch, acked_seq, created_at)
    VALUES ('a1', 'w1', '', 'whole', 1, :now);
INSERT INTO agents (id, workshop_id, public_key, epoch, acked_seq, created_at)
    VALUES ('a2', 'w2', '', 'anew', 1, :now);
INSERT INTO inbox (agent_id, epoch, seq, payload, signature, received_at, applied, note)
    VALUES ('a1', 'whole', 1, '', '', :early, true, '');
INSERT INTO inbox (agent_id, epoch, seq, payload, signature, received_at, applied, note)
    VALUES ('a2', 'anew', 1, '', '', :late, true, '');
INSERT INTO machines (id, workshop_id, name, driver, process, spec, availability, reason)
    VALUES ('m1', 'w1', 'm', '', 'fdm', '', 'free', '');
INSERT INTO machines (id, workshop_id, name, driver, process, spec, availability, reason)
    VALUES ('m2', 'w2', 'm', '', 'fdm', '', 'free', '');
INSERT INTO plates (id, sha256, document, created_at) VALUES ('p1', '', '', :now);
INSERT INTO plates (id, sha256, document, created_at) VALUES ('p2', '', '', :now);
INSERT INTO runs (id, plate_id, machine_id, workshop_id, state, version, fence, planned_start, planned_end,
    lines_done, lines_total, note) VALUES ('r1', 'p1', 'm1', 'w1', 'unknown', 3, 1, :now, :now, 0, 0, '');
INSERT INTO runs (id, plate_id, machine_id, workshop_id, state, version, fence, planned_start, planned_end,
    lines_done, lines_total, note) VALUES ('r2', 'p2', 'm2', 'w2', 'running', 2, 1, :now, :now, 0, 0, '');
INSERT INTO run_steps (run_id, version, state, actor, at, note)
    VALUES ('r1', 1, 'armed', 'person', :now, 'setup record rec_7');
INSERT INTO run_steps (run_id, version, state, actor, at, note) VALUES ('r1', 2, 'permitted', 'broker', :now, '');
INSERT INTO run_steps (run_id, version, state, actor, at, note) VALUES ('r1', 3, 'unknown', 'broker', :now, '');
INSERT INTO run_steps (run_id, version, state, actor, at, note) VALUES ('r2', 1, 'permitted', 'broker', :now, '');
INSERT INTO run_steps (run_id, version, state, actor, at, note) VALUES ('r2', 2, 'running', 'agent', :now, '')
"""


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    with databases.empty(tmp_path) as settings:
        yield settings


@pytest.fixture
async def old(empty: Settings) -> AsyncIterator[Database]:
    """A run that the broker lost sight of, and one whose agent's journal began anew since the permit."""
    database = Database(empty.url)
    naive = database.engine.dialect.name == "sqlite"
    moments = {name: at.replace(tzinfo=None) if naive else at for name, at in _MOMENTS.items()}
    async with database.migrating() as connection:
        await connection.run_sync(to_revision, "0003")
        for statement in _ROWS.split(";\n"):
            known = {name: at for name, at in moments.items() if f":{name}" in statement}
            await connection.execute(text(statement), known)
    yield database
    await database.close()


async def test_what_is_known_of_old_runs_stays_known(old: Database) -> None:
    await upgrade(old)
    async with old.reading() as session:
        runs = {run.id: run for run in await runs_in(session, RunState)}
        used = [await record_was_used(session, record) for record in ("rec_7", "rec_8")]
    assert [(run.moved_by, run.silent_steps, run.permit_epoch) for run in (runs["r1"], runs["r2"])] == [
        (Actor.BROKER, 1, "whole"),
        (Actor.AGENT, 0, None),
    ]
    assert (runs["r1"].exit_at, runs["r2"].exit_at) == (_NOW, None)
    assert used == [True, False]

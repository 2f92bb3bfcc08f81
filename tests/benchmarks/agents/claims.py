"""Claims a second on one PostgreSQL: agents' Claimed events through the inboxes of several broker processes.

The peer is what a job queue does: a worker takes a row by SELECT … FOR UPDATE SKIP LOCKED, marks it, commits. Both run
on one server that flushes every commit, in as many processes, each with one transaction at a time. Ours is the whole
of what makes a claim: the agent's signature is verified, its event stored beside those before it, the run's fence and
version compared, run, step and event written; a claim counts once it is acknowledged. What the queue of all writers
costs is told apart: the one statement that decides a claim, in a writer's transaction of its own.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import asyncpg
from sqlalchemy import CursorResult, update

from broker.clock import SystemClock
from broker.database import Database
from broker.runs.inbox import EventStream, Inbox
from broker.runs.models import Run
from broker.runs.sql_book import SqlBooks
from broker.shipping import service as shipping
from broker.wire.states import RunState
from tests.benchmarks.agents.claimed import AGENTS, RUNS, Claimant, claimants, offer_again, raw_rows, run_id, write_rows
from tests.benchmarks.rows import Row
from tests.postgresql.server import server

_PROCESSES = 3
_RAW_CLAIM = """UPDATE raw_claims SET state = 'claimed', version = version + 1 WHERE id = (
    SELECT id FROM raw_claims WHERE state = 'offered' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"""


@dataclass(frozen=True, slots=True)
class Done:
    claims: int
    wall_s: float
    cpu_s: float


def rows() -> list[Row]:
    with server(durable=True) as running:
        name = running.make()
        url = running.url(name)
        asyncio.run(write_rows(url))
        ours = _measured("ours", url)
        asyncio.run(_require_claimed(url))
        asyncio.run(raw_rows(url))
        theirs = _measured("raw", url)
        asyncio.run(offer_again(url))
        decided = _measured("decided", url)
        running.drop(name)
    figures = [_per_s(found) for found in (ours, theirs)]
    alone = [_per_s(found) for found in (decided, theirs)]
    cpu_us = [sum(one.cpu_s for one in found) / sum(one.claims for one in found) * 1e6 for found in (ours, theirs)]
    case = f"{_PROCESSES} processes, {AGENTS} agents"
    cpu_s, wall_s = sum(one.cpu_s for one in ours), max(one.wall_s for one in ours)
    peer = "raw SKIP LOCKED"
    return [
        Row("claims", case, "claims", "1/s", *_against(figures, peer), goal=">= 0.5", cpu_s=cpu_s, wall_s=wall_s),
        Row("claims", case, "deciding statements", "1/s", *_against(alone, peer), cpu_s=cpu_s, wall_s=wall_s),
        Row("claims", case, "client CPU a claim", "µs", *_against(cpu_us, peer), cpu_s=cpu_s, wall_s=wall_s),
    ]


def _against(pair: Sequence[float], peer: str) -> tuple[float, str, float, float]:
    ours, theirs = pair
    return ours, peer, theirs, ours / theirs


def _per_s(done: Sequence[Done]) -> float:
    return sum(one.claims for one in done) / max(one.wall_s for one in done)


def _measured(kind: str, url: str) -> list[Done]:
    """All begin at once, when the last one is ready."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", __spec__.name, kind, url, str(number)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(_PROCESSES)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        return [Done(*json.loads(worker.stdout.readline())) for worker in workers if worker.stdout is not None]


async def _require_claimed(url: str) -> None:
    """Every run once: by its state, its steps and its events."""
    connection = await asyncpg.connect(url)
    claimed = await connection.fetchval("SELECT count(*) FROM runs WHERE state = 'claimed' AND version = 3")
    steps = await connection.fetchval("SELECT count(*) FROM run_steps WHERE state = 'claimed'")
    events = await connection.fetchval("SELECT count(*) FROM inbox WHERE applied")
    await connection.close()
    assert (claimed, steps, events) == (AGENTS * RUNS,) * 3, (claimed, steps, events)


def _worker(kind: str, url: str, number: int) -> None:
    asyncio.run({"ours": _ours, "decided": _decided, "raw": _raw}[kind](url, number))


async def _ready() -> tuple[float, float]:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    return time.perf_counter(), time.process_time()


def _tell(claims: int, began: tuple[float, float]) -> None:
    print(json.dumps([claims, time.perf_counter() - began[0], time.process_time() - began[1]]), flush=True)


async def _ours(url: str, number: int) -> None:
    database = Database(url)
    inbox = Inbox(SqlBooks(database), SystemClock(), shipping)
    mine = claimants()[number::_PROCESSES]
    async with database.reading():
        pass  # the first connection is made
    began = await _ready()
    await asyncio.gather(*[_claim(inbox, one) for one in mine])
    _tell(len(mine) * RUNS, began)
    await database.close()


async def _claim(inbox: Inbox, claimant: Claimant) -> None:
    """As an agent: its next answer follows the acknowledgement of the one before."""
    stream = EventStream(claimant.agent, claimant.public_key, claimant.epoch)
    for seq, signed in enumerate(claimant.events, start=1):
        received = await inbox.receive(stream, (signed,))
        assert received.acked == seq
        assert not received.conflicts


async def _decided(url: str, number: int) -> None:
    database = Database(url)
    mine = [run_id(agent, count) for agent in range(number, AGENTS, _PROCESSES) for count in range(RUNS)]
    async with database.reading():
        pass
    began = await _ready()
    for run in mine:
        async with database.writing() as session:
            claim = update(Run).where(Run.id == run, Run.state == RunState.OFFERED, Run.version == 2, Run.fence == 1)
            found = await session.execute(claim.values(state=RunState.CLAIMED, version=3))
            assert isinstance(found, CursorResult)
            assert found.rowcount == 1
    _tell(len(mine), began)
    await database.close()


async def _raw(url: str, _number: int) -> None:
    connection = await asyncpg.connect(url)
    claim = await connection.prepare(_RAW_CLAIM)
    began = await _ready()
    claims = 0
    while True:
        async with connection.transaction():
            if await claim.fetchval() is None:
                break
        claims += 1
    _tell(claims, began)
    await connection.close()


if __name__ == "__main__":
    _worker(sys.argv[1], sys.argv[2], int(sys.argv[3]))

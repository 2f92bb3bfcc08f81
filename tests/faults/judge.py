"""What must hold once nothing moves any more: by the firmware's own counters, the beds, and the rows on the disks."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import text

from broker.database import Database
from broker.settings import EMBEDDED_NAME
from broker.wire.messages import Corrected, Counted, Envelope, Settled, Skipped
from broker.wire.states import FINAL, TRANSITIONS, Actor, RunState
from hardware_sim.demo.result import join_starts
from hardware_sim.network.api import RunSeen
from hardware_sim.network.machine import MachineProcess
from hardware_sim.truth.store import read_episodes
from tests.faults.world import SHOPS, World

NEVER = (
    "after_fault",
    "spindle_alone_s",
    "occupied_starts",
    "mismatched_jobs",
    "over_temperature",
    "out_of_frame",
    "crashes",
    "cold_extrusions",
)
"""Counters of the firmware that stay at 0 in a sound network."""
Rows = Sequence[Any]


def judged(world: World, *, calm: bool = True) -> list[str]:
    """Every violation, in words. Call it while the broker and the machines are up and nothing is under way.

    `calm`: nobody had reason to say an error.
    """
    runs = _runs(world)
    rows = Ledger(world.database_url)
    return [
        *_machines(world),
        *_starts(world, runs, rows),
        *_pieces(world, rows),
        *_broker(world, rows),
        *_agents(world, rows),
        *_streamers(world),
        *(_logs(world) if calm else ()),
    ]


def _runs(world: World) -> list[RunSeen]:
    broker = world.network.broker()
    found = {run.id: run for order in world.producer.delivered for run in broker.runs(order)}
    return list(found.values())


class Ledger:
    """Queries of the broker's database, whichever it is."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, sql: str) -> Rows:
        async def ask() -> Rows:
            database = Database(self._url)
            try:
                async with database.reading() as session:
                    return (await session.execute(text(sql))).all()
            finally:
                await database.close()

        return asyncio.run(ask())

    def bodies(self) -> list[tuple[str, str, Envelope]]:
        """Every event that was applied, with agent and epoch."""
        rows = self.rows("SELECT agent_id, epoch, payload FROM inbox WHERE applied ORDER BY received_at, seq")
        return [(agent, epoch, Envelope.model_validate_json(payload)) for agent, epoch, payload in rows]


# The machines' own word ---------------------------------------------------------------------------------


def _machines(world: World) -> Iterator[str]:
    for machine in world.network.machines.values():
        summary = machine.summary()
        for name in NEVER:
            if summary.counters[name]:
                yield f"{machine.name}: {name} is {summary.counters[name]:g}"
        for name in ("hotend_target_c", "bed_target_c", "spindle"):
            if summary.details.get(name):
                yield f"{machine.name} was left with {name} {summary.details[name]}"
        if summary.state == "busy":
            yield f"{machine.name} is still busy"


def _starts(world: World, runs: Sequence[RunSeen], rows: Ledger) -> Iterator[str]:
    """I1 and I3: physical starts by the machine, one a run at most, and none that nobody set up."""
    episodes = {one.name: read_episodes(one.folder) for one in world.network.machines.values()}
    for machine in world.network.machines.values():
        jobs = sum(one.job > 0 for one in episodes[machine.name])
        started = _count(_runs_journal(world, machine), "SELECT count(*) FROM starts")
        if jobs > started:
            yield f"{machine.name} started {jobs} times, and {started} starts were committed"
    set_up = {run for operator in world.network.operators for run in operator.set_up}
    records = Counter(envelope.body.record.id for _, _, envelope in rows.bodies() if envelope.body.kind == "armed")
    yield from (f"setup record {record} was taken {number} times" for record, number in records.items() if number > 1)
    if world.clocks is None:  # times of broker and machines may be compared
        starts = join_starts(runs, {name: list(found) for name, found in episodes.items()})
        yield from (f"run {run} started {number} times" for run, number in starts.by_run.items() if number > 1)
        yield from (
            f"run {run} started, and nobody set it up" for run, n in starts.by_run.items() if n and run not in set_up
        )
        if starts.unattributed:
            yield f"{starts.unattributed} starts belong to no run"


def _pieces(world: World, rows: Ledger) -> Iterator[str]:
    """I4 and I5, line by line and lot by lot."""
    for line, ordered, good in rows.rows(
        "SELECT lines.id, lines.quantity, sum(lots.good) FROM lines JOIN lots ON lots.line_id = lines.id GROUP BY 1, 2"
    ):
        if good != ordered:
            yield f"line {line}: {good} good pieces, {ordered} ordered"
    attested: Counter[str] = Counter()
    for _, _, envelope in rows.bodies():
        if isinstance(envelope.body, Counted | Settled):
            attested.update({count.lot: count.good for count in envelope.body.counts})
    counted = dict(rows.rows("SELECT lot_id, sum(good) FROM counts GROUP BY lot_id"))
    for (
        lot,
        good,
    ) in rows.rows("SELECT id, good FROM lots"):
        if not good == attested[lot] == counted.get(lot, 0):
            yield f"lot {lot}: {good} good, {attested[lot]} attested, {counted.get(lot, 0)} counted"
    on_beds = sum(good for operator in world.network.operators for good in operator.counted.values())
    if on_beds != sum(attested.values()):
        yield f"{on_beds} good pieces were on the beds, {sum(attested.values())} are attested"


# Rows ---------------------------------------------------------------------------------------------------


def _broker(world: World, rows: Ledger) -> Iterator[str]:
    """I9: whole, versions one after another, every step a legal one."""
    if world.database is None:
        yield from _whole(world.broker_data / EMBEDDED_NAME)
    steps: dict[str, list[tuple[int, str, str]]] = {}
    for run, version, state, actor in rows.rows(
        "SELECT run_id, version, state, actor FROM run_steps ORDER BY run_id, version"
    ):
        steps.setdefault(run, []).append((version, state, actor))
    remarks = _remarks(rows)
    for run, state, version in rows.rows("SELECT id, state, version FROM runs"):
        yield from _passed(run, state, version - remarks[run], steps.get(run, []))
    for agent, acked in rows.rows("SELECT id, acked_seq FROM agents"):
        where = f"agent_id = '{agent}' AND epoch = (SELECT epoch FROM agents WHERE id = '{agent}')"
        ((number, last),) = rows.rows(f"SELECT count(*), coalesce(max(seq), 0) FROM inbox WHERE {where}")
        if not number == last == acked:
            yield f"agent {agent}: {acked} acknowledged, {number} stored up to {last}"


def _remarks(rows: Ledger) -> Counter[str]:
    """How many versions of each run are an object that was left out or a count that was put right: no steps of its."""
    kept = [
        Envelope.model_validate_json(payload) for (payload,) in rows.rows("SELECT payload FROM inbox WHERE applied")
    ]
    return Counter(one.run for one in kept if one.run and isinstance(one.body, Corrected | Skipped))


def _passed(run: str, state: str, version: int, steps: Sequence[tuple[int, str, str]]) -> Iterator[str]:
    numbers = [number for number, _, _ in steps]
    if len(steps) != version or numbers != sorted(set(numbers)) or numbers[0] != 1 or steps[-1][1] != state:
        yield f"run {run} is {state}, with {version} versions that are steps; its steps are {steps}"
    for (_, before, _), (_, after, actor) in pairwise(steps):
        if Actor(actor) not in TRANSITIONS.get((RunState(before), RunState(after)), ()):
            yield f"run {run} went from {before} to {after} by the {actor}"
    if RunState(state) not in FINAL:
        yield f"run {run} is left {state}"


def _agents(world: World, rows: Ledger) -> Iterator[str]:
    """What an agent has as acknowledged is stored at the broker, byte for byte, and nothing is left unsaid."""
    stored = {(epoch, seq): payload for epoch, seq, payload in rows.rows("SELECT epoch, seq, payload FROM inbox")}
    for shop in SHOPS:
        path = world.agent_data(shop.name) / "agent.sqlite"
        yield from _whole(path)
        for epoch, seq, payload, acked in _all(path, "SELECT epoch, seq, payload, acked FROM outbox"):
            if stored.get((epoch, seq)) != payload:
                yield f"{shop.name}: event {seq} {'was acknowledged and is lost' if acked else 'never arrived'}"


def _streamers(world: World) -> Iterator[str]:
    for machine in world.network.machines.values():
        path = _runs_journal(world, machine)
        yield from _whole(path)
        twice = _count(path, "SELECT count(*) FROM starts WHERE run IN (SELECT run FROM forbidden)")
        if twice:
            yield f"{machine.name}: {twice} runs were started and forbidden"


def unseen_jumps(world: World) -> Iterator[str]:
    """Clocks have jumped: each kind of process has written times of another day."""
    rows = Ledger(world.database_url)
    told = [envelope.at for _, _, envelope in rows.bodies()]
    steps = [datetime.fromisoformat(str(at)) for (at,) in rows.rows("SELECT at FROM run_steps")]
    wrote = [
        datetime.fromisoformat(at)
        for machine in world.network.machines.values()
        if _runs_journal(world, machine).exists()
        for (at,) in _all(_runs_journal(world, machine), "SELECT at FROM entries")
    ]
    for who, times in (("broker", steps), ("agent", told), ("streamer", wrote)):
        if not any(abs(_aware(at) - datetime.now(UTC)) > timedelta(hours=12) for at in times):
            yield f"no {who} has seen another day"


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _logs(world: World) -> Iterator[str]:
    """Nobody dies of an error, nor says one that nobody expected."""
    logs = [*world.network.processes.logs.glob("*.log"), *world.folder.glob("shops/*/data/machines/*/streamer.log")]
    for log in logs:
        lines = log.read_text(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if line.startswith("Traceback "):
                yield f"{log.name}: {' / '.join(lines[number : number + 60])[-1500:]}"
                break


def _runs_journal(world: World, machine: MachineProcess) -> Path:
    return world.agent_data(machine.shop) / "machines" / machine.name / "runs.sqlite"


def _whole(path: Path) -> Iterator[str]:
    for (said,) in _all(path, "PRAGMA integrity_check"):
        if said != "ok":
            yield f"{path.name}: {said}"
    for row in _all(path, "PRAGMA foreign_key_check"):
        yield f"{path.name}: {row} refers to nothing"


def _count(path: Path, sql: str) -> int:
    ((number,),) = _all(path, sql)
    return int(number)


def _all(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()

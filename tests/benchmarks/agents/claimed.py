"""Rows and events for the claims: workshops with an agent and a machine each, and runs that were offered to them."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.database import Base, Database
from broker.runs.models import PlateRow, Run, RunStep
from broker.wire.messages import Availability, Claimed, Envelope, Signed
from broker.wire.shop import Process
from broker.wire.states import Actor, RunState
from broker.workshops.models import Agent, Machine, Workshop

AGENTS = 300
RUNS = 10
"""Of each agent."""
_EPOCH = "epoch"
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claimant:
    """An agent, and its answers to what it was offered."""

    agent: str
    public_key: str
    epoch: str
    events: tuple[Signed, ...]


def _key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))


def run_id(number: int, count: int) -> str:
    return f"run_{number:05}_{count:03}"


@cache
def claimants() -> list[Claimant]:
    return [_claimant(number) for number in range(AGENTS)]


def _claimant(number: int) -> Claimant:
    key = _key(number)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    events = []
    for count in range(RUNS):
        envelope = Envelope(
            agent=f"agt_{number:05}",
            epoch=_EPOCH,
            seq=count + 1,
            at=_AT,
            run=run_id(number, count),
            fence=1,
            version=2,
            body=Claimed(),
        )
        payload = envelope.model_dump_json()
        events.append(Signed(payload=payload, signature=base64.b64encode(key.sign(payload.encode())).decode()))
    return Claimant(f"agt_{number:05}", public, _EPOCH, tuple(events))


async def write_rows(url: str) -> None:
    database = Database(url)
    async with database.writing() as session:
        # In the order of their keys, each kind after what it names.
        for kind in zip(*[_rows_of(number) for number in range(AGENTS)], strict=True):
            session.add_all(row for rows in kind for row in rows)
            await session.flush()
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("ANALYZE")
        await connection.commit()
    await database.close()


def _rows_of(number: int) -> tuple[list[Base], ...]:
    workshop, machine = f"wsh_{number:05}", f"mch_{number:05}"
    runs = range(RUNS)
    return (
        [Workshop(id=workshop, name=f"Taller {number}", created_at=_AT)],
        [Machine(id=machine, workshop_id=workshop, name="prusa", driver="marlin", process=Process.FDM, spec="{}",
                 availability=Availability.FREE)],
        [Agent(id=f"agt_{number:05}", workshop_id=workshop, public_key=claimants()[number].public_key, epoch=_EPOCH,
               acked_seq=0, created_at=_AT)],
        [PlateRow(id=f"plt_{number:05}_{count:03}", sha256="0" * 64, document="{}", created_at=_AT) for count in runs],
        [_offered(number, count, workshop, machine) for count in runs],
        [RunStep(run_id=run_id(number, count), version=version, state=state, actor=Actor.PLANNER, at=_AT)
         for count in runs for version, state in ((1, RunState.PLANNED), (2, RunState.OFFERED))],
    )  # fmt: skip


def _offered(number: int, count: int, workshop: str, machine: str) -> Run:
    return Run(
        id=run_id(number, count),
        plate_id=f"plt_{number:05}_{count:03}",
        machine_id=machine,
        workshop_id=workshop,
        state=RunState.OFFERED,
        version=2,
        fence=1,
        planned_start=_AT,
        planned_end=_AT + timedelta(hours=1),
        exit_at=_AT + timedelta(days=1000),
    )


async def raw_rows(url: str) -> None:
    """The same number of rows, as wide as a run's, for a queue that knows nothing else."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE TABLE raw_claims AS SELECT id, plate_id, machine_id, workshop_id, 'offered'::text AS state,"
        " 0 AS version, fence, planned_start, planned_end, exit_at FROM runs ORDER BY id"
    )
    await connection.execute("ALTER TABLE raw_claims ADD PRIMARY KEY (id)")
    await connection.execute("CREATE INDEX raw_claims_state ON raw_claims (state, id)")
    await connection.execute("ANALYZE raw_claims")
    await connection.close()


async def offer_again(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE runs SET state = 'offered', version = 2")
    await connection.close()

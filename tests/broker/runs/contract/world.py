"""The broker's rules on some books, and what a test does to them: no sockets, and a clock that tests move."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from broker.orders.models import Lot
from broker.planning.dispatch import offer, withdraw_from
from broker.runs import epochs
from broker.runs.book import Book, Books
from broker.runs.briefing import briefing
from broker.runs.errors import Refused
from broker.runs.inbox import EventStream, Inbox, open_events
from broker.runs.models import Run
from broker.runs.permits import grant
from broker.runs.presence import hear_heartbeat, hear_progress
from broker.runs.timers import RESTART_GRACE, Timers
from broker.shipping import service as shipping
from broker.wire.messages import (
    Body,
    Conflict,
    Envelope,
    Heartbeat,
    Permit,
    PermitRefused,
    PermitRequest,
    Progress,
    Signed,
)
from broker.wire.states import RunState
from broker.workshops.models import Agent, Machine
from tests.broker.conftest import HandClock
from tests.broker.runs.contract.seeded import KEYS, MACHINES, RUNS, WORKSHOPS, seed

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Speaker:
    """An agent's outbox: what it has signed, in its present epoch."""

    agent: str
    epoch: str
    stream: EventStream
    seq: int = 0
    sent: list[Signed] = field(default_factory=list)

    def sign(self, envelope: Envelope) -> Signed:
        payload = envelope.model_dump_json()
        return Signed(payload=payload, signature=KEYS[self.agent].sign(payload))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent hears."""

    acked: int = 0
    conflicts: tuple[Conflict, ...] = ()
    refused: str = ""


class World:
    def __init__(self, books: Books) -> None:
        self.books = books
        self.clock = HandClock()
        self.inbox = Inbox(books, self.clock, shipping)
        self.timers = Timers(books, self.clock)
        self.speakers: dict[str, Speaker] = {}

    @classmethod
    async def opened(cls, books: Books) -> "World":
        """Seeded, both agents welcomed, and the grace after the broker's start over."""
        world = cls(books)
        async with books.writing() as book:
            await seed(book, world.clock.now())
        world.clock.forward(seconds=RESTART_GRACE.total_seconds())
        for agent in KEYS:
            await world.begin(agent, f"{agent}-epoch1")
        return world

    async def begin(self, agent: str, epoch: str) -> Answer:
        try:
            async with self.books.writing() as book:
                row = await book.locked_agent(agent)
                if not await epochs.begin(book, row, epoch, self.clock.now()):
                    return Answer(refused=f"{epoch} is over")
                row.last_seen_at = self.clock.now()
        except Refused as error:
            return Answer(refused=str(error))
        self.speakers[agent] = Speaker(agent, epoch, EventStream(agent, KEYS[agent].public, epoch))
        return Answer()

    def envelope(self, agent: str, body: Body, run: Run | None = None, **changes: object) -> Envelope:
        """The next of the outbox."""
        speaker = self.speakers[agent]
        speaker.seq += 1
        envelope = Envelope(
            agent=agent,
            epoch=speaker.epoch,
            seq=speaker.seq,
            at=self.clock.now(),
            run=run.id if run else None,
            fence=run.fence if run else 0,
            version=run.version if run else 0,
            body=body,
        )
        return envelope.model_copy(update=changes)

    async def say(self, agent: str, body: Body, run: Run | None = None, **changes: object) -> Answer:
        speaker = self.speakers[agent]
        signed = speaker.sign(self.envelope(agent, body, run, **changes))
        speaker.sent.append(signed)
        return await self.hear(agent, [signed])

    async def hear(self, agent: str, signed: Sequence[Signed]) -> Answer:
        """A refusal ends the connection, and with it what was parked."""
        speaker = self.speakers[agent]
        try:
            received = await self.inbox.take(speaker.stream, open_events(speaker.stream, signed))
        except Refused as error:
            speaker.stream = EventStream(agent, KEYS[agent].public, speaker.epoch)
            return Answer(refused=f"{type(error).__name__}: {error}")
        return Answer(received.acked, received.conflicts)

    async def ask(self, agent: str, run: Run, record: str, request: str) -> Permit | PermitRefused:
        asked = PermitRequest(run=run.id, fence=run.fence, version=run.version, record=record, request=request)
        async with self.books.writing() as book:
            return await grant(book, await book.locked_agent(agent), asked, self.clock.now())

    async def beat(self, agent: str, beat: Heartbeat) -> object:
        async with self.books.writing() as book:
            return await hear_heartbeat(book, await book.locked_agent(agent), beat, self.clock.now())

    async def progress(self, agent: str, progress: Progress) -> None:
        async with self.books.writing() as book:
            await hear_progress(book, await book.locked_agent(agent), progress, self.clock.now())

    async def offer(self) -> int:
        async with self.books.writing() as book:
            return await offer(book, self.clock.now())

    async def withdraw(self, machine: str) -> int:
        async with self.books.writing() as book:
            return await withdraw_from(book, {machine}, "taken back", self.clock.now())

    async def pass_time(self, by: timedelta) -> int:
        self.clock.forward(seconds=by.total_seconds())
        return await self.timers.run_due()

    async def run(self, run_id: str) -> Run:
        async with self.books.reading() as book:
            return {run.id: run for run in await book.runs_in(RunState)}[run_id]

    async def lot(self, lot_id: str) -> Lot:
        async with self.books.reading() as book:
            return (await book.lots_by_id([lot_id]))[lot_id]

    async def seen(self) -> dict[str, object]:
        """All that the rules have written, and what the agents would be told."""
        async with self.books.reading() as book:
            return {
                "runs": [_run(run) for run in await book.runs_in(RunState)],
                "steps": await _steps(book),
                "lots": [_lot(lot) for lot in await book.lots_of_order("order")],
                "machines": [_machine(await book.machine(machine)) for machine in MACHINES],
                "at_rest": await book.machines_at_rest(),
                "agents": {agent.id: _agent(agent) for agent in await book.agents()},
                "inbox": [await self._inbox(book, speaker) for speaker in self.speakers.values()],
                "told": [await briefing(book, workshop, self.clock.now()) for workshop in WORKSHOPS],
            }

    async def _inbox(self, book: Book, speaker: Speaker) -> list[object]:
        rows = [await book.inbox_event(speaker.agent, speaker.epoch, seq) for seq in range(1, speaker.seq + 2)]
        return [None if row is None else (row.payload, row.applied, row.note, row.received_at) for row in rows]


def _run(run: Run) -> object:
    told = run.stop_requested, run.permit_request, run.record_id, run.note
    return run.id, run.state, run.version, run.fence, run.exit_at, run.lines_done, run.lines_total, run.estimate_s, told


async def _steps(book: Book) -> object:
    steps = await book.steps(RUNS)
    return {run: [(step.version, step.state, step.actor, step.at, step.note) for step in steps[run]] for run in RUNS}


def _lot(lot: Lot) -> object:
    return lot.id, lot.state, lot.quantity, lot.accepted_quantity, lot.good, lot.scrap, lot.reason, lot.delivered_at


def _machine(machine: Machine) -> object:
    return machine.id, machine.availability, machine.reason


def _agent(agent: Agent) -> object:
    return agent.epoch, agent.acked_seq, agent.last_seen_at

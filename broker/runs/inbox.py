"""Durable events of agents: each is stored and applied in one transaction, in order, once, and then acknowledged."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from broker.clock import Clock
from broker.runs import history
from broker.runs.book import Book, Books
from broker.runs.errors import Forged, NotApplied, RolledBack, Superseded
from broker.runs.events import HandOver, apply_event
from broker.runs.models import InboxEvent
from broker.wire.messages import Conflict, Envelope, Signed
from broker.workshops.keys import is_signed
from broker.workshops.models import Agent

_log = logging.getLogger(__name__)
PARKED_MOST = 1000
"""Events beyond a gap that one connection may keep waiting; the agent sends again what was dropped."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An event whose signature holds."""

    envelope: Envelope
    signed: Signed


@dataclass(slots=True)
class EventStream:
    """One connection's events: who speaks, and what waits beyond a gap."""

    agent_id: str
    public_key: str
    epoch: str
    connection: str | None = None
    """Its id in the agent's row, for as long as no later connection took over, at whichever broker process."""
    other_keys: tuple[str, ...] = ()
    """The agent's keys before and after this one: they too may have signed what its outbox holds."""
    parked: dict[int, Opened] = field(default_factory=dict)

    def park(self, events: Iterable[Opened]) -> None:
        for opened in events:
            seq = opened.envelope.seq
            if len(self.parked) < PARKED_MOST or seq in self.parked:
                self.parked[seq] = opened

    def forget(self, acked: int) -> None:
        """What is stored waits no more; call it after the commit."""
        for seq in [seq for seq in self.parked if seq <= acked]:
            del self.parked[seq]


@dataclass(frozen=True, slots=True)
class Received:
    acked: int
    """Highest seq of the epoch that is stored, with all before it."""
    conflicts: tuple[Conflict, ...]


def require_current(agent: Agent, stream: EventStream) -> None:
    """Raises Superseded for a stream that may write no more."""
    if agent.epoch != stream.epoch or agent.revoked_at is not None:
        raise Superseded("the workshop was enrolled anew, or its journal began anew: this connection is over")
    if agent.connection != stream.connection:
        raise Superseded("another connection of this agent took over")


def open_events(stream: EventStream, signed: Iterable[Signed]) -> tuple[Opened, ...]:
    """Verify and parse. Raises Forged."""
    return tuple(Opened(_opened(stream, one), one) for one in signed)


class Inbox:
    def __init__(self, books: Books, clock: Clock, hand_over: HandOver) -> None:
        self._books = books
        self._clock = clock
        self._hand_over = hand_over

    async def receive(self, stream: EventStream, signed: Sequence[Signed]) -> Received:
        """Raises Forged, RolledBack or Superseded: then nothing was kept."""
        return await self.take(stream, open_events(stream, signed))

    async def take(self, stream: EventStream, events: Iterable[Opened]) -> Received:
        """Raises RolledBack or Superseded: then nothing was kept."""
        stream.park(events)
        async with self._books.writing() as book:
            received = await self._store(book, stream)
        stream.forget(received.acked)
        self._books.ring()
        return received

    async def _store(self, book: Book, stream: EventStream) -> Received:
        """All that waits, up to the first gap."""
        agent = await book.locked_agent(stream.agent_id)
        require_current(agent, stream)
        conflicts = []
        for seq in sorted(stream.parked):
            opened = stream.parked[seq]
            if seq > agent.acked_seq + 1:
                break
            if seq <= agent.acked_seq:
                await _check_duplicate(book, opened)
            elif note := await self._keep(book, agent, opened):
                conflicts.append(await _conflict(book, agent, opened.envelope, note))
        await history.went_on(book, agent)
        return Received(agent.acked_seq, tuple(conflict for conflict in conflicts if conflict is not None))

    async def _keep(self, book: Book, agent: Agent, opened: Opened) -> str:
        """Why the event changed nothing, or ""."""
        envelope, now = opened.envelope, self._clock.now()
        note = await self._apply(book, agent, envelope)
        agent.acked_seq = envelope.seq
        book.add(
            InboxEvent(
                agent_id=agent.id,
                epoch=envelope.epoch,
                seq=envelope.seq,
                payload=opened.signed.payload,
                signature=opened.signed.signature,
                received_at=now,
                applied=not note,
                note=note,
            )
        )
        return note

    async def _apply(self, book: Book, agent: Agent, envelope: Envelope) -> str:
        """Why the event changed nothing, or ""."""
        try:
            async with book.savepoint():
                await apply_event(book, agent, envelope, self._hand_over, self._clock.now())
        except NotApplied as error:
            _log.warning(
                "agent %s, seq %d, %s of %s: %s", agent.id, envelope.seq, envelope.body.kind, envelope.run, error
            )
            return str(error)
        return ""


def _opened(stream: EventStream, signed: Signed) -> Envelope:
    keys = (stream.public_key, *stream.other_keys)
    if not any(is_signed(key, signed.payload, signed.signature) for key in keys):
        raise Forged("an event's signature is not the agent's")
    try:
        envelope = Envelope.model_validate_json(signed.payload)
    except ValidationError as error:
        raise Forged(f"an event's payload is no envelope: {error.errors()[0]['msg']}") from error
    if (envelope.agent, envelope.epoch) != (stream.agent_id, stream.epoch):
        raise Forged("an event names another agent or epoch than the connection")
    return envelope


async def _check_duplicate(book: Book, opened: Opened) -> None:
    envelope = opened.envelope
    known = await book.inbox_event(envelope.agent, envelope.epoch, envelope.seq)
    if known is not None and known.payload != opened.signed.payload:
        raise RolledBack(f"seq {envelope.seq} of epoch {envelope.epoch} said something else before")


async def _conflict(book: Book, agent: Agent, envelope: Envelope, reason: str) -> Conflict | None:
    """The run as it is; None for events about no run of this workshop."""
    run = await book.locked_run(envelope.run) if envelope.run else None
    if run is None or run.workshop_id != agent.workshop_id:
        return None
    return Conflict(seq=envelope.seq, run=run.id, state=run.state, version=run.version, fence=run.fence, reason=reason)

"""Durable events of agents: each is stored and applied in one transaction, in order, once, and then acknowledged.

What an agent has said of itself meanwhile, which is neither signed nor numbered, is written along with them.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from broker.clock import Clock
from broker.runs import history
from broker.runs.batches import TwoSteps
from broker.runs.book import Book, Books, KeptEvent
from broker.runs.errors import Forged, NotApplied, Refused, RolledBack, Superseded
from broker.runs.events import Shipping, apply_event
from broker.runs.presence import Heeded, Sign, heed
from broker.wire.messages import (
    Conflict,
    Corrected,
    Envelope,
    Faulted,
    Finished,
    HandedOver,
    MachineChanged,
    Resumed,
    Running,
    Signed,
    Starting,
    Stopped,
    Unknown,
)
from broker.workshops.checking import Check, Seal, check_here, holds
from broker.workshops.models import Agent

_log = logging.getLogger(__name__)
_MOST_AT_ONCE = 500
"""Connections whose events one transaction stores."""
_GATHER_S = 0.05
_OF_MACHINES = (MachineChanged, Starting, Running, Resumed, Finished, Faulted, Stopped, Unknown)
_MAY_FAIL_HALF_WAY = (HandedOver, Corrected)
PARKED_MOST = 1000
"""Events beyond a gap that one connection may keep waiting; the agent sends again what was dropped."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An event whose signature holds."""

    envelope: Envelope
    signed: Signed


@dataclass(slots=True, eq=False)
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
    sign: Sign | None = None
    """What it said of itself before these events, and isn't written yet."""

    def offer(self, offered: "Offered") -> None:
        """What waits until it is stored."""
        self.park(offered.events)
        self.sign = offered.sign or self.sign

    def park(self, events: Iterable[Opened]) -> None:
        for opened in events:
            seq = opened.envelope.seq
            if len(self.parked) < PARKED_MOST or seq in self.parked:
                self.parked[seq] = opened

    def forget(self, acked: int) -> None:
        """What is stored waits no more; call it after the commit."""
        self.sign = None
        for seq in [seq for seq in self.parked if seq <= acked]:
            del self.parked[seq]


@dataclass(frozen=True, slots=True)
class Received:
    acked: int
    """Highest seq of the epoch that is stored, with all before it."""
    conflicts: tuple[Conflict, ...]
    heeded: Heeded | None = None
    """What follows from the sign of life that was written with the events."""


def require_current(agent: Agent, stream: EventStream) -> None:
    """Raises Superseded for a stream that may write no more."""
    if agent.epoch != stream.epoch or agent.revoked_at is not None:
        raise Superseded("the workshop was enrolled anew, or its journal began anew: this connection is over")
    if agent.connection != stream.connection:
        raise Superseded("another connection of this agent took over")


def open_events(stream: EventStream, signed: Iterable[Signed]) -> tuple[Opened, ...]:
    """Verify and parse. Raises Forged."""
    return tuple(_opened(stream, one, holds=holds(_seal(stream, one))) for one in signed)


class Asked(NamedTuple):
    """What one connection hands in: events, a sign of life from before them, or both."""

    stream: EventStream
    signed: Sequence[Signed]
    sign: Sign | None = None


class Offered(NamedTuple):
    """The same, its signatures checked."""

    stream: EventStream
    events: Sequence[Opened]
    sign: Sign | None = None


class Inbox:
    """One transaction stores and applies what all connections have handed in meanwhile; acknowledged is after it."""

    def __init__(self, books: Books, clock: Clock, shipping: Shipping, check: Check = check_here) -> None:
        self._books = books
        self._clock = clock
        self._shipping = shipping
        self._check = check
        self._batches: TwoSteps[Asked, Offered, Received] = TwoSteps(
            self._open_all, self.take_all, _MOST_AT_ONCE, _GATHER_S
        )

    async def receive(self, stream: EventStream, signed: Sequence[Signed], sign: Sign | None = None) -> Received:
        """`sign`: what the agent said of itself before, kept with them.

        Raises Forged, RolledBack or Superseded: then nothing was kept.
        """
        return await self._batches.answer(Asked(stream, signed, sign))

    async def end(self) -> None:
        """Wait until nothing that was handed in is being stored any more."""
        await self._batches.end()

    async def _open_all(self, asked: Sequence[Asked]) -> list[Offered | Exception]:
        """Signatures of many connections are checked together."""
        found = iter(await self._check([_seal(one.stream, signed) for one in asked for signed in one.signed]))
        answers: list[Offered | Exception] = []
        for one in asked:
            told = [(signed, next(found)) for signed in one.signed]
            try:
                events = tuple(_opened(one.stream, signed, holds=holds) for signed, holds in told)
                answers.append(Offered(one.stream, events, one.sign))
            except Forged as error:
                answers.append(error)
        return answers

    async def take(self, stream: EventStream, events: Sequence[Opened]) -> Received:
        """The same at once, of one connection. Raises RolledBack or Superseded: then nothing was kept."""
        stream.park(events)
        [answer] = await self._store_all([stream])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def take_all(self, offered: Sequence[Offered]) -> Sequence[Received | Exception]:
        """An answer to each; what fails one of them fails no other."""
        for one in offered:
            one.stream.offer(one)
        streams = list(dict.fromkeys(one.stream for one in offered))
        answers = dict(zip(streams, await self._stored(streams), strict=True))
        return [answers[one.stream] for one in offered]

    async def _stored(self, streams: Sequence[EventStream]) -> Sequence[Received | Exception]:
        try:
            return await self._store_all(streams)
        except Exception as error:
            if len(streams) == 1:
                raise
            _log.warning("%d connections' events are stored one by one: together they failed: %s", len(streams), error)
        return [await self._alone(stream) for stream in streams]

    async def _alone(self, stream: EventStream) -> Received | Exception:
        try:
            [answer] = await self._store_all([stream])
        except Exception as error:  # noqa: BLE001  (its connection ends with it)
            return error
        return answer

    async def _store_all(self, streams: Sequence[EventStream]) -> list[Received | Exception]:
        """Refusals are answers; whatever else is raised, nothing was kept of any."""
        now = self._clock.now()
        kept: list[KeptEvent] = []
        async with self._books.writing() as book:
            agents = await book.locked_agents({stream.agent_id for stream in streams})
            await _look_ahead(book, agents, streams)
            heeded = await _heed(book, agents, streams)
            answers = [await self._answer(book, agents[stream.agent_id], stream, kept, now) for stream in streams]
            if kept:
                await book.keep_events(kept)
        for at, (stream, answer) in enumerate(zip(streams, answers, strict=True)):
            if isinstance(answer, Received):
                stream.forget(answer.acked)
                if stream.agent_id in heeded:
                    answers[at] = replace(answer, heeded=heeded[stream.agent_id])
        told = {event.agent_id for event in kept} | {agent for agent, one in heeded.items() if one.changed}
        if told:
            self._books.ring({agents[agent].workshop_id for agent in told})
        return answers

    async def _answer(
        self, book: Book, agent: Agent, stream: EventStream, kept: list[KeptEvent], now: datetime
    ) -> Received | Exception:
        try:
            return await self._store(book, agent, stream, kept, now)
        except Refused as error:
            return error

    async def _store(
        self, book: Book, agent: Agent, stream: EventStream, kept: list[KeptEvent], now: datetime
    ) -> Received:
        """All that waits, up to the first gap. Raises Refused before it has changed anything."""
        require_current(agent, stream)
        acked = before = agent.acked_seq
        conflicts = []
        for seq in sorted(stream.parked):
            opened = stream.parked[seq]
            if seq > acked + 1:
                break
            if seq <= before:
                await _check_duplicate(book, opened)
                continue
            note = await self._apply(book, agent, opened.envelope, now)
            acked = seq
            kept.append(_kept(opened, note, now))
            if note:
                conflicts.append(await _conflict(book, agent, opened.envelope, note))
        if acked != before:
            agent.acked_seq = acked
            await history.went_on(book, agent)
        return Received(acked, tuple(conflict for conflict in conflicts if conflict is not None))

    async def _apply(self, book: Book, agent: Agent, envelope: Envelope, now: datetime) -> str:
        """Why the event changed nothing, or ""."""
        try:
            if agent.behind or isinstance(envelope.body, _MAY_FAIL_HALF_WAY):
                async with book.savepoint():
                    await apply_event(book, agent, envelope, self._shipping, now)
            else:
                await apply_event(book, agent, envelope, self._shipping, now)
        except NotApplied as error:
            _log.warning(
                "agent %s, seq %d, %s of %s: %s", agent.id, envelope.seq, envelope.body.kind, envelope.run, error
            )
            return str(error)
        return ""


async def _look_ahead(book: Book, agents: Mapping[str, Agent], streams: Sequence[EventStream]) -> None:
    """Look up at once what single events would look up one by one."""
    envelopes = [opened.envelope for stream in streams for opened in stream.parked.values()]
    runs = {envelope.run for envelope in envelopes if envelope.run}
    if runs:
        await book.locked_runs(runs)
    speaks_of_machines = {envelope.agent for envelope in envelopes if isinstance(envelope.body, _OF_MACHINES)}
    if speaks_of_machines:
        await book.machines_in({agents[agent].workshop_id for agent in speaks_of_machines})


async def _heed(book: Book, agents: Mapping[str, Agent], streams: Sequence[EventStream]) -> Mapping[str, Heeded]:
    """What agents have said of themselves before these events, of those whose connection isn't over."""
    speak = {stream.agent_id: stream.sign for stream in streams if stream.sign and _is_current(agents, stream)}
    return await heed(book, {agent: agents[agent] for agent in speak}, list(speak.values())) if speak else {}


def _is_current(agents: Mapping[str, Agent], stream: EventStream) -> bool:
    try:
        require_current(agents[stream.agent_id], stream)
    except Superseded:
        return False
    return True


def _kept(opened: Opened, note: str, now: datetime) -> KeptEvent:
    envelope, signed = opened.envelope, opened.signed
    return KeptEvent(
        agent_id=envelope.agent,
        epoch=envelope.epoch,
        seq=envelope.seq,
        payload=signed.payload,
        signature=signed.signature,
        received_at=now,
        applied=not note,
        note=note,
    )


def _seal(stream: EventStream, signed: Signed) -> Seal:
    return (stream.public_key, *stream.other_keys), signed.payload, signed.signature


def _opened(stream: EventStream, signed: Signed, *, holds: bool) -> Opened:
    """Raises Forged."""
    if not holds:
        raise Forged("an event's signature is not the agent's")
    try:
        envelope = Envelope.model_validate_json(signed.payload)
    except ValidationError as error:
        raise Forged(f"an event's payload is no envelope: {error.errors()[0]['msg']}") from error
    if (envelope.agent, envelope.epoch) != (stream.agent_id, stream.epoch):
        raise Forged("an event names another agent or epoch than the connection")
    return Opened(envelope, signed)


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

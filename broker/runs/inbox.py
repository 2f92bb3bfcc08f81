"""Durable events of agents: each is stored and applied in one transaction, in order, once, and then acknowledged."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from broker.clock import Clock
from broker.database import Database
from broker.runs import repository
from broker.runs.errors import Forged, NotApplied, RolledBack, Superseded
from broker.runs.events import HandOver, apply_event
from broker.runs.models import InboxEvent
from broker.wire.messages import Conflict, Envelope, Signed
from broker.workshops import repository as workshops
from broker.workshops.keys import is_signed
from broker.workshops.models import Agent

_log = logging.getLogger(__name__)
PARKED_MOST = 1000
"""Events beyond a gap that one connection may keep waiting; the agent sends again what was dropped."""


@dataclass(slots=True)
class EventStream:
    """One connection's events: who speaks, and what waits beyond a gap."""

    agent_id: str
    public_key: str
    epoch: str
    parked: dict[int, tuple[Envelope, Signed]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    acked: int
    """Highest seq of the epoch that is stored, with all before it."""
    conflicts: tuple[Conflict, ...]


class Inbox:
    def __init__(self, database: Database, clock: Clock, hand_over: HandOver) -> None:
        self._database = database
        self._clock = clock
        self._hand_over = hand_over

    async def receive(self, stream: EventStream, signed: Sequence[Signed]) -> Received:
        """Raises Forged, RolledBack or Superseded: then nothing of the offending event was kept."""
        for one in signed:
            envelope = _opened(stream, one)
            if len(stream.parked) < PARKED_MOST or envelope.seq in stream.parked:
                stream.parked[envelope.seq] = (envelope, one)
        acked, conflicts = 0, []
        for seq in sorted(stream.parked):
            envelope, one = stream.parked[seq]
            acked, conflict, is_stored = await self._store(stream, envelope, one)
            if conflict is not None:
                conflicts.append(conflict)
            if not is_stored:
                break
            del stream.parked[seq]
        if acked == 0:
            acked = await self._acked(stream)
        self._database.waker.ring()
        return Received(acked, tuple(conflicts))

    async def _acked(self, stream: EventStream) -> int:
        async with self._database.reading() as session:
            return (await session.get_one(Agent, stream.agent_id)).acked_seq

    async def _store(
        self, stream: EventStream, envelope: Envelope, signed: Signed
    ) -> tuple[int, Conflict | None, bool]:
        """The seq acknowledged now, the conflict if there is one, and False for an event beyond a gap."""
        async with self._database.writing() as session:
            agent = await workshops.locked_agent(session, stream.agent_id)
            if agent.epoch != stream.epoch or agent.revoked_at is not None:
                raise Superseded(f"epoch {stream.epoch} is over")
            if envelope.seq <= agent.acked_seq:
                await _check_duplicate(session, envelope, signed)
                return agent.acked_seq, None, True
            if envelope.seq > agent.acked_seq + 1:
                return agent.acked_seq, None, False
            note = await self._apply(session, agent, envelope)
            agent.acked_seq = envelope.seq
            session.add(
                InboxEvent(
                    agent_id=agent.id,
                    epoch=envelope.epoch,
                    seq=envelope.seq,
                    payload=signed.payload,
                    signature=signed.signature,
                    received_at=self._clock.now(),
                    applied=not note,
                    note=note,
                )
            )
            conflict = await _conflict(session, agent, envelope, note) if note else None
        return envelope.seq, conflict, True

    async def _apply(self, session: AsyncSession, agent: Agent, envelope: Envelope) -> str:
        """Why the event changed nothing, or ""."""
        try:
            async with session.begin_nested():
                await apply_event(session, agent, envelope, self._hand_over, self._clock.now())
        except NotApplied as error:
            _log.warning(
                "agent %s, seq %d, %s of %s: %s", agent.id, envelope.seq, envelope.body.kind, envelope.run, error
            )
            return str(error)
        return ""


def _opened(stream: EventStream, signed: Signed) -> Envelope:
    if not is_signed(stream.public_key, signed.payload, signed.signature):
        raise Forged("an event's signature is not the agent's")
    try:
        envelope = Envelope.model_validate_json(signed.payload)
    except ValidationError as error:
        raise Forged(f"an event's payload is no envelope: {error.errors()[0]['msg']}") from error
    if (envelope.agent, envelope.epoch) != (stream.agent_id, stream.epoch):
        raise Forged("an event names another agent or epoch than the connection")
    return envelope


async def _check_duplicate(session: AsyncSession, envelope: Envelope, signed: Signed) -> None:
    known = await repository.inbox_event(session, envelope.agent, envelope.epoch, envelope.seq)
    if known is not None and known.payload != signed.payload:
        raise RolledBack(f"seq {envelope.seq} of epoch {envelope.epoch} said something else before")


async def _conflict(session: AsyncSession, agent: Agent, envelope: Envelope, reason: str) -> Conflict | None:
    """The run as it is; None for events about no run of this workshop."""
    run = await repository.locked_run(session, envelope.run) if envelope.run else None
    if run is None or run.workshop_id != agent.workshop_id:
        return None
    return Conflict(seq=envelope.seq, run=run.id, state=run.state, version=run.version, fence=run.fence, reason=reason)

"""Hellos: whose they are, and what the broker holds of theirs. Those that come together share one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.clock import Clock
from broker.database import new_id
from broker.runs import epochs, history
from broker.runs.batches import Batches
from broker.runs.book import Book, Books
from broker.runs.errors import Forged, Refused
from broker.runs.inbox import EventStream
from broker.wire.messages import PROTOCOL, Hello
from broker.wire.signing import hello_text
from broker.workshops.models import Agent
from broker.workshops.rotation import event_keys, greeted

_MOST = 200
"""Hellos of one transaction: their signatures are checked within it, and others wait."""


@dataclass(frozen=True, slots=True)
class Admitted:
    stream: EventStream
    workshop_id: str
    acked: int
    broker_epoch: str
    """Which history the broker's rows tell; a restore from a backup begins the next."""


@dataclass(frozen=True, slots=True)
class _Asked:
    hello: Hello
    nonce: str


class Admission:
    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._batches: Batches[_Asked, Admitted] = Batches(self._admit_all, _MOST)

    async def admit(self, hello: Hello, nonce: str) -> Admitted:
        """From now on this is the agent's only connection, at all processes. Raises Refused."""
        if hello.protocol != PROTOCOL:
            raise Refused(f"this broker speaks protocol {PROTOCOL}, the agent {hello.protocol}: update the older one")
        return await self._batches.answer(_Asked(hello, nonce))

    async def end(self) -> None:
        """Wait until nobody is being admitted any more."""
        await self._batches.end()

    async def _admit_all(self, asked: Sequence[_Asked]) -> list[Admitted | Exception]:
        async with self._books.writing() as book:
            agents = await book.locked_agents(one.hello.agent for one in asked)
            broker_epoch = await history.current_epoch(book)
            answers = [await self._answer(book, agents.get(one.hello.agent), one, broker_epoch) for one in asked]
        self._books.ring([answer.workshop_id for answer in answers if isinstance(answer, Admitted)])
        return answers

    async def _answer(self, book: Book, agent: Agent | None, asked: _Asked, broker_epoch: str) -> Admitted | Exception:
        """A refusal changes nothing: the others of the batch go on."""
        try:
            return await self._admit(book, agent, asked, broker_epoch)
        except Refused as error:
            return error

    async def _admit(self, book: Book, agent: Agent | None, asked: _Asked, broker_epoch: str) -> Admitted:
        now, hello = self._clock.now(), asked.hello
        text = hello_text(asked.nonce, hello.agent, hello.epoch)
        if agent is None or agent.revoked_at is not None or not greeted(agent, text, hello.signature, now):
            raise Forged("this agent is not known here, or its key is another: enrol it with a new code")
        if agent.behind or agent.epoch != hello.epoch:
            async with book.savepoint():
                if not await epochs.begin(book, agent, hello.epoch, now):
                    over = EventStream(agent.id, agent.public_key, hello.epoch)
                    return Admitted(over, agent.workshop_id, epochs.OVER, broker_epoch)
                history.greet(agent, hello.last_seq)
        agent.last_seen_at = now
        agent.connection = new_id("con")
        key, *others = event_keys(agent, now)
        stream = EventStream(agent.id, key, hello.epoch, agent.connection, other_keys=tuple(others))
        return Admitted(stream, agent.workshop_id, agent.acked_seq, broker_epoch)

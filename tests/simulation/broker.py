"""The broker's process on virtual time: the rules of `broker.runs` on books in memory, and a plain planner."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from broker.runs import epochs, errors, history
from broker.runs.briefing import Told, briefings
from broker.runs.errors import Refused
from broker.runs.inbox import EventStream, Inbox, Opened, require_current
from broker.runs.models import Run
from broker.runs.permits import grant
from broker.runs.presence import hear_heartbeat, hear_progress
from broker.runs.timers import Timers
from broker.shipping import service as shipping
from broker.wire.messages import (
    Ack,
    AgentFrame,
    BrokerFrame,
    Envelope,
    Heartbeat,
    Hello,
    Permit,
    PermitRequest,
    Progress,
    Signed,
    Welcome,
)
from broker.wire.rolled_back import RolledBack
from broker.wire.states import LIVE, RunState
from shop_agent.link.conversation import Batch
from tests.simulation.books import MemoryBooks
from tests.simulation.calendar import BEGIN, Life, WallClock
from tests.simulation.planner import Planner
from tests.simulation.rows import Tables
from tests.simulation.wire import Connection

if TYPE_CHECKING:
    from tests.simulation.world import World

BEAT_S = 55.0
_REPEAT_S = 15.0
_IDLE_S = 60.0
_SOON_S = 0.5

T = TypeVar("T")


def done(work: Coroutine[object, object, T]) -> T:
    """What the rules return: on books in memory they never wait."""
    try:
        work.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    raise AssertionError("the rules waited for something")


@dataclass(slots=True)
class _Partner:
    stream: EventStream
    workshop: str
    connection: Connection
    told: dict[tuple[str, str], tuple[Told, float]] = field(default_factory=dict)


class BrokerProcess:
    name = "broker"

    def __init__(self, world: "World") -> None:
        self.world = world
        self.clock = WallClock(world.calendar)
        self.books = MemoryBooks()
        self.life = Life()
        self.life.over = True
        self._partners: dict[str, _Partner] = {}
        self._tick_s = float("inf")
        self._stirred = False
        self._heard_news = False

    @property
    def alive(self) -> bool:
        return not self.life.over

    def start(self) -> None:
        world = self.world
        world.story.say(self.name, "starts")
        self.life = Life()
        self.books.before_commit = lambda: world.hazards.point(self.name, "broker before commit")
        self.books.after_commit = self._committed
        self.inbox = Inbox(self.books, self.clock, shipping)
        self.timers = Timers(self.books, self.clock)
        self.planner = Planner(world, self.books, self.clock)
        self._partners = {}
        self._tick_s = float("inf")
        self.stir()

    def die(self) -> None:
        self.world.story.say(self.name, "dies")
        self.life.over = True
        for partner in self._partners.values():
            partner.connection.close(noticed_s=5.0)
        self._partners = {}

    def restored_from(self, copy: Tables, made_s: float) -> None:
        """It serves what a backup held, as of `made_s`; its agents have gone on since."""
        copy.count_on(self.books.tables)
        self.books = MemoryBooks(copy)

        async def begin() -> None:
            async with self.books.writing() as book:
                await history.begin(book, BEGIN + timedelta(seconds=made_s), self.clock.now())

        done(begin())

    def _committed(self) -> None:
        self.world.judge_rows()
        self.world.hazards.point(self.name, "broker after commit")

    # Connections -------------------------------------------------------------------------------------

    def hear(self, connection: Connection, frame: AgentFrame | Batch[Envelope]) -> None:
        self.world.hazards.point(self.name, "broker hears")
        try:
            for answer in self._answers(connection, frame):
                self.world.hazards.point(self.name, "broker answers")
                connection.say_to_agent(answer)
        except Refused as error:
            self.world.story.say(self.name, "refuses %s: %s", connection.agent, error)
            connection.close()
            return
        if not isinstance(frame, Progress) and (not isinstance(frame, Heartbeat) or self._heard_news):
            self.stir()

    def closed(self, connection: Connection) -> None:
        partner = self._partners.get(connection.agent)
        if partner is not None and partner.connection is connection:
            del self._partners[connection.agent]

    def _answers(self, connection: Connection, frame: AgentFrame | Batch[Envelope]) -> tuple[BrokerFrame, ...]:
        if isinstance(frame, Hello):
            return (self._welcome(connection, frame),)
        partner = self._partners.get(connection.agent)
        if partner is None or partner.connection is not connection:
            return ()
        match frame:
            case Batch():
                return self._take(partner.stream, frame)
            case Heartbeat():
                return done(self._heartbeat(partner, frame))
            case PermitRequest():
                return (done(self._permit(partner, frame)),)
            case Progress():
                done(self._progress(partner, frame))
                return ()
            case _:
                raise AssertionError(f"no frame of an agent: {frame}")

    def _take(self, stream: EventStream, batch: Batch[Envelope]) -> tuple[BrokerFrame, ...]:
        try:
            received = done(self.inbox.take(stream, [_opened(envelope) for envelope in batch.events]))
        except errors.RolledBack as error:
            return (RolledBack(epoch=stream.epoch, reason=str(error)),)
        return (*received.conflicts, Ack(epoch=stream.epoch, seq=received.acked))

    def _welcome(self, connection: Connection, hello: Hello) -> Welcome:
        stream, workshop, acked, history = done(self._admit(hello))
        earlier = self._partners.pop(hello.agent, None)
        if earlier is not None and earlier.connection is not connection:
            earlier.connection.close()
        self._partners[hello.agent] = _Partner(stream, workshop, connection)
        return Welcome(broker_epoch=history, acked=acked, heartbeat_s=BEAT_S, progress_s=600.0)

    async def _admit(self, hello: Hello) -> tuple[EventStream, str, int, str]:
        """As `broker.runs.link.admission`, without a signature."""
        async with self.books.writing() as book:
            agent = await book.locked_agent(hello.agent)
            if not await epochs.begin(book, agent, hello.epoch, self.clock.now()):
                over = EventStream(agent.id, "", hello.epoch)
                return over, agent.workshop_id, epochs.OVER, await history.current_epoch(book)
            history.greet(agent, hello.last_seq)
            agent.last_seen_at = self.clock.now()
            agent.connection = book.new_id("con")
            stream = EventStream(agent.id, "", hello.epoch, agent.connection)
            return stream, agent.workshop_id, agent.acked_seq, await history.current_epoch(book)

    async def _heartbeat(self, partner: _Partner, beat: Heartbeat) -> tuple[BrokerFrame, ...]:
        async with self.books.writing() as book:
            agent = await book.locked_agent(partner.stream.agent_id)
            require_current(agent, partner.stream)
            self._heard_news, lost = await hear_heartbeat(book, agent, beat, self.clock.now())
        return lost

    async def _progress(self, partner: _Partner, progress: Progress) -> None:
        async with self.books.writing() as book:
            agent = await book.locked_agent(partner.stream.agent_id)
            await hear_progress(book, agent, progress, self.clock.now())

    async def _permit(self, partner: _Partner, request: PermitRequest) -> BrokerFrame:
        async with self.books.writing() as book:
            agent = await book.locked_agent(partner.stream.agent_id)
            require_current(agent, partner.stream)
            answer = await grant(book, agent, request, self.clock.now())
        if isinstance(answer, Permit):
            self.world.judge.granted[request.run] = (answer.fence, answer.request)
        return answer

    # Unasked -----------------------------------------------------------------------------------------

    def stir(self) -> None:
        """Something may have changed: look soon."""
        self._stirred = True
        self._tick_in(_SOON_S)

    def _tick_in(self, delay_s: float) -> None:
        at_s = self.world.calendar.now_s + delay_s
        if at_s < self._tick_s:
            self._tick_s = at_s
            self.world.calendar.after(delay_s, self.life, lambda: self._tick(at_s))

    def _tick(self, at_s: float) -> None:
        if at_s != self._tick_s:
            return
        self._tick_s = float("inf")
        done(self.timers.run_due())
        moved = self._stirred and done(self.planner.tick())
        self._stirred = moved or any(run.state is RunState.PLANNED for run in self._live())
        news = done(self._briefings())
        outstanding = [self._tell(one, news.get(one.workshop, ())) for one in list(self._partners.values())]
        due_s = self._next_exit_s()
        self._tick_in(_SOON_S if moved else min(_REPEAT_S if any(outstanding) else _IDLE_S, due_s))

    def _next_exit_s(self) -> float:
        now = self.clock.now()
        return min((max((at - now).total_seconds(), _SOON_S) for at in self._exits()), default=_IDLE_S)

    def _exits(self) -> list[datetime]:
        return [run.exit_at for run in self._live() if run.exit_at is not None]

    def _live(self) -> list[Run]:
        return [run for run in self.books.tables.all(Run) if run.state in LIVE]

    def _tell(self, partner: _Partner, news: tuple[Told, ...]) -> bool:
        """Whether the agent has something to do about what it was told."""
        at_s = self.world.calendar.now_s
        told: dict[tuple[str, str], tuple[Told, float]] = {}
        for frame in news:
            key: tuple[str, str] = (frame.type, getattr(frame, "lot", "") or getattr(frame, "run", ""))
            before = partner.told.get(key)
            if before is not None and before[0] == frame and at_s - before[1] < _REPEAT_S:
                told[key] = before
                continue
            told[key] = (frame, at_s)
            self.world.hazards.point(self.name, "broker tells")
            partner.connection.say_to_agent(frame)
        partner.told = told
        return bool(told)

    async def _briefings(self) -> Mapping[str, tuple[Told, ...]]:
        """By workshop."""
        if not self._partners:
            return {}
        async with self.books.reading() as book:
            return await briefings(book, None, self.clock.now())


def _opened(envelope: Envelope) -> Opened:
    # What was signed is compared with what came before under the same number: the event itself will do.
    return Opened(envelope, Signed.model_construct(payload=envelope, signature=""))

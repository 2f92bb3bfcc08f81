"""An agent's process on virtual time: the production mind and conversation, carried out here instead of by asyncio."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, assert_never

from broker.wire.messages import BrokerFrame
from broker.wire.shop import Inventory
from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.following import Follower
from shop_agent.link.conversation import Batch, Conversation, reconnect_s
from shop_agent.mind import Mind
from shop_agent.shop_log import Answer
from shop_agent.state import events as ev
from shop_agent.state.instructions import (
    AbandonProgram,
    AskPermit,
    CancelRun,
    ForbidStart,
    Instruction,
    MakeProgram,
    StartRun,
    Tell,
)
from shop_agent.state.memory import Rules
from shop_agent.state.records import MachineFacts, Now, PlateNeeds, Program
from shop_agent.state.tasks import Task, waiting
from shop_agent.streamer import wire
from shop_agent.streamer.worker import Unable
from shop_agent.translate import permit_request, streamer_request
from tests.simulation.calendar import BEGIN, Life
from tests.simulation.journals import MemoryJournal, ShopDisk
from tests.simulation.machine import objects_of
from tests.simulation.streamer import LINES
from tests.simulation.wire import Connection

if TYPE_CHECKING:
    from tests.simulation.shop import Site
    from tests.simulation.world import World

_TICK_S = 30.0
_HURRIED_TICK_S = 2.0
_FOLLOW_S = 60.0
_HURRIED_FOLLOW_S = 6.0
_REVIVE_S = 1.0
_FAR = float("inf")
_HURRIED = frozenset({RunState.ARMED, RunState.PERMITTED})


class AgentProcess:
    def __init__(
        self,
        world: "World",
        site: "Site",
        agent_id: str,
        facts: tuple[MachineFacts, ...],
        rules: Rules,
        inventory: Inventory,
    ) -> None:
        self.name = f"agent {site.name}"
        self.world = world
        self.site = site
        self.agent_id = agent_id
        self._facts = facts
        self._rules = rules
        self._inventory = inventory
        self.disk = ShopDisk()
        self.life = Life()
        self.life.over = True
        self.connection: Connection | None = None
        self._begun = False
        self._now = Now(BEGIN, 0.0)

    @property
    def alive(self) -> bool:
        return not self.life.over

    def now(self) -> Now:
        at, mono_s = self.site.clock.now(), self.site.mono_s()
        if self._now.mono_s != mono_s or self._now.at is not at:
            self._now = Now(at, mono_s)
        return self._now

    def start(self) -> None:
        world = self.world
        world.story.say(self.name, "starts")
        self.life = Life()
        self.disk.before_commit = lambda: self._point("agent before commit")
        self.disk.after_commit = lambda: self._point("agent after commit")
        self.log = MemoryJournal(self.disk, self.agent_id, lambda: world.new_name("epoch"))
        self.mind = Mind(self._facts, self._rules, self.log, self._inventory, world.new_name("token"))
        self.talk = Conversation(self.agent_id, lambda _: "", self.log, self.mind, tuple, world.dice.uniform)
        self.followers = {name: Follower(name, self.mind, self.now()) for name in self.site.machines}
        self._first = set(self.followers)
        self.connection = None
        self._failures = 0
        self._making: dict[str, object] = {}
        self._tick_s = self._pump_s = _FAR
        self._follow_s = dict.fromkeys(self.followers, _FAR)
        self._do(self.mind.begin(self.now(), begun_before=self._begun))
        self._begun = True
        self._tick_in(0.0)
        world.calendar.after(0.1, self.life, self._dial)
        for name in self.followers:
            self._follow_in(name, 0.1)

    def die(self) -> None:
        self.world.story.say(self.name, "dies")
        self.life.over = True
        if self.connection is not None:
            self.connection.close(noticed_s=5.0)
            self.connection = None

    def _point(self, name: str) -> None:
        self.world.hazards.point(self.name, name)

    # Events in, instructions out ----------------------------------------------------------------------

    def apply(self, event: ev.Event, answer: Answer | None = None) -> None:
        """Raises Refused."""
        self._do(self.mind.apply(event, self.now(), answer))

    def tasks(self) -> list[Task]:
        return waiting(self.mind.memory)

    def answer(self, task: str, text: str, event: ev.PersonEvent) -> str:
        """Why it isn't taken, or nothing; the same answer may be given again."""
        before = self.log.answer_to(task)
        if before is not None:
            return "" if before == text else "it was answered otherwise"
        if not any(one.id == task for one in self.tasks()):
            return "nothing like that is waiting"
        try:
            self.apply(event, Answer(task, text))
        except Refused as error:
            self.world.story.say(self.name, "refuses: %s", error)
            return str(error)
        return ""

    def _do(self, instructions: list[Instruction]) -> None:
        if not instructions:
            return
        told = False
        for instruction in instructions:
            match instruction:
                case Tell():
                    told = True
                    self.world.story.say(
                        self.name, "tells %s of %s", type(instruction.report).__name__, instruction.run
                    )
                case MakeProgram(run=run):
                    self._making[run] = instruction
                    self._after(self.world.dice.uniform(5, 40), partial(self._make, instruction))
                case AbandonProgram(run=run):
                    self._making.pop(run, None)
                case AskPermit(request=request):
                    self.world.judge.asked_s.setdefault(request, self.world.calendar.now_s)
                    self.talk.send(permit_request(instruction))
                case StartRun():
                    self._point("agent before start")
                    self._after(0.005, partial(self._start, instruction))
                case ForbidStart():
                    self._after(0.005, partial(self._forbid, instruction))
                case CancelRun():
                    self._after(0.005, partial(self._cancel, instruction))
                case _:
                    assert_never(instruction)
        if told:
            self.talk.beat_now()
        self._pump_in(0.0)
        if any(run.phase in _HURRIED for run in self.mind.memory.runs.values()):
            self._tick_in(_HURRIED_TICK_S)

    def _after(self, delay_s: float, action: Callable[[], None]) -> None:
        self.world.calendar.after(delay_s, self.life, action)

    def _tick_in(self, delay_s: float) -> None:
        at_s = self.world.calendar.now_s + delay_s
        if at_s < self._tick_s:
            self._tick_s = at_s
            self._after(delay_s, lambda: self._tick(at_s))

    def _tick(self, at_s: float) -> None:
        if at_s == self._tick_s:
            self._tick_s = _FAR
            self.apply(ev.Ticked(open=self.site.is_open))
            self._tick_in(_TICK_S)

    def _make(self, order: MakeProgram) -> None:
        if self._making.get(order.run) is not order:
            return
        pieces = self.world.pieces_of(order.plate_sha256) if self.connection is not None else None
        if pieces is None:
            self._after(15.0, lambda: self._make(order))
            return
        del self._making[order.run]
        path = f"/{order.run}/{self.world.new_name('program')}"
        self.site.files[path] = path
        self._point("agent has written a program")
        program = Program(path, path, LINES, 300.0, 5.0, "simulated")
        objects = tuple((name, lot) for lot, number in pieces for name in objects_of(lot, number))
        needs = PlateNeeds(pieces, ("part",), self.world.thickness_mm(order.machine), objects=objects)
        self.apply(ev.ProgramMade(order.run, order.fence, program, needs))

    # Its streamers ------------------------------------------------------------------------------------

    def _start(self, order: StartRun) -> None:
        streamer, hits = self.site.streamers[order.machine], self.world.lost_starts
        way = hits.pop(order.machine, "")
        if not streamer.alive or way == "there":
            self._after(2.0, lambda: self._do(self.mind.start_answered(order, None, self.now())))
            return
        request = streamer_request(order)
        assert isinstance(request, wire.Start)
        life = self.life

        def answered(answer: wire.StartAnswer) -> None:
            said = None if way == "back" else answer
            self.world.calendar.after(0.005, life, lambda: self._do(self.mind.start_answered(order, said, self.now())))

        try:
            streamer.start_run(request, answered)
        except Unable as error:
            self.world.story.say(self.name, "no start of %s: %s", order.run, error)
            self._after(0.005, lambda: self._do(self.mind.start_answered(order, None, self.now())))

    def _forbid(self, order: ForbidStart) -> None:
        streamer = self.site.streamers[order.machine]
        request = streamer_request(order)
        assert isinstance(request, wire.Forbid)
        answer = streamer.forbid(request) if streamer.alive else None
        self._do(self.mind.forbid_answered(order, answer, self.now()))

    def _cancel(self, order: CancelRun) -> None:
        streamer = self.site.streamers[order.machine]
        request = streamer_request(order)
        assert isinstance(request, wire.Cancel)
        if streamer.alive:
            try:
                streamer.ask(request)
            except Unable as error:
                self.world.story.say(self.name, "can't stop %s: %s", order.run, error)

    def streamer_changed(self, name: str) -> None:
        if self.alive:
            self._follow_in(name, 0.02)

    def _follow_in(self, name: str, delay_s: float) -> None:
        at_s = self.world.calendar.now_s + delay_s
        if at_s < self._follow_s[name]:
            self._follow_s[name] = at_s
            self._after(delay_s, lambda: self._follow(name, at_s))

    def _follow(self, name: str, at_s: float) -> None:
        if at_s != self._follow_s[name]:
            return
        self._follow_s[name] = _FAR
        streamer, follower = self.site.streamers[name], self.followers[name]
        if not streamer.alive:
            self._first.add(name)
            self._do(follower.silent("no answer", self.now()))
            self.world.revive(streamer)
            self._follow_in(name, _REVIVE_S)
            return
        if name in self._first:
            self._first.discard(name)
            self._do(follower.see(streamer.status(), self.now(), first=True))
        self._do(follower.read(streamer.entries(follower.ask()), self.now()))
        self._do(follower.see(streamer.status(), self.now()))
        self._follow_in(name, _FOLLOW_S if streamer.is_open else _HURRIED_FOLLOW_S)

    # Its link -----------------------------------------------------------------------------------------

    def _dial(self) -> None:
        if self.connection is not None:
            return
        self.connection = self.world.connect(self.site)
        if self.connection is None:
            self._redial(welcomed=False)
            return
        self.talk.opened(self.now())
        self._pump_in(0.0)

    def _redial(self, *, welcomed: bool) -> None:
        self._failures = 0 if welcomed else self._failures + 1
        self._after(reconnect_s(self._failures, self.world.dice.uniform), self._dial)

    def hear(self, connection: Connection, frame: BrokerFrame) -> None:
        if connection is self.connection:
            self._point("agent hears")
            self._do(self.talk.receive(frame, self.now()))
            self._pump_in(0.0)

    def closed(self, connection: Connection) -> None:
        if connection is self.connection:
            self.connection = None
            welcomed = self.talk.welcomed
            self._do(self.talk.closed(self.now()))
            self._redial(welcomed=welcomed)

    def _pump_in(self, delay_s: float) -> None:
        at_s = self.world.calendar.now_s + delay_s
        if at_s < self._pump_s:
            self._pump_s = at_s
            self._after(delay_s, lambda: self._pump(at_s))

    def _pump(self, at_s: float) -> None:
        if at_s != self._pump_s:
            return
        self._pump_s = _FAR
        while self.connection is not None and (frames := self.talk.due(self.now())):
            for frame in frames:
                self._point("agent sends")
                if isinstance(frame, Batch):
                    self.world.sent.update({(one.agent, one.epoch, one.seq): one for one in frame.events})
                self.connection.say_to_broker(frame)
        if self.connection is not None and self.talk.refusal:
            self.connection.close()
        wait_s = self.talk.wait_s(self.now())
        if self.connection is not None and wait_s is not None:
            self._pump_in(max(wait_s, 0.001))

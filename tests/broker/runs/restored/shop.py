"""A workshop with a real agent's mind, journal and link; machine and people go as far as a test says."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.clock import Clock
from broker.wire.messages import BrokerFrame, LotOffer, RunOffer
from broker.wire.shop import Enrolled, Inventory
from broker.wire.states import RunState
from shop_agent import translate
from shop_agent.identity import Identity, Signer
from shop_agent.journal import Journal
from shop_agent.link.conversation import Conversation
from shop_agent.link.socket import Link
from shop_agent.mind import Mind
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, ForbidStart, Instruction, StartRun, Tell
from shop_agent.state.memory import Rules
from shop_agent.state.records import Count, MachineFacts, MachineView, Now, PlateNeeds, Program, RunRecord, Setup
from shop_agent.streamer.wire import StartAnswer
from tests.broker.runs.agent import Key, enrol

_S = RunState
_BOOT = "boot1/0"
_LOG_ID = "j1"
_MACHINE = "prusa"
_TICK_S = 0.5
LIFE = (
    _S.PLANNED,
    _S.OFFERED,
    _S.CLAIMED,
    _S.STAGED,
    _S.ARMED,
    _S.PERMITTED,
    _S.STARTING,
    _S.RUNNING,
    _S.FINISHED,
    _S.ACCEPTED,
)
"""A run's, as far as a shop lets it come."""


class _Deaf(Mind):
    """Hears of offers once it may."""

    hears: Callable[[BrokerFrame], bool] = staticmethod(lambda _frame: True)
    waiting: tuple[BrokerFrame, ...] = ()

    def on_frame(self, frame: BrokerFrame, now: Now) -> list[Instruction]:
        if self.hears(frame):
            return super().on_frame(frame, now)
        self.waiting = (*self.waiting, frame)
        return []


@dataclass(slots=True)
class Shop:
    """`limit`: the state in which its runs stay until a test says more."""

    signer: Signer
    folder: Path
    inventory: Inventory
    clock: Clock
    limit: RunState = _S.PLANNED
    hands_over: bool = False
    mono_s: float = 1000.0
    entries: int = 0
    """Of the streamer's journal."""
    started: Counter[str] = field(default_factory=Counter)
    """Physical starts, by run; what the firmware would count."""
    forbidden: set[str] = field(default_factory=set)
    orders: dict[str, StartRun] = field(default_factory=dict)
    attested: Counter[str] = field(default_factory=Counter)
    """Good pieces by lot."""
    mind: _Deaf = field(init=False)
    journal: Journal = field(init=False)
    link: Link | None = None
    _acts: bool = False
    _records: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.begin()

    @classmethod
    async def enrolled(cls, url: str, code: str, folder: Path, inventory: Inventory, clock: Clock) -> "Shop":
        key = Key(Ed25519PrivateKey.generate())
        answer = await enrol(url, code, key)
        agent = Enrolled.model_validate_json(answer.content).agent
        signer = Signer(Identity(agent=agent, workshop=inventory.workshop, broker=url), key.private)
        return cls(signer, folder, inventory, clock)

    def begin(self) -> None:
        """As a new process does: from its journal."""
        materials = self.inventory.machines[0].materials
        self.journal = Journal(self.folder / "agent.sqlite", self.signer)
        facts = [MachineFacts(_MACHINE, False, materials, 0.4)]
        rules = Rules(True, 3600.0, frozenset(stock.material for stock in self.inventory.stock))
        self.mind = _Deaf(facts, rules, self.journal, self.inventory, f"token{next(self._records)}")
        self.mind.hears = self._hears
        self.mind.begin(self._now())
        self.orders = {}
        self._do(ev.StreamerOpened(_MACHINE, _LOG_ID, self.entries))
        self._do(ev.MachineSeen(_MACHINE, MachineView(True, _BOOT)))

    def end(self) -> None:
        self.journal.close()

    def lose_journal(self) -> None:
        """The agent begins with an empty one; the streamer has kept its own."""
        for path in self.folder.glob("agent.sqlite*"):
            path.unlink()
        self.begin()

    def settle(self, run: str) -> None:
        """A person looks: everything that lies there is good."""
        held = self.mind.memory.runs[run]
        assert held.needs is not None
        self.attested.update(dict(held.needs.pieces))
        counts = tuple(Count(lot, pieces) for lot, pieces in held.needs.pieces)
        self._do(ev.SettleGiven(run, "eva", "it was printed", counts))
        if self.mind.memory.machines[_MACHINE].quarantine:
            self._do(ev.MachineReleased(_MACHINE))

    @contextlib.asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[None]:
        talk = Conversation(
            self.signer.identity.agent, self.signer.sign, self.journal, self.mind, tuple, lambda low, _high: low
        )
        self.mind.waiting = ()
        self.link = Link(url, talk, self._carry_out, self._now)
        tasks = [asyncio.create_task(self.link.run()), asyncio.create_task(self._tick())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.link = None
            self._do(ev.Disconnected())

    def go(self, limit: RunState, *, hands_over: bool = False) -> None:
        self.limit, self.hands_over = limit, hands_over
        if self.mind.memory.on(_MACHINE, frozenset({_S.ARMED})):
            self.mono_s += 60.0  # a permit that nobody gave is asked for again
            self._do(ev.Ticked())
        frames, self.mind.waiting = self.mind.waiting, ()
        for frame in frames:
            self._carry_out(self.mind.on_frame(frame, self._now()))
        self._act()

    def phase(self, run: str) -> RunState | None:
        held = self.mind.memory.runs.get(run)
        return held.phase if held is not None else None

    # ----------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """As an agent does: a request that was lost with its connection, or refused, is made again."""
        while True:
            await asyncio.sleep(_TICK_S)
            self.mono_s += _TICK_S
            self._do(ev.Ticked())

    def _now(self) -> Now:
        return Now(self.clock.now(), self.mono_s)

    def _do(self, event: ev.Event) -> None:
        self._carry_out(self.mind.apply(event, self._now()))

    def _hears(self, frame: BrokerFrame) -> bool:
        match frame:
            case LotOffer():
                return self._allows(_S.OFFERED)
            case RunOffer():
                return self._allows(_S.CLAIMED)
            case _:
                return True

    def _allows(self, state: RunState) -> bool:
        return LIFE.index(state) <= LIFE.index(self.limit)

    def _carry_out(self, instructions: list[Instruction]) -> None:
        for one in instructions:
            match one:
                case AskPermit() if self._allows(_S.PERMITTED) and self.link is not None:
                    self.link.send(translate.permit_request(one))
                case StartRun():
                    self.orders[one.run] = one
                case ForbidStart():
                    self._carry_out(self.mind.forbid_answered(one, self._forbid(one.run), self._now()))
                case _:
                    pass
        if self.link is not None and any(isinstance(one, Tell) for one in instructions):
            self.link.told()
        if not self._acts:
            self._act()

    def _forbid(self, run: str) -> StartAnswer:
        """The streamer's journal decides, once for all."""
        if not self.started[run]:
            self.forbidden.add(run)
        return StartAnswer(journal_id=_LOG_ID, started=bool(self.started[run]), reason="forbidden")

    def _act(self) -> None:
        """Everything that machine and people would do by now."""
        self._acts = True
        try:
            while any(self._step(run) for run in list(self.mind.memory.runs.values())):
                pass
            self._hand_over()
        finally:
            self._acts = False

    def _step(self, run: RunRecord) -> bool:
        match run.phase:
            case _S.CLAIMED if self._allows(_S.STAGED):
                needs = PlateNeeds(run.pieces, ("box",))
                program = Program("/p.gcode", "aa", 100, 60.0, 2.0, "slicer 1")
                self._do(ev.ProgramMade(run.id, run.fence, program, needs))
            case _S.STAGED if self._allows(_S.ARMED) and self.mind.memory.next_setup(_MACHINE) == run:
                record = f"rec_{self.signer.identity.agent}_{next(self._records)}"
                setup = Setup(
                    record, "eva", _BOOT, self.clock.now(), bed_clear=True, material=run.material, tool_mm=0.4
                )
                self._do(ev.SetupGiven(run.id, setup))
            case _S.PERMITTED if self._allows(_S.STARTING) and run.id in self.orders:
                self._start(self.orders.pop(run.id))
            case _S.STARTING if self._allows(_S.RUNNING):
                self._wrote(run.id, say.Running("M73 P1"))
            case _S.RUNNING if self._allows(_S.FINISHED):
                self._wrote(run.id, say.Finished(100, 60.0))
            case _S.FINISHED if self._allows(_S.ACCEPTED):
                self.attested.update(dict(run.pieces))
                counts = tuple(Count(lot, pieces) for lot, pieces in run.pieces)
                self._do(ev.CountGiven(run.id, "eva", counts, cleared=True))
            case _:
                return False
        return True

    def _start(self, order: StartRun) -> None:
        if order.run in self.forbidden:
            answer = StartAnswer(journal_id=_LOG_ID, started=False, reason="forbidden")
        else:
            self.started[order.run] += 1
            answer = StartAnswer(journal_id=_LOG_ID, started=True)
        self._carry_out(self.mind.start_answered(order, answer, self._now()))
        if answer.started:
            self._wrote(order.run, say.Starting())

    def _wrote(self, run: str, report: say.MachineReport) -> None:
        self.entries += 1
        self._do(ev.StreamerWrote(_MACHINE, _LOG_ID, self.entries, run, report))

    def _hand_over(self) -> None:
        for lot in list(self.mind.memory.lots.values()):
            if self.hands_over and lot.ready_pieces is not None and not lot.handed_over:
                self._do(ev.HandoverGiven(lot.id, "eva", ""))

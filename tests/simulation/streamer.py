"""A streamer's process on virtual time: the production worker, in a greenlet where life gives it a thread."""

from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from greenlet import getcurrent, greenlet

from drivers.base import State
from drivers.errors import DriverError
from shop_agent.streamer import wire
from shop_agent.streamer.acts import act
from shop_agent.streamer.power import PowerCut
from shop_agent.streamer.presence import PresenceWatch
from shop_agent.streamer.program import Loaded, Offset, ProgramRefused
from shop_agent.streamer.supervision import Supervision
from shop_agent.streamer.worker import Unable, Worker
from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import MachineLimits, load_limits
from tests.simulation.calendar import Life
from tests.simulation.driver import SimulatedDriver, SimulatedRouter
from tests.simulation.journals import MemoryRunLog, RunDisk
from tests.simulation.machine import Machine

if TYPE_CHECKING:
    from tests.simulation.shop import Site
    from tests.simulation.world import World

LINES = 8
_LOOK_S = 60.0
_HURRIED_LOOK_S = 5.0
_WATCH_S = 1.0
_NOTICED_S = 0.2
_TOLD_S = 0.005
_FAR = float("inf")
_LIMITS = Path(__file__).parents[2] / "rigs" / "limits" / "marlin.toml"


@cache
def _limits() -> MachineLimits:
    return load_limits(_LIMITS)


@cache
def _checker() -> ProgramChecker:
    return ProgramChecker(_limits(), None, ())


class Gone(Exception):
    """No streamer answers."""


class StreamerProcess:
    def __init__(self, world: "World", site: "Site", machine: Machine) -> None:
        self.name = f"streamer {machine.name}"
        self.world = world
        self.site = site
        self.machine = machine
        self.disk = RunDisk(world.new_name("log"))
        self.life = Life()
        self.life.over = True
        self._greenlet: greenlet | None = None
        self._jobs: deque[Callable[[], None]] = deque()
        self._idle = False
        self._waits = 0

    @property
    def alive(self) -> bool:
        return not self.life.over

    def start(self) -> None:
        world = self.world
        world.story.say(self.name, "starts")
        self.life = Life()
        self.disk.before_commit = lambda: self._point("streamer before commit")
        self.disk.after_commit = lambda: self._point("streamer after commit")
        self.log = MemoryRunLog(self.disk, self.site.clock.now)
        kind = SimulatedRouter if self.machine.router else SimulatedDriver
        self.driver = kind(
            machine=self.machine,
            wait=self._wait,
            point=self._point,
            hurry=self._hurry,
            stretch_s=lambda: world.dice.uniform(40, 110),
            yielded=world.yielded,
        )
        self.worker = Worker(
            self.driver,
            self.log,
            _limits,
            self._changed,
            PowerCut(()),
            60.0,
            clock=self.site.mono_s,
            rest=self._wait,
            load=self._load,
        )
        interval_s = self.machine.presence_s if self.machine.router else None
        presence = PresenceWatch(interval_s, self.site.mono_s, stay_s=self.machine.presence_s)
        self.supervision = Supervision(self.driver, self.worker, presence, own_control=self.machine.router)
        self._jobs.clear()
        self._idle = False
        self._watch_s = _FAR
        self.worker.begin()
        self._greenlet = greenlet(self._work)
        self._switch()
        self._look_again()

    def die(self) -> None:
        """What its machine was doing ends for want of lines, and what is on stays on."""
        self.world.story.say(self.name, "dies")
        self.life.over = True
        self.driver.running = False
        if self.machine.working_on:
            hot = self.machine.hot
            self.machine.disturb("its streamer died")
            self.machine.locked = True
            share = self.world.dice.random()
            self.machine.end(self.world.yielded(self.machine.working_on, share, self.driver.left_out), whole=False)
            self.machine.hot = hot
        self._greenlet = None

    def end(self) -> None:
        """The schedule is over: what waits in a greenlet would keep it all in memory for ever."""
        if self._greenlet is not None:
            self._greenlet.throw()
            self._greenlet = None

    def _point(self, name: str) -> None:
        self.world.hazards.point(self.name, name)

    # The thread ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        self.worker.look()
        while True:
            while self._jobs:
                self._jobs.popleft()()
                self.worker.look()
            self._idle = True
            getcurrent().parent.switch()
            self._idle = False
            if not self._jobs:
                self.worker.look()

    def _switch(self) -> None:
        if self._greenlet is not None:
            self._greenlet.switch()

    def _wait(self, delay_s: float) -> None:
        """In the greenlet: others go on meanwhile."""
        self._waits += 1
        number = self._waits
        self.world.calendar.after(delay_s, self.life, lambda: self._wake(number))
        getcurrent().parent.switch()

    def _wake(self, number: int) -> None:
        if number == self._waits:
            self._waits += 1
            self._switch()

    def _hurry(self) -> None:
        """Whatever is waited for in the greenlet, there is something to look at before."""
        number = self._waits
        self.world.calendar.after(_NOTICED_S, self.life, lambda: self._wake(number))

    def look(self) -> None:
        """Something has happened at the machine."""
        if self.alive and self._idle:
            self._switch()

    def _look_again(self) -> None:
        self.look()
        self.world.calendar.after(_LOOK_S if self.is_open else _HURRIED_LOOK_S, self.life, self._look_again)

    def _put(self, job: Callable[[], None]) -> None:
        self._jobs.append(job)
        if self._idle:
            self._switch()

    def _load(
        self, path: Path, sha256: str, limits: MachineLimits, offset: Offset | None, blocks: tuple[BlockSpan, ...]
    ) -> Loaded:
        if self.site.files.get(str(path)) != sha256:
            raise ProgramRefused("the program is not the one that was staged: its SHA-256 differs")
        return Loaded(("G1 X1",) * LINES, _checker())

    def _changed(self) -> None:
        self.site.agent.streamer_changed(self.machine.name)

    # What it is asked ---------------------------------------------------------------------------------

    def start_run(self, order: wire.Start, answered: Callable[[wire.StartAnswer], None]) -> None:
        """Raises Unable."""
        record = order.record
        starting = self.supervision.starting(order.present_until_s, record.operator, stays=record.stays)
        starting.__enter__()

        def answer(said: wire.StartAnswer) -> None:
            starting.__exit__(None, None, None)
            self.world.story.say(self.name, "start of %s: %s", order.run, said.reason or "committed")
            answered(said)

        def job() -> None:
            self.driver.order = order.run, order.fence, order.record.id
            self.worker.start(order, answer)

        self._put(job)
        self._watch()

    def forbid(self, order: wire.Forbid) -> wire.StartAnswer:
        started = self.log.forbid(order.run, order.fence, order.reason)
        return wire.StartAnswer(journal_id=self.log.journal_id, started=started, reason=order.reason)

    def ask(self, request: wire.Hold | wire.Resume | wire.Cancel | wire.Presence | wire.FailFirstLayer) -> None:
        """Raises Unable."""
        self.supervision.request(request)
        self._watch()

    def skip(self, request: wire.SkipObject) -> None:
        """As `shop_agent.streamer.service`. Raises Unable, DriverError."""
        run = self.supervision.require_run("")
        run.skips.setdefault(request.name, wire.ObjectSkipped(object=request.name, operator=request.operator))
        act(self.driver, request)

    def submit(self, job: Callable[[], object], then: Callable[[str], None]) -> None:
        """`then` is told why it could not be done, or nothing. Raises Unable while a run is under way."""
        if self.worker.execution is not None:
            raise Unable("a run is under way")

        def work() -> None:
            why = ""
            try:
                job()
            except (Unable, DriverError) as error:
                why = str(error) or type(error).__name__
            # Whoever asked is no part of this process: what becomes of them ends nothing here.
            self.world.calendar.after(_TOLD_S, self.life, lambda: then(why))

        self._put(work)

    def _watch(self) -> None:
        """The supervision's loop, as far as anything can come of it."""
        self.supervision.look()
        run = self.worker.execution
        if run is None and not self._jobs:
            return
        wanted = run is not None and (run.end_wanted or (run.hold_wanted and self.worker.status.state is State.RUNNING))
        left_s = self.supervision.presence.left_s()
        if wanted:
            self._watch_in(_WATCH_S)
        elif left_s:
            self._watch_in(left_s + 0.01)

    def _watch_in(self, delay_s: float) -> None:
        at_s = self.world.calendar.now_s + delay_s
        if at_s < self._watch_s:
            self._watch_s = at_s
            self.world.calendar.after(delay_s, self.life, lambda: self._watched(at_s))

    def _watched(self, at_s: float) -> None:
        if at_s == self._watch_s:
            self._watch_s = _FAR
            self._watch()

    def entries(self, asked: wire.AskEvents) -> wire.Entries:
        return wire.Entries(journal_id=self.log.journal_id, entries=self.log.after(asked.after))

    def status(self) -> wire.MachineStatus:
        status, run, touched = self.worker.status, self.worker.execution, self.worker.touched
        return wire.MachineStatus(
            machine=self.machine.name,
            journal_id=self.log.journal_id,
            last_seq=self.log.last_seq,
            state=status.state,
            reason=status.reason,
            quarantine="" if run is not None else self.log.quarantine(),
            boot_id=self.worker.boot_id,
            run=None if run is None else run.run,
            attended=self.machine.router,
            work_offset_mm=status.work_offset_mm,
            homed=touched.homed(status.boot_id),
            zeroed=touched.zeroed(status.boot_id),
            pid=1,
        )

    @property
    def is_open(self) -> bool:
        return self.worker.status.state is not State.CLOSED

"""Whoever works in a shop: looks what waits, does it at the machine, and says so; slow, wrong or away at times."""

from dataclasses import replace
from typing import TYPE_CHECKING

from broker.wire.states import RunState
from drivers.errors import DriverError
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state.memory import DONE, Memory
from shop_agent.state.records import Count, Mode, RunRecord, Setup, ToolLength
from shop_agent.state.tasks import Task, TaskKind
from shop_agent.streamer import wire
from shop_agent.streamer.worker import Unable
from tests.simulation.calendar import Life
from tests.simulation.machine import Machine, Made, Prepared, objects_of
from tests.simulation.streamer import StreamerProcess

if TYPE_CHECKING:
    from tests.simulation.shop import Site
    from tests.simulation.world import World

_LOOK_S = 25.0
OPERATOR = "Eva"


class Person:
    def __init__(self, world: "World", site: "Site") -> None:
        self.name = f"people {site.name}"
        self.world = world
        self.site = site
        self.life = Life()
        self.away_until_s = 0.0
        self.slowness = 1.0
        self.wrongness = 0.0

    def start(self) -> None:
        self._look_in(self.world.dice.uniform(1, 10))

    def _look_in(self, delay_s: float) -> None:
        self.world.calendar.after(delay_s, self.life, self._look)

    def _look(self) -> None:
        world = self.world
        self._look_in(_LOOK_S * self.slowness * world.dice.uniform(0.3, 1.3))
        if world.calendar.now_s < self.away_until_s or not self.site.powered:
            return
        for machine in self.site.machines.values():
            self._attend(machine)
        if not self.site.agent.alive:
            return
        tasks = self.site.agent.tasks()
        if tasks:
            self._act(tasks[0] if world.dice.random() < 0.7 else world.dice.choice(tasks))

    def _wrong(self) -> bool:
        return self.world.dice.random() < self.wrongness

    # At a machine that works --------------------------------------------------------------------------

    def _attend(self, machine: Machine) -> None:
        """Whoever sees a machine work says that they are there; one that waits for somebody goes on."""
        streamer = self.site.streamers[machine.name]
        if not streamer.alive or streamer.worker.execution is None:
            return
        if machine.door_open:
            machine.door_open = False
        goes_on = machine.held and self.world.calendar.now_s >= machine.hold_until_s
        if machine.router and not self._wrong():
            self._ask(streamer, wire.Presence(operator=OPERATOR))
            machine.attended_s = self.world.calendar.now_s
            if goes_on:
                self._ask(streamer, wire.Resume(operator=OPERATOR))
                streamer.driver.cycle_start()
        elif goes_on:
            machine.attended_s = self.world.calendar.now_s
            self._ask(streamer, wire.Resume(operator=OPERATOR))

    def _ask(
        self,
        streamer: StreamerProcess,
        request: wire.Hold | wire.Resume | wire.Presence | wire.Cancel | wire.FailFirstLayer,
    ) -> None:
        try:
            streamer.ask(request)
        except Unable as error:
            self.world.story.say(self.name, "not taken: %s", error)

    def hold(self, machine: Machine, lasts_s: float) -> None:
        streamer = self.site.streamers[machine.name]
        if streamer.alive and machine.working_on:
            machine.hold_until_s = self.world.calendar.now_s + lasts_s
            self._ask(streamer, wire.Hold(reason="held at the bench"))

    def cancel(self, machine: Machine) -> None:
        streamer = self.site.streamers[machine.name]
        if streamer.alive and machine.working_on:
            self.world.wished.add(machine.working_on)
            self._ask(streamer, wire.Cancel(reason="cancelled at the bench"))

    def fail_first_layer(self, machine: Machine) -> None:
        streamer = self.site.streamers[machine.name]
        if streamer.alive and machine.working_on and not machine.router:
            self.world.wished.add(machine.working_on)
            self.world.spoilt.add(machine.working_on)
            self._ask(streamer, wire.FailFirstLayer(operator=OPERATOR, note="it came off"))

    def skip(self, machine: Machine) -> None:
        """One piece has come loose."""
        streamer = self.site.streamers[machine.name]
        if not (streamer.alive and machine.working_on) or machine.router:
            return
        lot, pieces = self.world.dice.choice(self.world.contents[machine.working_on])
        name = self.world.dice.choice(objects_of(lot, pieces))
        try:
            streamer.skip(wire.SkipObject(name=name, operator=OPERATOR))
        except (Unable, DriverError) as error:
            self.world.story.say(self.name, "not skipped: %s", error)

    def touch(self, machine: Machine) -> None:
        """Homes a router, or switches a printer off and on: what was set up there isn't any more."""
        streamer = self.site.streamers[machine.name]
        if not machine.router:
            machine.restart("somebody switched it off and on")
            streamer.look()
        elif streamer.alive and streamer.worker.execution is None:
            self._submit(streamer, streamer.worker.home)

    def _submit(self, streamer: StreamerProcess, job: object) -> None:
        assert callable(job)
        try:
            streamer.submit(job, lambda why: self.world.story.say(self.name, "did: %s", why or "done"))
        except Unable as error:
            self.world.story.say(self.name, "not taken: %s", error)

    # What waits ---------------------------------------------------------------------------------------

    def _act(self, task: Task) -> None:
        self.world.story.say(self.name, "sees: %s (%s)", task.title, task.note)
        agent = self.site.agent
        match task.kind:
            case TaskKind.LOT if task.lot is not None:
                agent.answer(task.id, "accept", ev.LotAnswered(task.lot.id, accept=True))
            case TaskKind.HANDOVER if task.lot is not None:
                agent.answer(task.id, "gone", ev.HandoverGiven(task.lot.id, OPERATOR, "parcel"))
            case TaskKind.SETUP if task.run is not None:
                self._set_up(task, task.run)
            case TaskKind.COUNT if task.run is not None:
                self._count(task, task.run)
            case TaskKind.SETTLE if task.run is not None:
                self._settle(task, task.run)
            case TaskKind.CLEAR:
                self._take_off(self.site.machines[task.machine])
                agent.answer(task.id, "clear", ev.MachineCleared(task.machine))
            case TaskKind.RELEASE:
                self._release(task)
            case _:
                raise AssertionError(f"nobody knows what to do: {task}")

    def _take_off(self, machine: Machine) -> None:
        machine.lying.clear()

    def _set_up(self, task: Task, run: RunRecord) -> None:
        machine, streamer = self.site.machines[task.machine], self.site.streamers[task.machine]
        if not streamer.alive:
            return
        machine.door_open = False
        if machine.router and not (machine.homed and self.world.dice.random() < 0.5):
            self._home_first(task, run, machine, streamer)
            return
        streamer.look()
        self._confirm(task, run, machine, streamer)

    def _home_first(self, task: Task, run: RunRecord, machine: Machine, streamer: StreamerProcess) -> None:
        zero = (-float(self.world.dice.randint(1, 90)), -10.0, -5.0)

        def home() -> None:
            streamer.worker.home()
            streamer.worker.set_work_zero(zero)

        def then(why: str) -> None:
            if not why and self.site.agent.alive and streamer.alive:
                self._confirm(task, run, machine, streamer)

        try:
            streamer.submit(home, then)
        except Unable as error:
            self.world.story.say(self.name, "not taken: %s", error)

    def _confirm(self, task: Task, run: RunRecord, machine: Machine, streamer: StreamerProcess) -> None:
        agent, world, status = self.site.agent, self.world, streamer.status()
        agent._do(agent.followers[machine.name].see(status, agent.now()))
        self._take_off(machine)
        material = "mud" if self._wrong() else run.material
        thickness = world.thickness_mm(machine.name) + (2.0 if self._wrong() else 0.0)
        clear = not self._wrong()
        setup = Setup(
            id=world.new_name("record"),
            operator=OPERATOR,
            boot_id=status.boot_id,
            at=self.site.clock.now(),
            bed_clear=clear,
            material=material,
            tool_mm=3.0 if machine.router else 0.4,
            sheet_mm=(600.0, 400.0, thickness) if machine.router else None,
            work_zero_mm=status.work_offset_mm if machine.router else None,
            clamps_clear=True,
            extraction_on=True,
            tool_length=ToolLength.TOUCHED_OFF if machine.router else None,
        )
        right = (
            material == run.material and clear and (not machine.router or thickness == world.thickness_mm(machine.name))
        )
        machine.prepared = Prepared(run.id, world.calendar.now_s, setup.id, right)
        machine.attended_s = world.calendar.now_s
        agent.answer(task.id, setup.id, ev.SetupGiven(run.id, setup))

    # What came out ------------------------------------------------------------------------------------

    def _counts(self, machine: Machine, run: RunRecord) -> tuple[Count, ...]:
        """What really came out; or, by somebody who miscounts, one good piece less."""
        counts = []
        for made in machine.made.get(run.id, ()):
            off = 1 if made.good and self._wrong() else 0
            self.world.miscounted = self.world.miscounted or bool(off)
            bad = made.bad + off + self._missing(run, made)
            counts.append(Count(made.lot, made.good - off, (("surface", bad),) if bad else ()))
        return tuple(counts)

    def _missing(self, run: RunRecord, made: Made) -> int:
        """Pieces that were left out, and of which nobody was told."""
        if run.phase is not RunState.FINISHED:
            return 0
        return run.left().get(made.lot, 0) - made.good - made.bad

    def _count(self, task: Task, run: RunRecord) -> None:
        machine = self.site.machines[run.machine]
        counts = self.world.counted.setdefault(task.id, self._counts(machine, run))
        cleared = self.world.clears.setdefault(task.id, self.world.dice.random() < 0.7)
        if cleared:
            self._take_off(machine)
        text = f"{counts} {cleared}"
        self._attest(task, text, ev.CountGiven(run.id, OPERATOR, counts, cleared))

    def _settle(self, task: Task, run: RunRecord) -> None:
        machine = self.site.machines[run.machine]
        if machine.working_on == run.id:
            return  # whoever looks sees that it works still
        counts = self.world.counted.setdefault(task.id, self._counts(machine, run))
        self._attest(task, str(counts), ev.SettleGiven(run.id, OPERATOR, "looked at it", counts))

    def _attest(self, task: Task, text: str, event: ev.CountGiven | ev.SettleGiven) -> None:
        agent = self.site.agent
        try:
            agent.answer(task.id, text, event)
        finally:  # whether or not the agent lived to say so, it has taken what is written
            if agent.log.answer_to(task.id) == text:
                self.world.attest(event.run, event.counts)

    def correct(self) -> None:
        """Somebody looks again at what was counted: puts right what was wrong, or takes a good piece for scrap."""
        agent, world = self.site.agent, self.world
        counted = (
            [run for run in agent.mind.memory.runs.values() if run.phase in DONE and run.counts] if agent.alive else []
        )
        if not counted:
            return
        run = world.dice.choice(counted)
        counts = self._counts(self.site.machines[run.machine], run)
        if counts == run.counts:
            first, *others = counts
            counts = (replace(first, good=first.good - 1, scrap=(("surface", first.total - first.good + 1),)), *others)
            if first.good == 0:
                return
        try:
            agent.apply(ev.CorrectionGiven(run.id, OPERATOR, "looked again", counts))
        except Refused as error:
            world.story.say(self.name, "not corrected: %s", error)
        finally:
            if agent.disk.runs.rows[run.id][0].counts == counts:
                world.attest(run.id, counts)
                world.miscounted = True

    def _release(self, task: Task) -> None:
        machine, streamer, agent = self.site.machines[task.machine], self.site.streamers[task.machine], self.site.agent
        if not streamer.alive or not machine.reachable:
            return
        machine.locked, machine.hot, machine.door_open = False, False, False
        self._take_off(machine)

        def then(why: str) -> None:
            if why:
                self.world.story.say(self.name, "no reset: %s", why)
            elif agent.alive and streamer.alive:
                agent._do(agent.followers[machine.name].see(streamer.status(), agent.now()))
                agent.answer(task.id, "released", ev.MachineReleased(machine.name))

        try:
            streamer.submit(streamer.worker.local_reset, then)
        except Unable as error:
            self.world.story.say(self.name, "no reset: %s", error)

    def set_mode(self, machine: str, mode: Mode) -> None:
        if self.site.agent.alive:
            self.site.agent.apply(ev.ModeSet(machine, mode))

    def give_back_all(self) -> None:
        """The shop's own work is done."""
        if self.site.agent.alive:
            memory: Memory = self.site.agent.mind.memory
            for name, record in list(memory.machines.items()):
                if record.mode is not Mode.NORMAL:
                    self.set_mode(name, Mode.NORMAL)

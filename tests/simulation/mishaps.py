"""How each kind of fault is brought about, and how it ends."""

from collections.abc import Callable
from dataclasses import replace

from broker.wire.states import AFTER_PERMIT, RunState
from shop_agent.state.records import Mode
from tests.simulation.broker import done
from tests.simulation.faults import Fault, Kind
from tests.simulation.journals import RunDisk, ShopDisk
from tests.simulation.world import MACHINES, Aim, World

_IDLE_KILL_S = 20.0
_AIMS_S = 150.0
"""So long a fault waits for what it is aimed at."""
_SOON_S = 0.3
_FOLLOWS_S = 40.0
_DAY_S = 86400.0
_HELD_S = 400.0


class Mishaps:
    def __init__(self, world: World) -> None:
        self.world = world

    def expect(self, fault: Fault) -> None:
        """Now, or once a run is as the fault wants it."""
        if fault.aim is None:
            self.bring_about(fault)
            return
        aim = Aim(fault.aim, fault.target, lambda machine: self._soon(fault, machine))
        self.world.aims.append(aim)

        def no_more() -> None:
            if aim in self.world.aims:
                self.world.aims.remove(aim)
                self.bring_about(fault)

        self._later(_AIMS_S, no_more)

    def _soon(self, fault: Fault, machine: str) -> None:
        """And what follows it."""
        delay_s = _SOON_S * self.world.dice.random() ** 2
        self._later(delay_s, lambda: self.bring_about(fault))
        if fault.then is not None:
            follows = replace(fault, kind=fault.then, target=machine, aim=None, then=None)
            self._later(delay_s + self.world.dice.uniform(1, _FOLLOWS_S), lambda: self.bring_about(follows))

    def bring_about(self, fault: Fault) -> None:
        world = self.world
        world.story.say("fault", "%s: %s for %.0f s", fault.kind, fault.target, fault.lasts_s)
        match fault.kind:
            case Kind.KILL_BROKER:
                self._kill("broker", fault)
            case Kind.KILL_AGENT:
                self._kill(f"agent {fault.target}", fault)
            case Kind.KILL_STREAMER:
                self._kill(f"streamer {fault.target}", fault)
            case Kind.RESTORE:
                self._restore(fault)
            case Kind.BROKER_POWER_CUT:
                world.killed("broker", fault.lasts_s)
            case Kind.POWER_CUT | Kind.LOSE_AGENT_DISK | Kind.ROLL_BACK_AGENT | Kind.LOSE_STREAMER_DISK | Kind.SPOIL:
                self._disk(fault)
            case (
                Kind.RESTART_FIRMWARE
                | Kind.UNPLUG
                | Kind.OPEN_DOOR
                | Kind.TOUCH
                | Kind.CANCEL
                | Kind.FIRST_LAYER
                | Kind.OWN_WORK
                | Kind.HOLD
                | Kind.SKIP
            ):
                self._machine(fault)
            case Kind.ABSENT | Kind.SLOW | Kind.WRONG | Kind.CLOSED | Kind.CORRECT:
                self._people(fault)
            case Kind.CLOCK | Kind.BROKER_CLOCK | Kind.STOP | Kind.REPLAN | Kind.LOSE_START:
                self._other(fault)
            case _:
                self._network(fault)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        self.world.calendar.after(delay_s, self.world.life, action)

    def _kill(self, name: str, fault: Fault) -> None:
        """At one of its next steps; an idle process simply dies."""
        world = self.world
        if world.process(name).alive:
            world.hazards.arm(name, fault.passes)

            def kill() -> None:
                if name in world.hazards.waiting:
                    world.killed(name, fault.lasts_s)

            self._later(_IDLE_KILL_S, kill)

    def _disk(self, fault: Fault) -> None:
        world = self.world
        match fault.kind:
            case Kind.POWER_CUT:
                site = world.sites[fault.target]
                site.lose_power()
                self._later(fault.lasts_s, site.get_power_back)
            case Kind.LOSE_AGENT_DISK:
                world.killed(f"agent {fault.target}", fault.lasts_s)
                world.sites[fault.target].agent.disk = ShopDisk()
                world.journals_lost = True
            case Kind.ROLL_BACK_AGENT:
                self._roll_back(fault)
            case Kind.LOSE_STREAMER_DISK:
                world.killed(f"streamer {fault.target}", fault.lasts_s)
                streamer = world.sites[MACHINES[fault.target]].streamers[fault.target]
                streamer.disk = RunDisk(world.new_name("log"))
            case _:
                files = world.sites[fault.target].files
                if files:
                    path = world.dice.choice(sorted(files))
                    files[path] = "spoilt"

    def _roll_back(self, fault: Fault) -> None:
        """Somebody puts back a copy of the agent's journal that was made a while ago."""
        world, agent = self.world, self.world.sites[fault.target].agent
        copy = agent.disk.copy()

        def put_back() -> None:
            world.killed(agent.name, 5.0)
            agent.disk = copy
            world.journals_lost = True

        self._later(fault.lasts_s, put_back)

    def _restore(self, fault: Fault) -> None:
        world = self.world
        copy, made_s = world.broker.books.tables.copy(), world.calendar.now_s

        def restore() -> None:
            world.killed("broker", 20.0)
            world.broker.restored_from(copy, made_s)
            world.restored()

        self._later(fault.lasts_s, restore)

    def _machine(self, fault: Fault) -> None:
        world = self.world
        machine = world.machines[fault.target]
        site = next(site for site in world.sites.values() if fault.target in site.machines)
        streamer = site.streamers[fault.target]
        match fault.kind:
            case Kind.RESTART_FIRMWARE:
                if machine.powered:
                    machine.restart("its board restarted")
            case Kind.UNPLUG:
                machine.cable = False
                machine.disturb("its cable was pulled")
                self._later(fault.lasts_s, lambda: self._plug_in(fault.target))
            case Kind.OPEN_DOOR:
                machine.open_door()
            case Kind.TOUCH:
                site.person.touch(machine)
            case Kind.FIRST_LAYER:
                site.person.fail_first_layer(machine)
            case Kind.CANCEL:
                site.person.cancel(machine)
            case Kind.SKIP:
                site.person.skip(machine)
            case Kind.HOLD:
                site.person.hold(machine, fault.lasts_s)
                self._later(min(fault.lasts_s, _HELD_S), lambda: self._end_hold(fault))
            case _:
                site.person.set_mode(
                    fault.target, world.dice.choice([Mode.MINE_NOW, Mode.MINE_AFTER, Mode.NOTHING_NEW])
                )
                self._later(fault.lasts_s, site.person.give_back_all)
        streamer.look()

    def _end_hold(self, fault: Fault) -> None:
        """Whoever held it cancels it, or goes on; or it ends otherwise meanwhile."""
        world, machine = self.world, self.world.machines[fault.target]
        site = world.sites[MACHINES[fault.target]]
        if not machine.held:
            return
        if fault.degree < 0.25:
            site.person.cancel(machine)
        elif fault.degree < 0.45 and machine.powered:
            machine.restart("its board restarted")
            site.streamers[fault.target].look()
        elif fault.degree < 0.6:
            world.killed(f"streamer {fault.target}", 0.0)

    def _plug_in(self, machine: str) -> None:
        self.world.machines[machine].cable = True
        self.world.sites[MACHINES[machine]].streamers[machine].look()

    def _people(self, fault: Fault) -> None:
        person = self.world.sites[fault.target].person
        match fault.kind:
            case Kind.ABSENT:
                person.away_until_s = self.world.calendar.now_s + fault.lasts_s
            case Kind.SLOW:
                person.slowness = 1 + 5 * fault.degree
            case Kind.CLOSED:
                person.site.is_open = False
                self._later(fault.lasts_s, lambda: setattr(person.site, "is_open", True))
            case Kind.CORRECT:
                person.correct()
            case _:
                person.wrongness = 0.2 + 0.4 * fault.degree

    def _other(self, fault: Fault) -> None:
        world = self.world
        off_s = (2 * fault.degree - 1) * _DAY_S
        match fault.kind:
            case Kind.CLOCK:
                world.sites[fault.target].clock.off_s = off_s
                self._later(fault.lasts_s, lambda: setattr(world.sites[fault.target].clock, "off_s", 0.0))
            case Kind.BROKER_CLOCK:
                world.broker.clock.off_s = off_s
                self._later(fault.lasts_s, lambda: setattr(world.broker.clock, "off_s", 0.0))
            case Kind.LOSE_START:
                world.lost_starts[fault.target] = "there" if fault.degree < 0.5 else "back"
            case Kind.STOP:
                if world.broker.alive:
                    done(self._ask_to_stop())
                    world.broker.stir()
            case _:
                if world.broker.alive:
                    done(world.broker.planner.take_back(0.3 + 0.7 * fault.degree))
                    world.broker.stir()

    async def _ask_to_stop(self) -> None:
        async with self.world.broker.books.writing() as book:
            live = await book.runs_in(AFTER_PERMIT | {RunState.UNKNOWN})
            if live:
                run = self.world.dice.choice(list(live))
                run.stop_requested = "the buyer asks"
                self.world.wished.add(run.id)

    def _network(self, fault: Fault) -> None:
        site = self.world.sites[fault.target]
        weather = site.weather
        match fault.kind:
            case Kind.CUT_LINK:
                self._cut(fault.target)
            case Kind.PARTITION:
                weather.down = True
                self._cut(fault.target)
            case Kind.HALF_OPEN:
                weather.silent = True
            case Kind.LOSE:
                weather.lost = 0.1 + 0.5 * fault.degree
            case Kind.DOUBLE:
                weather.doubled = 0.2 + 0.6 * fault.degree
            case Kind.DELAY:
                weather.late_s = 1 + 40 * fault.degree
            case _:
                weather.reordered = 0.2 + 0.6 * fault.degree

        def clear() -> None:
            weather.clear()
            self._cut(fault.target)

        self._later(fault.lasts_s, clear)

    def _cut(self, shop: str) -> None:
        connection = self.world.sites[shop].agent.connection
        if connection is not None:
            connection.close()

    def end_all(self) -> None:
        """Nothing goes wrong any more: everything is up, and people are there."""
        world = self.world
        world.story.say("fault", "no more of them")
        world.hazards.waiting.clear()
        world.lost_starts.clear()
        world.aims.clear()
        world.broker.clock.off_s = 0.0
        if not world.broker.alive:
            world.broker.start()
        for name, site in world.sites.items():
            site.weather.clear()
            site.clock.off_s = 0.0
            site.person.away_until_s, site.person.slowness, site.person.wrongness = 0.0, 1.0, 0.0
            site.get_power_back()
            if not site.agent.alive:
                site.agent.start()
            site.person.give_back_all()
            site.is_open = True
            for machine in site.machines.values():
                machine.cable, machine.hold_until_s = True, 0.0
            self._cut(name)

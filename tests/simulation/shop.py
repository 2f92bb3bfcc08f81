"""A workshop: its computer with agent and streamers, its machines, the people in it."""

from typing import TYPE_CHECKING

from tests.simulation.calendar import WallClock
from tests.simulation.machine import Machine
from tests.simulation.wire import Weather

if TYPE_CHECKING:
    from tests.simulation.agent import AgentProcess
    from tests.simulation.people import Person
    from tests.simulation.streamer import StreamerProcess
    from tests.simulation.world import World


class Site:
    """`files`: path → content's digest, as the disk has them."""

    agent: "AgentProcess"
    person: "Person"

    def __init__(self, world: "World", name: str) -> None:
        self.name = name
        self.world = world
        self.clock = WallClock(world.calendar)
        self.booted_s = -1000.0
        self.powered = True
        self.is_open = True
        """By the hours of its policy."""
        self.weather = Weather()
        self.files: dict[str, str] = {}
        self.machines: dict[str, Machine] = {}
        self.streamers: dict[str, StreamerProcess] = {}

    def mono_s(self) -> float:
        """CLOCK_MONOTONIC of its computer."""
        return self.world.calendar.now_s - self.booted_s

    def lose_power(self) -> None:
        self.powered = False
        processes: list[AgentProcess | StreamerProcess] = [self.agent, *self.streamers.values()]
        for process in processes:
            if process.alive:
                process.die()
            process.disk.power_cut()
        for machine in self.machines.values():
            machine.powered = False
            machine.restart("the power was cut")

    def get_power_back(self) -> None:
        if not self.powered:
            self.powered, self.booted_s = True, self.world.calendar.now_s
            for machine in self.machines.values():
                machine.powered = True
            self.agent.start()

"""Feed hold and safety door. Source: Grbl 1.1h protocol.c protocol_exec_rt_suspend(), config.h SAFETY_DOOR_*."""

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl

SPIN_UP_S = 4.0
"""SAFETY_DOOR_SPINDLE_DELAY, seconds of physics."""


@dataclass(slots=True)
class Suspension:
    """Motion is held; while it lasts, no line is read."""

    door: bool
    still_at: float
    """When the ramp down is over."""
    next_at: float
    spindle: int
    """What turned when motion was held, to be restored."""
    restoring: bool = False

    @staticmethod
    def begin(machine: "Grbl", *, door: bool) -> "Suspension":
        rest = machine.planner.hold(machine.now)
        if rest.done is not None:
            machine.table.done(rest.done, machine.now)
        stops = door or machine.table.laser
        return Suspension(door, rest.at, rest.at if stops else inf, machine.table.spindle)

    def open_door(self, machine: "Grbl") -> None:
        """From hold to door, or the door opened again while restoring."""
        self.door, self.restoring = True, False
        self.next_at = max(self.still_at, machine.now)
        self.step(machine)

    def step(self, machine: "Grbl") -> None:
        """`next_at` has come: standstill behind an opened door, or the spindle is up to speed again."""
        if machine.now < self.next_at:
            return
        if self.restoring:
            self._release(machine)
            return
        self.next_at = inf
        machine.table.turn(5, machine.now)
        machine.status.overrides_in = 0

    def resume(self, machine: "Grbl") -> None:
        """Cycle start; without effect until motion has come to rest."""
        if machine.now < self.still_at or self.restoring or (self.door and machine.door_ajar()):
            return
        stopped = self.spindle != 5 and machine.table.spindle == 5
        if stopped:
            machine.table.turn(self.spindle, machine.now)
            machine.status.overrides_in = 0
            if self.door and not machine.table.laser:
                self.restoring = True
                self.next_at = machine.now + SPIN_UP_S / machine.speed
                machine.retime()
                return
            if not self.door:
                machine.out += machine.dialect.say("Restoring spindle")
        self._release(machine)

    def toggle_spindle(self, machine: "Grbl") -> None:
        """0x9E, in a hold only."""
        if self.door or machine.now < self.still_at or self.spindle == 5:
            return
        if machine.table.spindle == 5:
            machine.out += machine.dialect.say("Restoring spindle")
            machine.table.turn(self.spindle, machine.now)
        else:
            machine.table.turn(5, machine.now)

    def _release(self, machine: "Grbl") -> None:
        machine.suspension = None
        machine.planner.resume(machine.now)
        machine.reader.go_on()

    def slowing(self, now: float) -> bool:
        return now < self.still_at

    def name(self, machine: "Grbl") -> str:
        slowing = machine.now < self.still_at
        if not self.door:
            return "Hold:1" if slowing else "Hold:0"
        if self.restoring:
            return "Door:3"
        return "Door:2" if slowing else "Door:1" if machine.door_ajar() else "Door:0"

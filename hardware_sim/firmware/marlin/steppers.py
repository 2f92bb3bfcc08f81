"""M17, M18, M84 and the time-out of idle motors. Source: Marlin 2.1 M17_M18_M84.cpp, manage_inactivity()."""

from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.marlin import words
from hardware_sim.firmware.waits import Execution, Motion

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

TIMEOUT_S = 120.0
"""DEFAULT_STEPPER_TIMEOUT_SEC, real seconds: it is a timer of the firmware's and no physics."""


class Steppers:
    """Whether the motors hold their axes. A Z axis without current sinks; who prints on loses its height."""

    def __init__(self) -> None:
        self.holding = False
        self.moved_at = -inf
        self.timeout_s = TIMEOUT_S

    def release_at(self) -> float:
        """When idle motors lose their current; inf: never, or they have."""
        return self.moved_at + self.timeout_s if self.holding and self.timeout_s > 0 else inf


def release(machine: "Marlin", axes: str = "XYZE") -> None:
    if machine.steppers.holding and "Z" in axes and machine.axes.position[2] > 0.0:
        machine.witness.counters.z_released += 1
        machine.witness.note("z_released", machine.now, z=round(machine.axes.position[2], 2))
    if "Z" in axes:
        machine.steppers.holding = False


def disable(machine: "Marlin", parts: list[str]) -> Execution:
    """M18, M84: at once, or with S after so many idle seconds."""
    given = words.read(parts)
    if "S" in given:
        machine.steppers.timeout_s = given["S"]
        machine.steppers.moved_at = machine.now
        machine.retime()
        return
    yield Motion.STILL
    release(machine, "".join(letter for letter in "XYZE" if letter in given) or "XYZE")


def enable(machine: "Marlin", _: list[str]) -> None:
    machine.steppers.holding = True
    machine.steppers.moved_at = machine.now
    machine.retime()

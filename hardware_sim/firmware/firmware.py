"""What the serving process needs of a firmware, whichever it is. All times: seconds on one steady clock."""

from typing import Protocol

from hardware_sim.faults import Fault, Mishaps
from hardware_sim.firmware.config import Kind, MachineConfig
from hardware_sim.firmware.fittings import Fittings
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from hardware_sim.firmware.witness import Witness


class Firmware(Protocol):
    witness: Witness
    mishaps: Mishaps
    unplug_s: float | None
    wanted: Fittings
    """What the next jobs' plate wants on the machine."""

    def receive(self, data: bytes, now: float) -> bytes: ...

    def advance(self, now: float) -> bytes: ...

    def next_event(self) -> float: ...

    def reset(self, now: float, reason: str) -> bytes: ...

    def recover(self, now: float) -> bytes: ...

    def inject(self, fault: Fault, now: float) -> bytes: ...

    def clear_bed(self, now: float) -> int: ...

    def press_button(self, now: float) -> bytes:
        """A person presses what the machine has to go on with."""
        ...

    def book(self, now: float) -> None: ...

    def state(self) -> str: ...

    def details(self) -> dict[str, str | float | bool | None]: ...


def make(config: MachineConfig) -> Firmware:
    """The machine of this configuration, without power until its first `reset`."""
    mishaps = Mishaps([fault.fault() for fault in config.faults])
    if config.firmware is Kind.MARLIN:
        return Marlin(config.printer, mishaps, speed=config.speed, boot_s=config.boot_s, idle_s=config.idle_s)
    return Grbl(config.router, mishaps, speed=config.speed, boot_s=config.boot_s, idle_s=config.idle_s)

"""What the suite has to know of each driver's machine: its configuration in the rig, programs, and how it faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.base import Driver, Setup
from drivers.errors import Alarm, FirmwareHalted, MachineFault
from tests.conformance.rig import Config


def _nothing(_: Driver) -> None:
    return


def _home(driver: Driver) -> None:
    assert isinstance(driver, Setup)
    driver.home()
    driver.set_work_zero((-300.0, -200.0, -40.0))


@dataclass(frozen=True)
class Case:
    config: Config
    begin: tuple[str, ...]
    """Heats, or starts the spindle."""
    move: Callable[[int], str]
    """The n-th move of a long program: a second or so of physics at most."""
    end: tuple[str, ...]
    fault: Mapping[str, object]
    """What the rig does to the machine in mid-run …"""
    error: type[MachineFault]
    """… and what the run has to end in."""
    safe_after_fault: bool
    checksums: bool
    """A corrupted line is noticed and sent again."""
    made: Callable[[int], tuple[str, int]] | None = None
    """Counter of the rig that shows whether each of so many moves was made once, and its value then."""
    prepare: Callable[[Driver], None] = _nothing

    def program(self, moves: int) -> list[str]:
        return ["; a comment", *self.begin, "", *(self.move(n) for n in range(moves)), *self.end]


CASES: Mapping[str, Case] = {
    "marlin": Case(
        config={"firmware": "marlin", "speed": 200.0, "idle_s": 0.1, "boot_s": 0.1},
        begin=("G28", "M104 S200", "M109 S200 ; and wait", "G92 E0"),
        move=lambda n: f"G1 X{10 + n % 2 * 60} Y{10 + n % 7} Z0.3 E{n * 0.5:.2f} F1200",
        end=("M400", "M104 S0", "M84"),
        fault={"kind": "thermal_runaway"},
        error=FirmwareHalted,
        safe_after_fault=False,
        checksums=True,
        made=lambda moves: ("deposits", moves - 1),  # the first one lays nothing down
    ),
    "grbl": Case(
        config={"firmware": "grbl", "speed": 100.0, "idle_s": 0.1, "boot_s": 0.1},
        begin=("G21 G90 G54", "M3 S10000", "G4 P2"),
        move=lambda n: f"G1 X{n % 2 * 60} Y{n % 7} F{2400 + n} (back and forth)",
        end=("M5", "M30"),
        fault={"kind": "hard_limit"},
        error=Alarm,
        safe_after_fault=True,
        checksums=False,
        prepare=_home,
    ),
}

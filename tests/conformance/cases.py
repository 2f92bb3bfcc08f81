"""What the suite has to know of each driver's machine: its configuration in the rig, programs, and how it faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from drivers.base import Driver, Setup
from drivers.errors import Alarm, FirmwareHalted, MachineFault
from tests.conformance.rig import Config

API_KEY = "a-key-of-the-conformance-suite"
SERIAL_LINKS = ("plain", "byte by byte", "slow", "lossy", "tcp")
NETWORK_LINKS = ("plain", "byte by byte", "slow", "lossy")
ANSWER_S = 2.0


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
    links: tuple[str, ...]
    fault: Mapping[str, object] = field(default_factory=dict)
    """What the rig does to the machine in mid-run …"""
    error: type[MachineFault] = MachineFault
    """… and what the run has to end in."""
    safe_after_fault: bool = False
    exclusive: bool = True
    """Two can't have its port at once."""
    checksums: bool = False
    """A corrupted line is noticed and sent again."""
    silence: Mapping[str, object] = field(default_factory=lambda: {"command": "fault", "fault": {"kind": "hang"}})
    """What makes whoever answers fall silent."""
    gives_up_s: float = ANSWER_S
    """`long_s` of the ports under test, where cables break."""
    made: Callable[[int], tuple[str, int]] | None = None
    """Counter of the rig that shows whether each of so many moves was made once, and its value then."""
    labels: Callable[[str], tuple[tuple[str, ...], tuple[str, ...]]] | None = None
    """Lines before and after what belongs to the object of this name, where the machine knows objects."""
    declared: tuple[str, ...] = ()
    """What says beforehand that there are objects `a` and `b`."""
    prepare: Callable[[Driver], None] = _nothing

    def program(self, moves: int) -> list[str]:
        return ["; a comment", *self.begin, "", *(self.move(n) for n in range(moves)), *self.end]

    def two_objects(self, moves: int) -> list[str]:
        """As many moves for each of `a` and `b`, one after the other in layers of ten."""
        assert self.labels is not None
        lines = [*self.declared, *self.begin]
        for first in range(0, moves, 10):
            for name in ("a", "b"):
                before, after = self.labels(name)
                lines += [*before, *(self.move(n) for n in range(first, first + 10)), *after]
        return [*lines, *self.end]


def _print(n: int) -> str:
    return f"G1 X{10 + n % 2 * 60} Y{10 + n % 7} Z0.3 E{n * 0.5:.2f} F1200"


def _marlin_labels(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (f"M486 S{'ab'.index(name)}", f"M486 A{name}", "G92 E0"), ("M486 S-1",)


def _klipper_labels(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (f"EXCLUDE_OBJECT_START NAME={name}", "G92 E0"), (f"EXCLUDE_OBJECT_END NAME={name}",)


_PRINT_BEGINS = ("G28", "M104 S200", "M109 S200 ; and wait", "G92 E0")
_PRINT_ENDS = ("M400", "M104 S0", "M84")
_QUICK: Config = {"speed": 200.0, "idle_s": 0.1, "boot_s": 0.1}


def _printer(host: str = "", **more: object) -> Config:
    printer = {"cancel_objects": True, **more}
    if not host:
        return {"firmware": "marlin", "printer": printer, **_QUICK}
    return {"firmware": "marlin", "printer": printer, "link": "http", "host": host, "api_key": API_KEY, **_QUICK}


def _laid_down(moves: int) -> tuple[str, int]:
    return "deposits", moves - 1  # the first one lays nothing down


def _hosted(host: str) -> Case:
    """A printer behind this host of the rig."""
    return Case(
        config=_printer(host),
        begin=_PRINT_BEGINS,
        move=_print,
        end=_PRINT_ENDS,
        links=NETWORK_LINKS,
        fault={"kind": "thermal_runaway"},
        error=FirmwareHalted,
        exclusive=False,
        silence={"command": "hang_host"},
        gives_up_s=4.0,
        made=_laid_down,
    )


CASES: Mapping[str, Case] = {
    "marlin": Case(
        config=_printer(),
        begin=_PRINT_BEGINS,
        move=_print,
        end=_PRINT_ENDS,
        links=SERIAL_LINKS,
        fault={"kind": "thermal_runaway"},
        error=FirmwareHalted,
        checksums=True,
        made=_laid_down,
        labels=_marlin_labels,
    ),
    "grbl": Case(
        config={"firmware": "grbl", **_QUICK, "speed": 100.0},
        begin=("G21 G90 G54", "M3 S10000", "G4 P2"),
        move=lambda n: f"G1 X{n % 2 * 60} Y{n % 7} F{2400 + n} (back and forth)",
        end=("M5", "M30"),
        links=SERIAL_LINKS,
        fault={"kind": "hard_limit"},
        error=Alarm,
        safe_after_fault=True,
        prepare=_home,
    ),
    "octoprint": _hosted("octoprint"),
    "moonraker": replace(
        _hosted("moonraker"),
        labels=_klipper_labels,
        declared=("EXCLUDE_OBJECT_DEFINE NAME=a", "EXCLUDE_OBJECT_DEFINE NAME=b"),
    ),
    "prusalink": _hosted("prusalink"),
}

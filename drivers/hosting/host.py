"""What a driver needs of a machine's host: a program that keeps files, prints them by itself, and says how it goes.

A host's words become a `View`; everything else that drivers of hosts do is alike, and stands beside this module.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum

from drivers.base import Capabilities
from drivers.errors import DriverMisuse


class Phase(StrEnum):
    """What the host's machine is about, whoever's job it is."""

    IDLE = "idle"
    """It would take a program; tells nothing of how the last one ended."""
    BUSY = "busy"
    """On its way from one state to another."""
    PRINTING = "printing"
    PAUSED = "paused"
    ATTENTION = "attention"
    """It waits for a person."""
    HALTED = "halted"
    """The firmware stopped, and needs a restart by a person."""
    OFFLINE = "offline"
    """The host has no link to its machine."""


ACTIVE = frozenset({Phase.BUSY, Phase.PRINTING, Phase.PAUSED, Phase.ATTENTION})


@dataclass(frozen=True, slots=True)
class Heater:
    name: str
    current_c: float
    target_c: float

    @property
    def is_bed(self) -> bool:
        return "bed" in self.name

    @property
    def is_hotend(self) -> bool:
        return self.name in ("tool0", "extruder")


RISING_C = 2.0
"""A heater that is so far below its target is on its way up."""


def share(part: float, whole: float) -> float:
    """Of a whole, 0 to 1; 0 for what makes no sense."""
    return min(part / whole, 1.0) if part > 0 and whole > 0 else 0.0


@dataclass(frozen=True, slots=True)
class View:
    """What a host says at one moment."""

    phase: Phase
    text: str
    """The state in the host's own words."""
    path: str = ""
    """The file that is loaded, printed, or was printed last; empty if there is none or the host doesn't tell."""
    owner: str = ""
    """Who started it, where the host tells."""
    done: float = 0.0
    """Share of the program's bytes that the host has read, 0 to 1."""
    heaters: tuple[Heater, ...] = ()
    position_mm: tuple[float, float, float] | None = None
    time_left_s: float | None = None
    objects: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    boot: str = ""
    """Changes when the host noticed that its firmware restarted."""
    refusal: str = ""
    """What was asked before and is refused now, where answers come late."""

    @property
    def hotend_c(self) -> float | None:
        return next((heater.current_c for heater in self.heaters if heater.is_hotend), None)

    @property
    def bed_c(self) -> float | None:
        return next((heater.current_c for heater in self.heaters if heater.is_bed), None)

    @property
    def heating(self) -> bool:
        return any(heater.target_c - heater.current_c > RISING_C for heater in self.heaters)

    @property
    def cold(self) -> bool:
        """No heater has a target; False where the host tells of no heater."""
        return bool(self.heaters) and all(heater.target_c <= 0 for heater in self.heaters)

    @property
    def job(self) -> str:
        """The job as a person would name it."""
        return f"{self.path or 'a job'}{f', started by {self.owner}' if self.owner else ''} ({self.text})"


class Ended(StrEnum):
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a host's history says of one job."""

    ended: Ended
    text: str


class Host(ABC):
    """Owned by one thread, but for `stop_now`. Everything raises LinkLost or NoAnswer where the host can't be reached,
    and HostRefused where it answers that it won't; no call waits for longer than the settings allow. A lost connection
    is made anew by whatever is asked next."""

    name: str
    poll_s: float = 0.5
    """How often it is asked while a job goes on."""
    takes_commands: bool = True
    """Firmware's commands can be sent between jobs."""

    @abstractmethod
    def open(self) -> Capabilities:
        """Connect and identify; moves and heats nothing."""

    @abstractmethod
    def look(self) -> View: ...

    @abstractmethod
    def upload(self, name: str, program: bytes) -> None:
        """Store a program and read back that it is stored as sent. Raises UploadFailed."""

    @abstractmethod
    def start(self, name: str) -> None:
        """Ask for the print of a stored program; that it prints is only shown by `look`."""

    @abstractmethod
    def pause(self) -> None: ...

    @abstractmethod
    def resume(self) -> None: ...

    @abstractmethod
    def cancel(self) -> None:
        """Of the job that `look` showed last."""

    @abstractmethod
    def stop_now(self) -> None:
        """As fast as the host can; from any thread, over a connection of its own."""

    @abstractmethod
    def outcome(self, name: str) -> Outcome | None:
        """How the job of this program ended; None as long as the host doesn't tell."""

    @abstractmethod
    def discard(self, name: str) -> None:
        """Take a program off the host's disk again."""

    @abstractmethod
    def heaters_off(self, heaters: tuple[Heater, ...]) -> None:
        """Ask for it; that they are off is only shown by `look`. Hosts that can't, do nothing."""

    def command(self, line: str) -> None:
        """Hand a command to the idle firmware."""
        raise DriverMisuse(f"{self.name} takes no commands such as {line!r}")

    def skip(self, name: str) -> None:
        raise DriverMisuse(f"{self.name} can't skip an object such as {name!r}")

    def recover_machine(self) -> bool:
        """Have an offline host open its machine's port again; False if it can't be asked to."""
        return False

    @abstractmethod
    def close(self) -> None:
        """May be repeated."""

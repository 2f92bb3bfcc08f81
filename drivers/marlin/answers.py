"""What Marlin says, line by line.

Sources: Marlin 2.0 and 2.1 `queue.cpp`, `M115.cpp`, `temperature.cpp`, `host_actions.cpp`, `M73.cpp`, `parser.cpp`;
older dialects as OctoPrint and Printrun read them.
"""

import re
from dataclasses import dataclass

from drivers.base import SerialSign


@dataclass(frozen=True, slots=True)
class Ack:
    """`ok`; with ADVANCED_OK the line it means, and the free places in planner and command queue."""

    line: int | None = None
    planner_free: int | None = None
    queue_free: int | None = None
    heaters: bool = False
    """It is the answer to M105."""


OK = Ack()


@dataclass(frozen=True, slots=True)
class Heater:
    """`name` as the firmware gives it: T, T0, T1, B, C."""

    name: str
    current_c: float
    target_c: float


@dataclass(frozen=True, slots=True)
class Temperatures:
    heaters: tuple[Heater, ...]
    waiting: bool = False
    """Told by a command that waits for a temperature."""


@dataclass(frozen=True, slots=True)
class Position:
    mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Busy:
    doing: str


@dataclass(frozen=True, slots=True)
class Resend:
    line: int


@dataclass(frozen=True, slots=True)
class Booted:
    """The boot banner."""


@dataclass(frozen=True, slots=True)
class Halted:
    """Nothing is answered after this until a reset."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An error that is not about a line's transport."""

    text: str


@dataclass(frozen=True, slots=True)
class LostCount:
    """The firmware asks for a line that it acknowledged long ago: it restarted unnoticed."""

    line: int


@dataclass(frozen=True, slots=True)
class Firmware:
    name: str
    machine: str = ""
    extruders: int = 1


@dataclass(frozen=True, slots=True)
class Capability:
    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Action:
    """`//action:word text`: what the firmware wants of its host."""

    word: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """As the firmware shows it, by M73."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Card:
    """What M27 tells of the firmware's own card: how far it prints, or pauses, from there; empty: it doesn't."""

    printing: str


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """The firmware was built without it; the line is acknowledged all the same."""

    line: str


@dataclass(frozen=True, slots=True)
class Note:
    """Anything else; never an acknowledgement."""

    text: str


Answer = (
    Ack | Temperatures | Position | Busy | Resend | Booted | Halted | Failed | LostCount | Firmware | Capability
    | Action | TimeLeft | Card | UnknownCommand | Note
)  # fmt: skip

_HEATER = re.compile(r"(T\d*|B|C):\s*(-?\d+(?:\.\d+)?)\s*/\s*(-?\d+(?:\.\d+)?)")
_POSITION = re.compile(r"X:\s*(-?\d+\.?\d*)\s*Y:\s*(-?\d+\.?\d*)\s*Z:\s*(-?\d+\.?\d*)")
_ADVANCED = re.compile(r"ok (?:N(\d+))?\s*(?:P(\d+))?\s*(?:B(\d+))?")
_RESEND = re.compile(r"(?:resend|rs)\s*:?\s*N?\s*:?\s*(\d+)", re.IGNORECASE)
_FIRMWARE = re.compile(r"FIRMWARE_NAME:\s*(.*?)(?:\s+[A-Z_]{4,}:|$)")
_MACHINE = re.compile(r"MACHINE_TYPE:\s*(.*?)(?:\s+[A-Z_]{4,}:|$)")
_EXTRUDERS = re.compile(r"EXTRUDER_COUNT:\s*(\d+)")
_TIME_LEFT = re.compile(r"M73 .*Time left:\s*(\d+)m")
_UNKNOWN = re.compile(r"(?:echo:)?\s*Unknown (?:command|[GMT] code):\s*\"?([^\"]*)", re.IGNORECASE)
_TRANSPORT = ("checksum", "line", "last")
"""Told from a few letters: what damages a line on the way out may damage its answer too."""
_HALTED = ("kill", "halted", "system stopped", "mintemp", "maxtemp", "runaway")


def read_line(line: str) -> tuple[Answer, ...]:
    """What one line says, without its end; empty for an empty one."""
    if line == "ok":
        return (OK,)
    line = line.strip("\x00\xff \t")
    if not line:
        return ()
    if line.startswith("ok"):
        return _acknowledgement(line)
    if line.startswith(("T:", "T0:", "B:")):
        return _temperatures(line) or (Note(line),)
    if line.startswith("X:") and (place := _POSITION.match(line)):
        x, y, z = map(float, place.groups())
        return (Position((x, y, z)),)
    return (_message(line),)


def _acknowledgement(line: str) -> tuple[Answer, ...]:
    if line == "ok":
        return (OK,)
    heaters = _temperatures(line)
    if heaters:
        return (Ack(heaters=True), *heaters)
    advanced = _ADVANCED.match(line)
    if advanced is None:
        return (Note(line),) if line[2:3].isalnum() else (OK,)
    number, planner, queue = (int(text) if text else None for text in advanced.groups())
    return (Ack(number, planner, queue),)


def _temperatures(line: str) -> tuple[Answer, ...]:
    found = _HEATER.findall(line)
    heaters = tuple(Heater(name, float(current), float(target)) for name, current, target in found)
    return (Temperatures(heaters, " W:" in line),) if heaters else ()


def _message(line: str) -> Answer:
    if line.startswith("//"):
        word, _, text = line[2:].strip().removeprefix("action:").partition(" ")
        return Action(word, text.strip())
    lower = line.lower()
    if line == "start":
        return Booted()
    if "busy:" in lower:
        return Busy(lower.split("busy:", 1)[1].strip())
    if lower.startswith("error:") or line.startswith("!!"):
        return _error(line, lower)
    return _fact(line, lower)


def _fact(line: str, lower: str) -> Answer:
    if lower.startswith(("resend", "rs ")) and (asked := _RESEND.match(line)):
        return Resend(int(asked.group(1)))
    if line.startswith("Cap:"):
        name, _, value = line[4:].partition(":")
        return Capability(name, value.strip() == "1")
    if firmware := _FIRMWARE.match(line):
        machine, extruders = _MACHINE.search(line), _EXTRUDERS.search(line)
        return Firmware(
            firmware.group(1), machine.group(1) if machine else "", int(extruders.group(1)) if extruders else 1
        )
    if unknown := _UNKNOWN.match(line):
        return UnknownCommand(unknown.group(1))
    if left := _TIME_LEFT.search(line):
        return TimeLeft(60.0 * int(left.group(1)))
    return _card(line) or Note(line)


def _card(line: str) -> Card | None:
    if line.startswith("SD print"):
        return Card(line)
    return Card("") if line.endswith("Not SD printing") else None


def _error(line: str, lower: str) -> Answer:
    if any(word in lower for word in _HALTED):
        return Halted(line)
    return Note(line) if any(word in lower for word in _TRANSPORT) else Failed(line)


def recognise(text: str) -> str:
    """Marlin's name and version, if that is who answered."""
    for line in text.splitlines():
        found = _FIRMWARE.match(line.strip("\x00\xff \t\r"))
        if found:
            return found.group(1)
    return ""


def busy(text: str) -> str:
    """It prints from its own card, is at something that takes long, or has not told yet."""
    lines = [line.strip("\x00\xff \t\r") for line in text.splitlines()]
    cards = [answer for line in lines for answer in read_line(line) if isinstance(answer, Card)]
    if cards and cards[-1].printing:
        return f"it prints from its own card ({cards[-1].printing})"
    told = [line for line in lines if line.startswith("ok") or "busy:" in line]
    if told and "busy:" in told[-1]:
        return told[-1]
    # M115 is answered before M27: who has answered but one of them may print all the same.
    named = max((number for number, line in enumerate(lines) if _FIRMWARE.match(line)), default=None)
    if named is None or cards or sum(line.startswith("ok") for line in lines[named:]) > 1:
        return ""
    return "it has not told whether it prints from its own card"


SIGN = SerialSign(b"\nM115\nM27\n", recognise, busy)

"""What GRBL says, line by line. Source: gnea/grbl 1.1 `doc/markdown/interface.md`; grblHAL and FluidNC alike.

An answer is never told from a part of a line: what a line lost on its way makes it `Noise`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drivers.base import SerialSign
from drivers.grbl.firmware import firmware_of
from drivers.grbl.reports import Report, read_report

_BANNER = re.compile(r"grbl(?:hal)? \S+ \[.+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ack:
    """`ok`: parsed and queued, not executed."""


OK = Ack()


@dataclass(frozen=True, slots=True)
class Rejected:
    """`error:n` to the oldest line in flight; `tag` 0 is a line of the driver's own."""

    code: int
    tag: int
    line: str


@dataclass(frozen=True, slots=True)
class Unasked:
    """`ok` or `error:n` with no line in flight: answers and lines no longer match."""

    text: str


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """Tag and text are those of the oldest line in flight."""

    code: int
    tag: int = 0
    line: str = ""


@dataclass(frozen=True, slots=True)
class Welcome:
    """The banner of a boot or a soft reset."""

    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """`[KIND:text]`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """`$n=value`."""

    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Noise:
    """Anything else; never an acknowledgement."""

    text: str


Answer = Ack | Rejected | Unasked | AlarmRaised | Report | Welcome | Message | Setting | Noise


def read_line(line: str) -> Answer | None:
    """What one line says, without its end; None for an empty one. `error:n` comes without tag and line."""
    if line == "ok":
        return OK
    line = line.strip("\x00\xff \t\r")
    if not line:
        return None
    if line == "ok":
        return OK
    try:
        return _read(line)
    except ValueError:
        return Noise(line)


def _read(line: str) -> Answer:
    if line.startswith("error:"):
        return Rejected(int(line[6:]), 0, "")
    if line.startswith("ALARM:"):
        return AlarmRaised(int(line[6:]))
    if line[0] == "<" and line[-1] == ">":
        return read_report(line[1:-1])
    return _fact(line)


def _fact(line: str) -> Answer:
    if line[0] == "[" and line[-1] == "]":
        kind, _, text = line[1:-1].partition(":")
        return Message(kind, text)
    if _BANNER.fullmatch(line):
        return Welcome(line)
    if line[0] == "$" and "=" in line:
        number, _, value = line[1:].partition("=")
        return Setting(int(number), value.split(" ")[0])
    return Noise(line)


def recognise(text: str) -> str:
    """Name and version that `$I` or a banner tells, if that is who answered; at work it tells its state alone."""
    welcome, messages, state = "", dict[str, str](), ""
    for answer in _answers(text):
        match answer:
            case Message(kind, told):
                messages[kind] = told
            case Welcome(banner):
                welcome = banner
            case Report(state):
                pass
            case _:
                continue
    if welcome or "VER" in messages:
        return firmware_of(welcome, messages).name
    return "Grbl" if state else ""


def busy(text: str) -> str:
    """Opening it resets it, which is no harm only where nothing is under way."""
    states = [answer.state for answer in _answers(text) if isinstance(answer, Report)]
    if not states:
        return "it has not told its state"
    return "" if states[-1] in ("Idle", "Alarm", "Sleep") else f"it is in state {states[-1]}"


def _answers(text: str) -> Iterator[Answer]:
    for line in text.splitlines():
        answer = read_line(line)
        if answer is not None:
            yield answer


SIGN = SerialSign(b"\n$I\n?\n", recognise, busy)

"""What the driver has to know of a program line's text; comments are gone by then."""

import re
from collections.abc import Iterable, Sequence

from drivers.gcode import without_comments

HOMING = "$H"
SMALLEST_RX_BYTES = 127
MAX_LINE_NUMBER = 10_000_000
"""Grbl's `gcode.h`."""
_LINE_CHARS = 79
"""Grbl's `protocol.h`; others take more."""
_REALTIME = frozenset("?!~")

UNUSUAL = re.compile(r"[$MmGg](?![0-3] ?[A-Za-z])")
"""Has a word other than G0 to G3; the only test that most lines go through."""
ALONE = re.compile(r"G\s*0*(?:10|28|30|5[4-9])(?!\d)|^\$|M\s*0*(?:2|30)(?!\d)", re.IGNORECASE)
"""Touches the EEPROM, during whose work arriving bytes are lost."""
LONG = re.compile(r"G\s*0*4(?![\d.])|^\$H|G\s*38|M\s*0*[01](?!\d)", re.IGNORECASE)
"""Answered only when it is executed."""

_LASTING = re.compile(r"^\$|G\s*0*(?:10|28\.1|30\.1)(?!\d)|M\s*0*(?:6[1-8]|\d{3,})(?!\d)", re.IGNORECASE)
_SHIFTS = re.compile(r"G\s*0*(?:10|43|49|52|59\.\d|92)(?!\d)", re.IGNORECASE)
_CHANGE = re.compile(r"M\s*0*6(?![\d.])", re.IGNORECASE)
_TOOL = re.compile(r"T\s*(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"N\s*\d+\s*", re.IGNORECASE)


def unsendable(line: str) -> str | None:
    """Why a line can't be sent as it is, or None: some characters act at once, wherever they stand."""
    if not line.isascii() or not _REALTIME.isdisjoint(line):
        return "has a character that the firmware takes for a realtime command"
    if len(line) >= SMALLEST_RX_BYTES:
        return f"is longer than the firmware's buffer of {SMALLEST_RX_BYTES} bytes"
    return None


def lasts(line: str) -> bool:
    """It would change something in check mode too: what is stored, or an output."""
    return _LASTING.search(line) is not None if UNUSUAL.search(line) else False


def shifts(lines: Sequence[str]) -> bool:
    """One of them may change the work offset otherwise than by choosing G54 to G59."""
    return any(_SHIFTS.search(without_comments(line)) for line in lines)


def has_tool_change(lines: Iterable[str]) -> bool:
    return any(_CHANGE.search(line) for line in lines if "M" in line or "m" in line)


def tool_change(line: str) -> tuple[int | None, str] | None:
    """Of a line with M6: the tool it names, and the line without its M6; else None."""
    if "M" not in line and "m" not in line:
        return None
    rest, changes = _CHANGE.subn("", line)
    if not changes:
        return None
    named = _TOOL.search(line)
    rest = _NUMBER.sub("", rest).strip()
    return int(named.group(1)) if named else None, rest


def last_tool(lines: Sequence[str]) -> int | None:
    """The tool that the last T word names: Grbl itself forgets it with the next line (`gcode.c`)."""
    named = (_TOOL.search(without_comments(line)) for line in reversed(lines) if "T" in line or "t" in line)
    return next((int(match.group(1)) for match in named if match is not None), None)


def numbered(line: str, number: int) -> str:
    """With this line number instead of its own; as it is where that can't be."""
    own = _NUMBER.match(line)
    text = f"N{number}{line[own.end() :] if own else line}"
    if number > MAX_LINE_NUMBER or len(text) > _LINE_CHARS or line[:1] == "$" or text.upper().rfind("N"):
        return line
    return text

"""From a line of G-code to one checked `Statement`. Source: Grbl 1.1h gcode.c gc_execute_line(), steps 1 to 3."""

import re
from dataclasses import dataclass, field, replace

from hardware_sim.firmware.grbl.errors import Code, GrblError
from hardware_sim.firmware.grbl.flavours import Dialect
from hardware_sim.firmware.grbl.modal import INCH_MM, Modal

_WORD = re.compile(r"([A-Z])([-+]?\d*\.?\d*)")

# Modal groups: words of one group exclude each other in a line.
_GROUPS = {
    **dict.fromkeys(("G4", "G10", "G28", "G28.1", "G30", "G30.1", "G53", "G92", "G92.1"), "non-modal"),
    **dict.fromkeys(("G0", "G1", "G2", "G3", "G38.2", "G38.3", "G38.4", "G38.5", "G80"), "motion"),
    **dict.fromkeys(("G43.1", "G49"), "tool length"),
    **dict.fromkeys(("G17", "G18", "G19"), "plane"),
    **dict.fromkeys(("G20", "G21"), "units"),
    **dict.fromkeys(("G90", "G91"), "distance"),
    **dict.fromkeys(("G54", "G55", "G56", "G57", "G58", "G59"), "wcs"),
    **dict.fromkeys(("M0", "M1", "M2", "M30"), "flow"),
    **dict.fromkeys(("M3", "M4", "M5"), "spindle"),
    **dict.fromkeys(("M7", "M8", "M9"), "coolant"),
    "G94": "feed",
    "G91.1": "arc distance",
    "G40": "cutter",
    "G61": "path",
}
_AXIS_COMMANDS = frozenset({"G10", "G28", "G30", "G92"})
MOST_LINES = 10_000_000
PROBES = range(382, 386)


@dataclass(slots=True)
class Statement:
    """`modal` is the state after this line, positions apart; axis words in mm."""

    modal: Modal
    non_modal: str = ""
    moves: bool = False
    flow: str = ""
    spindle: bool = False
    """An M3, M4 or M5 stood in the line."""
    speed: bool = False
    line: int = 0
    """The N word."""
    tool_length: str = ""
    """G43.1 or G49."""
    coolant: int | None = None
    axes: dict[str, float] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)


def words(text: str) -> list[tuple[str, str]]:
    """Letters and numbers of a line without blanks. Raises GrblError."""
    found = _WORD.findall(text)
    if sum(len(letter) + len(number) for letter, number in found) != len(text):
        raise GrblError(Code.EXPECTED_LETTER if not text[:1].isalpha() else Code.BAD_NUMBER)
    for _, number in found:
        if not number.strip("+-."):
            raise GrblError(Code.BAD_NUMBER)
    return found


def interpret(text: str, before: Modal, dialect: Dialect) -> Statement:
    """Raises GrblError; `before` is left as it was."""
    modal = replace(before, tool=before.tool if dialect.keeps_tool else 0)
    statement = Statement(modal)
    groups: set[str] = set()
    for letter, number in words(text):
        if letter in "GM":
            name = letter + f"{float(number):g}"
            group = _GROUPS.get(name)
            if group is None or (name == "M7" and not dialect.mist):
                raise GrblError(Code.WCS_UNSUPPORTED if name.startswith("G59.") else Code.UNSUPPORTED)
            if group in groups:
                raise GrblError(Code.TWO_AXIS_COMMANDS if group == "motion" and name != "G80" else Code.SAME_GROUP)
            groups.add(group)
            _set(statement, group, name)
        elif letter in statement.values:
            raise GrblError(Code.REPEATED_WORD)
        else:
            statement.values[letter] = float(number)
    _check(statement, groups, before)
    return statement


def _set(statement: Statement, group: str, name: str) -> None:
    modal, number = statement.modal, name[1:]
    match group:
        case "motion":
            modal.motion = round(float(number) * 10) if "." in number else int(number)
        case "plane":
            modal.plane = int(number)
        case "units":
            modal.inches = name == "G20"
        case "distance":
            modal.absolute = name == "G90"
        case "wcs":
            modal.wcs = int(number) - 54
        case "spindle":
            modal.spindle, statement.spindle = int(number), True
        case "coolant":
            statement.coolant = int(number)
        case "flow":
            statement.flow = name
        case "non-modal":
            statement.non_modal = name
        case "tool length":
            statement.tool_length = name
        case _:
            # One value only is known of these groups, and it holds always.
            return


def _check(statement: Statement, groups: set[str], before: Modal) -> None:
    modal, values = statement.modal, statement.values
    scale = INCH_MM if modal.inches else 1.0
    statement.axes = {letter: values.pop(letter) * scale for letter in "XYZ" if letter in values}
    for letter in "IJKR":
        if letter in values:
            values[letter] *= scale
    for letter in "FNSTL":
        if values.get(letter, 0.0) < 0:
            raise GrblError(Code.NEGATIVE_VALUE)
    statement.line = _line_number(values.pop("N", 0.0))
    if "F" in values:
        modal.feed_mm_min = values.pop("F") * scale
    if "S" in values:
        modal.rpm, statement.speed = values.pop("S"), True
    if "T" in values:
        modal.tool = int(values.pop("T"))
    axis_command = statement.non_modal in _AXIS_COMMANDS or bool(statement.tool_length)
    if "motion" in groups and axis_command and statement.axes:
        raise GrblError(Code.TWO_AXIS_COMMANDS)
    statement.moves = bool(statement.axes or {"I", "J", "K", "R"} & values.keys()) and not axis_command
    _check_axis_words(statement, groups)
    _check_non_modal(statement)
    if statement.moves:
        _check_motion(statement)
    leftover = values.keys() - {"I", "J", "K", "R", "P", "L"}
    if leftover or (not statement.moves and statement.non_modal not in ("G4", "G10") and values):
        raise GrblError(Code.UNUSED_WORDS)


def _line_number(value: float) -> int:
    if value > MOST_LINES:
        raise GrblError(Code.BAD_LINE_NUMBER)
    return int(value)


def _check_axis_words(statement: Statement, groups: set[str]) -> None:
    if statement.tool_length == "G43.1" and statement.axes.keys() != {"Z"}:
        raise GrblError(Code.TOOL_LENGTH_AXIS)
    if "motion" in groups and statement.modal.motion in PROBES and not statement.axes:
        raise GrblError(Code.NO_AXIS_WORDS)


def _check_non_modal(statement: Statement) -> None:
    values = statement.values
    match statement.non_modal:
        case "G4":
            if "P" not in values:
                raise GrblError(Code.MISSING_VALUE)
        case "G10":
            if not statement.axes:
                raise GrblError(Code.NO_AXIS_WORDS)
            if "P" not in values or "L" not in values:
                raise GrblError(Code.MISSING_VALUE)
            if values["L"] not in (2.0, 20.0):
                raise GrblError(Code.UNSUPPORTED)
            if not 0 <= values["P"] <= 6:
                raise GrblError(Code.WCS_UNSUPPORTED)
        case "G92":
            if not statement.axes:
                raise GrblError(Code.NO_AXIS_WORDS)
        case "G53":
            if statement.modal.motion not in (0, 1):
                raise GrblError(Code.G53_NEEDS_G0_G1)


def _check_motion(statement: Statement) -> None:
    motion, values = statement.modal.motion, statement.values
    if motion == 80:
        raise GrblError(Code.AXIS_WORDS_UNUSED)
    if motion not in (0, 80) and statement.modal.feed_mm_min <= 0:
        raise GrblError(Code.NO_FEED)
    if motion in (0, 1) or motion in PROBES:
        if {"I", "J", "K", "R"} & values.keys():
            raise GrblError(Code.UNUSED_WORDS)
        return
    if not statement.axes:
        raise GrblError(Code.NO_AXIS_WORDS)
    in_plane = {17: "XY", 18: "ZX", 19: "YZ"}[statement.modal.plane]
    if not any(letter in statement.axes for letter in in_plane):
        raise GrblError(Code.NO_AXIS_IN_PLANE)
    if "R" not in values and not {"I", "J", "K"} & values.keys():
        raise GrblError(Code.NO_OFFSETS)

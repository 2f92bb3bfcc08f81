"""The form of a printer's commands: one a line, capitals, plain decimal numbers.

Stricter than the firmwares wherever two of them, or two builds of one, would read a line differently. No line numbers
or checksums (the driver adds them); no `(…)`, quotes or backslashes, which some builds of Marlin take for comments,
texts and escapes; no exponents (`X1E3` moves X to 1 and E to 3); no letter twice (each firmware takes another one).
"""

import re

from slicer_bridge.programs.limits import Dialect
from slicer_bridge.programs.travel import Refused

MAX_LINE = 80
"""Marlin's MAX_CMD_SIZE is 96, of which line number and checksum take up to 16."""
_MAX_MACRO = 250
_MAX_OBJECT = 4000
"""Klipper reads lines of any length; macros of approved blocks take many values, outlines of objects are long."""
NUMBER = r"(-?(?:\d+\.?\d*|\.\d+))"
MOVE = re.compile(
    rf"G[01](?: X{NUMBER})?(?: Y{NUMBER})?(?: Z{NUMBER})?(?: E{NUMBER})?(?: F{NUMBER})?", re.ASCII
).fullmatch
"""As slicers write nearly all of their lines."""
_COMMAND = re.compile(r"([GMT]\d+(?:\.\d+)?|[A-Z][A-Z_]+)(.*)", re.ASCII).fullmatch
_LETTERS = re.compile(rf"\s*([A-Z])\s*{NUMBER[:-1]})?", re.ASCII).match
_NO_NUMBER = frozenset({"G28", "M17", "M18", "M84", "M220"})
"""Their letters alone say all: axes, and to keep or bring back a factor."""

Values = dict[str, float | None]


def check_length(code: str, dialect: Dialect, *, in_block: bool) -> None:
    """Raises Refused; for backslashes too."""
    longest = MAX_LINE
    if dialect is Dialect.KLIPPER and in_block:
        longest = _MAX_MACRO
    if dialect is Dialect.KLIPPER and code.startswith("EXCLUDE_OBJECT_"):
        longest = _MAX_OBJECT
    if len(code) > longest:
        raise Refused(f"{len(code)} characters; at most {longest} are safe")
    if "\\" in code:
        raise Refused("a backslash: Marlin takes it for an escape")


def command(code: str, dialect: Dialect, *, in_block: bool = False) -> tuple[str, str]:
    """Word and what follows it. Raises Refused."""
    check_length(code, dialect, in_block=in_block)
    match = _COMMAND(code)
    if match is None:
        raise Refused("no command of this dialect: one command a line, in capitals, without line number or checksum")
    return match[1], match[2]


def values_of(word: str, rest: str, letters: str) -> Values:
    """Letters and their numbers; None for a letter alone, where that means something. Raises Refused."""
    values: Values = {}
    at = 0
    while at < len(rest) and not rest[at:].isspace():
        match = _LETTERS(rest, at)
        exponent = rest[at] == "E" and (rest[at - 1] if at else word[-1]) in "0123456789."
        if match is None or match[1] in values or exponent:
            raise Refused(f"{word}: what follows is not a letter and a plain number each, once")
        values[match[1]] = None if match[2] is None else float(match[2])
        at = match.end()
    foreign = [letter for letter in values if letter not in letters]
    if foreign:
        raise Refused(f"{word} with {', '.join(foreign)}: only {letters or 'nothing'} may follow")
    if word not in _NO_NUMBER and None in values.values():
        raise Refused(f"{word}: a letter without its number")
    return values

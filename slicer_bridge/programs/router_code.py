"""The form of GRBL's lines: words in any order, one of each modal group, no word that the line has no use for.

Source: GRBL 1.1 `protocol.c` (bytes, comments), `gcode.c` (words), `nuts_bolts.c` (numbers: no exponents).
"""

import re
from dataclasses import dataclass

from slicer_bridge.programs.travel import Refused
from slicer_bridge.programs.words import canonical_word

MAX_LINE = 79
"""GRBL 1.1 config.h: LINE_BUFFER_SIZE 80, one of them the closing zero."""
NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+))"
MOVE = re.compile(rf"(?:G([01]) ?)?(?:X{NUMBER} ?)?(?:Y{NUMBER} ?)?(?:Z{NUMBER} ?)?(?:F{NUMBER})?", re.ASCII).fullmatch
_REALTIME = frozenset("~!?")
_WORD = re.compile(rf"([A-Z]){NUMBER}", re.ASCII).match
_COMMENT = re.compile(r"\([^()]*\)")
_MOTIONS = frozenset({"G0", "G1", "G2", "G3"})
_VALUES = frozenset("XYZIJRFSPT")
_GROUPS = tuple(
    frozenset(words.split())
    for words in (
        "G0 G1 G2 G3 G80",
        "M3 M4 M5",
        "M7 M8 M9",
        "M2 M30 M0 M1",
        "G90 G91",
        "G93 G94",
        "G20 G21",
        "G17",
        "G40",
        "G49",
        "G54",
        "G61",
        "G91.1",
        "G4 G53",
    )
)


@dataclass(frozen=True, slots=True)
class Block:
    """What one line says."""

    commands: tuple[str, ...]
    values: dict[str, float]


def code_of(line: str) -> str:
    """What GRBL executes of a line; empty if nothing. Raises Refused."""
    if not _REALTIME.isdisjoint(line):
        raise Refused("~ ! and ? act at once wherever they stand, even in a comment")
    if not line.isascii():
        raise Refused("a byte of 0x80 or above: GRBL takes it as a command, even in a comment")
    if not line.isprintable() and not line.replace("\t", " ").isprintable():
        raise Refused("a control character: GRBL drops it, ends the line or resets, other readers don't")
    code = line
    if "(" in line or ")" in line:
        if ";" in line:
            raise Refused("comments of both kinds in one line: GRBL goes on after the bracket, other readers don't")
        code = _COMMENT.sub(" ", line)
        if "(" in code or ")" in code:
            raise Refused("brackets within brackets, or one alone: readers differ in where the comment ends")
    return code.partition(";")[0].strip().upper()


def block_of(code: str) -> Block:
    """Raises Refused."""
    if code.startswith("$"):
        raise Refused("$ commands change the machine's settings or state; a program has none")
    commands: list[str] = []
    values: dict[str, float] = {}
    for letter, number in _words(code):
        if letter in "GM":
            commands.append(canonical_word(letter + number))
        elif letter in values:
            raise Refused(f"{letter} stands twice in one line")
        else:
            values[letter] = float(number)
            if letter == "T":
                commands.append(canonical_word(letter + number))
    if foreign := set(values) - _VALUES:
        raise Refused(f"{', '.join(sorted(foreign))}: no letter that this machine's programs use")
    for group in _GROUPS:
        together = [word for word in commands if word in group]
        if len(together) > 1:
            raise Refused(f"{' and '.join(together)} in one line")
    return Block(tuple(commands), values)


def check_use(block: Block, motion: str | None) -> None:
    """Words without a use stop GRBL in the middle of a program. Raises Refused."""
    moves = not block.values.keys().isdisjoint("XYZ")
    named = not _MOTIONS.isdisjoint(block.commands)
    arc = motion in {"G2", "G3"} and (moves or named)
    unused = [letter for letter in "IJR" if letter in block.values and not arc]
    if "P" in block.values and "G4" not in block.commands:
        unused.append("P")
    if unused:
        raise Refused(f"{', '.join(unused)} without a use in this line")
    if "R" in block.values and ("I" in block.values or "J" in block.values):
        raise Refused("an arc with R and with I or J: one of them says where its centre is")
    if "G49" in block.commands and (moves or named):
        raise Refused("G49 beside a motion or a position: GRBL takes one of them a line")


def _words(code: str) -> list[tuple[str, str]]:
    """Letters and the texts of their numbers. Raises Refused."""
    text = code.replace(" ", "").replace("\t", "")
    words, at = [], 0
    while at < len(text):
        match = _WORD(text, at)
        if match is None:
            raise Refused("not made of GRBL's words: letters with plain numbers")
        words.append((match[1], match[2]))
        at = match.end()
    return words

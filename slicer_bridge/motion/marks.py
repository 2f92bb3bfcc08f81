"""What stands between the moves: limits that programs set, and slicers' marks of layers, wiping and objects.

Sources: Marlin 2.1 gcode/config (M201 to M205), PrusaSlicer 2.5 GCodeProcessor.cpp (tags) and GCode.cpp (`printing
object`), CuraEngine gcodeExport.cpp (`LAYER:`), OrcaSlicer GCode.cpp (`CHANGE_LAYER`), Klipper docs/Exclude_Object.md
and docs/G-Codes.md.
"""

# Compiled code compares numbers; it has no sets.
# ruff: noqa: PLR0911, PLR1714
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled
from slicer_bridge.motion.lexer import Lines

LAYER_MARK, WIPE_ON, WIPE_OFF, OBJECT_ON, OBJECT_OFF, LIMIT = range(1, 7)
"""Kinds of events. LIMIT and above: limit number (kind - LIMIT) is set."""
MOST_OBJECTS = 4096
_LAYER_TAGS = (b";LAYER_CHANGE", b";LAYER:", b"; CHANGE_LAYER")
_TEXTS = (
    *_LAYER_TAGS,
    b";WIPE_START",
    b";WIPE_END",
    b"; printing object ",
    b"; stop printing object",
    b"EXCLUDE_OBJECT_START NAME=",
    b"EXCLUDE_OBJECT_END",
    b"SET_VELOCITY_LIMIT ",
)
_KNOWN = np.zeros((len(_TEXTS), 28), np.uint8)
for _row, _text in enumerate(_TEXTS):
    _KNOWN[_row, : len(_text)] = np.frombuffer(_text, np.uint8)
_VELOCITY_LINE = 64
"""A line with limits by name; `_velocities` reads it."""
_E, _J, _M, _P, _R, _S, _T, _X, _Y = (ord(one) for one in "EJMPRSTXY")
_SETTINGS = {b"VELOCITY": 18, b"ACCEL": 12, b"SQUARE_CORNER_VELOCITY": 19, b"MINIMUM_CRUISE_RATIO": 20}
"""Klipper's names → numbers of limits (`junctions`)."""
_POSITIVE = {b"VELOCITY", b"ACCEL"}


@dataclass(slots=True)
class Events:
    """Marks in order: their lines, what they are, and with what number; `count` of them."""

    lines: NDArray[np.int32]
    codes: NDArray[np.int32]
    values: NDArray[np.float64]
    count: int = 0


class Marks:
    """Finds marks in one piece of a program after another; `names` are those of objects, in order of appearance."""

    def __init__(self, layer_tag: int) -> None:
        """`layer_tag`: which of the layer marks counts (`layer_tag_of`); 0: none."""
        self.names: list[str] = []
        self._layer_tag = layer_tag
        self._hashes = np.zeros(MOST_OBJECTS, np.int64)
        self._known = 0

    def events(self, lines: Lines) -> Events:
        room = lines.count + int(lines.first[lines.count]) + 1
        found = Events(np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float64))
        found.count, known = _find(
            lines.data, lines.count, lines.starts, lines.flags, lines.first, lines.letters, lines.numbers,
            _KNOWN, self._layer_tag, found.lines, found.codes, found.values, self._hashes, self._known,
        )  # fmt: skip
        if known > self._known:
            self._name(lines, found, known)
        if np.any(found.codes[: found.count] == _VELOCITY_LINE):
            found = _velocities(lines, found)
        return found

    def _name(self, lines: Lines, found: Events, known: int) -> None:
        for at in range(found.count):
            if found.codes[at] == OBJECT_ON and found.values[at] % MOST_OBJECTS == len(self.names) < known:
                text = lines.text(int(found.lines[at])).decode("utf-8", "replace").strip()
                self.names.append(_object_name(text))
        self._known = known


def layer_tag_of(data: bytes) -> int:
    """Which layer marks a program has: 0 none, else the number that `Marks` takes."""
    for number, tag in enumerate(_LAYER_TAGS, 1):
        if data.startswith(tag) or b"\n" + tag in data:
            return number
    return 0


def _object_name(text: str) -> str:
    if text.startswith("EXCLUDE_OBJECT_START"):
        return text.partition("NAME=")[2].split()[0] if text.partition("NAME=")[2].split() else ""
    return text.removeprefix("; printing object ")


def _velocities(lines: Lines, found: Events) -> Events:
    """Each SET_VELOCITY_LIMIT becomes one LIMIT for each value that it sets."""
    rows: list[tuple[int, int, float]] = []
    for at in range(found.count):
        line, code, number = int(found.lines[at]), int(found.codes[at]), float(found.values[at])
        if code != _VELOCITY_LINE:
            rows.append((line, code, number))
            continue
        for word in lines.text(line).split(b";")[0].split()[1:]:
            name, _, text = word.partition(b"=")
            try:
                value = float(text)
            except ValueError:
                continue
            if name in _SETTINGS and (value > 1e-6 or name not in _POSITIVE) and 0.0 <= value < 1e9:
                rows.append((line, LIMIT + _SETTINGS[name], value))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Events(table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2].copy(), len(rows))


@compiled
def _which(data: NDArray[np.uint8], begin: int, end: int, known: NDArray[np.uint8]) -> tuple[int, int]:
    """Which known text stands at the line's beginning (-1: none), and where it ends."""
    for row in range(len(known)):
        at = 0
        while at < known.shape[1] and known[row, at] != 0 and begin + at < end and data[begin + at] == known[row, at]:
            at += 1
        if at == known.shape[1] or known[row, at] == 0:
            return row, begin + at
    return -1, begin


@compiled
def _hash(data: NDArray[np.uint8], begin: int, end: int, whole: bool) -> int:
    """FNV-1a of a name: up to the line's end, or (`whole` false) to the next blank."""
    mixed = 2166136261
    while end > begin and data[end - 1] <= 32:
        end -= 1
    for at in range(begin, end):
        if not whole and data[at] <= 32:
            break
        mixed = ((mixed ^ int(data[at])) * 16777619) & 0xFFFFFFFF
    return mixed


@compiled
def _object(hashes: NDArray[np.int64], known: int, name: int) -> tuple[int, int]:
    """The object's number, and how many are known now; past the last place all share it."""
    for number in range(known):
        if hashes[number] == name:
            return number, known
    if known == len(hashes):
        return known - 1, known
    hashes[known] = name
    return known, known + 1


@compiled
def _limit(letter: int, code: int, legacy: bool) -> int:
    """Number of the limit that a letter of M201 to M205 sets; -1: none."""
    axis = 3 if letter == _E else letter - _X
    if code != 204 and 0 <= axis <= 3:
        return axis + (4 if code == 201 else 0 if code == 203 else 8)
    if code == 205:
        return 17 if letter == _J else 15 if letter == _S else 16 if letter == _T else -1
    if code == 204:
        if letter == _S:
            return 22
        if letter == _P:
            return 12
        if letter == _R or (letter == _T and legacy):
            return 13
        return 14 if letter == _T else -1
    return -1


@compiled
def _limits(
    letters: NDArray[np.uint8], numbers: NDArray[np.float64], begin: int, end: int, code: int, line: int,
    lines: NDArray[np.int32], codes: NDArray[np.int32], values: NDArray[np.float64], found: int,
) -> int:  # fmt: skip
    """Events of one M201, M203, M204 or M205."""
    legacy = lone = False
    for at in range(begin, end):
        legacy = legacy or letters[at] == _S
        lone = lone or letters[at] == _Y
    for at in range(begin, end):
        which = _limit(int(letters[at]), code, legacy)
        least = 0.0 if code == 205 else 1e-6
        if which >= 0 and least <= numbers[at] < 1e9:
            lines[found], codes[found], values[found] = line, LIMIT + which, numbers[at]
            found += 1
            if which == 8 and not lone:
                lines[found], codes[found], values[found] = line, LIMIT + 9, numbers[at]
                found += 1
    return found


@compiled
def _find(
    data: NDArray[np.uint8], count: int, starts: NDArray[np.int32], flags: NDArray[np.uint8],
    first: NDArray[np.int32], letters: NDArray[np.uint8], numbers: NDArray[np.float64],
    known: NDArray[np.uint8], layer_tag: int,
    lines: NDArray[np.int32], codes: NDArray[np.int32], values: NDArray[np.float64],
    hashes: NDArray[np.int64], objects: int,
) -> tuple[int, int]:  # fmt: skip
    found = 0
    for line in range(count):
        if flags[line] & 12 == 0:
            word = first[line]
            if first[line + 1] > word + 1 and letters[word] == _M and 201 <= numbers[word] <= 205:
                code = int(numbers[word])
                found = _limits(letters, numbers, word + 1, first[line + 1], code, line, lines, codes, values, found)
            continue
        row, at = _which(data, starts[line], starts[line + 1], known)
        if row < 0:
            continue
        code = number = 0
        if row < 3:
            code = LAYER_MARK if row + 1 == layer_tag else 0
        elif row < 5:
            code = row - 1
        elif row == 5 or row == 7:
            number, objects = _object(hashes, objects, _hash(data, at, starts[line + 1], row == 5))
            code = OBJECT_ON
            number += MOST_OBJECTS * (row == 7)
        elif row == 6 or row == 8:
            code, number = OBJECT_OFF, int(row == 8)
        else:
            code = _VELOCITY_LINE
        if code:
            lines[found], codes[found], values[found] = line, code, number
            found += 1
    return found, objects

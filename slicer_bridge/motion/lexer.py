"""Programs' bytes to words, in one pass: Marlin, Klipper and GRBL.

A line ends with a newline or after `LONGEST_LINE` bytes, as the checker reads files. Words are a letter and a number
(NaN: a letter alone); comments hold none. What stands in no word only leaves its mark on the line's flags.
"""

# Compiled code compares numbers; it has no sets.
# ruff: noqa: PLR0912, PLR1714, SIM109
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled, inlined

LONGEST_LINE = 65537
"""Bytes, with the line's end."""
BLANK = 1
"""No code: blanks or a comment alone, all of it printable ASCII."""
PLAIN = 2
"""Printable ASCII, not long; words only, each letter once (GRBL: but G and M), numbers exact as float() reads them.

Printers: capitals, no plus sign, no E right behind a number, the command first and without leading zeros or point.
Routers: no parentheses, no byte that GRBL takes as a command of its own.
"""
EXTENDED = 4
"""A command by name, as Klipper's `SET_VELOCITY_LIMIT`."""
NOTE = 8
"""A comment alone in its line, which may be a slicer's mark."""
CONTINUED = 16
"""Not the beginning of a line."""
PRINTER_CODE, ROUTER_LINE = 80, 79
_POWERS: NDArray[np.float64] = 10.0 ** np.arange(23, dtype=np.float64)
_NEWLINE, _RETURN, _SPACE, _TAB = 10, 13, 32, 9


@dataclass(frozen=True, slots=True)
class Lines:
    """Words of some lines: line i has words `first[i]` to `first[i + 1]`; `starts` are offsets in `data`."""

    data: NDArray[np.uint8]
    count: int
    starts: NDArray[np.int32]
    flags: NDArray[np.uint8]
    first: NDArray[np.int32]
    letters: NDArray[np.uint8]
    numbers: NDArray[np.float64]

    def text(self, line: int) -> bytes:
        """The line's bytes, with its end."""
        return self.data[self.starts[line] : self.starts[line + 1]].tobytes()


class Lexer:
    """Reads one piece of a program after another into the same arrays: each answer is valid until the next call.

    Parameters
    ----------
    room : bytes that a piece may have.
    """

    def __init__(self, room: int, *, router: bool) -> None:
        self._router = router
        self._starts = np.empty(room + 2, np.int32)
        self._flags = np.empty(room + 1, np.uint8)
        self._first = np.empty(room + 2, np.int32)
        self._letters = np.empty(room + 1, np.uint8)
        self._numbers = np.empty(room + 1, np.float64)

    def lines(self, data: NDArray[np.uint8], size: int, *, begun: bool, last: bool) -> tuple[Lines, int, bool]:
        """The whole lines of `data[:size]`, how many bytes they are (with `last`: all), whether the last goes on.

        `begun`: the first line is the rest of one that was too long.
        """
        arrays = (self._starts, self._flags, self._first, self._letters, self._numbers)
        count, used, begun = _lex(data, size, last, self._router, begun, _POWERS, *arrays)
        return Lines(data, count, *arrays), used, begun


@compiled
def _long_number(data: NDArray[np.uint8], at: int, stop: int) -> tuple[int, float]:
    """Where a number's digits and point end, and about its value."""
    value, scale = 0.0, 0.0
    while at < stop:
        byte = data[at]
        if 48 <= byte <= 57:
            value = value * 10.0 + (int(byte) - 48)
            scale *= 10.0
        elif byte == 46 and scale == 0.0:
            scale = 1.0
        else:
            break
        at += 1
    return at, value / scale if scale > 1.0 else value


@compiled
def _number(
    data: NDArray[np.uint8], begin: int, stop: int, powers: NDArray[np.float64]
) -> tuple[int, float, bool, bool, int]:
    """Where a number ends, its value (NaN: none), whether that is exact, whether it has a point, its first byte."""
    at = begin
    if at < stop and (data[at] == 45 or data[at] == 43):
        at += 1
    digits = at
    whole = 0
    while at < stop and 48 <= data[at] <= 57:
        whole = whole * 10 + (int(data[at]) - 48)
        at += 1
    point = at
    if at < stop and data[at] == 46:
        at += 1
        while at < stop and 48 <= data[at] <= 57:
            whole = whole * 10 + (int(data[at]) - 48)
            at += 1
    places = max(0, at - point - 1)
    count = point - digits + places
    if count == 0:
        return begin, np.nan, False, at > point, begin
    exact = count <= 15
    if exact:
        value = float(whole) if places == 0 else float(whole) / powers[places]
    else:
        at, value = _long_number(data, digits, stop)
    return at, -value if data[begin] == 45 else value, exact, at > point, begin


@compiled
def _line_end(data: NDArray[np.uint8], at: int, stop: int) -> tuple[int, bool, bool]:
    """One past the line's last byte; whether all but its end is printable ASCII; whether GRBL acts on one of them."""
    clean, acts = True, False
    while at < stop:
        byte = data[at]
        at += 1
        if byte == _NEWLINE:
            break
        if byte < 32 or byte > 126:
            ends = byte == _RETURN and (at == stop or data[at] == _NEWLINE)
            clean = clean and ends
        acts = acts or byte == 126 or byte == 33 or byte == 63
    return at, clean, acts


@compiled
def _skipped(data: NDArray[np.uint8], at: int, stop: int) -> int:
    """Past blanks."""
    while at < stop and (data[at] == _SPACE or data[at] == _TAB):
        at += 1
    return at


@compiled
def _past(data: NDArray[np.uint8], at: int, stop: int, closing: int) -> int:
    """At the closing byte, a comment or the line's end, whichever comes first."""
    while at < stop and data[at] != _NEWLINE and data[at] != closing and (data[at] != 59 or closing == 41):
        at += 1
    return at


@compiled
def _word(
    data: NDArray[np.uint8], at: int, stop: int, letter: int, router: bool, command: bool, seen: int,
    powers: NDArray[np.float64],
) -> tuple[int, float, bool]:  # fmt: skip
    """The word whose letter stands at `at`: where it ends, its number, whether it is plain."""
    after = at + 1
    number = _skipped(data, after, stop)
    end, value, exact, point, sign = _number(data, number, stop, powers)
    if end == number:
        return after, value, False
    lead = int(data[sign])
    if router:
        if letter == 71 or letter == 77:
            return end, value, exact and 48 <= lead <= 57
        return end, value, exact and not (seen >> (letter - 65)) & 1
    if command:
        known = letter == 71 or letter == 77 or letter == 84
        usual = number == after == sign and not point and 48 <= lead <= 57 and (lead != 48 or end == sign + 1)
        return end, value, exact and known and usual
    glued = letter == 69 and data[at - 1] != _SPACE
    return end, value, exact and lead != 43 and not glued and not (seen >> (letter - 65)) & 1


@inlined
def _usual(data: NDArray[np.uint8], at: int, stop: int, powers: NDArray[np.float64]) -> tuple[int, float]:
    """A number as slicers write nearly all of theirs, a blank or the line's end behind it; others end at once."""
    begin = at
    negative = at < stop and data[at] == 45
    if negative:
        at += 1
    digits = at
    whole = 0
    while at < stop and 48 <= data[at] <= 57:
        whole = whole * 10 + (int(data[at]) - 48)
        at += 1
    count = at - digits
    places = 0
    if at < stop and data[at] == 46:
        at += 1
        digits = at
        while at < stop and 48 <= data[at] <= 57:
            whole = whole * 10 + (int(data[at]) - 48)
            at += 1
        places = at - digits
    if not 0 < count + places <= 15 or at == stop or (data[at] != _SPACE and data[at] != _NEWLINE):
        return begin, 0.0
    value = float(whole) if places == 0 else float(whole) / powers[places]
    return at, -value if negative else value


@compiled
def _words(
    data: NDArray[np.uint8], at: int, stop: int, router: bool, powers: NDArray[np.float64],
    letters: NDArray[np.uint8], numbers: NDArray[np.float64], words: int,
) -> tuple[int, int, int, int, bool, bool]:  # fmt: skip
    """One line's words: where the code ends, words, code's first byte and end, plain or not, extended or not."""
    head, tail = -1, at
    seen = 0
    first = words
    plain, extended = True, False
    while at < stop:
        byte = int(data[at])
        if byte == _SPACE:
            at += 1
            continue
        if byte == _NEWLINE or byte == 59:
            break
        if byte == _RETURN or byte == _TAB:
            at += 1
            plain = plain and byte == _RETURN and (at == stop or data[at] == _NEWLINE)
            continue
        if head < 0:
            head = at
        letter = byte - 32 if 97 <= byte <= 122 else byte
        name = not router and words == first and at + 1 < stop and (65 <= data[at + 1] <= 90 or data[at + 1] == 95)
        if 65 <= letter <= 90 and not name:
            command = words == first and not router
            if letter == byte and at > head and data[at - 1] == _SPACE and not command:
                end, value = _usual(data, at + 1, stop, powers)
                fine = letter != 71 and letter != 77 and not (seen >> (letter - 65)) & 1
                if end > at + 1 and fine:
                    seen |= 1 << (letter - 65)
                    letters[words], numbers[words] = letter, value
                    words += 1
                    at = tail = end
                    continue
            at, value, fine = _word(data, at, stop, letter, router, command, seen, powers)
            plain = plain and fine and (router or letter == byte)
            if not command:
                seen |= 1 << (letter - 65)
            letters[words], numbers[words] = letter, value
            words += 1
        else:
            plain = False
            if byte == 40:
                at = min(_past(data, at, stop, 41) + 1, stop)
                if data[at - 1] == _NEWLINE:
                    at -= 1
            elif words == first:
                extended = extended or (65 <= letter <= 90 and name)
                at = _past(data, at, stop, _NEWLINE)
            else:
                at += 1
        tail = at
    return at, words, head, tail, plain, extended


@compiled
def _lex(
    data: NDArray[np.uint8], size: int, last: bool, router: bool, begun: bool, powers: NDArray[np.float64],
    starts: NDArray[np.int32], flags: NDArray[np.uint8], first: NDArray[np.int32],
    letters: NDArray[np.uint8], numbers: NDArray[np.float64],
) -> tuple[int, int, bool]:  # fmt: skip
    """Lines, bytes used, and whether the next line is the rest of a longer one."""
    at = line = words = 0
    while at < size:
        stop = min(at + LONGEST_LINE, size)
        code, after, head, tail, plain, extended = at, words, at, at, False, False
        if not begun:
            code, after, head, tail, plain, extended = _words(data, at, stop, router, powers, letters, numbers, words)
        end, clean, acts = _line_end(data, code, stop)
        whole = data[end - 1] == _NEWLINE
        if not whole and end == size and end - at < LONGEST_LINE and not last:
            break
        clean = clean and not (router and acts) and end - at < LONGEST_LINE - 2
        flag = CONTINUED if begun else 0
        if head < 0:
            flag |= BLANK if clean and plain else 0
            flag |= NOTE if code < end and data[code] == 59 else 0
        elif extended:
            flag |= EXTENDED
        elif plain and clean and after > words:
            length = end - at if router else tail - head
            if length <= (ROUTER_LINE if router else PRINTER_CODE):
                flag |= PLAIN
        starts[line], first[line], flags[line] = at, words, flag
        line, words, at, begun = line + 1, after, end, not whole
    starts[line], first[line] = at, words
    return line, at, begun

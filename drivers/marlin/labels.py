"""What a program says of itself beyond motion and heat: its objects, and how long it still takes. Pure.

Sources: Marlin 2.1 `M486.cpp`, `cancel_object.cpp`, `parser.cpp`; PrusaSlicer's `LabelObjects.cpp`, which writes
`M486 S<n>` and `M486 A<name>` once for each object ahead of all others, or labels objects by comments alone.
"""

import re
from collections.abc import Sequence

from drivers.gcode import without_comment

MOST_OBJECTS = 32
"""The firmware's mask has so many bits; it takes a higher number and does nothing."""
_PRINTING = re.compile(r"; printing object (.+) id:\d+ (copy \d+)\s*")
_STOPPED = "; stop printing object"
_NONE = "M486 S-1"
_INDEX = re.compile(r"S\s*(\d+)")
_MINUTES = re.compile(r"R\s*(\d+(?:\.\d+)?)")


def bare(line: str) -> str:
    """An M486 without the name it gives: Marlin would read the name's capitals as parameters (C cancels)."""
    return line.partition("A")[0].rstrip()


def minutes_left_s(line: str) -> float | None:
    """What an M73 says; its R counts minutes."""
    found = _MINUTES.search(line)
    return 60.0 * float(found.group(1)) if found else None


class Objects:
    """Objects of one program by name; those without a name, or with another's, by name and number."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        self.counted_at = 0
        """The last line that makes the firmware forget what is left out (M486 T)."""
        named = self._by_words(lines)
        self._comments = {} if named else self._by_comments(lines)
        for number, (name, _) in enumerate(self._comments.values()):
            named[number] = name
        self._numbers = self._unambiguous({n: name for n, name in named.items() if n < MOST_OBJECTS})

    @staticmethod
    def _by_comments(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Comments that begin an object's moves: its name, and the M486 that says the same."""
        found: dict[str, tuple[str, str]] = {}
        for line in lines:
            if line not in found and (match := _PRINTING.fullmatch(line)):
                found[line] = f"{match[1]} {match[2]}", f"M486 S{len(found)}"
        return found

    def strip(self, line: str) -> str:
        """The line without its comment; one that labels objects becomes the word that labels them."""
        if self._comments and line.startswith(";"):
            if line in self._comments:
                return self._comments[line][1]
            return _NONE if line.startswith(_STOPPED) else ""
        return without_comment(line)

    def labelled(self, lines: Sequence[str]) -> Sequence[str]:
        """The program with such words in place of comments."""
        return [self.strip(line) for line in lines] if self._comments else lines

    def _by_words(self, lines: Sequence[str]) -> dict[int, str]:
        named: dict[int, str] = {}
        index = -1
        for number, raw in ((n, line) for n, line in enumerate(lines, 1) if "M486" in line):
            line = without_comment(raw)
            if not line.startswith("M486"):
                continue
            told, _, name = line[4:].partition("A")
            if "T" in told:
                self.counted_at = number
            if found := _INDEX.search(told):
                index = int(found.group(1))
                named.setdefault(index, "")
            elif "S" in told:
                index = -1
            if name.strip(' "') and index in named:
                named[index] = name.strip(' "')
        return named

    @staticmethod
    def _unambiguous(named: dict[int, str]) -> dict[str, int]:
        names = list(named.values())
        return {
            (name if name and names.count(name) == 1 else f"{name} {number}".strip()): number
            for number, name in named.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._numbers)

    def number(self, name: str) -> int | None:
        return self._numbers.get(name)

"""A program on its way to a machine: stripped, judged, numbered, ahead of the wire."""

from collections.abc import Callable, Iterator, Sequence

from drivers.base import LineCheck
from drivers.errors import LineRefused

Sendable = Callable[[str], str | None]
"""Why a stripped line can't be framed for this firmware whatever its meaning, or None."""


class Program:
    """Iterates over (line number, text to send); line numbers count every line of the program from 1."""

    def __init__(self, lines: Sequence[str], check: LineCheck, strip: Callable[[str], str], sendable: Sendable) -> None:
        self._lines = lines
        self.total = len(lines)
        self.taken = 0
        """Lines read so far."""
        self._check = check
        self._strip = strip
        self._sendable = sendable

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Raises LineRefused by the checker's word, or where a line could be read as more than one."""
        check, strip, sendable = self._check, self._strip, self._sendable
        for number, raw in enumerate(self._lines, 1):
            reason = check(raw)
            if reason is not None:
                raise LineRefused(number, raw, reason)
            self.taken = number
            line = strip(raw)
            if not line:
                continue
            if not line.isprintable():
                raise LineRefused(number, raw, "has a control character")
            reason = sendable(line)
            if reason is not None:
                raise LineRefused(number, raw, reason)
            yield number, line

"""Marlin's emergency parser: M108, M112 and M410 act as their line arrives, however full the queue is.

Source: Marlin 2.1 feature/e_parser.h: the command at a line's start, after an optional line number.
"""

from collections.abc import Iterator
from enum import StrEnum

START_BYTES = 64
"""How much of a line's start is remembered; no emergency command is longer."""


class Emergency(StrEnum):
    BREAK_WAIT = "M108"
    KILL = "M112"
    QUICK_STOP = "M410"


class EmergencyParser:
    def __init__(self) -> None:
        self._start = b""

    def split(self, data: bytes) -> Iterator[tuple[bytes, Emergency | None]]:
        """Cut the received bytes after each line that is an emergency; the last piece has none."""
        seen = self._start + data
        if not any(word.value.encode() in seen for word in Emergency):
            tail = seen[seen.rfind(b"\n") + 1 :]
            self._start = tail[:START_BYTES]
            yield data, None
            return
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            line = self._start + data[begin:end]
            self._start = b""
            yield data[begin : end + 1], _meaning(line)
            begin = end + 1
        self._start = (self._start + data[begin:])[:START_BYTES]
        yield data[begin:], None


def _meaning(line: bytes) -> Emergency | None:
    text = line.decode("latin-1").lstrip(" ")
    if text.startswith("N"):
        text = text.lstrip("N-0123456789").lstrip(" ")
    for word in Emergency:
        if text.startswith(word.value):
            return word
    return None

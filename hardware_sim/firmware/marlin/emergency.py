"""Marlin's emergency parser: M108, M112, M410 and M876 act as their line arrives, however full the queue is.

Source: Marlin 2.1 feature/e_parser.h: the command at a line's start, after an optional line number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

START_BYTES = 64
"""How much of a line's start is remembered; no emergency command is longer."""


class Emergency(StrEnum):
    BREAK_WAIT = "M108"
    KILL = "M112"
    QUICK_STOP = "M410"
    PROMPT = "M876"


@dataclass(frozen=True, slots=True)
class Order:
    what: Emergency
    button: int = 0
    """For PROMPT: the one digit of its S word."""


_ANY = re.compile("|".join(Emergency).encode())
_BUTTON = re.compile(r"M876 *S *([0-9])")


class EmergencyParser:
    def __init__(self) -> None:
        self._start = b""

    def split(self, data: bytes) -> Iterator[tuple[bytes, Order | None]]:
        """Cut the received bytes after each line that is an emergency; the last piece has none."""
        seen = self._start + data
        if _ANY.search(seen) is None:
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


def _meaning(line: bytes) -> Order | None:
    text = line.decode("latin-1").lstrip(" ")
    if text.startswith("N"):
        text = text.lstrip("N-0123456789").lstrip(" ")
    for word in Emergency:
        if text.startswith(word.value):
            if word is not Emergency.PROMPT:
                return Order(word)
            button = _BUTTON.match(text)
            return None if button is None else Order(word, int(button[1]))
    return None


def critical(line: str) -> Order | None:
    """Without a parser of its own: what the queue's reader carries out as it reads an unnumbered line."""
    word = next((word for word in Emergency if line.startswith(word.value)), None)
    return None if word is None or word is Emergency.PROMPT else Order(word)

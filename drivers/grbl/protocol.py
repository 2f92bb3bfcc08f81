"""GRBL's streaming protocol without any I/O: character counting, answers in order, lines that must go alone.

Every line is answered once, in order, by `ok` or `error:n`; nothing else counts. Lines that touch the EEPROM switch
the firmware's receive interrupt off while they run, so nothing may be under way behind them.
"""

import re
from collections import deque

from drivers.grbl.answers import Ack, Answer, Rejected, Report, read_line

HOMING = "$H"
SMALLEST_RX_BYTES = 127
_ALONE = re.compile(r"G\s*0*(?:10|28|30|5[4-9])(?!\d)|^\$|M\s*0*(?:2|30)(?!\d)", re.IGNORECASE)
_LONG = re.compile(r"G\s*0*4(?![\d.])|^\$H|G\s*38|M\s*0*[01](?!\d)", re.IGNORECASE)
_REALTIME = frozenset("?!~")
_AT_REST = frozenset({"Idle", "Sleep"})


def unsendable(line: str) -> str | None:
    """Why a line can't be sent as it is, or None: some characters act at once, wherever they stand."""
    if not line.isascii() or not _REALTIME.isdisjoint(line):
        return "has a character that the firmware takes for a realtime command"
    if len(line) >= SMALLEST_RX_BYTES:
        return f"is longer than the firmware's buffer of {SMALLEST_RX_BYTES} bytes"
    return None


class GrblProtocol:
    """`rx_bytes`: what may be under way at once; None until the firmware has told: then one line at a time."""

    def __init__(self) -> None:
        self._rest = b""
        self.rx_bytes: int | None = None
        self.alive = 0
        self.restart()

    def restart(self) -> None:
        """Forget everything in flight: the firmware was reset, and so were its buffers."""
        self._flying: deque[tuple[int, int, str]] = deque()
        self._used = 0
        self._alone = False
        self._long = 0
        self._refused = False
        """A line was refused: the firmware goes on with those behind it, but the program is not done beyond it."""
        self.done = 0

    @property
    def in_flight(self) -> int:
        return len(self._flying)

    def patience_s(self, answer_s: float, long_s: float) -> tuple[float, float]:
        """Reports are asked for all the time, and come whatever it does; but while homing it listens to nothing."""
        longest_s = long_s if self._long else answer_s
        return longest_s, long_s if self._flying and self._flying[0][2].upper() == HOMING else answer_s

    def offer(self, line: str, tag: int) -> bytes | None:
        """The line with its end, now in flight; None while there is no room for it."""
        size = len(line) + 1
        if self._flying:
            if self._alone or self.rx_bytes is None or self._used + size > self.rx_bytes:
                return None
            if _ALONE.search(line):
                return None
        elif _ALONE.search(line):
            self._alone = True
        if _LONG.search(line):
            self._long += 1
        self._flying.append((size, tag, line))
        self._used += size
        return line.encode("ascii") + b"\n"

    def quiet(self) -> bytes:
        return b""

    def probe(self) -> bytes:
        """Reports are asked for all the time: nothing to add."""
        return b""

    def receive(self, data: bytes) -> list[Answer]:
        """Answers of every line that is complete by now."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        answers: list[Answer] = []
        for line in lines:
            answer = read_line(line.decode("latin-1").rstrip("\r"))
            if type(answer) is Ack:
                self._answered()
            elif type(answer) is Rejected:
                self._refused = True
                tag, text = self._answered()
                answer = Rejected(answer.code, tag, text)
            elif type(answer) is Report:
                self.alive += answer.state not in _AT_REST
            if answer is not None:
                answers.append(answer)
        return answers

    def _answered(self) -> tuple[int, str]:
        """Tag and text of the oldest line in flight, which flies no more."""
        self.alive += 1
        if not self._flying:
            return 0, ""
        size, tag, line = self._flying.popleft()
        self._used -= size
        if self._long and _LONG.search(line):
            self._long -= 1
        self._alone = False
        if tag and not self._refused:
            self.done = tag
        return tag, line

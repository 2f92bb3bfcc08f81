"""GRBL's streaming protocol without any I/O: character counting, answers in order, lines that must go alone.

Every line is answered once, in order, by `ok` or `error:n`; nothing else counts. Lines that touch the EEPROM switch
the firmware's receive interrupt off while they run, so nothing may be under way behind them.
"""

from collections import deque
from dataclasses import replace

from drivers.grbl.answers import Ack, AlarmRaised, Answer, Rejected, Unasked, read_line
from drivers.grbl.lines import ALONE, HOMING, LONG, UNUSUAL, numbered
from drivers.grbl.reports import AT_REST, Report


class GrblProtocol:
    """`rx_bytes`: what may be under way at once; None until the firmware has told: then one line at a time."""

    def __init__(self) -> None:
        self._rest = b""
        self.rx_bytes: int | None = None
        self.numbers = False
        """Program lines go out with their number, for reports to name."""
        self.alive = 0
        self.restart()

    def restart(self) -> None:
        """Forget everything in flight: the firmware was reset, and so were its buffers."""
        self._flying: deque[tuple[int, int, str]] = deque()
        self._used = 0
        self._alone = False
        self._long = 0
        self._refused = False
        """A program line was: the firmware goes on with those behind it, but the program is not done beyond it."""
        self.done = 0
        self.sent = 0
        """The highest tag offered."""

    @property
    def in_flight(self) -> int:
        return len(self._flying)

    def patience_s(self, answer_s: float, long_s: float) -> tuple[float, float]:
        """Reports are asked for all the time, and come whatever it does; but while homing it listens to nothing."""
        longest_s = long_s if self._long else answer_s
        return longest_s, long_s if self._flying and self._flying[0][2].upper() == HOMING else answer_s

    def offer(self, line: str, tag: int) -> bytes | None:
        """The line with its end, now in flight; None while there is no room for it."""
        if self.numbers and tag:
            line = numbered(line, tag)
        size = len(line) + 1
        if self._flying and (self._alone or self.rx_bytes is None or self._used + size > self.rx_bytes):
            return None
        if UNUSUAL.search(line):
            if ALONE.search(line):
                if self._flying:
                    return None
                self._alone = True
            if LONG.search(line):
                self._long += 1
        self._flying.append((size, tag, line))
        self._used += size
        self.sent = max(self.sent, tag)
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
            if type(answer) is Ack or type(answer) is Rejected:
                answer = self._answered(answer)
            elif type(answer) is Report:
                self.alive += answer.state not in AT_REST
                answer = replace(answer, acked=self.done)
            elif type(answer) is AlarmRaised and self._flying:
                answer = AlarmRaised(answer.code, *self._flying[0][1:])
            if answer is not None:
                answers.append(answer)
        return answers

    def _answered(self, answer: Ack | Rejected) -> Answer:
        """To the oldest line in flight, which flies no more."""
        self.alive += 1
        if not self._flying:
            return Unasked(f"error:{answer.code}" if isinstance(answer, Rejected) else "ok")
        size, tag, line = self._flying.popleft()
        self._used -= size
        if self._long and LONG.search(line):
            self._long -= 1
        self._alone = False
        if type(answer) is Rejected:
            self._refused = self._refused or tag > 0
            return Rejected(answer.code, tag, line)
        if tag and not self._refused:
            self.done = tag
        return answer

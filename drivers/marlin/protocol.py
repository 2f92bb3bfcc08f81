"""Marlin's serial protocol without any I/O: numbered lines out, answers in, resends in between.

Line numbers make sending twice harmless (the firmware takes none but last + 1), so the only danger is to count
an `ok` that was not meant for the line in flight. Two answers can't be misread: `ok N…`, and the `ok T:…` of M105;
they set the count right, whichever dialect of Resend went before, and the end of a run waits for the latter.
"""

from functools import reduce
from operator import xor

from drivers.errors import ResendLimit
from drivers.gcode import first_code
from drivers.marlin.answers import Ack, Answer, Busy, LostCount, Resend, read_line

MAX_LINE_BYTES = 95
"""MAX_CMD_SIZE is 96: the firmware cuts what is longer, checksum and all."""
HISTORY = 64
MAX_EQUAL_RESENDS = 10
KEEPALIVE_S = 5.0
"""More than two of DEFAULT_KEEPALIVE_INTERVAL."""
RECALL = 4
"""A Resend this far behind the acknowledged lines may be a miscounted `ok`; beyond, the firmware has restarted."""
_MOVES = ("G1 ", "G0 ", "G2 ", "G3 ")
_LONG = frozenset(
    {"G4", "G28", "G29", "G30", "G33", "G34", "G35", "G76", "M0", "M1", "M48", "M109", "M116", "M190", "M191"}
    | {"M226", "M303", "M400", "M600", "M701", "M702"}
)
_NUMBERING = "M110 is the driver's own"


def unsendable(line: str) -> str | None:
    """Why a line can't be framed, or None."""
    if (len(line) > MAX_LINE_BYTES - 16 or not line.isascii()) and len(framed(10_000_000, line)) > MAX_LINE_BYTES + 1:
        return f"is longer than the firmware's {MAX_LINE_BYTES} bytes"
    if line.startswith(_MOVES):
        return None
    code = first_code(line)
    if code.startswith("N") or line[0] in "Nn":
        return "brings a line number of its own"
    return _NUMBERING if code == "M110" else None


def framed(number: int, line: str) -> bytes:
    body = f"N{number} {line}".encode()
    return b"%s*%d\n" % (body, reduce(xor, body))


class MarlinProtocol:
    """Lines get numbers from 1 on, after `restart`. One is in flight, or as many as ADVANCED_OK has room for."""

    def __init__(self) -> None:
        self._rest = b""
        self._reset()

    def _reset(self) -> None:
        self._last = 0
        self._acked = 0
        self._window = 1
        self._history: dict[int, tuple[bytes, int]] = {}
        self._special: dict[int, str] = {}
        """Codes of the lines in flight that are no moves."""
        self._asked = 0
        """Line that the firmware wants again, once the link is quiet; 0: none."""
        self._stale = (0, 0)
        """A Resend that was ignored, and the last line sent by then."""
        self._equal = (0, 0)
        """Last line sent again, and how often."""
        self._talks = False
        self.alive = 0
        self.done = 0

    def restart(self) -> bytes:
        """Forget everything in flight; what makes the firmware count from 1. The line break ends any leftover."""
        self._reset()
        self._last, self._acked = 0, -1
        self._history[0] = (framed(0, "M110 N0"), 0)
        return b"\n" + self._history[0][0]

    @property
    def in_flight(self) -> int:
        return self._last - self._acked

    @property
    def patient(self) -> bool:
        """Some line in flight may take minutes."""
        return not _LONG.isdisjoint(self._special.values())

    def patience_s(self, answer_s: float, long_s: float) -> tuple[float, float]:
        """A firmware that was heard to say `busy:` goes on saying it every two seconds, whatever it does."""
        if self._talks:
            answer_s = max(answer_s, KEEPALIVE_S)
        longest_s = long_s if self.patient else answer_s
        return longest_s, answer_s if self._talks else longest_s

    def offer(self, line: str, tag: int) -> bytes | None:
        """The framed line, now in flight; None while there is no room for it or a resend is due."""
        if self._last - self._acked >= self._window or self._asked:
            return None
        return self._frame(line, tag)

    def _frame(self, line: str, tag: int) -> bytes:
        number = self._last = self._last + 1
        frame = framed(number, line)
        self._history[number] = (frame, tag)
        self._history.pop(number - HISTORY, None)
        if not line.startswith(_MOVES):
            code = self._special[number] = first_code(line)
            if code == "M113":  # sets how often it says so
                self._talks = False
        return frame

    def ask(self) -> bytes:
        """M105, unless one is in flight."""
        return b"" if self._asked or "M105" in self._special.values() else self._frame("M105", 0)

    def probe(self) -> bytes:
        """M105 behind whatever is in flight: answered, all before it was; refused, the lost line is asked for."""
        if self._special.get(self._last) == "M105" and not self._asked and not self.patient:
            # Its answer may be what was lost; of two that follow each other, the later one counts.
            self._special[self._last] = ""
        return self.ask()

    def quiet(self) -> bytes:
        """Send again from the line that was asked for. Raises ResendLimit."""
        if not self._asked:
            return b""
        line, times = self._equal
        self._equal = (self._asked, times + 1 if line == self._asked else 1)
        if self._equal[1] > MAX_EQUAL_RESENDS:
            raise ResendLimit(f"line {self._asked} of the link was asked for {MAX_EQUAL_RESENDS} times over")
        again = range(self._asked, self._last + 1)
        self._asked = 0
        return b"".join(self._history[number][0] for number in again)

    def receive(self, data: bytes) -> list[Answer]:
        """Answers of every line that is complete by now."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        answers: list[Answer] = []
        for line in lines:
            for answer in read_line(line.decode("latin-1").rstrip("\r")):
                if type(answer) is Ack:
                    self._acknowledged(answer)
                    answers.append(answer)
                elif type(answer) is Resend:
                    answers.append(self._resend(answer))
                else:
                    if type(answer) is Busy:
                        self.alive += 1
                        self._talks = True
                    answers.append(answer)
        return answers

    def _acknowledged(self, ack: Ack) -> None:
        upto = self._acked + 1
        if ack.line is not None:
            upto = ack.line
            self._window = max(1, ack.queue_free or 0)
        elif ack.heaters:
            upto = next((number for number, code in self._special.items() if code == "M105"), upto)
        elif self._special.get(upto) == "M105":
            return
        if self._asked:
            upto = min(upto, self._asked - 1)
        if self._acked < upto <= self._last:
            self._advance(upto)

    def _advance(self, upto: int) -> None:
        self.alive += 1
        for number in range(self._acked + 1, upto + 1):
            tag = self._history[number][1]
            self.done = max(self.done, tag)
            if self._special:
                self._special.pop(number, None)
        self._acked = upto

    def _resend(self, resend: Resend) -> Answer:
        number = resend.line
        if number == self._last + 1 and self._asked:
            # A late resend was answered although the line had arrived: the firmware has them all.
            self._asked = 0
            self._advance(self._last)
        elif self._acked < number <= self._last:
            self._asked = number
        elif 0 < number <= self._acked:
            return self._behind(resend)
        return resend

    def _behind(self, resend: Resend) -> Answer:
        """An acknowledged line is asked for: stale, unless it is asked for again after something new was sent."""
        number, (before, last_then) = resend.line, self._stale
        if number != before or self._last == last_then:
            if number != before:
                self._stale = (number, self._last)
            return resend
        if number <= self._acked - RECALL:
            return LostCount(number)
        self._acked, self._asked = number - 1, number
        return resend

"""Marlin's serial protocol without any I/O: numbered lines out, answers in, resends in between.

Line numbers make sending twice harmless (the firmware takes none but last + 1), so the only danger is to count
an `ok` that was not meant for the line in flight. Two answers can't be misread: `ok N…`, and the `ok T:…` of M105;
they set the count right, whichever dialect of Resend went before, and the end of a run waits for the latter.
"""

from collections import deque
from functools import reduce
from math import inf
from operator import xor

from drivers.errors import ResendLimit
from drivers.gcode import first_code
from drivers.marlin.answers import OK, Ack, Answer, Busy, LostCount, Resend, Temperatures, read_line
from drivers.marlin.labels import bare

MAX_LINE_BYTES = 95
"""MAX_CMD_SIZE is 96: the firmware cuts what is longer, checksum and all."""
HISTORY = 64
MOST_IN_FLIGHT = HISTORY // 2
"""Whatever room a firmware tells, or a damaged answer: all that is in flight may be asked for again."""
MAX_EQUAL_RESENDS = 10
KEEPALIVE_S = 5.0
"""More than two of DEFAULT_KEEPALIVE_INTERVAL."""
RECALL = 4
"""A Resend of line 1 this far behind the acknowledged lines may be a miscounted `ok`; else the firmware restarted."""
_OK = b"ok\n"
_ACKNOWLEDGED: list[Answer] = [OK]
_MOVES = ("G1 ", "G0 ", "G2 ", "G3 ")
_LONG = frozenset(
    {"G4", "G28", "G29", "G30", "G33", "G34", "G35", "G76", "M0", "M1", "M24", "M25", "M48", "M109", "M116", "M125"}
    | {"M190", "M191", "M226", "M303", "M400", "M600", "M701", "M702"}
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
        self._asides: list[int] = []
        """For each line sent without a number: the last numbered one before it."""
        self._talks = False
        self._named = False
        """An `ok` names its line (ADVANCED_OK)."""
        self.attended = False
        """Some command waits for a person: nobody knows how long."""
        self.alive = 0
        self.done = 0
        self.planner: tuple[int, int] | None = None
        """Where ADVANCED_OK tells: `done` at the last such `ok`, and the planner blocks that were free."""
        self.told: deque[tuple[int, str]] = deque()
        """Tags and lines of M73 that were sent; whoever reads it takes them off."""

    def restart(self) -> bytes:
        """Forget everything in flight; what makes the firmware count from 1. The line break ends any leftover."""
        self._reset()
        self._last, self._acked = 0, -1
        self._history[0] = (framed(0, "M110 N0"), 0)
        return b"\n" + self._history[0][0]

    @property
    def in_flight(self) -> int:
        return self._last - self._acked

    def forget_planner(self) -> None:
        """`planner` is to be told anew."""
        self.planner = None

    @property
    def acknowledged(self) -> int:
        return self._acked

    @property
    def patient(self) -> bool:
        """Some line in flight may take minutes."""
        return not _LONG.isdisjoint(self._special.values())

    def patience_s(self, answer_s: float, long_s: float) -> tuple[float, float]:
        """A firmware that was heard to say `busy:` goes on saying it every two seconds, whatever it does."""
        if self._talks:
            answer_s = max(answer_s, KEEPALIVE_S)
        longest_s = inf if self.attended else long_s if self.patient else answer_s
        return longest_s, answer_s if self._talks else longest_s

    def offer(self, line: str, tag: int) -> bytes | None:
        """The framed line, now in flight; None while there is no room for it or a resend is due."""
        if self._last - self._acked >= self._window or self._asked:
            return None
        return self._frame(line, tag)

    def _frame(self, line: str, tag: int) -> bytes:
        number = self._last = self._last + 1
        if not line.startswith(_MOVES):
            line = self._look_at(number, line, tag)
        frame = framed(number, line)
        self._history[number] = (frame, tag)
        self._history.pop(number - HISTORY, None)
        return frame

    def _look_at(self, number: int, line: str, tag: int) -> str:
        """What is to be kept of a line that is no move; returns it as the firmware is to have it."""
        code = self._special[number] = first_code(line)
        match code:
            case "M73":
                self.told.append((tag, line))
            case "M113":  # sets how often it says `busy:`
                self._talks = False
            case "M486":
                return bare(line)
        return line

    def ask(self) -> bytes:
        """M105, unless one is in flight."""
        return b"" if self._asked or "M105" in self._special.values() else self._frame("M105", 0)

    def insert(self, line: str) -> tuple[bytes, int] | None:
        """A line of the host's own between two of the program, and its number; None while a resend is due."""
        return None if self._asked else (self._frame(line, 0), self._last)

    def taken(self, number: int) -> bool:
        """The line that `insert` gave this number is acknowledged."""
        return self._acked >= number

    def aside(self, line: str) -> bytes:
        """A line without a number, for what must not wait in the queue; its `ok` counts for no other line."""
        self._asides.append(self._last)
        return f"\n{line}\n".encode()

    @property
    def at_work(self) -> str:
        """Code of the line that the firmware works on, unless it is a move."""
        return self._special.get(self._acked + 1, "")

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
        if data == _OK and not (self._rest or self._special or self._asides or self._asked or self._named):
            if self._acked < self._last:
                self._advance(self._acked + 1)
            return _ACKNOWLEDGED
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
                    elif type(answer) is Temperatures and answer.waiting:
                        self.alive += 1
                    answers.append(answer)
        return answers

    def _acknowledged(self, ack: Ack) -> None:
        upto = self._acked + 1
        if ack.line is not None:
            upto = ack.line
            self._named = True
            self._window = min(max(1, ack.queue_free or 0), MOST_IN_FLIGHT)
        elif ack.heaters:
            upto = next((number for number, code in self._special.items() if code == "M105"), upto)
            self._asides = [before for before in self._asides if before >= upto]
        elif self._named or self._special.get(upto) == "M105":
            return
        elif self._asides and self._asides[0] < upto:
            del self._asides[0]
            return
        if self._asked:
            upto = min(upto, self._asked - 1)
        if self._acked < upto <= self._last:
            self._advance(upto)
            if ack.planner_free is not None:
                self.planner = self.done, ack.planner_free

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
            self._asked, self._stale = number, (0, 0)
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
        if number not in self._history or (number == 1 and self._acked > RECALL):
            return LostCount(number)
        self._acked, self._asked = number - 1, number
        return resend

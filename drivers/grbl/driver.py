"""Routers, mills and lasers with GRBL 1.1, grblHAL or FluidNC over a serial port.

What ends a run early is a feed hold and then a soft reset: that drops whatever is buffered, keeps the position, and
switches spindle, beam and coolant off. An alarm is never unlocked by `$X`: homing ends it. M6 is never sent: the run
waits for a person instead, and its spindle comes back before it goes on. The work offset that reports tell must stay
one that the firmware held when the run began, unless a line of the program shifts it: else the tool is not where the
program means it to be, and the run ends. Lines carry no checksum: a byte lost within a number goes unseen.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from drivers.base import Capabilities, LineCheck, LostLink, State
from drivers.errors import (
    Alarm,
    DriverError,
    FirmwareHalted,
    LinkLost,
    MachineFault,
    NoAnswer,
    NotReady,
    RejectedByFirmware,
)
from drivers.gcode import without_comments
from drivers.grbl.answers import AlarmRaised
from drivers.grbl.bench import Bench
from drivers.grbl.checking import Checking, Numbered
from drivers.grbl.console import RESET_S
from drivers.grbl.firmware import firmware_of
from drivers.grbl.holding import SPIN_UP_S
from drivers.grbl.lines import has_tool_change, last_tool, shifts, tool_change, unsendable
from drivers.grbl.modal import Modal
from drivers.grbl.overriding import Overriding
from drivers.grbl.reports import HOLDING, Report, Triple
from drivers.streaming.program import Program
from drivers.streaming.serial_driver import QUERY_S

REPORT_S = 0.2
Change = tuple[int, int | None, str]


class GrblDriver(Checking, Bench, Overriding):
    ends_its_queue = False
    _lines: Sequence[str] = ()
    _source: Iterator[Numbered] = iter(())
    _asked_s = 0.0
    _begun = False

    # Outside runs ---------------------------------------------------------------------------------

    def identify(self) -> Capabilities:
        self.link.rx_bytes = None
        self.settings.clear()
        self.messages.clear()
        self._meet()
        self.say("$I", "$$")
        self.firmware = firmware_of(self.welcome, self.messages)
        self.link.rx_bytes = self.firmware.rx_bytes
        self.link.numbers = self.firmware.line_numbers
        self.query()
        # Overrides come with the second report after a reset, and then whenever they change.
        self.fresh_report()
        self.progress.blocks = max(self.firmware.planner_blocks or 0, self.last.blocks_free or 0)
        return Capabilities(
            firmware=self.firmware.name,
            hold=True,
            skip_object=False,
            executed_lines=bool(self.progress.blocks or self.firmware.line_numbers),
            lost_link=LostLink.SAFE_STATE_ON_RECONNECT,
            volume_mm=self._travel(),
            details=self._details(),
        )

    def _details(self) -> tuple[str, ...]:
        told = [f"{kind}:{text}" for kind, text in self.messages.items() if kind in ("VER", "OPT")]
        if self.firmware.rx_bytes is None:
            told.append("tells no size of its buffer: one line goes at a time")
        if self.laser:
            told.append("laser mode")
        if self.check_refused:
            told.append(f"no check mode: {self.check_refused}")
        return tuple(told)

    def _travel(self) -> Triple | None:
        """$130 to $132 are millimetres, whatever $13 says."""
        try:
            x, y, z = (float(self.settings[number]) for number in (130, 131, 132))
        except (KeyError, ValueError):
            return None
        return x, y, z

    def _meet(self) -> None:
        """Bring a board that boots, rests or still moves to a fresh start. Raises NoAnswer."""
        self.welcome, self.last = "", Report("")
        with self.resetting():
            if not self.wait(lambda: bool(self.welcome or self.last.state), self.port_settings.answer_s):
                raise NoAnswer(f"no firmware has answered for {self.port_settings.answer_s:g} s")
            self.reset()

    def query(self) -> None:
        self.fresh_report()
        self.readings.not_ready = self.why_not()

    # A run ----------------------------------------------------------------------------------------

    def program(self, lines: Sequence[str], check: LineCheck) -> Program:
        self._lines = lines
        return Program(lines, check, without_comments, unsendable)

    def begin(self) -> None:
        self.link.restart()
        self.progress.begin(self._lines)
        self.checking = self._begun = self._standing = self._spindle_stopped = False
        self.doing = ""
        self.query()
        if self.readings.not_ready:
            raise NotReady(self.readings.not_ready)
        self._source = iter(self.current.program)
        if self._lines:
            self._source = self.checked(self._lines, self._source)
            self._know_offsets()
        self._begun = True

    def _know_offsets(self) -> None:
        """A firmware that tells none is not guarded."""
        self.readings.details.pop("offset", None)
        try:
            self.offsets()
        except (NoAnswer, RejectedByFirmware) as untold:
            if self.link.in_flight:
                raise
            self.readings.details["offset"] = f"not watched: {untold}"

    def work(self) -> None:
        if not has_tool_change(self._lines):
            self.exchange.stream(self._source, listen=True)
            return
        while (change := self._up_to_change()) is not None:
            number, tool, rest = change
            self._change_tool(last_tool(self._lines[:number]) if tool is None else tool)
            if rest:
                self._source = chain([(number, rest)], self._source)

    def _up_to_change(self) -> Change | None:
        """Stream up to the next M6: its line number, its tool, and what else the line says."""
        due: list[Change] = []
        self.exchange.stream(self._before_change(due), listen=True)
        return due[0] if due else None

    def _before_change(self, due: list[Change]) -> Iterator[Numbered]:
        for number, line in self._source:
            change = tool_change(line)
            if change is not None:
                due.append((number, *change))
                return
            yield number, line

    def _change_tool(self, tool: int | None) -> None:
        self.sync()
        before = self.modal()
        self.say("M5", "M9")
        if not self.all_off():
            raise NoAnswer("the spindle turns on when the tool is to be changed")
        reason = f"change to tool {before.tool if tool is None else tool}, touch it off, then resume"
        self.requests.ask_hold(reason)
        with self.bench_open():
            self.wait_held(self.current, reason, lambda: self._spun_up(before))

    def _spun_up(self, before: Modal) -> bool:
        """After a tool change: everything as it was, and the spindle at its speed."""
        if self.fresh_report().state in HOLDING and not self.leave_hold():
            return False
        if before.spindle_on:
            self.say(before.spindle_line(), listen=True)
        self.say(*before.coolant, listen=True)
        if before.spindle_on and not self.laser:
            self.say(f"G4P{SPIN_UP_S:g}", listen=True)
        return True

    def finish(self) -> bool:
        self.sync()
        self.say("M5", "M9")
        return self.all_off()

    def executed(self) -> int:
        if self.checking:
            return 0
        if self.progress.blocks or self.firmware.line_numbers:
            return self.progress.executed
        return self.link.done

    def in_run(self, report: Report) -> None:
        if not (self._begun or self.checking):
            return
        if report.state in ("Run", "Home"):
            self.evidence(f"the machine reports {report.state}")
        if report.state == "Alarm":
            # What told of it was lost, or was heard before this run.
            self.alarmed(AlarmRaised(report.sub or 0))
        self._guard_offset(report)
        self.follow(report)

    def _guard_offset(self, report: Report) -> None:
        if report.offset is None or self.known is None or self.checking or self.at_tool:
            return
        offset = self.mm(report.offset)
        if not self.known.explain(offset) and not shifts(self._lines[: self.link.sent]):
            raise MachineFault(f"the work offset has become {offset}, by no line of the program: it was {self.known}")

    def polled(self, now_s: float) -> None:
        if now_s - self._asked_s >= REPORT_S:
            self._asked_s = now_s
            self.port.urgent(b"?")
        silent_s = now_s - self.reported_s
        held = self._state is State.HELD and not (self.link.in_flight or self._expecting_reset)
        if held and silent_s >= self.port_settings.answer_s:
            # Nothing else is waited for in a hold, however long it lasts.
            raise NoAnswer(f"the machine is held, and has reported nothing for {silent_s:.0f} s")

    # Its end --------------------------------------------------------------------------------------

    def make_safe(self, cause: DriverError | None) -> bool:
        with self.resetting():
            # In an alarm or in check mode nothing moves, and a hard limit answers nothing but the reset.
            self.reset(brake=not (self.checking or isinstance(cause, Alarm)))
            if self.fresh_report().state == "Idle":
                self.say("M5", "M9")
            return self.all_off()

    def after_stop(self, fault: MachineFault | None) -> MachineFault:
        if isinstance(fault, LinkLost):
            return fault
        stopped = FirmwareHalted("stopped at once on request: home before the next run")
        try:
            with self.resetting():
                self.port.forget()
                self.cut(self.emergency)
                self.wait(lambda: bool(self.welcome), RESET_S)
                self.fresh_report(QUERY_S)
                stopped.safe = self.all_off()
        except LinkLost as lost:
            return lost
        except MachineFault as silent:
            stopped.add_note(str(silent))
        return stopped

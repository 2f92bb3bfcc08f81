"""What goes back and forth between a driver and its GRBL: lines, reports, resets; what is heard becomes readings.

Not responsible for what is to be done about it in a run: that is in `driver` and the modules beside it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition

from drivers.base import PortSettings
from drivers.errors import Alarm, FirmwareReset, MachineFault, NoAnswer, RejectedByFirmware
from drivers.grbl import codes
from drivers.grbl.answers import AlarmRaised, Answer, Message, Rejected, Setting, Unasked, Welcome
from drivers.grbl.firmware import Firmware
from drivers.grbl.modal import INCH_MM, Modal, read_modal
from drivers.grbl.offsets import Offsets, read_offsets
from drivers.grbl.progress import Progress
from drivers.grbl.protocol import GrblProtocol
from drivers.grbl.reports import Report, Triple
from drivers.grbl.states import why_not_ready
from drivers.streaming.exchange import QUIET_S
from drivers.streaming.serial_driver import QUERY_S, SerialDriver

HOLD_S = 5.0
"""Longest braking before a reset."""
RESET_S = 3.0
LOCKED_S = 1.0
"""Longest time from a limit's alarm until it takes a reset; one before is forgotten (gnea/grbl `protocol.c`)."""
_LOCKING = (1, 2)
_RESETS = 2
"""The first may be lost on its way, or its banner; at a standstill another does no harm."""
_RESET = b"\x18"
_SETTLED = ("Idle", "Alarm", "Sleep", "Check")


class Console(SerialDriver[Answer]):
    emergency = b"!\x18"
    last_resort = b"!\x18"

    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.link = GrblProtocol()
        self.firmware = Firmware()
        self.last = Report("")
        self.progress = Progress()
        self.known: Offsets | None = None
        """As last read back."""
        self.messages: dict[str, str] = {}
        self.settings: dict[int, str] = {}
        self.welcome = ""
        self.overrides: tuple[int, int, int] | None = None
        self.locked = False
        """A limit was hit, and no reset has been sent since."""
        self.overrides_told = 0
        """How many reports have told of them."""
        self.overridden = Condition()
        """Notified of each."""
        self.checking = False
        """The firmware is in check mode: nothing moves."""
        self._reports = 0
        self.reported_s = 0.0
        """When the last one came."""
        self._expecting_reset = False
        super().__init__(port, self.link, clock)

    # Asking -----------------------------------------------------------------------------------------

    def wait(self, reached: Callable[[], bool], timeout_s: float, *, listen: bool = False) -> bool:
        return self.exchange.wait_for(reached, timeout_s, listen=listen)

    def say(self, *lines: str, listen: bool = False) -> None:
        """Lines of the driver's own, until all are answered. Raises RejectedByFirmware, Alarm, NoAnswer."""
        self.exchange.stream(((0, line) for line in lines), listen=listen)

    def fresh_report(self, timeout_s: float = QUERY_S) -> Report:
        """Raises NoAnswer."""
        self.port.urgent(b"?")
        return self.next_report(timeout_s)

    def next_report(self, timeout_s: float, *, listen: bool = False) -> Report:
        """Raises NoAnswer."""
        seen = self._reports
        if not self.wait(lambda: self._reports > seen, timeout_s, listen=listen):
            raise NoAnswer(f"no status report for {timeout_s:g} s")
        return self.last

    @property
    def reports(self) -> int:
        """How many have come."""
        return self._reports

    def sync(self, *, listen: bool = True) -> None:
        """Wait until all that was sent is executed."""
        self.say("G4P0.01", listen=listen)
        while self.last.state != "Idle":
            self.next_report(self.port_settings.answer_s, listen=listen)
        self.progress.synced(self.link.done)

    def modal(self) -> Modal:
        """The parser's state. Raises NoAnswer."""
        self.messages.pop("GC", None)
        self.say("$G")
        try:
            return read_modal(self.messages["GC"])
        except (KeyError, ValueError) as error:
            raise NoAnswer("the firmware did not tell its modes ($G)") from error

    def offsets(self) -> Offsets:
        """The coordinate systems that the firmware holds. Raises NoAnswer, RejectedByFirmware."""
        self.known = None
        self.messages.pop("G54", None)
        self.say("$#")
        try:
            self.known = read_offsets(self.messages, self.mm)
        except (KeyError, ValueError) as error:
            raise NoAnswer("the firmware did not tell its work offset") from error
        self.readings.work_offset_mm = self.known.work
        return self.known

    def mm(self, place: Triple) -> Triple:
        """`$13=1` reports inches."""
        if not self.tells_inches:
            return place
        x, y, z = place
        return x * INCH_MM, y * INCH_MM, z * INCH_MM

    @property
    def tells_inches(self) -> bool:
        return self.settings.get(13) == "1"

    @property
    def laser(self) -> bool:
        return self.settings.get(32) == "1"

    # Ending -----------------------------------------------------------------------------------------

    @contextmanager
    def resetting(self) -> Iterator[None]:
        """A banner is what is asked for, and errors of what it cuts off are none."""
        self._expecting_reset = True
        try:
            yield
        finally:
            self._expecting_reset = False

    def reset(self, *, brake: bool = True) -> None:
        """Feed hold, then soft reset: position kept, buffers empty, spindle and coolant off. Raises NoAnswer."""
        self.port.forget()
        self.link.restart()
        if self.locked and self._reset_locked():
            return
        if brake:
            self.port.urgent(b"!")
            self.last = Report("")
            self.wait(lambda: self.last.stands or self.last.state in _SETTLED, HOLD_S)
        for _ in range(_RESETS):
            self.cut(_RESET)
            if self.wait(lambda: bool(self.welcome), RESET_S):
                self.exchange.settle(10 * QUIET_S)
                return
        raise NoAnswer("no banner after a reset")

    def _reset_locked(self) -> bool:
        """After an alarm: at once, for what can be stopped; Grbl 1.1 forgets it unless it has asked for a reset."""
        self.locked = False
        self.cut(_RESET)
        self.wait(lambda: bool(self.welcome) or "Reset to continue" in self.messages.get("MSG", ""), LOCKED_S)
        if self.welcome:
            self.exchange.settle(10 * QUIET_S)
        return bool(self.welcome)

    def cut(self, reset: bytes) -> None:
        """Send what ends everything under way."""
        self.welcome = ""
        self.port.urgent(reset)
        self.link.restart()

    def all_off(self) -> bool:
        """Spindle or beam and coolant are off, as far as reports tell: one of the next few tells of the coolant."""
        for _ in range(3):
            report = self.fresh_report()
            if report.spindle_rpm or report.accessories:
                return False
            if report.accessories is not None:
                return True
        return self.last.spindle_rpm == 0

    # What the firmware says -----------------------------------------------------------------------

    def heard(self, events: Sequence[Answer]) -> None:
        for event in events:
            match event:
                case Report():
                    self._take(event)
                case Rejected(code, tag, line):
                    self._rejected(code, tag, line)
                case AlarmRaised():
                    self.alarmed(event)
                case Welcome(text):
                    self._welcomed(text)
                case Message(kind, text):
                    self.messages[kind] = text
                case Setting(number, value):
                    self.settings[number] = value
                case Unasked(text):
                    self._unasked(text)
                case _:
                    pass

    def _rejected(self, code: int, tag: int, line: str) -> None:
        if self._expecting_reset:
            return
        meaning = f"error:{code}, {codes.error(code, self.firmware.flavour)}"
        if self.checking:
            meaning += " (in check mode: nothing has moved)"
        elif tag:
            self.port.urgent(b"!")
        raise RejectedByFirmware(meaning, line_number=tag, line=line)

    def alarmed(self, alarm: AlarmRaised) -> None:
        """Raises Alarm; in check mode RejectedByFirmware, since it is the line's target that is at fault."""
        meaning = codes.alarm(alarm.code, self.firmware.flavour)
        if alarm.code in _LOCKING and not self.locked:
            self.locked = True
            self.messages.pop("MSG", None)
        self.readings.details["alarm"] = f"ALARM:{alarm.code}: {meaning.text}"
        if self._expecting_reset:
            return
        if self.checking:
            text = f"ALARM:{alarm.code}, {meaning.text} (in check mode: nothing has moved)"
            raise RejectedByFirmware(text, line_number=alarm.tag, line=alarm.line)
        raise Alarm(alarm.code, meaning.text, position_lost=meaning.position_lost)

    def _unasked(self, text: str) -> None:
        if self.requests.active and not self._expecting_reset:
            raise MachineFault(f"{text!r} came with no line unanswered: it is no longer known which line each answers")

    def _welcomed(self, text: str) -> None:
        self.welcome = text
        if not (self.checking and self._expecting_reset):
            self.new_boot()
        if not self._expecting_reset:
            raise FirmwareReset

    def _take(self, report: Report) -> None:
        self.last = report
        self._reports += 1
        self.reported_s = self.clock()
        self._read(report)
        if self.requests.active and not self._expecting_reset:
            self.progress.heard(report, self.clock())
            self.in_run(report)

    def in_run(self, report: Report) -> None:
        """What a report in mid-run means for the run; raises what ends it."""

    def _read(self, report: Report) -> None:
        readings = self.readings
        if report.offset is not None:
            readings.work_offset_mm = self.mm(report.offset)
        if report.machine is not None:
            readings.position_mm = self.mm(report.machine)
        elif report.work is not None and readings.work_offset_mm is not None:
            (x, y, z), (dx, dy, dz) = self.mm(report.work), readings.work_offset_mm
            readings.position_mm = (x + dx, y + dy, z + dz)
        if report.feed is not None:
            readings.feed_mm_s = report.feed / 60.0 * (INCH_MM if self.tells_inches else 1.0)
        if report.spindle_rpm is not None:
            readings.details["spindle_rpm"] = f"{report.spindle_rpm:g}"
        if report.overrides is not None:
            self._overridden(report.overrides)
        if report.state != "Alarm":
            readings.details.pop("alarm", None)

    def _overridden(self, overrides: tuple[int, int, int]) -> None:
        feed, rapid, spindle = overrides
        self.readings.details["overrides"] = f"feed {feed} %, rapids {rapid} %, spindle {spindle} %"
        with self.overridden:
            self.overrides = overrides
            self.overrides_told += 1
            self.overridden.notify_all()

    def why_not(self) -> str:
        """Why the state last reported takes no program; empty if it does."""
        return why_not_ready(self.last, homing=self.settings.get(22) != "0")

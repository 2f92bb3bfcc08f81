"""GRBL 1.1 routers and mills over a serial port.

A hold is the safety door, which stops the spindle too and lets it spin up again before motion; firmwares without it
get a feed hold and a spindle stop. What ends a run early is a feed hold and then a soft reset: that drops whatever
is buffered and keeps the position. An alarm is never unlocked by `$X`: homing ends it.
"""

import time
from collections.abc import Callable, Sequence

from drivers.base import Capabilities, LineCheck, LostLink, PortSettings, Setup
from drivers.errors import (
    Alarm,
    DriverError,
    FirmwareHalted,
    FirmwareReset,
    LinkLost,
    MachineFault,
    NoAnswer,
    NotReady,
    RejectedByFirmware,
)
from drivers.gcode import without_comments
from drivers.grbl.answers import AlarmRaised, Answer, Message, Rejected, Report, Setting, Triple, Welcome, triple
from drivers.grbl.codes import ALARMS, ERRORS, UNKNOWN_ALARM
from drivers.grbl.protocol import GrblProtocol, unsendable
from drivers.streaming.exchange import QUIET_S
from drivers.streaming.program import Program
from drivers.streaming.serial_driver import QUERY_S, SerialDriver

REPORT_S = 0.2
HOLD_S = 5.0
"""Longest braking before a reset."""
DOOR_S = 1.0
"""A firmware that knows the safety door shows it by then."""
RESET_S = 3.0
SPIN_UP_S = 4.0
"""As long as GRBL's own SAFETY_DOOR_SPINDLE_DELAY."""
_HOLDING = ("Hold", "Door")
_DOOR, _RESET, _SPINDLE_STOP = b"\x84", b"\x18", b"\x9e"
_INCH_MM = 25.4


class GrblDriver(SerialDriver[Answer], Setup):
    emergency = b"!\x18"
    last_resort = b"!\x18"

    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = GrblProtocol()
        self._last = Report("")
        self._reports = 0
        self._messages: dict[str, str] = {}
        self._settings: dict[int, str] = {}
        self._welcome = ""
        self._expecting_reset = False
        self._asked_s = 0.0
        self._spindle_stopped = False
        super().__init__(port, self._link, clock)

    # Outside runs ---------------------------------------------------------------------------------

    def identify(self) -> Capabilities:
        self._link.rx_bytes = None
        self._settings.clear()
        self._messages.clear()
        self._meet()
        self._say("$I", "$$")
        options = self._messages.get("OPT", "").split(",")
        if len(options) >= 3 and options[2].isdecimal():
            self._link.rx_bytes = int(options[2]) - 1
        self.query()
        return Capabilities(
            firmware=self._welcome.partition(" [")[0],
            hold=True,
            skip_object=False,
            executed_lines=False,
            lost_link=LostLink.SAFE_STATE_ON_RECONNECT,
            volume_mm=self._travel(),
            details=tuple(f"{kind}:{text}" for kind, text in self._messages.items() if kind in ("VER", "OPT")),
        )

    def _travel(self) -> Triple | None:
        """$130 to $132 are millimetres, whatever $13 says."""
        try:
            x, y, z = (float(self._settings[number]) for number in (130, 131, 132))
        except (KeyError, ValueError):
            return None
        return x, y, z

    def _meet(self) -> None:
        """Bring a board that boots, rests or still moves to a fresh start. Raises NoAnswer."""
        self._expecting_reset = True
        self._welcome = ""
        try:
            if not self._wait(lambda: bool(self._welcome or self._last.state), self.port_settings.answer_s):
                raise NoAnswer(f"no firmware has answered for {self.port_settings.answer_s:g} s")
            self._reset()
        finally:
            self._expecting_reset = False

    def query(self) -> None:
        self._fresh_report(QUERY_S)
        state = self._last.state
        self.readings.not_ready = "" if state == "Idle" else _why_not(state)

    def _fresh_report(self, timeout_s: float) -> Report:
        self.port.urgent(b"?")
        return self._next_report(timeout_s)

    def _next_report(self, timeout_s: float, *, listen: bool = False) -> Report:
        """Raises NoAnswer."""
        seen = self._reports
        if not self._wait(lambda: self._reports > seen, timeout_s, listen=listen):
            raise NoAnswer(f"no status report for {timeout_s:g} s")
        return self._last

    def _wait(self, reached: Callable[[], bool], timeout_s: float, *, listen: bool = False) -> bool:
        return self.exchange.wait_for(reached, timeout_s, listen=listen)

    def _say(self, *lines: str) -> None:
        self.exchange.stream((0, line) for line in lines)

    def home(self) -> None:
        with self.owned("home"):
            self.require_open()
            self._set("$H")
            self.query()

    def _set(self, line: str) -> None:
        """Say a line; an alarm or a refusal is left by a reset. Raises Alarm, RejectedByFirmware."""
        try:
            self._say(line)
        except (Alarm, RejectedByFirmware) as error:
            self.make_safe(error)
            raise

    def set_work_zero(self, machine_mm: Triple) -> Triple:
        x, y, z = machine_mm
        with self.owned("set the work zero"):
            self.require_open()
            self._set(f"G21G10L2P1X{x:.3f}Y{y:.3f}Z{z:.3f}")
            return self._read_work_offset()

    def work_offset(self) -> Triple:
        with self.owned("read the work zero"):
            self.require_open()
            return self._read_work_offset()

    def _read_work_offset(self) -> Triple:
        self._messages.pop("G54", None)
        self._say("$#")
        if "G54" not in self._messages:
            raise NoAnswer("the firmware did not tell its work offset")
        offset = self._mm(triple(self._messages["G54"]))
        self.readings.work_offset_mm = offset
        return offset

    def _mm(self, place: Triple) -> Triple:
        """`$13=1` reports inches."""
        if self._settings.get(13) != "1":
            return place
        x, y, z = place
        return x * _INCH_MM, y * _INCH_MM, z * _INCH_MM

    # A run ----------------------------------------------------------------------------------------

    def program(self, lines: Sequence[str], check: LineCheck) -> Program:
        return Program(lines, check, without_comments, unsendable)

    def begin(self) -> None:
        self._link.restart()
        self._spindle_stopped = False
        self.query()
        if self.readings.not_ready:
            raise NotReady(self.readings.not_ready)

    def finish(self) -> bool:
        self.exchange.stream([(0, "G4P0.01")], listen=True)
        while self._last.state != "Idle":
            self._next_report(self.port_settings.answer_s, listen=True)
        self._say("M5")
        return self._fresh_report(QUERY_S).spindle_rpm == 0

    def pause(self) -> None:
        self.port.urgent(_DOOR)
        if not self._wait(lambda: self._last.state in _HOLDING, DOOR_S, listen=True):
            self.port.urgent(b"!")
        if not self._wait(self._stands, HOLD_S, listen=True):
            raise NoAnswer("the machine does not hold")
        if self._last.state == "Hold":
            self.port.urgent(_SPINDLE_STOP)
            self._spindle_stopped = True
        if not self._wait(lambda: not self._last.spindle_rpm, HOLD_S, listen=True):
            raise NoAnswer("the machine holds, but its spindle turns on")

    def _stands(self) -> bool:
        """Hold:1 still brakes; Door:1 stands with the door open, Door:2 brakes, Door:3 spins up."""
        state, sub = self._last.state, self._last.sub
        return (state == "Hold" and sub in (None, 0)) or (state == "Door" and sub in (None, 0, 1))

    def go_on(self) -> bool:
        if self._spindle_stopped:
            self._spindle_stopped = False
            self.port.urgent(_SPINDLE_STOP)
            self._wait(lambda: False, SPIN_UP_S, listen=True)
        seen = self._reports
        self.port.urgent(b"~")
        # The door's own delay shows itself as Door:3 until the spindle is up.
        went_on = self._wait(lambda: self._reports > seen + 1 and not self._stands(), 2 * DOOR_S, listen=True)
        went_on = went_on and self._wait(lambda: self._last.state not in _HOLDING, 3 * SPIN_UP_S, listen=True)
        self.readings.not_ready = "" if went_on else _why_not(self._last.state)
        return went_on

    def make_safe(self, cause: DriverError | None) -> bool:
        self._expecting_reset = True
        try:
            # In an alarm nothing moves, and a hard limit answers nothing but the reset.
            self._reset(brake=not isinstance(cause, Alarm))
            if self._fresh_report(QUERY_S).state == "Idle":
                self._say("M5")
            return self._fresh_report(QUERY_S).spindle_rpm == 0
        finally:
            self._expecting_reset = False

    def _reset(self, *, brake: bool = True) -> None:
        """Feed hold, then soft reset: position kept, buffers empty, spindle and coolant off. Raises NoAnswer."""
        self.port.forget()
        if brake:
            self.port.urgent(b"!")
            self._last = Report("")
            self._wait(lambda: self._stands() or self._last.state in ("Idle", "Alarm", "Sleep"), HOLD_S)
        self._welcome = ""
        self.port.urgent(_RESET)
        self._link.restart()
        if not self._wait(lambda: bool(self._welcome), RESET_S):
            raise NoAnswer("no banner after a reset")
        self.exchange.settle(10 * QUIET_S)

    def after_stop(self, fault: MachineFault | None) -> MachineFault:
        if isinstance(fault, LinkLost):
            return fault
        self._expecting_reset = True
        stopped = FirmwareHalted("stopped at once on request: home before the next run")
        try:
            self.port.forget()
            self._welcome = ""
            self.port.urgent(self.emergency)
            self._link.restart()
            self._wait(lambda: bool(self._welcome), RESET_S)
            stopped.safe = self._fresh_report(QUERY_S).spindle_rpm == 0
        except LinkLost as lost:
            return lost
        except MachineFault as silent:
            stopped.add_note(str(silent))
        finally:
            self._expecting_reset = False
        return stopped

    # What the firmware says -----------------------------------------------------------------------

    def heard(self, events: Sequence[Answer]) -> None:
        for event in events:
            match event:
                case Report():
                    self._take(event)
                case Rejected(code, tag, line):
                    self._rejected(code, tag, line)
                case AlarmRaised(code):
                    self._alarmed(code)
                case Welcome(text):
                    self._welcomed(text)
                case Message(kind, text):
                    self._messages[kind] = text
                case Setting(number, value):
                    self._settings[number] = value
                case _:
                    pass

    def _rejected(self, code: int, tag: int, line: str) -> None:
        if self._expecting_reset:
            return
        self.port.urgent(b"!")
        meaning = ERRORS.get(code, "unknown to this driver")
        raise RejectedByFirmware(f"error:{code}, {meaning}", line_number=tag, line=line)

    def _alarmed(self, code: int) -> None:
        if self._expecting_reset:
            return
        meaning = ALARMS.get(code, UNKNOWN_ALARM)
        raise Alarm(code, meaning.text, position_lost=meaning.position_lost)

    def _welcomed(self, text: str) -> None:
        self._welcome = text
        self.new_boot()
        if not self._expecting_reset:
            raise FirmwareReset

    def _take(self, report: Report) -> None:
        self._last = report
        self._reports += 1
        readings = self.readings
        if report.offset is not None:
            readings.work_offset_mm = self._mm(report.offset)
        if report.machine is not None:
            readings.position_mm = self._mm(report.machine)
        elif report.work is not None and readings.work_offset_mm is not None:
            (x, y, z), (dx, dy, dz) = self._mm(report.work), readings.work_offset_mm
            readings.position_mm = (x + dx, y + dy, z + dz)
        if report.feed is not None:
            readings.feed_mm_s = report.feed / 60.0 * (_INCH_MM if self._settings.get(13) == "1" else 1.0)
        if report.state in ("Run", "Home"):
            self.evidence(f"the machine reports {report.state}")
        self._follow(report)

    def _follow(self, report: Report) -> None:
        """Somebody at the machine may hold it, or go on."""
        if report.state in _HOLDING:
            self.held_by_machine(f"held at the machine: {report.state}")
        elif report.state in ("Run", "Idle"):
            self.held_by_machine(None)

    def polled(self, now_s: float) -> None:
        if now_s - self._asked_s >= REPORT_S:
            self._asked_s = now_s
            self.port.urgent(b"?")


def _why_not(state: str) -> str:
    match state:
        case "Alarm":
            return "alarm: home first"
        case "Door":
            return "the safety door is open"
        case "Hold":
            return "held at the machine"
        case _:
            return f"the machine is in state {state or 'unknown'}"

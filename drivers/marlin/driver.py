"""Marlin printers over a serial port.

A hold stops the stream and waits until the machine stands still; heaters stay on and the nozzle where it is. The
safe end state is: heaters and fan off, motion at its end, motors left to the firmware's own time-out, so that Z does
not drop. After FirmwareHalted nothing can be asked any more: the firmware's kill() has switched the heaters off, but
nobody confirms it, so `safe` is False.
"""

import time
from collections.abc import Callable, Sequence

from drivers.base import Capabilities, LineCheck, LostLink, PortSettings
from drivers.errors import (
    DriverError,
    FirmwareHalted,
    FirmwareReset,
    LinkLost,
    MachineFault,
    NoAnswer,
    NotReady,
    RejectedByFirmware,
)
from drivers.gcode import without_comment
from drivers.marlin.answers import (
    Ack,
    Answer,
    Booted,
    Busy,
    Capability,
    Failed,
    Firmware,
    Halted,
    Heater,
    LostCount,
    Position,
    Temperatures,
)
from drivers.marlin.protocol import MarlinProtocol, unsendable
from drivers.streaming.exchange import QUIET_S
from drivers.streaming.program import Program
from drivers.streaming.serial_driver import QUERY_S, SerialDriver

ASK_S = 4.0
"""How often temperatures are asked for where the firmware does not report them by itself."""
REPORT_S = 2
GREET_S = 2.0
HALT_S = 2.0
PLANNER_LINES = 100
"""No planner holds so many lines: once they are acknowledged, some were executed."""


class MarlinDriver(SerialDriver[Answer]):
    emergency = b"\nM112\n"
    last_resort = b"\nM108\nM104 S0\nM140 S0\nM107\n"

    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = MarlinProtocol()
        self._firmware = ""
        self._abilities: dict[str, bool] = {}
        self._heaters: tuple[Heater, ...] = ()
        self._greeting = False
        self._booted = False
        self._asked_s = 0.0
        super().__init__(port, self._link, clock)

    # Outside runs ---------------------------------------------------------------------------------

    def identify(self) -> Capabilities:
        self._firmware, self._abilities = "", {}
        self._greet(self.port_settings.answer_s)
        self._say("M115")
        if not self._firmware:
            raise NoAnswer("it answers, but does not say that it is Marlin")
        self.query()
        return Capabilities(
            firmware=self._firmware,
            hold=True,
            skip_object=False,
            executed_lines=False,
            lost_link=LostLink.SAFE_STATE_ON_RECONNECT,
            details=tuple(sorted(name for name, enabled in self._abilities.items() if enabled)),
        )

    def query(self) -> None:
        self._booted = False
        self._greeting = True
        self.exchange.pump()
        self._greeting = False
        if self._booted or self._link.in_flight:
            self._greet(QUERY_S)
        self._say("M105", "M114")

    def _say(self, *lines: str) -> None:
        self.exchange.stream((0, line) for line in lines)

    def _greet(self, timeout_s: float) -> None:
        """Make the firmware count lines from 1, boot banner or not. Raises NoAnswer."""
        deadline_s = self.clock() + timeout_s
        self._greeting = True
        try:
            while True:
                self._booted = False
                self.port.send(self._link.restart())
                if self.exchange.wait_for(lambda: self._booted or not self._link.in_flight, GREET_S):
                    # Answers to earlier attempts may still come; those of M105 can't be mistaken.
                    self.exchange.settle(10 * QUIET_S)
                    if not self._booted and not self._link.in_flight:
                        self._say("M105")
                        return
                if self.clock() >= deadline_s:
                    raise NoAnswer(f"no firmware has answered for {timeout_s:g} s")
        finally:
            self._greeting = False

    # A run ----------------------------------------------------------------------------------------

    def program(self, lines: Sequence[str], check: LineCheck) -> Program:
        return Program(lines, check, without_comment, unsendable)

    def begin(self) -> None:
        try:
            self._greet(self.port_settings.answer_s)
        except NoAnswer as error:
            raise NotReady(str(error)) from error
        if self._abilities.get("AUTOREPORT_TEMP"):
            self._say(f"M155 S{REPORT_S}")

    def finish(self) -> bool:
        self.exchange.stream([(0, "M400"), (0, "M105")], listen=True)
        if self._cold():
            self._quieten()
            return True
        return self.make_safe(None)

    def pause(self) -> None:
        self.exchange.stream([(0, "M400")], listen=True)

    def go_on(self) -> bool:
        return True

    def make_safe(self, cause: DriverError | None) -> bool:
        if isinstance(cause, FirmwareHalted):
            return False
        if self._link.patient:
            self.port.urgent(b"\nM108\n")
        if isinstance(cause, MachineFault):
            self._greet(min(self.port_settings.answer_s, 5.0))
        self._say(*self._heaters_off(), "M107", "M400", "M105")
        self._quieten()
        return self._cold()

    def _heaters_off(self) -> list[str]:
        tools = [heater.name for heater in self._heaters if heater.name[0] == "T" and heater.name != "T"]
        lines = [f"M104 {name} S0" for name in tools] or ["M104 S0"]
        chamber = ["M141 S0"] if any(heater.name == "C" for heater in self._heaters) else []
        return [*lines, "M140 S0", *chamber]

    def _cold(self) -> bool:
        """By the last report, no heater has a target. Meant for right after an M105."""
        return bool(self._heaters) and all(heater.target_c == 0 for heater in self._heaters)

    def _quieten(self) -> None:
        if self._abilities.get("AUTOREPORT_TEMP"):
            self._say("M155 S0")

    def after_stop(self, fault: MachineFault | None) -> MachineFault:
        if fault is None:
            fault = self._await_halt()
        if isinstance(fault, LinkLost):
            return fault
        confirmed = fault if isinstance(fault, FirmwareHalted) else "the firmware did not confirm it"
        return FirmwareHalted(f"stopped at once on request; {confirmed}")

    def _await_halt(self) -> MachineFault | None:
        self.port.forget()
        self.port.urgent(self.emergency)
        try:
            self.exchange.wait_for(lambda: False, HALT_S)
        except MachineFault as fault:
            return fault
        return None

    # What the firmware says -----------------------------------------------------------------------

    def heard(self, events: Sequence[Answer]) -> None:
        for event in events:
            if type(event) is not Ack:
                self._take(event)

    def _take(self, event: Answer) -> None:
        match event:
            case Temperatures(heaters):
                self._warm(heaters)
            case Position(mm):
                self.readings.position_mm = mm
            case Busy(doing):
                self.evidence(f"the firmware is {doing or 'busy'}")
            case Booted():
                self._boot()
            case Halted(text):
                raise FirmwareHalted(text)
            case LostCount(line):
                raise FirmwareReset(f"it asks for line {line} again, acknowledged long ago: it restarted")
            case Failed(text):
                raise RejectedByFirmware(text)
            case Firmware(name):
                self._firmware = name
            case Capability(name, enabled):
                self._abilities[name] = enabled
            case _:
                pass

    def _boot(self) -> None:
        self.new_boot()
        self._booted = True
        if not self._greeting:
            raise FirmwareReset

    def _warm(self, heaters: tuple[Heater, ...]) -> None:
        self._heaters = heaters
        for heater in heaters:
            if heater.name in ("T", "T0"):
                self.readings.hotend_c = heater.current_c
            elif heater.name == "B":
                self.readings.bed_c = heater.current_c
            if heater.target_c > 0:
                self.evidence(f"heating {heater.name} to {heater.target_c:g} °C")

    def polled(self, now_s: float) -> None:
        if self._link.done >= PLANNER_LINES:
            self.evidence(f"{PLANNER_LINES} lines acknowledged, more than a planner holds")
        if not self.requests.active or self._greeting or self._abilities.get("AUTOREPORT_TEMP"):
            return
        if now_s - self._asked_s >= ASK_S:
            self._asked_s = now_s
            self.port.send(self._link.ask())

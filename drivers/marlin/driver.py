"""Marlin printers over a serial port.

A hold stops the stream and waits until the machine stands still; heaters stay on and the nozzle where it is. The
safe end state is: heaters off and told so by the firmware, motion at its end, the part fan on until the hot end is cool
(then `status` switches it off), motors kept on or released, as `PortSettings.safe_end` wants it. After FirmwareHalted
nothing can be asked any more: the firmware's kill() has switched the heaters off, but nobody confirms it, so `safe` is
False.

A machine that waits for a person (M600, M0, M125, filament runout, prompts) is held, however long; `resume` answers it
as `waits` says. A cancel breaks heat-ups off by M108, with an emergency parser or without: the firmware reads its port
while it heats, and no more lines are sent than its queue holds. Out of a filament change it can't always be brought: a
menu on its display, without host prompts, heeds its own button alone; then `safe` is False.
"""

from collections.abc import Sequence

from drivers.base import Capabilities, LineCheck, LostLink
from drivers.errors import (
    DriverError,
    DriverMisuse,
    FirmwareHalted,
    LinkLost,
    MachineFault,
    NoAnswer,
    NotReady,
)
from drivers.marlin.abilities import Abilities
from drivers.marlin.listener import MarlinListener
from drivers.marlin.protocol import KEEPALIVE_S, unsendable
from drivers.streaming.exchange import QUIET_S
from drivers.streaming.program import Program
from drivers.streaming.serial_driver import QUERY_S

REPORT_S = 2
GREET_S = 2.0
HALT_S = 2.0
ATTEMPTS = 3


class MarlinDriver(MarlinListener):
    emergency = b"\nM112\n"
    last_resort = b"\nM108\nM104 S0\nM140 S0\nM107\n"

    # Outside runs ---------------------------------------------------------------------------------

    def identify(self) -> Capabilities:
        self.abilities, self.card = Abilities(), ""
        self._greet(self.port_settings.answer_s)
        self._say("M115")
        if not self.abilities.firmware:
            raise NoAnswer("it answers, but does not say that it is Marlin")
        self._say("M486")  # does nothing where it is known
        self.abilities.advanced_ok = self.link.planner is not None
        self.query()
        return Capabilities(
            firmware=self.abilities.firmware,
            hold=True,
            skip_object=self.abilities.knows("M486"),
            executed_lines=self.abilities.advanced_ok,
            lost_link=LostLink.SAFE_STATE_ON_RECONNECT,
            dangers=self.abilities.dangers(),
            details=self.abilities.details(),
        )

    def query(self) -> None:
        self.booted = False
        self.greeting = True
        self.exchange.anew()
        try:
            self.exchange.pump()
        finally:
            self.greeting = False
        if self.booted or (self.link.in_flight and not self._busy_lately()):
            self._greet(QUERY_S)
        answered = self._ask("M105") and self._ask("M114") and (not self.abilities.has("SDCARD") or self._ask("M27"))
        if answered:
            self._cool()
        resting = self._at_card() if answered else f"the firmware is {self.busy[1] or 'busy'}"
        self.readings.not_ready = self.waits.reason or resting

    def _at_card(self) -> str:
        """Why it takes no program though it answers; empty if it would."""
        return f"it prints from its own card: {self.card}" if self.card else ""

    def tend(self) -> None:
        if self.rest.cooling and self._ask("M105"):
            self._cool()

    def _cool(self) -> None:
        for line in self.rest.fan_off(self.heaters.hottest_c):
            self._say(line)

    def _busy_lately(self) -> bool:
        return self.clock() - self.busy[0] < KEEPALIVE_S

    def _ask(self, line: str) -> bool:
        """Send it and wait for its acknowledgement; False if the firmware is busy with something else."""
        frame, asked_s = self.link.offer(line, 0), self.clock()
        if frame is None:
            return False
        self.port.send(frame)
        self.exchange.wait_for(
            lambda: not self.link.in_flight or self.busy[0] >= asked_s, self.port_settings.answer_s + GREET_S
        )
        return not self.link.in_flight

    def _say(self, *lines: str) -> None:
        self.exchange.stream((0, line) for line in lines)

    def _greet(self, timeout_s: float) -> None:
        """Make the firmware count lines from 1, boot banner or not. Raises NoAnswer."""
        deadline_s = self.clock() + timeout_s
        self.greeting = True
        try:
            while True:
                self.booted = False
                self.port.send(self.link.restart())
                if self.exchange.wait_for(lambda: self.booted or not self.link.in_flight, GREET_S):
                    # Answers to earlier attempts may still come; those of M105 can't be mistaken.
                    self.exchange.settle(10 * QUIET_S)
                    # A firmware that only says ok, whatever it is asked, is no Marlin.
                    if not self.booted and not self.link.in_flight and self._ask("M105"):
                        return
                if self.clock() >= deadline_s:
                    raise NoAnswer(f"no firmware has answered for {timeout_s:g} s")
        finally:
            self.greeting = False

    # A run ----------------------------------------------------------------------------------------

    def program(self, lines: Sequence[str], check: LineCheck) -> Program:
        self.expect(lines)
        return Program(lines, check, self.objects.strip, unsendable)

    def begin(self) -> None:
        try:
            self._greet(self.port_settings.answer_s)
        except NoAnswer as error:
            raise NotReady(str(error)) from error
        if self.abilities.has("SDCARD"):
            self._say("M27")
        if self.card:
            raise NotReady(self._at_card())
        if self.abilities.advanced_ok:
            self._measure_planner()
        if self.abilities.has("AUTOREPORT_TEMP"):
            self._say(f"M155 S{REPORT_S}")

    def _measure_planner(self) -> None:
        """The `ok` of what waits for all motion tells how many blocks the planner has; it may be lost."""
        self.link.forget_planner()
        self.planner_blocks = 0
        for _ in range(ATTEMPTS):
            self._say("M400")
            if self.link.planner is not None:
                self.planner_blocks = self.link.planner[1]
                return

    def finish(self) -> bool:
        self.exchange.stream([(0, "M400"), (0, "M105")], listen=True)
        self.take_stock()
        if not self.heaters.off:
            return self.make_safe(None)
        self._say(*self.rest.lines(self.heaters.hottest_c))
        self._quieten()
        return True

    def pause(self) -> None:
        self.exchange.stream([(0, "M400")], listen=True)

    def go_on(self) -> bool:
        return True

    def skip_object(self, name: str) -> None:
        if not self.abilities.knows("M486"):
            raise DriverMisuse(f"this firmware was built without M486: it can't leave out {name!r}")
        if not self.requests.active or name not in self.objects.names:
            there = ", ".join(self.objects.names) if self.requests.active else ""
            raise DriverMisuse(f"no object {name!r} in the program under way; there are: {there or 'none'}")
        if self.requests.ask_skip(name):
            self.port.wake()

    def make_safe(self, cause: DriverError | None) -> bool:
        self.forget_inserts()
        if isinstance(cause, FirmwareHalted):
            return False
        self.ending = True
        try:
            return self._make_safe(isinstance(cause, MachineFault))
        finally:
            self.ending = False
            self.waits.over()
            self.show_waits()

    def _make_safe(self, anew: bool) -> bool:
        if self.link.patient or self.waits.reason:
            self.release()
        if anew:
            self.port.forget()  # what has not left by now is of the program
            self.port.urgent(self.last_resort)  # first of all, whatever state the line count is in
            self._greet(min(self.port_settings.answer_s, 5.0))
        fan, motors = self.rest.lines(self.heaters.hottest_c)
        self._say(*self.heaters.switching_off(), fan, "M400", motors, "M105")
        self._quieten()
        return self.heaters.off

    def _quieten(self) -> None:
        if self.abilities.has("AUTOREPORT_TEMP"):
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

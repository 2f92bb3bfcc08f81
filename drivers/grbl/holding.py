"""Holds: motion and spindle or beam stop, and motion comes back only once the spindle is up again.

A hold is the safety door (0x84), which does both by itself. Firmwares without it get a feed hold and a spindle stop
(0x9E), a toggle: it goes out only once a report has shown the spindle turning in the hold. In laser mode a feed hold
switches the beam off by itself, and nothing is waited for on the way back (gnea/grbl 1.1 `protocol.c`
protocol_exec_rt_suspend(), `config.h` DISABLE_LASER_DURING_HOLD).
"""

from drivers.errors import NoAnswer
from drivers.grbl.console import HOLD_S, Console
from drivers.grbl.reports import HOLDING, Report

DOOR_S = 1.0
"""A firmware that knows the safety door shows it by then."""
BEAM_S = 1.0
"""A firmware that switches the beam off in a hold shows it by then."""
SPIN_UP_S = 4.0
"""As long as GRBL's own SAFETY_DOOR_SPINDLE_DELAY."""
_DOOR, _SPINDLE_STOP = b"\x84", b"\x9e"


class Holding(Console):
    _spindle_stopped = False
    _standing = False
    """Held by request and at a standstill: motion that is reported now was started at the machine."""

    def pause(self) -> None:
        if self.checking:
            return
        self.port.urgent(_DOOR)
        if not self.wait(lambda: self.last.state in HOLDING, DOOR_S, listen=True):
            self.port.urgent(b"!")
        if not self.wait(lambda: self.last.stands, HOLD_S, listen=True):
            raise NoAnswer("the machine does not hold")
        if self.last.state == "Hold":
            self._stop_spindle()
        if not self.wait(lambda: not self.last.spindle_rpm, HOLD_S, listen=True):
            raise NoAnswer("the machine holds, but its spindle turns on")
        self._standing = True

    def _stop_spindle(self) -> None:
        if self.laser and self.wait(lambda: not self.last.spindle_rpm, BEAM_S, listen=True):
            return
        if self.fresh_report().spindle_rpm != 0:
            self.port.urgent(_SPINDLE_STOP)
            self._spindle_stopped = True

    def go_on(self) -> bool:
        self._standing = False
        if self.checking:
            return True
        if self._spindle_stopped and self.last.state in HOLDING:
            self.port.urgent(_SPINDLE_STOP)
            self.wait(lambda: False, SPIN_UP_S, listen=True)
        self._spindle_stopped = False
        return self.leave_hold()

    def leave_hold(self) -> bool:
        """Cycle start; says whether the machine took it."""
        seen = self.reports
        self.port.urgent(b"~")
        # The door's own delay shows itself as Door:3 until the spindle is up.
        went_on = self.wait(lambda: self.reports > seen + 1 and not self.last.stands, 2 * DOOR_S, listen=True)
        went_on = went_on and self.wait(lambda: self.last.state not in HOLDING, 3 * SPIN_UP_S, listen=True)
        self.readings.not_ready = "" if went_on else self.why_not()
        return went_on

    def follow(self, report: Report) -> None:
        """Somebody at the machine may hold it, or go on, after a hold by request too."""
        if report.state in HOLDING or report.state == "Tool":
            self.held_by_machine(f"held at the machine: {self.why_not()}")
        elif report.state in ("Run", "Idle"):
            if self._standing:
                self._standing = False
                self.requests.ask_hold(None)
            self.held_by_machine(None)

"""The safe end state of a machine behind a host: our job ended, heaters off by the host's own reading.

A job that isn't ours is never touched: then nothing is sent, and nothing is safe.
"""

from collections.abc import Callable
from contextlib import suppress

from drivers.errors import HostRefused, LinkLost, MachineFault, NoAnswer
from drivers.hosting.host import ACTIVE, Phase, View
from drivers.hosting.machine import HostedMachine

LOOK_S = 0.2
Reached = Callable[[View], bool]
FAN_ON = "M106 S255"
FAN_OFF = "M107"
MOTORS_OFF = "M84"


class SafeEnding:
    """Of the run of `name`, or between runs where it is empty."""

    def __init__(self, machine: HostedMachine, name: str) -> None:
        self._machine = machine
        self._host = machine.host
        self._name = name

    def reach(self, *, finished: bool = False) -> bool:
        """True once the host reads no heater target; False if it can't be reached, or is not ours to touch.

        After a program that has `finished` and left its machine cold, nothing is sent.
        """
        try:
            view = self._ended_job(self._first_look())
            if view.phase is Phase.OFFLINE and self._host.recover_machine():
                view = self._await(lambda view: view.phase is not Phase.OFFLINE)
            if view.phase is not Phase.IDLE:
                return False
            if finished and view.cold:
                return True
            self._host.heaters_off(view.heaters)
            view = self._await(lambda view: view.cold or view.phase is not Phase.IDLE)
            self._leave(view)
        except MachineFault:
            return False
        return view.cold

    def _first_look(self) -> View:
        """The host may be away for a moment. Raises what the last try raised."""
        deadline_s = self._machine.clock() + self._machine.settings.answer_s
        while True:
            try:
                return self._machine.look()
            except (LinkLost, NoAnswer):
                if self._machine.clock() >= deadline_s:
                    raise
                self._machine.wait(LOOK_S)

    def _ended_job(self, view: View) -> View:
        if view.phase not in ACTIVE or not self._name or view.path != self._name:
            return view
        with suppress(HostRefused):  # it may be ending by itself; the next look tells
            self._host.cancel()
        return self._await(lambda view: view.phase not in ACTIVE)

    def _await(self, reached: Reached) -> View:
        """The view that is `reached`, or the last one: after `answer_s`, or `long_s` where something is under way."""
        settings, clock = self._machine.settings, self._machine.clock
        begun_s = clock()
        while True:
            view = self._machine.look()
            waited_s = clock() - begun_s
            # A firmware that waits for a temperature takes the command to switch off once it is reached.
            waits = view.phase is Phase.BUSY or (view.heating and self._host.takes_commands)
            longest_s = settings.long_s if waits else settings.answer_s
            if reached(view) or waited_s >= longest_s or self._machine.requests.stop:
                return view
            self._machine.wait(LOOK_S)

    def _leave(self, view: View) -> None:
        """Fan and motors, as the shop wants its machine left."""
        if not self._host.takes_commands:
            return
        safe_end = self._machine.settings.safe_end
        warm = view.hotend_c is not None and view.hotend_c > safe_end.fan_until_c > 0
        self._try(FAN_ON if warm else FAN_OFF)
        self._machine.fan_on = warm
        if not safe_end.hold_z:
            self._try(MOTORS_OFF)

    def _try(self, command: str) -> None:
        """A machine without a fan refuses M106, and is no less safe for it."""
        try:
            self._host.command(command)
        except HostRefused as error:
            self._machine.reason = str(error)


def cool_down(machine: HostedMachine) -> None:
    """Between runs: the fan is switched off once the hotend is cool. Raises as the host does."""
    hotend_c = machine.view.hotend_c
    if not machine.fan_on or machine.view.phase is not Phase.IDLE or hotend_c is None:
        return
    if hotend_c <= machine.settings.safe_end.fan_until_c:
        machine.fan_on = False
        machine.host.command(FAN_OFF)

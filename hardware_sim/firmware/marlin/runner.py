"""Which command a Marlin carries out, what it waits for, and what it says meanwhile.

Source: Marlin 2.1 gcode/queue.cpp advance(), ok_to_send(); gcode/gcode.cpp host_keepalive().
"""

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.marlin import commands, reports
from hardware_sim.firmware.marlin.heating import HeatReport
from hardware_sim.firmware.marlin.intake import Command
from hardware_sim.firmware.waits import Execution, Motion, Person, Wait

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

BUSY_S = 2.0


class Runner:
    """One command at a time: the firmware's own ones first, then the queue."""

    def __init__(self, machine: "Marlin") -> None:
        self.execution: Execution | None = None
        self.injected: deque[Command] = deque()
        self.busy_s = BUSY_S
        self.heat_report: HeatReport | None = None
        self.acknowledged = False
        """The command's own output was its acknowledgement."""
        self._machine = machine
        self._command = Command("", None)
        self._wait: Wait = 0.0
        self._busy_at = inf
        self._report_at = inf

    def next_at(self) -> float:
        """When the command under execution goes on or says something, if no block's end comes before."""
        at = min(self._busy_at, self._report_at)
        if isinstance(self._wait, float):
            return min(at, self._wait)
        if isinstance(self._wait, Person):
            return min(at, self._wait.until)
        return at

    def remind(self, now: float) -> None:
        machine = self._machine
        if now >= self._report_at and self.heat_report is not None:
            self._report_at = now + 1.0
            machine.out += self.heat_report.line(machine.hotend, machine.bed, now, machine.speed)
        if now >= self._busy_at:
            self._busy_at = now + self.busy_s
            paused = isinstance(self._wait, Person)
            machine.out += b"echo:busy: paused for user\n" if paused else b"echo:busy: processing\n"

    def break_off_heating(self) -> None:
        """M108: the heater stays on, nobody waits for it any more."""
        if self.heat_report is not None:
            self._wait = self._machine.now
            self.heat_report.broken_off = True

    def inject(self, text: str) -> None:
        """The firmware's own command, carried out next and not acknowledged."""
        self.injected.append(Command(text, None, injected=True))

    def pump(self) -> None:
        """Execute what is queued until something has to be waited for."""
        machine = self._machine
        queue = machine.intake.queue
        while not machine.dead:
            if self.execution is None:
                if self.injected:
                    self._begin(self.injected.popleft())
                elif queue:
                    self._begin(queue[0])
                else:
                    return
                if self.execution is None:
                    continue
            if not self._met():
                machine.retime()
                return
            try:
                self._wait = next(self.execution)
            except StopIteration:
                self.execution = None
                self._end()
                machine.retime()

    def _begin(self, command: Command) -> None:
        machine = self._machine
        self.acknowledged = False
        self._command = command
        execution = commands.execute(machine, command.text)
        if execution is None:
            if not machine.dead:
                self._end()
            return
        try:
            self._wait = next(execution)
        except StopIteration:
            self._end()
            return
        self.execution = execution
        self._busy_at = machine.now + self.busy_s if self.busy_s > 0 else inf
        self._report_at = machine.now + 1.0 if self.heat_report is not None else inf

    def _end(self) -> None:
        self.heat_report = None
        command = self._command
        if command.injected:
            return
        machine = self._machine
        if not self.acknowledged:
            times = machine.mishaps.acknowledgements() if machine.mishaps.ok_error else 1
            if machine.config.advanced_ok:
                queued = len(machine.intake.queue) - 1
                machine.out += times * reports.advanced_ok(command.number, machine.planner, queued)
            else:
                machine.out += times * b"ok\n"
        machine.intake.release()
        if machine.intake.orders:
            machine.obey()

    def _met(self) -> bool:
        wait, machine = self._wait, self._machine
        if wait is Motion.SLOT:
            return not machine.planner.full()
        if isinstance(wait, float):
            return machine.now >= wait
        if isinstance(wait, Person):
            return machine.attention.satisfied() or machine.now >= wait.until
        return not machine.planner.blocks

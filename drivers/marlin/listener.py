"""What a Marlin says, and what its driver makes of it: readings, evidence, progress, and who waits for whom."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.base import PortSettings
from drivers.errors import FirmwareHalted, FirmwareReset, NoAnswer, RejectedByFirmware
from drivers.marlin.abilities import Abilities
from drivers.marlin.answers import (
    Ack,
    Action,
    Answer,
    Booted,
    Busy,
    Capability,
    Card,
    Failed,
    Firmware,
    Halted,
    Heater,
    LostCount,
    Position,
    Temperatures,
    TimeLeft,
    UnknownCommand,
)
from drivers.marlin.executed import executed
from drivers.marlin.heaters import Heaters
from drivers.marlin.labels import Objects, minutes_left_s
from drivers.marlin.protocol import MarlinProtocol
from drivers.marlin.safe_end import Rest
from drivers.marlin.waits import Waits
from drivers.streaming.serial_driver import SerialDriver

ASK_S = 4.0
"""How often M105 is asked: its answer also sets a wrong count of acknowledgements right."""
RELEASE_S = 2.0
"""How often a run that is to end asks the firmware again to stop waiting."""
MOST_RELEASES = 8
"""So often in a row in vain: only the machine's own button answers it."""
PLANNER_LINES = 100
"""No planner holds so many lines: once they are acknowledged, some were executed."""
_KILLS = ("kill", "poweroff")


@dataclass(frozen=True, slots=True)
class Insert:
    """A line of the driver's own between two of the program."""

    line: str
    leaves_out: str = ""
    """Name of the object."""


class MarlinListener(SerialDriver[Answer]):
    """Not responsible for what is sent at the beginning and at the end of a run: that is `driver`."""

    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.link = MarlinProtocol()
        self.abilities = Abilities()
        self.heaters = Heaters()
        self.waits = Waits()
        self.rest = Rest(port.safe_end)
        self.objects = Objects()
        self.greeting = False
        self.booted = False
        self.ending = False
        """The run is to end, whatever the firmware waits for."""
        self.busy = (0.0, "")
        """When the firmware last said that it was, and with what."""
        self.card = ""
        """What it prints from its own card, as last told."""
        self._lines: Sequence[str] = ()
        self._inserts: deque[Insert] = deque()
        self._inserted: tuple[int, str] | None = None
        self._left_out: set[int] = set()
        self._blocked_at = 0
        self.planner_blocks = 0
        """How many it has; 0: not known."""
        self._executed = 0
        self._asked_s = 0.0
        self._release_s = 0.0
        self._refused = 0
        super().__init__(port, self.link, clock)

    def expect(self, lines: Sequence[str]) -> None:
        """A run of this program begins."""
        self._executed = 0
        self._left_out.clear()
        self.forget_inserts()
        self.rest.cooling = False
        self.objects = Objects(lines) if self.abilities.knows("M486") else Objects()
        self._lines = self.objects.labelled(lines)
        readings = self.readings
        readings.objects, readings.skipped, readings.time_left_s = self.objects.names, (), None

    def forget_inserts(self) -> None:
        self._inserts.clear()
        self._inserted = None

    # What the firmware says -----------------------------------------------------------------------

    def heard(self, events: Sequence[Answer]) -> None:
        for event in events:
            if type(event) is not Ack:
                self._take(event)
        if self.waits.blocked and self.link.acknowledged > self._blocked_at:
            self.waits.acknowledged()
            self.show_waits()

    def _take(self, event: Answer) -> None:
        match event:
            case Temperatures(heaters):
                self._warm(heaters)
            case Position(mm):
                self.readings.position_mm = mm
            case Busy():
                self._work(event)
            case Action():
                self._act(event)
            case TimeLeft(seconds):
                self.readings.time_left_s = seconds
            case Card(printing):
                self.card = printing
            case Firmware() | Capability() | UnknownCommand():
                self.abilities.take(event)
            case _:
                self._fail(event)

    def _fail(self, event: Answer) -> None:
        match event:
            case Booted():
                self._boot()
            case Halted(text):
                raise FirmwareHalted(text)
            case LostCount(line):
                raise FirmwareReset(f"it asks for line {line} again, acknowledged long ago: it restarted")
            case Failed(text):
                raise RejectedByFirmware(text)
            case _:
                pass

    def _boot(self) -> None:
        self.new_boot()
        self.booted = True
        if not self.greeting:
            raise FirmwareReset

    def _warm(self, reported: tuple[Heater, ...]) -> None:
        heaters, readings = self.heaters, self.readings
        heaters.take(reported)
        readings.hotend_c, readings.bed_c, readings.heating = heaters.hotend_c, heaters.bed_c, heaters.rising
        readings.details |= heaters.others()
        if heaters.on is not None:
            self.evidence(f"heating {heaters.on.name} to {heaters.on.target_c:g} °C")

    def _work(self, busy: Busy) -> None:
        self.busy = self.clock(), busy.doing
        self.evidence(f"the firmware is {busy.doing or 'busy'}")
        self.waits.heard_busy(busy, self.link.at_work)
        self._blocked_at = self.link.acknowledged
        self.show_waits()

    def _act(self, action: Action) -> None:
        if action.word in _KILLS:
            raise FirmwareHalted(f"the machine says {action.word}")
        if action.word == "cancel":
            self.requests.ask_cancel()
        self.waits.heard(action)
        if self.waits.message:
            self.readings.details["message"] = self.waits.message
        self.show_waits()

    # Waits for people -----------------------------------------------------------------------------

    def show_waits(self) -> None:
        reason = self.waits.reason
        self.link.attended = reason is not None
        self.readings.prompt = self.waits.question
        if self.requests.active and not self.ending:
            self.held_by_machine(reason)
            if self.waits.pauses:
                self.requests.pending = True

    def asked(self) -> None:
        """Also where a machine that pauses is waited for: until then nothing of the program is sent."""
        while True:
            for name in self.requests.take_skips():
                number = self.objects.number(name)
                if number is not None:
                    self._left_out.add(number)
                    self._inserts.append(Insert(f"M486 P{number}", name))
            if self.requests.take_go_on():
                self._answer()
            self._insert()
            if not self.waits.pauses:
                self.requests.pending |= bool(self._inserts)
                return
            self.exchange.pump()
            self.requests.raise_ending()

    def _answer(self) -> None:
        """Go on, a person says."""
        reply = self.waits.answer(emergency_parser=self.abilities.has("EMERGENCY_PARSER"))
        if reply.at_once:
            self.port.send(self.link.aside(reply.at_once))
        if reply.then:
            self._inserts.append(Insert(reply.then))
        self.show_waits()

    def release(self) -> None:
        """The run is to end: whatever a command waits for, it is to wait no longer. Raises NoAnswer if it does."""
        self._release_s = self.clock() + RELEASE_S
        self._refused = self._refused + 1 if self.waits.insists else 0
        if self._refused > MOST_RELEASES:
            raise NoAnswer(f"{self.waits.reason}, and heeds nobody but a person at the machine")
        reply = self.waits.answer(emergency_parser=self.abilities.has("EMERGENCY_PARSER"))
        self.port.send(self.link.aside(reply.at_once or "M108"))
        if reply.then:
            self._inserts.append(Insert(reply.then))

    # From time to time ----------------------------------------------------------------------------

    def polled(self, now_s: float) -> None:
        if self.ending and now_s >= self._release_s and (self.link.patient or self.waits.reason):
            self.release()
        if not self.requests.active or self.greeting:
            return
        self.take_stock()
        if now_s - self._asked_s >= ASK_S:
            self._asked_s = now_s
            self.port.send(self.link.ask())

    def _insert(self) -> None:
        """One at a time: the firmware's queue is short."""
        if self._inserted is not None:
            number, name = self._inserted
            if not self.link.taken(number):
                return
            self._inserted = None
            if name and name not in self.readings.skipped:
                self.readings.skipped += (name,)
        if not self._inserts or (self._inserts[0].leaves_out and self.link.done < self.objects.counted_at):
            return
        sent = self.link.insert(self._inserts[0].line)
        if sent is not None:
            self.port.send(sent[0])
            self._inserted = sent[1], self._inserts.popleft().leaves_out

    def take_stock(self) -> None:
        """How far the program has come, what it says of the time left, and what is to be sent between its lines."""
        if self._inserts or self._inserted:
            self._insert()
        if self.link.done >= PLANNER_LINES:
            self.evidence(f"{PLANNER_LINES} lines acknowledged, more than a planner holds")
        if self.planner_blocks and self.link.planner is not None:
            done, free = self.link.planner
            reached = executed(self._lines, done, self.planner_blocks - free, self._left_out)
            self._executed = max(self._executed, reached or 0)
        told = self.link.told
        while told and told[0][0] <= self.lines_done:
            left_s = minutes_left_s(told.popleft()[1])
            if left_s is not None:
                self.readings.time_left_s = left_s

    def executed(self) -> int:
        return self._executed if self.abilities.advanced_ok else self.link.done

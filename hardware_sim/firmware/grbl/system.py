"""`$` commands. Source: Grbl 1.1h system.c system_execute_line(), jog.c, limits.c limits_go_home()."""

from typing import TYPE_CHECKING

from hardware_sim.firmware.grbl import program, reports, settings
from hardware_sim.firmware.grbl.errors import Code, GrblError
from hardware_sim.firmware.grbl.interpret import interpret
from hardware_sim.firmware.grbl.modal import ORIGIN, Modal
from hardware_sim.firmware.planner import Point
from hardware_sim.firmware.waits import Execution, Motion
from hardware_sim.firmware.witness import EpisodeKind

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl

LOCATE_S = 6.0
"""The slow passes and pull-offs of a homing cycle, seconds of physics."""


def execute(machine: "Grbl", text: str) -> Execution | None:
    """A line that begins with `$`. Raises GrblError."""
    if text.startswith("$J="):
        return _jog(machine, text[3:])
    match text:
        case "$":
            machine.out += reports.HELP
        case "$G":
            machine.out += reports.parser_state(machine.modal)
        case "$X":
            if machine.door_ajar():
                raise GrblError(Code.CHECK_DOOR)
            if machine.alarm:
                machine.alarm = False
                machine.out += machine.dialect.say("Caution: Unlocked")
        case "$SLP":
            if not (machine.alarm or _at_rest(machine)):
                raise GrblError(Code.NOT_IDLE)
            return _sleep(machine)
        case "$C":
            return _check_mode(machine)
        case "$H":
            return _home(machine)
        case "$I" | "$#" | "$$" | "$N":
            _only_at_rest(machine)
            machine.out += _listing(machine, text)
        case _:
            return _setting(machine, text[1:])
    return None


def _at_rest(machine: "Grbl") -> bool:
    return machine.alarm or not (machine.planner.blocks or machine.check or machine.suspension is not None)


def _only_at_rest(machine: "Grbl") -> None:
    if not _at_rest(machine):
        raise GrblError(Code.NOT_IDLE)


def _listing(machine: "Grbl", text: str) -> bytes:
    match text:
        case "$I":
            return machine.dialect.build(machine.dialect, machine.config)
        case "$#":
            return reports.parameters(machine.modal, machine.offsets)
        case "$$":
            return settings.dump(machine.settings)
        case _:
            return b"$N0=\r\n$N1=\r\n"


def _check_mode(machine: "Grbl") -> Execution | None:
    if machine.check:
        machine.out += machine.dialect.say("Disabled")
        return _leave_check(machine)
    if machine.alarm or not _at_rest(machine):
        raise GrblError(Code.NOT_IDLE)
    machine.check = True
    machine.out += machine.dialect.say("Enabled")
    return None


def _sleep(machine: "Grbl") -> Execution:
    """Spindle off, motors off, deaf to lines; a reset wakes it, into an alarm. Its `ok` comes first."""
    machine.reader.acknowledge()
    machine.halt()
    machine.asleep = True
    machine.out += machine.dialect.say("Sleeping")
    machine.reader.forget()
    yield Motion.FREE


def _leave_check(machine: "Grbl") -> Execution:
    """Leaving check mode is a soft reset; its `ok` comes before the banner."""
    machine.reader.acknowledge()
    machine.soft_reset()
    yield Motion.FREE


def _setting(machine: "Grbl", text: str) -> Execution:
    key, equals, value = text.partition("=")
    if not equals or not key.isdigit() or int(key) not in machine.settings:
        raise GrblError(Code.UNKNOWN_SYSTEM_COMMAND)
    _only_at_rest(machine)
    try:
        number = float(value)
    except ValueError as error:
        raise GrblError(Code.BAD_NUMBER) from error
    if number < 0:
        raise GrblError(Code.NEGATIVE_VALUE)
    if int(key) == settings.SOFT_LIMITS and number and not machine.settings[settings.HOMING]:
        raise GrblError(Code.SOFT_LIMIT_NEEDS_HOMING)
    machine.settings[int(key)] = number
    return machine.eeprom_write()


def _home(machine: "Grbl") -> Execution:
    if not machine.settings[settings.HOMING]:
        raise GrblError(Code.HOMING_OFF)
    _only_at_rest(machine)
    if machine.door_ajar():
        raise GrblError(Code.CHECK_DOOR)
    return _homing(machine)


def _homing(machine: "Grbl") -> Execution:
    machine.homing = True
    machine.active(EpisodeKind.SETUP)
    dx, dy, dz = machine.table.distance_home()
    seek_mm_s = machine.settings[25] / 60.0
    yield machine.now + (LOCATE_S + (abs(dz) + max(abs(dx), abs(dy))) / seek_mm_s) / machine.speed
    off = -machine.settings[settings.PULL_OFF]
    machine.table.home((off, off, off))
    machine.modal.position = machine.table.believed
    machine.homing = False
    machine.alarm = False
    machine.active(EpisodeKind.SETUP)
    machine.answer_waiting_status()


def _jog(machine: "Grbl", text: str) -> Execution:
    if machine.alarm or machine.check or (machine.planner.blocks and not machine.jogging):
        raise GrblError(Code.NOT_IDLE)
    now = machine.modal
    blank = Modal(motion=1, wcs=now.wcs, inches=now.inches, absolute=now.absolute, g92=now.g92, position=now.position)
    statement = interpret(text, blank, machine.dialect)
    if statement.spindle or statement.flow or statement.modal.wcs != now.wcs or statement.modal.motion != 1:
        raise GrblError(Code.BAD_JOG)
    if not statement.axes:
        raise GrblError(Code.NO_AXIS_WORDS)
    offset = ORIGIN if statement.non_modal == "G53" else machine.offset_of(now)
    place = list(now.position)
    for index, letter in enumerate("XYZ"):
        if letter in statement.axes:
            relative = not statement.modal.absolute and statement.non_modal != "G53"
            place[index] = (place[index] if relative else offset[index]) + statement.axes[letter]
    target = (place[0], place[1], place[2])
    if not program.within_travel(machine, target):
        raise GrblError(Code.JOG_BEYOND_TRAVEL)
    return _jogging(machine, target, statement.modal.feed_mm_min)


def _jogging(machine: "Grbl", target: Point, feed_mm_min: float) -> Execution:
    yield Motion.SLOT
    machine.active(EpisodeKind.SETUP)
    machine.jogging = target != machine.table.believed
    program.queue(machine, target, rapid=False, feed_mm_min=feed_mm_min)
    machine.modal.position = target

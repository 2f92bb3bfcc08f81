"""Carrying out G-code lines. Source: Grbl 1.1h gcode.c gc_execute_line() step 4, motion_control.c mc_line()."""

from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.grbl import arcs, orders, probing, settings
from hardware_sim.firmware.grbl.errors import Code, GrblError
from hardware_sim.firmware.grbl.interpret import PROBES, Statement, interpret
from hardware_sim.firmware.grbl.modal import ORIGIN, Modal, minus, plus
from hardware_sim.firmware.grbl.realtime import Overrides
from hardware_sim.firmware.planner import Block, Point
from hardware_sim.firmware.waits import Execution, Motion
from hardware_sim.firmware.witness import EpisodeKind

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl


def stripped(line: str) -> str:
    """Without comments, blanks and block deletes, in capitals."""
    if "(" in line or ";" in line:
        kept, depth = [], False
        for character in line:
            if character == ";" and not depth:
                break
            if character == "(":
                depth = True
            elif character == ")":
                depth = False
            elif not depth:
                kept.append(character)
        line = "".join(kept)
    return "".join(line.split()).replace("/", "").upper()


def would_act(line: str) -> bool:
    """Whether a machine that lived would move or turn its spindle on this line."""
    text = stripped(line)
    if text.startswith("$"):
        return text.startswith(("$H", "$J="))
    if text.startswith(("G10", "G92")):
        return False
    return any(letter in text for letter in "XYZ") or "M3S" in text or "M4S" in text or text in ("M3", "M4")


def execute(machine: "Grbl", text: str) -> Execution | None:
    """One line; None: done at once, or nothing to do in check mode. Raises GrblError."""
    statement = interpret(text, machine.modal, machine.dialect)
    target = _target(machine, statement) if statement.moves else machine.modal.position
    probes = statement.moves and statement.modal.motion in PROBES
    if probes and target == machine.modal.position:
        raise GrblError(Code.BAD_ARC)
    if not statement.moves or probes or statement.modal.motion in (0, 1):
        corners = [target]
    else:
        corners = arcs.corners(statement, machine.modal.position, target, machine.settings[settings.ARC_TOLERANCE])
    if machine.check and statement.moves and not all(within_travel(machine, corner) for corner in corners):
        return _soft_limit(machine)
    if machine.check:
        return _check(machine, statement, target)
    return _carry_out(machine, statement, corners)


def _target(machine: "Grbl", statement: Statement) -> Point:
    modal = statement.modal
    offset = ORIGIN if statement.non_modal == "G53" else machine.offset_of(modal)
    place = list(machine.modal.position)
    for index, letter in enumerate("XYZ"):
        if letter in statement.axes:
            relative = not modal.absolute and statement.non_modal != "G53"
            base = place[index] if relative else offset[index]
            place[index] = base + statement.axes[letter]
    return (place[0], place[1], place[2])


_KEPT = frozenset({"G10", "G28.1", "G30.1", "G92", "G92.1"})
"""Non-modal words that check mode carries out as well: only motion and dwell look at it."""


def _check(machine: "Grbl", statement: Statement, target: Point) -> Execution | None:
    machine.modal = statement.modal
    machine.modal.position = target
    if statement.tool_length:
        machine.modal.tool_length_mm = statement.axes.get("Z", 0.0)
    if statement.flow in ("M2", "M30"):
        _end_program(machine)
    return _non_modal(machine, statement) if statement.non_modal in _KEPT else None


def _carry_out(machine: "Grbl", statement: Statement, corners: list[Point]) -> Execution:
    before, modal = machine.modal, statement.modal
    if (statement.spindle and modal.spindle != before.spindle) or (statement.speed and before.spindle != 5):
        yield Motion.STILL
    if statement.coolant is not None:
        yield Motion.STILL
        modal.flood = statement.coolant == 8 or (modal.flood and statement.coolant == 7)
        modal.mist = statement.coolant == 7 or (modal.mist and statement.coolant == 8)
    if statement.tool_length:
        modal.tool_length_mm = statement.axes.get("Z", 0.0)
    if modal.wcs != before.wcs or statement.non_modal in ("G92", "G92.1") or statement.tool_length:
        machine.status.offset_in = 0
    machine.modal = modal
    if statement.spindle and modal.spindle != machine.table.spindle:
        if modal.spindle != 5:
            machine.active(EpisodeKind.JOB)
        machine.table.turn(modal.spindle, machine.now)
        machine.status.overrides_in = 0
    if statement.non_modal not in ("", "G53"):
        yield from _non_modal(machine, statement)
    elif statement.moves and modal.motion in PROBES:
        yield from probing.probe(machine, corners[0], modal.motion)
    elif statement.moves:
        for corner in corners:
            if not within_travel(machine, corner):
                yield from _soft_limit(machine)
                return
            yield Motion.SLOT
            _add(machine, corner, rapid=modal.motion == 0, line=statement.line)
        modal.position = corners[-1]
    if statement.flow:
        yield from _flow(machine, statement.flow)


def _non_modal(machine: "Grbl", statement: Statement) -> Execution:
    modal = machine.modal
    match statement.non_modal:
        case "G4":
            yield Motion.STILL
            yield machine.now + statement.values["P"] / machine.speed
        case "G10":
            yield Motion.STILL
            _set_offset(machine, statement)
            yield from machine.eeprom_write()
        case "G28.1" | "G30.1":
            yield Motion.STILL
            if statement.non_modal == "G28.1":
                machine.offsets.g28 = modal.position
            else:
                machine.offsets.g30 = modal.position
            yield from machine.eeprom_write()
        case "G28" | "G30":
            place = machine.offsets.g28 if statement.non_modal == "G28" else machine.offsets.g30
            yield Motion.SLOT
            _add(machine, place, rapid=True)
            modal.position = place
        case "G92":
            offset = list(modal.g92)
            wcs = machine.offsets.wcs[modal.wcs]
            for index, letter in enumerate("XYZ"):
                if letter in statement.axes:
                    length_mm = modal.tool_length_mm if letter == "Z" else 0.0
                    offset[index] = modal.position[index] - wcs[index] - statement.axes[letter] - length_mm
            modal.g92 = (offset[0], offset[1], offset[2])
        case _:
            modal.g92 = ORIGIN


def _set_offset(machine: "Grbl", statement: Statement) -> None:
    """G10 L2: the offset itself; L20: such that the present position gets these coordinates."""
    modal, wanted = machine.modal, statement.values
    index = int(wanted["P"]) - 1 if wanted["P"] else modal.wcs
    offset = list(machine.offsets.wcs[index])
    here = minus(modal.position, plus(modal.g92, (0.0, 0.0, modal.tool_length_mm)))
    for axis, letter in enumerate("XYZ"):
        if letter in statement.axes:
            given = statement.axes[letter]
            offset[axis] = given if wanted["L"] == 2.0 else here[axis] - given
    machine.offsets.wcs[index] = (offset[0], offset[1], offset[2])
    machine.status.offset_in = 0


def _flow(machine: "Grbl", flow: str) -> Execution:
    yield Motion.STILL
    if flow == "M0":
        orders.suspend(machine, door=False)
        yield Motion.FREE
    elif flow in ("M2", "M30"):
        machine.table.turn(5, machine.now)
        _end_program(machine)


def _end_program(machine: "Grbl") -> None:
    now = machine.modal
    machine.modal = Modal(
        motion=1,
        feed_mm_min=now.feed_mm_min,
        rpm=now.rpm,
        tool=now.tool,
        g92=now.g92,
        tool_length_mm=now.tool_length_mm,
        probe=now.probe,
        probed=now.probed,
        inches=now.inches,
        position=now.position,
    )
    machine.overrides = Overrides()
    machine.out += machine.dialect.say(machine.dialect.program_end)


def within_travel(machine: "Grbl", place: Point) -> bool:
    if not machine.settings[settings.SOFT_LIMITS]:
        return True
    travels = (machine.settings[settings.TRAVEL + axis] for axis in range(3))
    return all(-travel <= at <= 0.0 for at, travel in zip(place, travels, strict=True))


def _soft_limit(machine: "Grbl") -> Execution:
    """Motion under way ends in order first; the position stays known."""
    machine.witness.counters.out_of_frame += 1
    rest = machine.planner.hold(machine.now)
    if rest.done is not None:
        machine.table.done(rest.done, machine.now)
        yield rest.at
    machine.raise_alarm(2, "soft limit")
    # The alarm has forgotten this very line: it is never answered.
    yield Motion.FREE


def _add(machine: "Grbl", target: Point, *, rapid: bool, line: int = 0) -> None:
    if target != machine.table.believed or machine.planner.blocks:
        machine.active(EpisodeKind.JOB)
    queue(machine, target, rapid=rapid, feed_mm_min=machine.modal.feed_mm_min, line=line)


def queue(machine: "Grbl", target: Point, *, rapid: bool, feed_mm_min: float, line: int = 0) -> None:
    """One straight block, held to the rates and accelerations of the axes it uses."""
    blocks = machine.planner.blocks
    begin = blocks[-1].end if blocks else machine.table.believed
    if begin == target:
        return
    block = Block(begin, target, 1.0, 1.0)
    percent = machine.overrides.rapid if rapid else machine.overrides.feed
    fastest, accel = limits(machine, block.unit)
    speed = fastest * percent / 100.0 if rapid else min(fastest, feed_mm_min * percent / 100.0 / 60.0)
    block.top2, block.accel = speed * speed, accel
    x, y, z = (machine.settings[settings.ACCELERATION + axis] for axis in range(3))
    block.axis_accel, block.free_corner = (x, y, z, inf), True
    block.rapid = rapid
    block.line = line
    block.lit = machine.table.spindle != 5 and not (machine.table.laser and (rapid or machine.modal.rpm <= 0))
    machine.planner.add(block, machine.now)


def limits(machine: "Grbl", unit: Point) -> tuple[float, float]:
    """Highest speed, mm/s, and acceleration, mm/s², in this direction."""
    values = machine.settings
    speed = accel = 1e9
    for axis, share in enumerate(unit):
        if share:
            speed = min(speed, values[settings.RATE + axis] / 60.0 / abs(share))
            accel = min(accel, values[settings.ACCELERATION + axis] / abs(share))
    return speed, accel

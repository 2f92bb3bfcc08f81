"""G0-G3, G28, G29, G90-G92, M82, M83, M201-M204, M220, M221. Source: Marlin 2.1 gcode/motion, gcode/config."""

from typing import TYPE_CHECKING

from hardware_sim.firmware.marlin import words
from hardware_sim.firmware.planner import Point
from hardware_sim.firmware.waits import Execution, Motion
from hardware_sim.firmware.witness import EpisodeKind

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

HOT_C = 170.0
PROBE_S = 45.0
"""G29 on a 5 x 5 grid, seconds of physics."""


def move(machine: "Marlin", parts: list[str]) -> Execution | None:
    """The hot path: most lines of a program end here."""
    x = y = z = e = None
    axes = machine.axes
    for part in parts:
        letter = part[0]
        try:
            number = float(part[1:])
        except ValueError:
            number = words.value(part)
        if letter == "X":
            x = number
        elif letter == "Y":
            y = number
        elif letter == "E":
            e = number
        elif letter == "F":
            axes.feed = number / 60.0
        elif letter == "Z":
            z = number
    if x is None and y is None and z is None and e is None:
        return None
    if machine.objects.skipping:
        axes.filament(e)
        return None
    target, filament_mm = _allowed(machine, axes.target(x, y, z), axes.filament(e))
    if machine.planner.full():
        return _queue(machine, [target], filament_mm)
    _add(machine, target, filament_mm)
    return None


def _allowed(machine: "Marlin", target: Point, filament_mm: float) -> tuple[Point, float]:
    """Endstops and PREVENT_COLD_EXTRUSION; what they hold back is counted."""
    counters = machine.witness.counters
    axes = machine.axes
    target, outside = axes.clamp(target)
    if outside:
        counters.out_of_frame += 1
    if not axes.homed:
        counters.unhomed_moves += 1
    if filament_mm and machine.hotend.temperature(machine.now) < HOT_C:
        # While a failed heater cools down unnoticed, cold filament is no fault of the host.
        counters.cold_extrusions += not machine.hotend.broken
        machine.out += b"echo: cold extrusion prevented\n"
        filament_mm = 0.0
    return target, filament_mm


def _add(machine: "Marlin", target: Point, filament_mm: float) -> None:
    if target == machine.axes.position and not filament_mm:
        return
    machine.active(EpisodeKind.JOB)
    machine.planner.add(machine.axes.block(target, filament_mm), machine.now)


def _queue(machine: "Marlin", corners: list[Point], filament_mm: float) -> Execution:
    share = filament_mm / len(corners)
    for corner in corners:
        yield Motion.SLOT
        _add(machine, corner, share)


def _arc(machine: "Marlin", parts: list[str], clockwise: bool) -> Execution | None:
    given = words.read(parts)
    axes = machine.axes
    if "F" in given:
        axes.feed = given["F"] / 60.0
    if "I" not in given and "J" not in given:
        machine.out += b"echo:G2/G3 bad parameters\n"
        return None
    if machine.objects.skipping:
        axes.filament(given.get("E"))
        return None
    target = axes.target(given.get("X"), given.get("Y"), given.get("Z"))
    target, filament_mm = _allowed(machine, target, axes.filament(given.get("E")))
    corners = axes.arc(target, given.get("I", 0.0), given.get("J", 0.0), clockwise)
    return _queue(machine, [axes.clamp(corner)[0] for corner in corners], filament_mm)


def clockwise(machine: "Marlin", parts: list[str]) -> Execution | None:
    return _arc(machine, parts, clockwise=True)


def counterclockwise(machine: "Marlin", parts: list[str]) -> Execution | None:
    return _arc(machine, parts, clockwise=False)


def home(machine: "Marlin", _: list[str]) -> Execution:
    yield Motion.STILL
    machine.active(EpisodeKind.SETUP)
    yield machine.now + machine.axes.homing_s() / machine.speed
    machine.axes.home()
    machine.active(EpisodeKind.SETUP)


def probe(machine: "Marlin", _: list[str]) -> Execution:
    if not machine.axes.homed:
        machine.out += b"echo:Home XYZ first\n"
        return
    yield Motion.STILL
    machine.active(EpisodeKind.JOB)
    if (fault := machine.mishaps.strike_probe()) is not None:
        machine.witness.note("fault", machine.now, kind=fault.kind.value)
        yield machine.now + PROBE_S / 25 / machine.speed
        machine.out += b"Error:Probing Failed\n"
        return
    yield machine.now + PROBE_S / machine.speed
    machine.active(EpisodeKind.JOB)
    machine.out += b"Bilinear Leveling Grid:\n"
    rows = "\n".join(f" {row} +0.000 +0.000 +0.000 +0.000 +0.000" for row in range(5))
    machine.out += f"      0      1      2      3      4\n{rows}\n\n".encode()


def absolute(machine: "Marlin", _: list[str]) -> None:
    machine.axes.absolute = True
    machine.axes.absolute_e = True


def relative(machine: "Marlin", _: list[str]) -> None:
    machine.axes.absolute = False
    machine.axes.absolute_e = False


def absolute_extruder(machine: "Marlin", _: list[str]) -> None:
    machine.axes.absolute_e = True


def relative_extruder(machine: "Marlin", _: list[str]) -> None:
    machine.axes.absolute_e = False


def set_position(machine: "Marlin", parts: list[str]) -> None:
    given = words.read(parts) or {"X": 0.0, "Y": 0.0, "Z": 0.0, "E": 0.0}
    axes = machine.axes
    place, origin = axes.position, axes.origin
    axes.origin = (
        place[0] - given["X"] if "X" in given else origin[0],
        place[1] - given["Y"] if "Y" in given else origin[1],
        place[2] - given["Z"] if "Z" in given else origin[2],
    )
    axes.e = given.get("E", axes.e)


def limit_accel(machine: "Marlin", parts: list[str]) -> None:
    _limit(machine.axes.limits.accel, parts)


def limit_feed(machine: "Marlin", parts: list[str]) -> None:
    _limit(machine.axes.limits.feed, parts)


def _limit(limits: list[float], parts: list[str]) -> None:
    for letter, number in words.read(parts).items():
        if letter in "XYZE" and number > 0:
            limits["XYZE".index(letter)] = number


def set_accel(machine: "Marlin", parts: list[str]) -> None:
    given = words.read(parts)
    limits = machine.axes.limits
    both = given.get("S", 0.0)
    limits.print_accel = given.get("P", both) or limits.print_accel
    limits.travel_accel = given.get("T", both) or limits.travel_accel
    limits.retract_accel = given.get("R", 0.0) or limits.retract_accel


def scale_feed(machine: "Marlin", parts: list[str]) -> None:
    machine.axes.feed_scale = max(0.01, words.read(parts).get("S", 100.0) / 100.0)


def scale_flow(machine: "Marlin", parts: list[str]) -> None:
    machine.axes.flow = max(0.0, words.read(parts).get("S", 100.0) / 100.0)

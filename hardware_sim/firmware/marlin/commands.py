"""What each G-code does to a Marlin: one function a code, found in `CODES`.

A command that takes time is a generator of waits; one that doesn't returns None. Source: marlinfw.org/docs/gcode.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hardware_sim.firmware.marlin import heating, motion, reports, words
from hardware_sim.firmware.marlin.heating import HeatReport
from hardware_sim.firmware.waits import Execution, Motion

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

__all__ = ["CODES", "HeatReport", "execute", "would_act"]

Code = Callable[["Marlin", list[str]], Execution | None]


def execute(machine: "Marlin", text: str) -> Execution | None:
    parts = text.split()
    code = CODES.get(parts[0])
    if code is None:
        parts = words.split(text)
        code = CODES.get(parts[0])
    if code is None:
        machine.out += f'echo:Unknown command: "{text}"\n'.encode("latin-1", "replace")
        return None
    return code(machine, parts[1:])


def would_act(line: str) -> bool:
    """Whether a firmware that lived would heat or move on this line."""
    parts = words.split(line.split(";", maxsplit=1)[0].split("*", maxsplit=1)[0].strip())
    if parts and parts[0].startswith("N"):
        parts = parts[1:]
    if not parts:
        return False
    if parts[0] in ("M104", "M109", "M140", "M190"):
        return max(words.read(parts[1:]).get("S", 0.0), words.read(parts[1:]).get("R", 0.0)) > 0
    return parts[0] in ("G0", "G1", "G2", "G3", "G28", "G29")


def _dwell(machine: "Marlin", parts: list[str]) -> Execution:
    given = words.read(parts)
    yield Motion.STILL
    yield machine.now + (given.get("S", 0.0) + given.get("P", 0.0) / 1000.0) / machine.speed


def _finish_moves(_: "Marlin", __: list[str]) -> Execution:
    yield Motion.STILL


def _accept(_: "Marlin", __: list[str]) -> None:
    return


def _firmware(machine: "Marlin", _: list[str]) -> None:
    machine.out += reports.firmware(machine.config.machine_type, machine.config.emergency_parser)


def _position(machine: "Marlin", _: list[str]) -> None:
    axes = machine.axes
    now = machine.planner.motion(machine.now)
    place = (
        axes.position[0] - axes.origin[0],
        axes.position[1] - axes.origin[1],
        axes.position[2] - axes.origin[2],
    )
    machine.out += reports.position(place, axes.e, axes.position if now is None else now[0])


def _busy_interval(machine: "Marlin", parts: list[str]) -> None:
    machine.busy_s = words.read(parts).get("S", machine.busy_s)


def _line_number(machine: "Marlin", parts: list[str]) -> None:
    if (number := words.read(parts).get("N")) is not None:
        machine.intake.last_number = int(number)


def _kill(machine: "Marlin", _: list[str]) -> None:
    machine.kill("M112")


def _quick_stop(machine: "Marlin", _: list[str]) -> None:
    machine.quick_stop()


def _tool(machine: "Marlin", _: list[str]) -> None:
    machine.out += b"echo:Active Extruder: 0\n"


CODES: dict[str, Code] = {
    "G0": motion.move,
    "G1": motion.move,
    "G2": motion.clockwise,
    "G3": motion.counterclockwise,
    "G4": _dwell,
    "G21": _accept,
    "G28": motion.home,
    "G29": motion.probe,
    "G90": motion.absolute,
    "G91": motion.relative,
    "G92": motion.set_position,
    "M18": _finish_moves,
    "M73": _accept,
    "M82": motion.absolute_extruder,
    "M83": motion.relative_extruder,
    "M84": _finish_moves,
    "M104": heating.set_hotend,
    "M105": heating.report,
    "M106": _accept,
    "M107": _accept,
    "M108": _accept,
    "M110": _line_number,
    "M109": heating.wait_hotend,
    "M112": _kill,
    "M113": _busy_interval,
    "M114": _position,
    "M115": _firmware,
    "M117": _accept,
    "M140": heating.set_bed,
    "M155": heating.autoreport,
    "M190": heating.wait_bed,
    "M201": motion.limit_accel,
    "M203": motion.limit_feed,
    "M204": motion.set_accel,
    "M205": _accept,
    "M220": motion.scale_feed,
    "M221": motion.scale_flow,
    "M400": _finish_moves,
    "M410": _quick_stop,
    "M486": _accept,
    "M900": _accept,
    "T0": _tool,
}

"""What each G-code does to a Marlin: one function a code, found in `CODES`.

A command that takes time is a generator of waits; one that doesn't returns None. Source: marlinfw.org/docs/gcode.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from hardware_sim.firmware.config import PrinterConfig
from hardware_sim.firmware.marlin import eeprom, heating, motion, objects, pausing, reports, steppers, words
from hardware_sim.firmware.marlin.heating import HeatReport
from hardware_sim.firmware.waits import Execution, Motion

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

__all__ = ["HeatReport", "codes_of", "execute", "would_act"]

Code = Callable[["Marlin", list[str]], Execution | None]


def execute(machine: "Marlin", text: str) -> Execution | None:
    parts = text.split()
    codes = machine.codes
    code = codes.get(parts[0])
    if code is None:
        parts = words.split(text)
        code = codes.get(parts[0])
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
    machine.out += reports.firmware(machine.config)


def _position(machine: "Marlin", _: list[str]) -> None:
    machine.out += machine.position()


def _endstops(machine: "Marlin", _: list[str]) -> None:
    axes = machine.axes
    now = machine.planner.motion(machine.now)
    place = axes.position if now is None else now[0]
    out = machine.feed.out if machine.config.runout_sensor else None
    machine.out += reports.endstops(place if axes.homed else (1.0, 1.0, 1.0), out)


def _fan(machine: "Marlin", parts: list[str]) -> None:
    given = words.read(parts)
    if given.get("P", 0.0) == 0.0:
        machine.fan = int(min(max(given.get("S", 255.0), 0.0), 255.0))


def _fan_off(machine: "Marlin", parts: list[str]) -> None:
    if words.read(parts).get("P", 0.0) == 0.0:
        machine.fan = 0


def _progress(machine: "Marlin", parts: list[str]) -> None:
    """M73, shown on the display."""
    machine.percent = int(words.read(parts).get("P", machine.percent))


def _busy_interval(machine: "Marlin", parts: list[str]) -> None:
    machine.runner.busy_s = words.read(parts).get("S", machine.runner.busy_s)


def _autoreport_position(machine: "Marlin", parts: list[str]) -> None:
    machine.position_reports.every(words.read(parts).get("S", 0.0), machine.now)
    machine.retime()


def _line_number(machine: "Marlin", parts: list[str]) -> None:
    if (number := words.read(parts).get("N")) is not None:
        machine.intake.last_number = int(number)


def _kill(machine: "Marlin", _: list[str]) -> None:
    if not machine.config.emergency_parser:
        machine.kill("M112")


def _quick_stop(machine: "Marlin", _: list[str]) -> None:
    if not machine.config.emergency_parser:
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
    "M0": partial(pausing.stop, name="M0"),
    "M1": partial(pausing.stop, name="M1"),
    "M17": steppers.enable,
    "M18": steppers.disable,
    "M73": _progress,
    "M75": pausing.start_timer,
    "M76": pausing.stop_timer,
    "M77": pausing.stop_timer,
    "M82": motion.absolute_extruder,
    "M83": motion.relative_extruder,
    "M84": steppers.disable,
    "M92": eeprom.set_steps,
    "M104": heating.set_hotend,
    "M105": heating.report,
    "M106": _fan,
    "M107": _fan_off,
    "M108": _accept,
    "M110": _line_number,
    "M109": heating.wait_hotend,
    "M112": _kill,
    "M113": _busy_interval,
    "M114": _position,
    "M115": _firmware,
    "M117": _accept,
    "M119": _endstops,
    "M125": pausing.park,
    "M140": heating.set_bed,
    "M154": _autoreport_position,
    "M155": heating.autoreport,
    "M190": heating.wait_bed,
    "M201": motion.limit_accel,
    "M203": motion.limit_feed,
    "M204": motion.set_accel,
    "M205": eeprom.set_advanced,
    "M220": motion.scale_feed,
    "M221": motion.scale_flow,
    "M400": _finish_moves,
    "M410": _quick_stop,
    "M420": _accept,
    "M500": eeprom.store,
    "M501": eeprom.load,
    "M502": eeprom.restore_defaults,
    "M503": eeprom.report,
    "M600": pausing.change_filament,
    "M900": _accept,
    "T0": _tool,
}

OPTIONAL: dict[str, Code] = {
    "M412": pausing.runout,
    "M486": objects.command,
    "M876": pausing.prompt_response,
}


def codes_of(config: PrinterConfig) -> dict[str, Code]:
    """What a firmware that was built so understands."""
    built = {"M412": config.runout_sensor, "M486": config.cancel_objects, "M876": config.prompt_support}
    return CODES | {name: code for name, code in OPTIONAL.items() if built[name]}

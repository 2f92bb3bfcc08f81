"""Klipper's status objects. Source: docs/Status_Reference.md, get_status() of the extras of the same names."""

import time

from hardware_sim.hosts.moonraker.klippy import Klippy
from hardware_sim.hosts.web import Json

MIN_EXTRUDE_C = 170.0
IDLE_TIMEOUT_S = 600.0
READY_S = 0.5
"""How long after the last command Klipper still counts as printing."""

Status = dict[str, Json]


def status(klippy: Klippy) -> Status:
    """Every object with all its fields."""
    interpreter, heat = klippy.interpreter, klippy.board.temperatures
    sd = interpreter.sd
    card = sd.status()
    progress = card["progress"] if interpreter.progress is None else interpreter.progress
    return {
        "webhooks": {"state": klippy.state.value, "state_message": klippy.message},
        "print_stats": sd.stats.status(),
        "virtual_sdcard": card,
        "pause_resume": {"is_paused": sd.is_paused},
        "exclude_object": interpreter.exclude.status(),
        "display_status": {"progress": progress, "message": interpreter.shown or None},
        "extruder": {
            "temperature": heat.hotend,
            "target": heat.hotend_target,
            "power": round(heat.hotend_power, 3),
            "can_extrude": heat.hotend >= MIN_EXTRUDE_C,
            "pressure_advance": 0.0,
            "smooth_time": 0.04,
        },
        "heater_bed": {"temperature": heat.bed, "target": heat.bed_target, "power": round(heat.bed_power, 3)},
        "heaters": {
            "available_heaters": ["heater_bed", "extruder"],
            "available_sensors": ["heater_bed", "extruder"],
        },
        "fan": {"speed": interpreter.fan, "rpm": None},
        "toolhead": _toolhead(klippy),
        "gcode_move": _gcode_move(klippy),
        "idle_timeout": _idle_timeout(klippy),
    }


def _toolhead(klippy: Klippy) -> Json:
    moves = klippy.interpreter.moves
    return {
        "homed_axes": "xyz" if moves.homed else "",
        "position": list(moves.modes.position),
        "extruder": "extruder",
        "axis_minimum": [0.0, 0.0, 0.0, 0.0],
        "axis_maximum": [*moves.volume_mm, 0.0],
        "max_velocity": 300.0,
        "max_accel": 1250.0,
        "stalls": 0,
    }


def _gcode_move(klippy: Klippy) -> Json:
    modes = klippy.interpreter.moves.modes
    return {
        "speed_factor": modes.speed_factor,
        "speed": modes.speed * 60.0,
        "extrude_factor": modes.extrude_factor,
        "absolute_coordinates": modes.absolute,
        "absolute_extrude": modes.absolute_extrude,
        "homing_origin": [0.0, 0.0, 0.0, 0.0],
        "position": list(modes.position),
        "gcode_position": [at - base for at, base in zip(modes.position, modes.base, strict=True)],
    }


def _idle_timeout(klippy: Klippy) -> Json:
    interpreter, now = klippy.interpreter, time.monotonic()
    since = interpreter.busy_since
    busy = since is not None and (interpreter.mutex.locked() or now - interpreter.busy_until < READY_S)
    return {
        "state": "Printing" if busy else "Idle" if since is None else "Ready",
        "printing_time": now - since if busy and since is not None else 0.0,
        "idle_timeout": IDLE_TIMEOUT_S,
    }

"""Which words may stand in a program, by dialect. What is on no list is refused.

Sources: Marlin 2.1 `gcode/gcode.h`, Klipper `docs/G-Codes.md` and `klippy/extras`, GRBL 1.1 `gcode.c` and wiki; grblHAL
and FluidNC where they know more than GRBL.
"""

import re
from enum import StrEnum


class Dialect(StrEnum):
    MARLIN = "marlin"
    KLIPPER = "klipper"
    GRBL = "grbl"


_FILES = "it reads or writes files on the machine"
_SETTINGS = "it changes the machine's own settings"
_RESET = "it stops or restarts the firmware"
_HOST = "it speaks to the host, not to the machine"
_UNITS = "it changes the units in which the machine reads all that follows"
_SHIFT = "it shifts the coordinates of all that follows"
_PINS = "it switches bare pins"
_LOST = "it moves without knowing where, or makes the machine forget where it is"
_MACRO = "it runs what is stored on the machine"
_GUARD = "it switches one of the machine's own protections"
_BEAM = "a printer's program has no spindle and no laser"


def _because(reason: str, words: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), reason)


_PRINTER_REFUSED = {
    **_because(_FILES, "M20 M21 M22 M23 M24 M25 M26 M27 M28 M29 M30 M32 M33 M34 M524 M808 M928 M1000"),
    **_because(_SETTINGS, "M92 M206 M301 M303 M304 M306 M309 M428 M500 M501 M502 M504 M569 M575 M851 M852 M871"),
    **_because(_SETTINGS, "M207 M208 M209 M218 M281 M350 M425 M593 M665 M666 M672 M906 M911 M912 M913 M914 M919"),
    **_because(_SETTINGS, "M99 M102 M404 M405 M407 M512 M540 M550 M552 M553 M554 M993 M994 M995 M996"),
    **_because(_RESET, "M108 M110 M112 M410 M510 M511 M997 M999"),
    **_because(_HOST, "M16 M117 M118 M876"),
    **_because(_UNITS, "G20 M149 M200"),
    **_because(_SHIFT, "G53 G54 G55 G56 G57 G58 G59 G92.1 G92.2 G92.3 M290"),
    **_because("arcs lie in the XY plane", "G18 G19"),
    **_because(_LOST, "G5 G6 G38 G38.2 G38.3 G38.4 G38.5 G60 G61 M48 M915"),
    **_because(_MACRO, " ".join(f"M{number}" for number in (98, *range(810, 820)))),
    **_because(_GUARD, "M85 M86 M87 M111 M211 M302 M412 M413 M591 M605 M710 M43 M44"),
    **_because(_BEAM, "M3 M4 M5"),
    **_because(_PINS, "M42 M226 M280 M282 M355 M7 M8 M9"),
    "M302": "it lets the extruder run cold",
    "M81": "it cuts the power",
}
_KLIPPER_REFUSED = {
    **_PRINTER_REFUSED,
    **_because("it runs programs on the host", "RUN_SHELL_COMMAND"),
    **_because(_SETTINGS, "SAVE_CONFIG SAVE_VARIABLE SET_GCODE_VARIABLE PID_CALIBRATE SET_TMC_CURRENT SET_TMC_FIELD"),
    **_because(_SETTINGS, "INIT_TMC SET_EXTRUDER_ROTATION_DISTANCE SET_EXTRUDER_STEP_DISTANCE Z_OFFSET_APPLY_PROBE"),
    **_because(_SETTINGS, "Z_OFFSET_APPLY_ENDSTOP SET_RETRACTION MPC_CALIBRATE SET_HEATER_PID"),
    **_because(_LOST, "SET_KINEMATIC_POSITION FORCE_MOVE STEPPER_BUZZ SET_STEPPER_ENABLE MANUAL_STEPPER"),
    **_because(_LOST, "SYNC_EXTRUDER_MOTION SET_DUAL_CARRIAGE"),
    **_because(_RESET, "FIRMWARE_RESTART RESTART RESET_FILE CANCEL_PRINT CLEAR_PAUSE EXCLUDE_OBJECT"),
    **_because(_FILES, "SDCARD_PRINT_FILE SDCARD_RESET_FILE SDCARD_LOOP BED_MESH_PROFILE BED_MESH_OUTPUT"),
    **_because(_SHIFT, "SET_GCODE_OFFSET RESTORE_GCODE_STATE SKEW_PROFILE SET_SKEW BED_MESH_OFFSET"),
    **_because(_PINS, "SET_PIN SET_SERVO SET_DIGIPOT"),
    **_because(_HOST, "RESPOND ECHO ACTION_CALL_REMOTE_METHOD UPDATE_DELAYED_GCODE SET_DISPLAY_TEXT"),
    **_because(_GUARD, "SET_IDLE_TIMEOUT SET_FILAMENT_SENSOR"),
    **_because("heaters are set by M104, M109, M140 and M190 alone", "SET_HEATER_TEMPERATURE TEMPERATURE_WAIT"),
    **_because("heaters are set by M104, M109, M140 and M190 alone", "SET_TEMPERATURE_FAN_TARGET"),
}
_GRBL_REFUSED = {
    **_because("it shifts the work's coordinates", "G10 G28.1 G30.1 G43 G43.1 G43.2 G50 G51 G52 G92 G92.1 G92.2 G92.3"),
    **_because("it takes another work offset than the one that was touched off", "G55 G56 G57 G58 G59"),
    **_because("it takes another work offset than the one that was touched off", "G59.1 G59.2 G59.3"),
    **_because("it goes where only the firmware's memory knows", "G28 G30"),
    **_because("it ends wherever the probe touches", "G38.2 G38.3 G38.4 G38.5"),
    **_because("its feeds are no speeds", "G93 G95 G96"),
    **_because("arcs lie in the XY plane", "G18 G19"),
    **_because("other firmwares than GRBL would read arcs or positions otherwise", "G7 G8 G90.1 G98 G99"),
    **_because(
        "the paths of canned cycles and splines are not judged", "G5 G5.1 G5.2 G33 G73 G76 G81 G82 G83 G85 G86 G89"
    ),
    **_because(_MACRO, "G65 G66 M98 M99"),
    **_because(_PINS, "M62 M63 M64 M65 M67 M68"),
    **_because(_GUARD, "M48 M49 M50 M51 M53 M56"),
}

ALWAYS_REFUSED: dict[Dialect, dict[str, str]] = {
    Dialect.MARLIN: _PRINTER_REFUSED,
    Dialect.KLIPPER: _KLIPPER_REFUSED,
    Dialect.GRBL: _GRBL_REFUSED,
}

_PRINTER_WORDS = {
    "G0": "XYZEF",
    "G1": "XYZEF",
    "G2": "XYZEFIJR",
    "G3": "XYZEFIJR",
    "G4": "SP",
    "G10": "",
    "G11": "",
    "G17": "",
    "G21": "",
    "G28": "XYZ",
    "G90": "",
    "G91": "",
    "G92": "E",
    "M17": "XYZE",
    "M18": "XYZE",
    "M73": "PRQS",
    "M82": "",
    "M83": "",
    "M84": "XYZE",
    "M104": "ST",
    "M106": "SP",
    "M107": "P",
    "M109": "SRT",
    "M140": "S",
    "M141": "S",
    "M190": "SR",
    "M191": "SR",
    "M201": "XYZE",
    "M203": "XYZE",
    "M204": "SPRT",
    "M205": "XYZEJSTB",
    "M220": "SBR",
    "M221": "S",
    "M400": "",
    "M486": "",
    "M900": "K",
    "T0": "",
}
_NO_RADIUS = {"G2": "XYZEFIJ", "G3": "XYZEFIJ"}
"""Klipper's `gcode_arcs.py` refuses R."""
_NO_R = {"M109": "ST", "M190": "S", "M191": "S"}
"""Klipper's `heaters.py` knows S alone, and takes a missing S for 0."""
_KLIPPER_WORDS = {
    **{word: letters for word, letters in _PRINTER_WORDS.items() if word != "M486"},
    **_NO_RADIUS,
    **_NO_R,
    "EXCLUDE_OBJECT_DEFINE": "",
    "EXCLUDE_OBJECT_START": "",
    "EXCLUDE_OBJECT_END": "",
    "SET_PRESSURE_ADVANCE": "",
    "SET_PRINT_STATS_INFO": "",
    "SET_VELOCITY_LIMIT": "",
    "TURN_OFF_HEATERS": "",
}
_GRBL_MOTION = ("G0", "G1", "G2", "G3", "G4", "G53")
_GRBL_MODES = ("G17", "G20", "G21", "G40", "G49", "G54", "G61", "G80", "G90", "G91", "G91.1", "G94")
_GRBL_SWITCHES = ("M2", "M3", "M4", "M5", "M7", "M8", "M9", "M30")
_GRBL_WORDS = dict.fromkeys((*_GRBL_MOTION, *_GRBL_MODES, *_GRBL_SWITCHES), "")

DEFAULT_WORDS: dict[Dialect, dict[str, str]] = {
    Dialect.MARLIN: _PRINTER_WORDS,
    Dialect.KLIPPER: _KLIPPER_WORDS,
    Dialect.GRBL: _GRBL_WORDS,
}
"""Command → letters that may follow it (printers; GRBL's words share one line)."""

_WORD = re.compile(r"([A-Z])0*(\d+(?:\.[1-9]\d*)?)(?:\.0*)?")


def canonical_word(text: str) -> str:
    """`g01` → `G1`, `G91.10` → `G91.1`; anything else in capitals."""
    upper = text.strip().upper()
    match = _WORD.fullmatch(upper)
    return f"{match[1]}{match[2].rstrip('0') if '.' in match[2] else match[2]}" if match else upper

"""Which words may stand in a program, by dialect. What is on no list is refused.

Sources: Marlin 2.0 `gcode/`, Klipper `docs/G-Codes.md`, GRBL 1.1 wiki "G-code supported".
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

_PRINTER_REFUSED = {
    **dict.fromkeys(("M20", "M21", "M22", "M23", "M24", "M25", "M26", "M28", "M29", "M30", "M32", "M928"), _FILES),
    **dict.fromkeys(("M500", "M501", "M502", "M504", "M92", "M206", "M301", "M303", "M304", "M851", "M428"), _SETTINGS),
    **dict.fromkeys(("M112", "M997", "M999", "M108", "M410", "M110"), _RESET),
    **dict.fromkeys(("M117", "M118", "M876"), _HOST),
    "M302": "it lets the extruder run cold",
    "M42": "it switches bare pins",
    "M81": "it cuts the power",
}
_KLIPPER_REFUSED = {
    **_PRINTER_REFUSED,
    "RUN_SHELL_COMMAND": "it runs programs on the host",
    "SAVE_CONFIG": _SETTINGS,
    "SET_KINEMATIC_POSITION": "it makes the machine forget where it is",
    "FIRMWARE_RESTART": _RESET,
    "RESTART": _RESET,
    "SDCARD_PRINT_FILE": _FILES,
    "SET_GCODE_OFFSET": "it shifts every later move",
    "SET_PIN": "it switches bare pins",
    "SAVE_VARIABLE": _SETTINGS,
    "RESPOND": _HOST,
    "FORCE_MOVE": "it moves without knowing where",
    "SET_STEPPER_ENABLE": "it makes the machine forget where it is",
    "SET_HEATER_TEMPERATURE": "heaters are set by M104, M109, M140 and M190 alone",
}
_GRBL_REFUSED = {
    **dict.fromkeys(("G10", "G28.1", "G30.1", "G92", "G92.1", "G92.2", "G92.3"), "it shifts the work's coordinates"),
    **dict.fromkeys(("G28", "G30"), "it goes where only the firmware's memory knows"),
    **dict.fromkeys(("G38.2", "G38.3", "G38.4", "G38.5"), "it ends wherever the probe touches"),
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
    "M190": "SR",
    "M201": "XYZE",
    "M203": "XYZE",
    "M204": "SPRT",
    "M205": "XYZEJSTB",
    "M220": "S",
    "M221": "S",
    "M400": "",
    "M900": "K",
    "T0": "",
}
_KLIPPER_WORDS = {
    **_PRINTER_WORDS,
    "EXCLUDE_OBJECT_DEFINE": "",
    "EXCLUDE_OBJECT_START": "",
    "EXCLUDE_OBJECT_END": "",
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

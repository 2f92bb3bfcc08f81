"""Commands of printers that set limits, names and factors but move nothing: their values against the machine's."""

import re
from math import inf

from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.printer_code import Values
from slicer_bridge.programs.travel import Refused

_RANGES = {
    "M106": ("S", 0.0, 255.0),
    "M221": ("S", 50.0, 150.0),
    "M900": ("K", 0.0, 100.0),  # Marlin takes K up to 10; Prusa's firmware converts older values above
}
_MAX_FACTOR = 100.0
_MAX_JUNCTION_MM = 0.3
"""Marlin 2.1 `M200-M205.cpp` takes J from 0.01 to 0.3."""
_LABEL = re.compile(r" (?:T\d{1,3}|S(?:-1|\d{1,3})|A[A-Za-z0-9_.:() -]{1,70})", re.ASCII).fullmatch
_PAIR = re.compile(r" +([A-Z_]+)=(?:'([\w.,:()\[\]+ -]*)'|([\w.,:()\[\]+-]+))", re.ASCII).match
_PLAIN = re.compile(r"-?(?:\d+\.?\d*|\.\d+)", re.ASCII).fullmatch
_HOT_NAMES = frozenset({"BED", "CHAMBER", "EXTRUDER", "HOTEND", "NOZZLE", "TARGET", "TOOL"})
_KEYS = {
    "EXCLUDE_OBJECT_DEFINE": {"NAME", "CENTER", "POLYGON"},
    "EXCLUDE_OBJECT_START": {"NAME"},
    "EXCLUDE_OBJECT_END": {"NAME"},
    "SET_PRESSURE_ADVANCE": {"EXTRUDER", "ADVANCE", "SMOOTH_TIME"},
    "SET_PRINT_STATS_INFO": {"TOTAL_LAYER", "CURRENT_LAYER"},
    "SET_VELOCITY_LIMIT": {
        "VELOCITY",
        "ACCEL",
        "ACCEL_TO_DECEL",
        "MINIMUM_CRUISE_RATIO",
        "SQUARE_CORNER_VELOCITY",
    },
    "TURN_OFF_HEATERS": set[str](),
}
_MOST = {"ADVANCE": 2.0, "SMOOTH_TIME": 0.2, "MINIMUM_CRUISE_RATIO": 1.0, "TOTAL_LAYER": inf, "CURRENT_LAYER": inf}
"""Klipper's `kinematics/extruder.py` and `toolhead.py`; the rest is the machine's."""


def check_label(rest: str) -> None:
    """M486: T counts, S begins (S-1 ends), A names; what cancels objects is the driver's. Raises Refused."""
    if not _LABEL(rest):
        raise Refused("M486 only with T<count>, S<number>, or A<name> of plain letters: anything else leaves parts out")


def check_feed_factor(values: Values, *, kept: bool) -> None:
    """M220: S, or B that keeps the factor and R that brings it back, if the program has kept one. Raises Refused."""
    if (set(values) == {"B"} and values["B"] is None) or (set(values) == {"R"} and values["R"] is None and kept):
        return
    factor = values.get("S")
    if set(values) != {"S"} or factor is None or not 1 <= factor <= _MAX_FACTOR:
        raise Refused(f"M220 only with S from 1 to {_MAX_FACTOR:g}, or B and later R: more would pass every limit")


def check_setting(word: str, numbers: dict[str, float], limits: MachineLimits) -> None:
    """Words that are not named here (M17, M73, M400) change nothing that is judged. Raises Refused."""
    if word in _RANGES:
        letter, low, high = _RANGES[word]
        if not low <= numbers.get(letter, 0.0) <= high:
            raise Refused(f"{word} only with {letter} from {low:g} to {high:g}")
    match word:
        case "M106" | "M107":
            if not 0 <= numbers.get("P", 0.0) < limits.tools:
                raise Refused(f"{word} only for the tools' fans")
        case "M201" | "M204":
            _check_accelerations(word, numbers, limits)
        case "M203":
            for letter, number in numbers.items():
                if not 0 < number <= limits.max_feed_mm_s:
                    raise Refused(f"M203 {letter}{number:g}: the limit is {limits.max_feed_mm_s:g} mm/s")
        case "M205":
            _check_jerk(numbers, limits)


def _check_accelerations(word: str, numbers: dict[str, float], limits: MachineLimits) -> None:
    filament = "E" if word == "M201" else "R"
    for letter, number in numbers.items():
        own = limits.max_acceleration_e_mm_s2 if letter == filament else limits.max_acceleration_mm_s2
        limit = own or inf
        if not 0 < number <= limit:
            raise Refused(f"{word} {letter}{number:g}: accelerations are above 0 and up to {limit:g} mm/s²")


def _check_jerk(numbers: dict[str, float], limits: MachineLimits) -> None:
    """M205: S and T are least feeds, which would overrule F; B is a least time and J the junction deviation."""
    most = {"S": 0.0, "T": 0.0, "B": inf, "J": _MAX_JUNCTION_MM}
    for letter, number in numbers.items():
        limit = most.get(letter, limits.max_jerk_mm_s or inf)
        if not 0 <= number <= limit:
            raise Refused(f"M205 {letter}{number:g}: the limit is {limit:g}")


def check_extended(word: str, rest: str, limits: MachineLimits) -> None:
    """Klipper's NAME=VALUE commands. Raises Refused."""
    pairs = _pairs(word, rest)
    foreign = set(pairs) - _KEYS[word]
    if foreign:
        raise Refused(f"{word} with {', '.join(sorted(foreign))}: only {', '.join(sorted(_KEYS[word])) or 'nothing'}")
    if word.startswith("EXCLUDE_"):
        if "NAME" not in pairs:
            raise Refused(f"{word} needs a NAME")
        return
    most = {
        **_MOST,
        "VELOCITY": limits.max_feed_mm_s,
        "ACCEL": limits.max_acceleration_mm_s2 or inf,
        "ACCEL_TO_DECEL": limits.max_acceleration_mm_s2 or inf,
        "SQUARE_CORNER_VELOCITY": limits.max_jerk_mm_s or inf,
    }
    for key, value in pairs.items():
        if key == "EXTRUDER":
            continue
        if not _PLAIN(value) or not 0 <= float(value) <= most[key]:
            raise Refused(f"{word} {key}={value}: a plain number from 0 to {most[key]:g} may stand there")


def check_foreign(word: str, rest: str, limits: MachineLimits) -> None:
    """A word that only an approved block, or this machine's own list, has: temperatures that it names are judged.

    Raises Refused.
    """
    for key, value in re.findall(r"([A-Z_]+)=(-?[\d.]+)", rest, re.ASCII):
        if "TEMP" not in key and key not in _HOT_NAMES:
            continue
        limit = limits.max_hotend_c
        if "BED" in key or "CHAMBER" in key:
            limit = limits.max_bed_c if "BED" in key else limits.max_chamber_c
        if not _PLAIN(value) or not 0 <= float(value) <= limit:
            raise Refused(f"{word} {key}={value}: the limit is {limit:g} °C")


def _pairs(word: str, rest: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    at = 0
    while at < len(rest):
        match = _PAIR(rest, at)
        if match is None or match[1] in pairs:
            raise Refused(f"{word}: only NAME=VALUE with plain values may follow, each name once")
        pairs[match[1]] = match[2] if match[2] is not None else match[3]
        at = match.end()
    return pairs

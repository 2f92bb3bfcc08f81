"""How fast a machine moves: as its firmware is set, read from TOML, GRBL's `$$` or a PrusaSlicer program's own tail.

The keys are described in docs/motion.md.
"""

import re
import tomllib
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from slicer_bridge.errors import BadLimits

NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Axes = tuple[NotNegative, NotNegative, NotNegative, NotNegative]
"""X, Y, Z, E."""


class Planner(StrEnum):
    """Whose rules: what the words mean, what a corner allows, and how far ahead is planned."""

    PRUSASLICER = "prusaslicer"
    """As PrusaSlicer 2.5 estimates: classic jerk and its own short cuts; no dwells, no arcs of its own."""
    MARLIN = "marlin"
    """Marlin 2: junction deviation; classic jerk where `junction_deviation_mm` is 0."""
    GRBL = "grbl"
    KLIPPER = "klipper"


@checked(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Heating:
    """A rough model: heaters warm up and cool down at a steady rate."""

    ambient_c: NotNegative = 20.0
    hotend_c_s: Positive = 2.0
    bed_c_s: Positive = 0.3
    chamber_c_s: Positive = 0.05
    cooling_c_s: Positive = 0.5


@checked(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class MotionLimits:
    """A machine's limits of motion; what the program itself sets takes their place."""

    planner: Planner
    max_feed_mm_s: Axes = (500.0, 500.0, 12.0, 120.0)
    max_acceleration_mm_s2: Axes = (9000.0, 9000.0, 500.0, 10000.0)
    acceleration_mm_s2: Positive = 1500.0
    """Of printing moves; Klipper: of all in X and Y. GRBL has no such limit."""
    travel_acceleration_mm_s2: Positive = 1500.0
    retract_acceleration_mm_s2: Positive = 1500.0
    acceleration_ceilings_mm_s2: tuple[NotNegative, NotNegative, NotNegative] = (0.0, 0.0, 0.0)
    """What M204 can't pass: print, retract, travel; 0: no ceiling."""
    jerk_mm_s: Axes = (10.0, 10.0, 0.2, 2.5)
    junction_deviation_mm: NotNegative = 0.0
    max_speed_mm_s: Positive = 1000.0
    """Klipper's max_velocity."""
    square_corner_mm_s: NotNegative = 5.0
    minimum_cruise_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.5
    extruder_corner_mm_s: NotNegative = 1.0
    """Klipper's instantaneous_corner_velocity."""
    min_feed_mm_s: NotNegative = 0.0
    min_travel_feed_mm_s: NotNegative = 0.0
    queue: Annotated[int, Field(ge=2, le=1024)] = 16
    """Blocks that the firmware looks ahead (Marlin's BLOCK_BUFFER_SIZE, GRBL's less one)."""
    arc_tolerance_mm: Positive = 0.002
    arc_segment_mm: Positive = 1.0
    homing_s: NotNegative = 0.0
    tool_change_s: NotNegative = 0.0
    spin_up_s: NotNegative = 0.0
    filament_mm: Positive = 1.75
    density_g_cm3: NotNegative = 0.0
    """0: not known; no masses are told."""
    heating: Heating = Heating()

    def values(self) -> NDArray[np.float64]:
        """As `junctions` numbers them."""
        from slicer_bridge.motion import junctions

        out = np.zeros(junctions.LIMITS)
        out[junctions.FEED : junctions.FEED + 4] = self.max_feed_mm_s
        out[junctions.ACCEL : junctions.ACCEL + 4] = self.max_acceleration_mm_s2
        out[junctions.JERK : junctions.JERK + 4] = self.jerk_mm_s
        out[junctions.PRINT], out[junctions.TRAVEL] = self.acceleration_mm_s2, self.travel_acceleration_mm_s2
        out[junctions.RETRACT] = self.retract_acceleration_mm_s2
        out[junctions.MIN_PRINT], out[junctions.MIN_TRAVEL] = self.min_feed_mm_s, self.min_travel_feed_mm_s
        out[junctions.DEVIATION], out[junctions.SPEED] = self.junction_deviation_mm, self.max_speed_mm_s
        out[junctions.CORNER], out[junctions.CRUISE] = self.square_corner_mm_s, self.minimum_cruise_ratio
        out[junctions.PRINT_CEILING : junctions.PRINT_CEILING + 3] = self.acceleration_ceilings_mm_s2
        out[junctions.E_CORNER] = self.extruder_corner_mm_s
        return out


DEFAULTS = {
    Planner.PRUSASLICER: MotionLimits(Planner.PRUSASLICER),
    Planner.MARLIN: MotionLimits(
        Planner.MARLIN, (300.0, 300.0, 5.0, 25.0), (3000.0, 3000.0, 100.0, 10000.0), 3000.0, 3000.0, 3000.0,
        junction_deviation_mm=0.013,
    ),
    Planner.GRBL: MotionLimits(
        Planner.GRBL, (500 / 60, 500 / 60, 500 / 60, 0.0), (10.0, 10.0, 10.0, 0.0), junction_deviation_mm=0.01, queue=15
    ),
    Planner.KLIPPER: MotionLimits(
        Planner.KLIPPER, (300.0, 300.0, 15.0, 75.0), (3000.0, 3000.0, 100.0, 1500.0), 3000.0, max_speed_mm_s=300.0
    ),
}  # fmt: skip
"""As firmwares come: Marlin 2.1 Configuration.h, GRBL 1.1h defaults.h (generic), Klipper's example configurations."""
_LIMITS = TypeAdapter(MotionLimits)
_SETTING = re.compile(r"\$(\d+)\s*=\s*([-+]?[\d.]+)")
_OPTION = re.compile(rb"^; (\w+) = (.*?)\r?$", re.MULTILINE)


def load_motion(path: Path) -> MotionLimits:
    """From TOML; or, where the file has `$110=…` and so on, from GRBL's answer to `$$`. Raises BadLimits."""
    try:
        text = path.read_text(encoding="utf-8")
        if _SETTING.search(text):
            return grbl_motion(text)
        return _LIMITS.validate_python(_with_defaults(tomllib.loads(text)))
    except OSError as error:
        raise BadLimits(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadLimits(f"{path}: can't be read as TOML: {error}") from error
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(step) for step in one['loc']) or 'motion'}: {one['msg']}" for one in error.errors()
        )
        raise BadLimits(f"{path}: {reasons} (see docs/motion.md)") from error


def _with_defaults(values: dict[str, object]) -> dict[str, object]:
    """Keys that are left out are the planner's own."""
    planner = values.get("planner")
    if not isinstance(planner, str) or planner not in set(Planner):
        return values
    default: dict[str, object] = _LIMITS.dump_python(DEFAULTS[Planner(planner)])
    return {**default, **values}


def grbl_motion(text: str) -> MotionLimits:
    """From GRBL's settings: $11 deviation, $12 arc tolerance, $110 mm/min, $120 mm/s². Raises BadLimits."""
    found = {int(number): float(value) for number, value in _SETTING.findall(text)}
    missing = [f"${number}" for number in (11, 110, 111, 112, 120, 121, 122) if number not in found]
    if missing:
        raise BadLimits(f"GRBL's settings lack {', '.join(missing)}: save the whole answer to $$")
    rates = (found[110] / 60, found[111] / 60, found[112] / 60, 0.0)
    accelerations = (found[120], found[121], found[122], 0.0)
    if not all(rates[:3]) or not all(accelerations[:3]):
        raise BadLimits("GRBL's settings have a rate or an acceleration of 0")
    return replace(
        DEFAULTS[Planner.GRBL],
        max_feed_mm_s=rates,
        max_acceleration_mm_s2=accelerations,
        junction_deviation_mm=found[11],
        arc_tolerance_mm=found.get(12, 0.002) or 0.002,
    )


def prusaslicer_motion(tail: bytes) -> MotionLimits | None:
    """What PrusaSlicer estimated with: the settings that it writes at a program's end; None: there are none.

    Flavours for which PrusaSlicer takes no limits from the machine get its defaults (GCodeProcessor::apply_config).
    """
    options = {name.decode(): value.decode("utf-8", "replace") for name, value in _OPTION.findall(tail)}
    if "machine_max_acceleration_x" not in options or "gcode_flavor" not in options:
        return None
    default = DEFAULTS[Planner.PRUSASLICER]
    flavour = options["gcode_flavor"]
    given = flavour in {"marlin", "marlin2", "reprapfirmware"} and options.get("machine_limits_usage") != "ignore"

    def number(name: str, otherwise: float) -> float:
        text = options.get(name, "").partition(",")[0].strip()
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else otherwise

    def axes(name: str, otherwise: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        x, y, z, e = (number(f"{name}_{axis}", otherwise[at]) for at, axis in enumerate("xyze"))
        return (x, y, z, e) if given else otherwise

    def most(name: str) -> float:
        return number(f"machine_max_acceleration_{name}", 1500.0) if given else 1500.0

    printing, retracting = most("extruding"), most("retracting")
    travelling = printing if flavour == "marlin" else most("travel")
    minimum = given and flavour != "reprapfirmware"
    return replace(
        default,
        max_feed_mm_s=axes("machine_max_feedrate", default.max_feed_mm_s),
        max_acceleration_mm_s2=axes("machine_max_acceleration", default.max_acceleration_mm_s2),
        jerk_mm_s=axes("machine_max_jerk", default.jerk_mm_s),
        acceleration_mm_s2=printing or 1500.0,
        retract_acceleration_mm_s2=retracting or 1500.0,
        travel_acceleration_mm_s2=travelling or 1250.0,
        acceleration_ceilings_mm_s2=(printing, retracting, travelling),
        min_feed_mm_s=number("machine_min_extruding_rate", 0.0) if minimum else 0.0,
        min_travel_feed_mm_s=number("machine_min_travel_rate", 0.0) if minimum else 0.0,
        filament_mm=number("filament_diameter", 1.75) or 1.75,
        density_g_cm3=number("filament_density", 0.0),
    )

"""Programs to begin with: sliced and cut at test time, and short ones by hand that use every ordinary word."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from tests.slicer_bridge.shapes import Facets, box, stl_bytes

OFFSET = (-500.0, -350.0, -40.0)
MARLIN = MachineLimits(
    dialect=Dialect.MARLIN,
    envelope_mm=Envelope(x=(0, 200), y=(-3, 200), z=(0, 180)),
    home_mm=(0, -3, 0),
    max_feed_mm_s=200,
    max_feed_e_mm_s=60,
    max_acceleration_mm_s2=3000,
    max_acceleration_e_mm_s2=6000,
    max_jerk_mm_s=20,
    max_hotend_c=260,
    max_bed_c=100,
    max_flow_mm3_s=15,
)
TWO_TOOLS = MARLIN.model_copy(update={"tools": 2, "max_chamber_c": 60.0, "max_feed_z_mm_s": 150.0})
NO_HOME = MARLIN.model_copy(update={"home_mm": None})
KLIPPER = MARLIN.model_copy(update={"dialect": Dialect.KLIPPER, "max_chamber_c": 60.0})
ROUTER = MachineLimits(
    dialect=Dialect.GRBL,
    envelope_mm=Envelope(x=(-600, 0), y=(-400, 0), z=(-80, 0)),
    max_feed_mm_s=100,
    max_feed_z_mm_s=20,
    min_spindle_rpm=5000,
    max_spindle_rpm=24000,
    max_dwell_s=10,
)
LASER = ROUTER.model_copy(update={"min_spindle_rpm": 0.0, "max_spindle_rpm": 0.0, "max_laser_s": 1000.0})


@dataclass(frozen=True)
class Specimen:
    name: str
    limits: MachineLimits
    lines: tuple[str, ...]


_START = """G28 ; home
M190 S60
M104 S210
M109 S210
G21
G90
M82
G92 E0
M201 X1000 Y1000 Z200 E5000
M203 X200 Y200 Z12 E60
M204 P1000 R1500 T1000
M205 X8 Y8 Z0.4 E1.5
M107"""
_PRINT = """G1 Z0.3 F3000
G1 X20 Y20 F9000
G1 X60 Y20 E1.5 F1800
G1 X60 Y60 E3
G2 X80 Y60 I10 J0 E4
G3 X60 Y60 I-10 J0 E5.5
M73 P50 R10
M106 S127.5
G1 E4.5 F2400
G0 X150 Y150 F12000
G1 E5.5 F2400
G1 X180 Y150 E6.6 F1200
M220 B
M220 S90
M220 R
M221 S95
G91
M83
G1 Z1 F600
G1 X-10 Y-5 E0.2
G1 E-0.8 F1800
G90
M83
G1 X100 Y100 F6000
G92 E0
G4 P200
G1 E0.8 F1800
G1 X120 Y100 E0.7 F1500
G10
G1 X130 Y90 F9000
G11
M400
M900 K0.05"""
_FLOW = """G92 E100
G1 Z0.3 F3000
G1 X60 Y60 F6000
M221 S100
G1 X160 E110.5 F3000
M221 S140
G1 X60 E118 F2400
G1 X160 E125 F2400
G1 X60 E132 F2400
M221 S100
G91
M82
G1 Z0.2 F600
G1 X5 E132.1 F1500
G90
M82
G1 X160 E142 F3000"""
_END = """M107
M104 S0
M140 S0
G1 X0 Y180 F6000
M84 X Y E"""
_LABELS = """M486 T2
M486 S0
M486 Aring (Instance 1)
G1 X30 Y30 F6000
G1 X50 Y30 E0.7 F1500
M486 S-1
M486 S1
G1 X90 Y30 F6000
G1 X120 Y30 E0.9 F1500
M486 S-1
G1 X10 Y10 F6000"""
_TOOLS = """M141 S45
M104 S200 T1
M109 S215 T1
T1
G92 E0
G1 X40 Y40 F6000
G1 X70 Y40 E0.8 F1500
M104 S0 T1
T0
G1 X20 Y90 F6000
G1 X50 Y90 E0.9 F1500
M141 S0"""
_KLIPPER_OWN = """EXCLUDE_OBJECT_DEFINE NAME='ring_1' CENTER=50,50 POLYGON=[[40,40],[60,40],[50,60]]
SET_VELOCITY_LIMIT VELOCITY=180 ACCEL=2500 SQUARE_CORNER_VELOCITY=5
SET_PRESSURE_ADVANCE EXTRUDER=extruder ADVANCE=0.04
SET_PRINT_STATS_INFO TOTAL_LAYER=10
EXCLUDE_OBJECT_START NAME='ring_1'
G1 X30 Y30 F6000
G1 X50 Y30 E0.7 F1500
EXCLUDE_OBJECT_END NAME='ring_1'
G1 X20 Y80 F6000
M204 S2000
G1 X50 Y80 E1 F1500
TURN_OFF_HEATERS"""
_CUT = """(plate 1)
G21 G90 G94 G17 G54
G0 Z5
M3 S16000
G4 P3
G0 X20 Y30
G1 Z-1 F300 ; down
G1 X80 F1200
G2 X100 Y50 I0 J20
G1 X100 Y90
G3 X80 Y110 R20
G1 X20 Y110
M8
X20 Y30
G0 Z5
G91 X10 Y10
G1 Z-2 F500
G90
G1 X60 Y60 F1500
G2 X60 Y60 I10 J0 Z-2
G0 X495 Y10
G2 X495 Y30 I0 J10
G0 X20 Y20
S12000
G53 G0 Z-1
G20
G1 X1 Y1 F40
G21
G0 X0 Y0
M9
M5
M30"""
_BURN = """G21 G90 G17
G0 X10 Y10
M4 S500 F3000
G1 X50
G1 Y50 S800
G0 X60 Y60
M3 S300
G4 P0.5
G1 X90 Y90
M5
M2"""


def by_hand() -> list[Specimen]:
    def of(name: str, limits: MachineLimits, *parts: str) -> Specimen:
        return Specimen(name, limits, tuple(line for part in parts for line in part.splitlines()))

    radius = _PRINT.replace("G3 X60 Y60 I-10 J0", "G3 X60 Y60 R12")
    return [
        of("marlin", MARLIN, _START, radius, _END),
        of("flow", MARLIN, _START, _FLOW, _END),
        of("labels", MARLIN, _START.replace("M82", "M83"), _LABELS, _END),
        of("tools", TWO_TOOLS, _START.replace("M82", "M83"), _TOOLS, _END),
        of("no home", NO_HOME, _START, _PRINT, _END),
        of("klipper", KLIPPER, _START, _PRINT, _END),
        of("klipper's own", KLIPPER, _START.replace("M82", "M83"), _KLIPPER_OWN, _END),
        of("cut", ROUTER, _CUT),
        of("burnt", LASER, _BURN),
    ]


def have_slicer() -> bool:
    return shutil.which("prusa-slicer") is not None


def sliced(path: Path, facets: Facets, settings: dict[str, str]) -> tuple[str, ...]:
    """PrusaSlicer's program of a part at the middle of its bed."""
    (path / "part.stl").write_bytes(stl_bytes(facets))
    return sliced_file(path, path / "part.stl", settings)


def sliced_file(path: Path, part: Path, settings: dict[str, str]) -> tuple[str, ...]:
    profile, out = path / "profile.ini", path / "out.gcode"
    profile.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()), encoding="utf-8")
    command = ["prusa-slicer", "-g", "--load", str(profile), "--loglevel", "1", "-o", str(out), str(part)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    return tuple(out.read_text(encoding="utf-8").encode("utf-8").decode("latin-1").splitlines())


ORDINARY = {
    "bed_shape": "0x-3,200x-3,200x200,0x200",
    "max_print_height": "180",
    "gcode_flavor": "marlin2",
    "filament_max_volumetric_speed": "15",
    "travel_speed": "150",
    "retract_speed": "40",
    "temperature": "210",
    "first_layer_temperature": "215",
    "bed_temperature": "60",
    "first_layer_bed_temperature": "60",
    "end_gcode": r"M104 S0\nM140 S0\nM107\nG1 X0 Y180 F6000\nM84",
    "machine_max_feedrate_x": "200,200",
    "machine_max_feedrate_y": "200,200",
    "machine_max_acceleration_x": "3000,3000",
    "machine_max_acceleration_y": "3000,3000",
    "machine_max_acceleration_extruding": "1500,1500",
    "machine_max_acceleration_e": "5000,5000",
}


def small_part() -> Facets:
    """Two boxes apart, with a bridge over nothing: walls, travels, retractions, support."""
    return np.concatenate([box((5, 6, 6)), box((5, 6, 6), (9, 0, 0)), box((14, 6, 1), (0, 0, 6))])

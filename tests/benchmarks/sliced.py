"""Programs that PrusaSlicer makes of real parts and of shapes of our own, by several profiles, with its own times."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slicer_bridge.reading.stl import write_stl

_PARTS = Path(__file__).parents[3] / "shared" / "data" / "models" / "stl"
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST_S = 280.0
_BASE = {
    "gcode_flavor": "marlin2",
    "machine_limits_usage": "time_estimate_only",
    "use_relative_e_distances": "1",
    "layer_gcode": "G92 E0\\n",
    "bed_shape": "0x0,350x0,350x350,0x350",
    "max_print_height": "350",
    "gcode_label_objects": "1",
    "layer_height": "0.2",
    "temperature": "210",
    "first_layer_temperature": "210",
}
PROFILES: dict[str, dict[str, str]] = {
    "plain": {},
    "limits in the program": {
        "gcode_flavor": "marlin",
        "machine_limits_usage": "emit_to_gcode",
        "machine_max_acceleration_x": "1000,500",
        "machine_max_acceleration_y": "1200",
        "machine_max_acceleration_extruding": "800",
        "machine_max_jerk_x": "8",
        "machine_max_jerk_y": "7",
        "machine_max_jerk_e": "1.5",
        "silent_mode": "1",
    },
    "fast": {
        "perimeter_speed": "150",
        "infill_speed": "250",
        "travel_speed": "400",
        "default_acceleration": "4000",
        "perimeter_acceleration": "2500",
        "first_layer_acceleration": "800",
        "machine_max_acceleration_extruding": "5000",
        "machine_max_jerk_x": "12",
        "machine_max_jerk_y": "12",
        "layer_height": "0.28",
    },
    "slow": {
        "perimeter_speed": "25",
        "infill_speed": "30",
        "travel_speed": "80",
        "machine_max_acceleration_x": "300",
        "machine_max_acceleration_y": "300",
        "machine_max_jerk_x": "3",
        "layer_height": "0.15",
    },
    "absolute E, wipe": {
        "use_relative_e_distances": "0",
        "layer_gcode": "",
        "wipe": "1",
        "machine_limits_usage": "emit_to_gcode",
        "layer_height": "0.3",
    },
    "supports, lift, least feeds": {
        "support_material": "1",
        "fill_pattern": "gyroid",
        "retract_lift": "0.4",
        "wipe": "1",
        "machine_min_extruding_rate": "5",
        "machine_min_travel_rate": "10",
    },
    "no limits": {"gcode_flavor": "reprap", "default_acceleration": "700", "perimeter_acceleration": "500"},
    "firmware retraction": {"use_firmware_retraction": "1", "gcode_flavor": "marlin", "fill_pattern": "honeycomb"},
}
PARTS = (
    "Stethoscope__ring",
    "Voron-0__A_Idler_Upper_x1",
    "Voron-0__M2_Nut_Adapter_Rotated_x5",
    "Original-Prusa-i3__y-rod-holder",
    "Stethoscope__y_piece",
    "LibreWater__feed-frontwall",
    "wisconsin-photoreactor__light_shield",
)


@dataclass(frozen=True, slots=True)
class Sliced:
    name: str
    program: Path
    told_s: float
    """PrusaSlicer leaves out parts of a second: half of one is added."""


def programs(folder: Path) -> Iterator[Sliced]:
    """Each part by three profiles, in turns. Raises FileNotFoundError without PrusaSlicer, CalledProcessError."""
    if shutil.which("prusa-slicer") is None:
        raise FileNotFoundError("prusa-slicer is not installed: see requirements/debian.sh")
    parts = [*(_PARTS / f"{name}.stl" for name in PARTS if (_PARTS / f"{name}.stl").is_file()), *own_shapes(folder)]
    names = list(PROFILES)
    for number, part in enumerate(parts):
        for turn in range(3):
            yield sliced(part, names[(3 * number + turn) % len(names)], folder)


def sliced(part: Path, profile: str, folder: Path) -> Sliced:
    """One program, by a profile of `PROFILES`. Raises CalledProcessError."""
    settings, program = folder / "settings.ini", folder / f"{part.stem} {profile}.gcode"
    settings.write_text("".join(f"{key} = {value}\n" for key, value in {**_BASE, **PROFILES[profile]}.items()))
    command = ["prusa-slicer", "-g", "--load", str(settings), "--loglevel", "0", "-o", str(program), str(part)]
    subprocess.run(command, check=True, capture_output=True, timeout=_LONGEST_S)
    return Sliced(f"{part.stem}, {profile}", program, _told_s(program.read_text()))


def _told_s(text: str) -> float:
    told = re.search(r"estimated printing time \(normal mode\) = (.*)", text)
    if told is None:
        raise ValueError("PrusaSlicer has told no time")
    return 0.5 + sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([dhms])", told[1]))


def own_shapes(folder: Path) -> list[Path]:
    """A gear and a cup, by their outlines."""
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    gear = _prism(
        np.stack([np.cos(angles), np.sin(angles)], axis=1) * (18 + 2 * np.sign(np.sin(16 * angles)))[:, None], 6
    )
    star = _prism(np.stack([np.cos(angles), np.sin(angles)], axis=1) * (14 + 5 * np.sin(5 * angles))[:, None], 12)
    paths = [folder / "gear.stl", folder / "star.stl"]
    for path, facets in zip(paths, (gear, star), strict=True):
        write_stl(path, facets)
    return paths


def _prism(
    outline: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", height: float
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Star-shaped about 0, 0; outside out."""
    low = np.column_stack([outline, np.zeros(len(outline))])
    up = np.array([0.0, 0.0, height])
    high = low + up
    after = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
    middle = np.zeros_like(low)
    sides = [np.stack([low, after[0], after[1]], axis=1), np.stack([low, after[1], high], axis=1)]
    lids = [np.stack([middle, after[0], low], axis=1), np.stack([middle + up, high, after[1]], axis=1)]
    return np.concatenate([*sides, *lids])

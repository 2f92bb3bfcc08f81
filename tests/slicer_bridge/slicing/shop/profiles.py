"""Profiles for tests, small enough to read, and where PrusaSlicer keeps those of makers of printers."""

from pathlib import Path

import pytest

VENDORS = Path("/usr/share/PrusaSlicer/profiles")
START = "PRINT_START BED=[first_layer_bed_temperature] EXTRUDER=[first_layer_temperature]"

CONFIG = {
    "bed_shape": "0x0,180x0,180x180,0x180",
    "bed_temperature": "60",
    "end_gcode": "PRINT_END",
    "filament_density": "1.24",
    "filament_diameter": "1.75",
    "filament_max_volumetric_speed": "11",
    "filament_type": "PLA",
    "first_layer_bed_temperature": "60",
    "first_layer_height": "0.2",
    "first_layer_temperature": "215",
    "gcode_flavor": "klipper",
    "layer_height": "0.2",
    "machine_max_acceleration_extruding": "1500,1250",
    "machine_max_acceleration_x": "1500,1250",
    "machine_max_acceleration_y": "1500,1250",
    "machine_max_feedrate_x": "200,180",
    "machine_max_feedrate_y": "200,180",
    "machine_max_feedrate_z": "12,12",
    "max_print_height": "180",
    "nozzle_diameter": "0.4",
    "perimeter_speed": "60",
    "perimeters": "3",
    "printer_technology": "FFF",
    "retract_length": "0.8",
    "retract_speed": "35",
    "start_gcode": START,
    "temperature": "210",
    "travel_speed": "150",
}
"""What PrusaSlicer writes by File → Export → Export Config, shortened."""

BUNDLE = r"""
# A bundle as File → Export → Export Config Bundle writes it.
[printer:*common*]
printer_technology = FFF
gcode_flavor = marlin
bed_shape = 0x0,220x0,220x220,0x220
max_print_height = 250
start_gcode = G28\nG29 ; level\nG1 Z5 F600
end_gcode = M104 S0\nM140 S0\nG28 X\nM84
retract_length = 5

[printer:*direct*]
retract_length = 0.8
retract_speed = 35

[printer:Ours 0.4]
inherits = *common*; *direct*
nozzle_diameter = 0.4
default_print_profile = Fine
default_filament_profile = "Our PLA"

[printer:Ours 0.6]
inherits = Ours 0.4
nozzle_diameter = 0.6

[print:*speeds*]
travel_speed = 150
perimeter_speed = 45
layer_height = 0.2
first_layer_height = 0.25

[print:Fine]
inherits = *speeds*
layer_height = 0.1

[print:Coarse]
inherits = *speeds*
layer_height = 0.3

[filament:Our PLA]
temperature = 210
first_layer_temperature = 215
bed_temperature = 55
first_layer_bed_temperature = 60
filament_diameter = 1.75
filament_density = 1.24

[filament:Our PETG]
inherits = Our PLA
temperature = 240
first_layer_temperature = 240
bed_temperature = 80
first_layer_bed_temperature = 85

[physical_printer:Ours]
print_host = 192.168.1.5
printhost_apikey = SECRET

[presets]
printer = Ours 0.4
"""


def config_ini(**changed: str | None) -> bytes:
    """A flat configuration; None leaves a key out."""
    values = {key: value for key, value in {**CONFIG, **changed}.items() if value is not None}
    return "".join(f"{key} = {value}\n" for key, value in values.items()).encode()


def vendor(name: str) -> bytes:
    """A maker's bundle; the test is skipped where there is none."""
    path = VENDORS / f"{name}.ini"
    if not path.is_file():
        pytest.skip(f"PrusaSlicer's profiles are not installed: no {path}")
    return path.read_bytes()

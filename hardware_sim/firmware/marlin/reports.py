"""What a Marlin says of itself. Source: Marlin 2.1 M115.cpp, temperature.cpp, MarlinCore.cpp, queue.cpp."""

from hardware_sim.firmware.config import PrinterConfig
from hardware_sim.firmware.heater import Heater
from hardware_sim.firmware.planner import Planner, Point

BUFSIZE = 4

BANNER = (
    b"start\n"
    b"Marlin 2.1.2\n"
    b"echo: Last Updated: 2022-12-17 | Author: (none, default config)\n"
    b"echo: Free Memory: 3584  PlannerBufferBytes: 1536\n"
)
"""What the EEPROM held is said after it."""

CAPABILITIES = {
    "SERIAL_XON_XOFF": 0,
    "BINARY_FILE_TRANSFER": 0,
    "EEPROM": 1,
    "VOLUMETRIC": 0,
    "AUTOREPORT_POS": 1,
    "AUTOREPORT_TEMP": 1,
    "PROGRESS": 0,
    "PRINT_JOB": 1,
    "AUTOLEVEL": 1,
    "RUNOUT": 0,
    "Z_PROBE": 1,
    "LEVELING_DATA": 1,
    "BUILD_PERCENT": 1,
    "SOFTWARE_POWER": 0,
    "TOGGLE_LIGHTS": 0,
    "EMERGENCY_PARSER": 1,
    "HOST_ACTION_COMMANDS": 0,
    "PROMPT_SUPPORT": 0,
    "SDCARD": 0,
    "ARCS": 1,
    "THERMAL_PROTECTION": 1,
}


def firmware(config: PrinterConfig) -> bytes:
    lines = [
        "FIRMWARE_NAME:Marlin 2.1.2 (Dec 17 2022 12:00:00) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin "
        f"PROTOCOL_VERSION:1.0 MACHINE_TYPE:{config.machine_type} EXTRUDER_COUNT:1 "
        "UUID:cede2a2f-41a2-4748-9b12-c55c62f367ff"
    ]
    present = {
        **CAPABILITIES,
        "RUNOUT": int(config.runout_sensor),
        "EMERGENCY_PARSER": int(config.emergency_parser),
        "HOST_ACTION_COMMANDS": int(config.host_actions),
        "PROMPT_SUPPORT": int(config.prompt_support),
    }
    lines += [f"Cap:{name}:{value}" for name, value in present.items()]
    return ("\n".join(lines) + "\n").encode()


def temperatures(hotend: Heater, bed: Heater, now: float) -> bytes:
    return (
        f"T:{hotend.temperature(now):.2f} /{hotend.target_c:.2f} B:{bed.temperature(now):.2f} /{bed.target_c:.2f}"
        f" @:{hotend.power(now)} B@:{bed.power(now)}"
    ).encode()


def position(place: Point, e: float, steppers: Point, steps: list[float]) -> bytes:
    """Where commands have led (X Y Z E), and where the steppers are by now (Count, in steps)."""
    x, y, z = place
    a, b, c = (round(at * per_mm) for at, per_mm in zip(steppers, steps, strict=False))
    return f"X:{x:.2f} Y:{y:.2f} Z:{z:.2f} E:{e:.2f} Count X:{a} Y:{b} Z:{c}\n".encode()


def endstops(place: Point, filament_out: bool | None) -> bytes:
    """M119: the three homing switches, and the runout switch where there is one."""
    pins = {f"{axis}_min": at <= 0.0 for axis, at in zip("xyz", place, strict=True)}
    if filament_out is not None:
        pins["filament"] = filament_out
    lines = [f"{name}: {'TRIGGERED' if hit else 'open'}\n" for name, hit in pins.items()]
    return ("Reporting endstop status\n" + "".join(lines)).encode()


def advanced_ok(number: int | None, planner: Planner, queued: int) -> bytes:
    """ADVANCED_OK: line number, free planner blocks, free places in the command queue."""
    head = "ok" if number is None else f"ok N{number}"
    return f"{head} P{planner.capacity - len(planner.blocks)} B{BUFSIZE - 1 - queued}\n".encode()

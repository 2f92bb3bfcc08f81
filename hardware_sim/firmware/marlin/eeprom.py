"""M500 to M503, M92, M205: what a Marlin keeps over a reset. Source: Marlin 2.1 module/settings.cpp, gcode/eeprom."""

from copy import deepcopy
from dataclasses import astuple
from typing import TYPE_CHECKING
from zlib import crc32

from hardware_sim.firmware.marlin import words
from hardware_sim.firmware.marlin.axes import Limits

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

VERSION = "V86"
SIZE_BYTES = 603
_ADVANCED = "Advanced (B<min_segment_time_us> S<min_feedrate> T<min_travel_feedrate> J<junc_dev>)"


class Eeprom:
    """Survives resets and power cycles; `stored` is None until the first M500."""

    def __init__(self) -> None:
        self.stored: Limits | None = None

    def boot(self) -> tuple[Limits, bytes]:
        """The settings at boot and what is said of them."""
        if self.stored is None:
            mismatch = f"echo:EEPROM version mismatch (EEPROM=? Marlin={VERSION})\n"
            return Limits(), mismatch.encode() + DEFAULTS_LOADED
        return deepcopy(self.stored), _retrieved(self.stored)


DEFAULTS_LOADED = b"echo:Hardcoded Default Settings Loaded\n"


def _crc(limits: Limits) -> int:
    return crc32(repr(astuple(limits)).encode()) & 0xFFFF


def _retrieved(limits: Limits) -> bytes:
    return f"echo:{VERSION} stored settings retrieved ({SIZE_BYTES} bytes; crc {_crc(limits)})\n".encode()


def store(machine: "Marlin", _: list[str]) -> None:
    limits = machine.axes.limits
    machine.eeprom.stored = deepcopy(limits)
    machine.out += f"echo:Settings Stored ({SIZE_BYTES} bytes; crc {_crc(limits)})\n".encode()


def load(machine: "Marlin", _: list[str]) -> None:
    limits, said = machine.eeprom.boot()
    _take_over(machine, limits)
    machine.out += said
    if machine.eeprom.stored is not None:
        machine.out += _report(limits, headings=True)


def restore_defaults(machine: "Marlin", _: list[str]) -> None:
    _take_over(machine, Limits())
    machine.out += DEFAULTS_LOADED


def report(machine: "Marlin", parts: list[str]) -> None:
    machine.out += _report(machine.axes.limits, headings=words.read(parts).get("S", 1.0) != 0.0)


def set_steps(machine: "Marlin", parts: list[str]) -> None:
    for letter, number in words.read(parts).items():
        if letter in "XYZE" and number > 0:
            machine.axes.limits.steps["XYZE".index(letter)] = number


def set_advanced(machine: "Marlin", parts: list[str]) -> None:
    junction_mm = words.read(parts).get("J", 0.0)
    if junction_mm > 0:
        machine.axes.limits.junction_mm = junction_mm
        machine.planner.junction_mm = junction_mm


def _take_over(machine: "Marlin", limits: Limits) -> None:
    machine.axes.limits = limits
    machine.planner.junction_mm = limits.junction_mm


def _report(limits: Limits, *, headings: bool) -> bytes:
    def axes(values: list[float]) -> str:
        return " ".join(f"{letter}{number:.2f}" for letter, number in zip("XYZE", values, strict=True))

    accel = f"P{limits.print_accel:.2f} R{limits.retract_accel:.2f} T{limits.travel_accel:.2f}"
    sections = (
        ("Linear Units", "G21 ; (mm)"),
        ("Steps per unit", f"M92 {axes(limits.steps)}"),
        ("Max feedrates (units/s)", f"M203 {axes(limits.feed)}"),
        ("Max Acceleration (units/s2)", f"M201 {axes(limits.accel)}"),
        ("Acceleration (units/s2) (P<print-accel> R<retract-accel> T<travel-accel>)", f"M204 {accel}"),
        (_ADVANCED, f"M205 B20000.00 S0.00 T0.00 J{limits.junction_mm:.2f}"),
    )
    start = "echo:" if headings else ""
    lines = [(f"echo:; {heading}:\n" if headings else "") + f"{start}  {line}\n" for heading, line in sections]
    return "".join(lines).encode()

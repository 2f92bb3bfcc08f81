"""Which of GRBL's firmwares answers, and what its `$I` tells of it.

Sources: gnea/grbl 1.1 `report.c` report_build_info(); grblHAL core `report.c`; FluidNC `Report.cpp`, whose `[OPT:…]`
tells no sizes, and whose wiki ("Serial terminals") asks for one command at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Flavour(StrEnum):
    GRBL = "Grbl"
    GRBLHAL = "grblHAL"
    FLUIDNC = "FluidNC"


@dataclass(frozen=True, slots=True)
class Firmware:
    flavour: Flavour = Flavour.GRBL
    version: str = ""
    rx_bytes: int | None = None
    """What its receive buffer holds; None: it doesn't tell."""
    planner_blocks: int | None = None
    line_numbers: bool = False
    """Reports tell the number of the line under execution."""

    @property
    def name(self) -> str:
        return f"{self.flavour} {self.version}"


def flavour_of(welcome: str, messages: Mapping[str, str]) -> Flavour:
    told = f"{welcome} {messages.get('VER', '')}"
    if "FluidNC" in told:
        return Flavour.FLUIDNC
    if welcome.startswith("GrblHAL") or messages.get("FIRMWARE") == "grblHAL":
        return Flavour.GRBLHAL
    return Flavour.GRBL


def firmware_of(welcome: str, messages: Mapping[str, str]) -> Firmware:
    """From the banner (may be empty) and what `$I` told, by kind."""
    flavour = flavour_of(welcome, messages)
    letters, *sizes = messages.get("OPT", "").split(",")
    return Firmware(
        flavour=flavour,
        version=_version(flavour, welcome, messages.get("VER", "")),
        # One byte less than told: a ring buffer's head must not meet its tail.
        rx_bytes=int(sizes[1]) - 1 if len(sizes) > 1 and sizes[1].isdecimal() else None,
        planner_blocks=int(sizes[0]) if sizes and sizes[0].isdecimal() else None,
        line_numbers="N" in letters,
    )


def _version(flavour: Flavour, welcome: str, build: str) -> str:
    if flavour is Flavour.FLUIDNC:
        words = f"{build.partition(':')[0]} {welcome}".partition("FluidNC ")[2].split()
        return words[0] if words else ""
    if build:
        return build.partition(":")[0]
    return welcome.partition(" [")[0].partition(" ")[2]

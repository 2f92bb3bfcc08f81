"""M486: objects of a plate, and which of them are left out. Source: Marlin 2.1 feature/cancel_object.cpp, M486.cpp."""

from typing import TYPE_CHECKING

from hardware_sim.firmware.marlin import words

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

MOST = 32


class Objects:
    """While `skipping`, moves lead nowhere: neither tool nor filament moves, E alone is counted on."""

    def __init__(self) -> None:
        self.active = -1
        self.cancelled: set[int] = set()
        self.skipping = False

    def begin(self, index: int) -> None:
        """An object's lines follow; below 0: what belongs to none, and is always made."""
        self.active = index
        self.skipping = index in self.cancelled

    def cancel(self, index: int) -> None:
        if 0 <= index < MOST:
            self.cancelled.add(index)
            self.skipping = self.active in self.cancelled

    def restore(self, index: int) -> None:
        self.cancelled.discard(index)
        self.skipping = self.active in self.cancelled


def command(machine: "Marlin", parts: list[str]) -> None:
    # Its parser takes every capital for a parameter, those of an object's name as well.
    given = words.read(words.split(" ".join(["M486", *parts]))[1:])
    if "T" in given:
        machine.objects = Objects()
    objects = machine.objects
    if "S" in given:
        objects.begin(int(given["S"]))
    if "C" in given:
        objects.cancel(objects.active)
    if "P" in given:
        objects.cancel(int(given["P"]))
    if "U" in given:
        objects.restore(int(given["U"]))

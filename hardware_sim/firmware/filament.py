"""The filament's way from the spool to the nozzle's tip: how much of what is asked for comes out. mm, grams."""

from dataclasses import dataclass, field
from math import inf, pi

MM_PER_GRAM = 1000.0 / (1.24 * pi * (1.75 / 2) ** 2)
"""PLA of 1.24 g/cm³, 1.75 mm thick."""


@dataclass(slots=True)
class Spool:
    """What hangs on the machine; `left_mm` is inf where nobody has said how much it is."""

    material: str = ""
    colour: str = ""
    left_mm: float = inf

    def grams(self) -> float:
        return self.left_mm / MM_PER_GRAM


@dataclass(slots=True)
class Feed:
    """Extruder, spool and nozzle as they truly are."""

    spool: Spool = field(default_factory=Spool)
    nozzle_mm: float = 0.4
    jammed: bool = False

    @property
    def out(self) -> bool:
        """The spool has ended; a runout switch sees this, and doesn't see a jam."""
        return self.spool.left_mm <= 0.0

    def turn(self, asked_mm: float) -> float:
        """The extruder turns; returns how much comes out (retraction, which is negative, always works)."""
        if asked_mm > 0.0 and (self.jammed or self.out):
            return 0.0
        given = min(asked_mm, self.spool.left_mm)
        self.spool.left_mm -= given
        return given

    def load(self, material: str, colour: str, grams: float) -> None:
        """A person hangs another spool on and threads it, which clears a jam as well."""
        self.spool = Spool(material, colour, grams * MM_PER_GRAM)
        self.jammed = False

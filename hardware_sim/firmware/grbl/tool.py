"""The tool in the spindle and the contact plate under it, as a person put them there. mm."""

from dataclasses import dataclass

from hardware_sim.firmware.planner import Point
from hardware_sim.firmware.sheet import Sheet


@dataclass(slots=True)
class Tool:
    """`reach_mm`: how much further the tip reaches than the first tool's did."""

    diameter_mm: float
    length_mm: float
    first_mm: float

    @property
    def radius_mm(self) -> float:
        return self.diameter_mm / 2

    @property
    def reach_mm(self) -> float:
        return self.length_mm - self.first_mm

    def tip(self, place: Point) -> Point:
        """Where the tip is when the axes are at `place`."""
        return (place[0], place[1], place[2] - self.reach_mm)


@dataclass(frozen=True, slots=True)
class Plate:
    """A contact plate; `top_mm` is the height of its top, where the first tool's tip would be, machine coordinates."""

    top_mm: float

    @staticmethod
    def on(sheet: Sheet | None, thickness_mm: float, bed_mm: float) -> "Plate":
        """Laid on the sheet, or on the bare table."""
        return Plate((bed_mm if sheet is None else sheet.z_top) + thickness_mm)

    def touched(self, tip: Point) -> bool:
        return tip[2] <= self.top_mm + 1e-9

    def met(self, begin: Point, end: Point) -> float | None:
        """Share of the straight way between two tips after which contact is made, or lost if there is one; or None."""
        rise = end[2] - begin[2]
        if self.touched(begin) == self.touched(end):
            return None
        return min(1.0, max(0.0, (self.top_mm - begin[2]) / rise))

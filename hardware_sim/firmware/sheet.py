"""A sheet clamped on a router, in machine coordinates."""

from dataclasses import dataclass

from hardware_sim.firmware.planner import Point


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lower left corner, top, and size; mm."""

    x: float
    y: float
    z_top: float
    width: float
    depth: float
    thickness: float

    def touched(self, begin: Point, end: Point, radius_mm: float) -> bool:
        """Whether a tool of this radius may take material on the straight way from `begin` to `end`."""
        return (
            min(begin[2], end[2]) < self.z_top - 1e-6
            and max(begin[0], end[0]) > self.x - radius_mm
            and min(begin[0], end[0]) < self.x + self.width + radius_mm
            and max(begin[1], end[1]) > self.y - radius_mm
            and min(begin[1], end[1]) < self.y + self.depth + radius_mm
        )

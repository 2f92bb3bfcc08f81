"""Whether a part fits a bed, in which pose, turned by how much; and where it doesn't, what stands against it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broker.scheduling.rotation import Turn, closest_turn, fitting_intervals
from broker.scheduling.shapes import Floats, Pose, Shape


@dataclass(frozen=True, slots=True)
class Fit:
    """A pose that fits: its index, and the closed intervals of degrees in 0 to 180 at which it does."""

    pose: int
    angles_deg: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """No pose fits: the limit that is exceeded and by how much, in words; the excess of the closest pose, mm."""

    reason: str
    excess_mm: float


def fits(shape: Shape, usable_mm: Floats | Sequence[float], height_mm: float) -> Fit | Misfit:
    """The best pose of `shape` that fits within `usable_mm` (x0, y0, x1, y1) under `height_mm`, or why none does."""
    found = poses_that_fit(shape, usable_mm, height_mm)
    return found[0] if found else _misfit(shape, usable_mm, height_mm)


def poses_that_fit(shape: Shape, usable_mm: Floats | Sequence[float], height_mm: float) -> tuple[Fit, ...]:
    """Every pose of `shape` that fits within `usable_mm` (x0, y0, x1, y1) under `height_mm`, best first."""
    width, depth = _size(usable_mm)
    found = []
    for number, pose in enumerate(shape.poses):
        intervals = fitting_intervals(pose.outline, width, depth) if pose.height_mm <= height_mm else ()
        if intervals:
            found.append(Fit(number, intervals))
    return tuple(found)


def _size(usable_mm: Floats | Sequence[float]) -> tuple[float, float]:
    x0, y0, x1, y1 = (float(value) for value in usable_mm)
    return x1 - x0, y1 - y0


def _misfit(shape: Shape, usable_mm: Floats | Sequence[float], height_mm: float) -> Misfit:
    width, depth = _size(usable_mm)
    turns = [closest_turn(pose.outline, width, depth) for pose in shape.poses]
    excess = [max(turn.excess_mm, pose.height_mm - height_mm) for turn, pose in zip(turns, shape.poses, strict=True)]
    closest = int(np.argmin(excess))
    reason = _reason(shape.poses[closest], turns[closest], (width, depth, height_mm))
    if len(shape.poses) > 1:
        reason = f"in none of {len(shape.poses)} poses; in the closest, {reason}"
    return Misfit(reason, excess[closest])


def _reason(pose: Pose, turn: Turn, limit: tuple[float, float, float]) -> str:
    across, along = (float(side) for side in np.ptp(pose.outline, axis=0))
    parts = []
    if turn.excess_mm > 0:
        parts.append(
            f"fits {limit[0]:.1f} × {limit[1]:.1f} mm in no rotation: needs {turn.width_mm:.1f} ×"
            f" {turn.depth_mm:.1f} mm at {turn.angle_deg:.1f}°, {_too_much(turn.excess_mm)} too much"
        )
    if pose.height_mm > limit[2]:
        parts.append(f"too tall for {limit[2]:.1f} mm, by {_too_much(pose.height_mm - limit[2])}")
    return f"part is {across:.1f} × {along:.1f} × {pose.height_mm:.1f} mm; " + "; ".join(parts)


def _too_much(excess_mm: float) -> str:
    """Never rounded to nothing."""
    return f"{excess_mm:.1f} mm" if excess_mm >= 0.05 else f"{excess_mm:.2g} mm"

"""An outline turned about the vertical, so that it takes least of a bed."""

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.facts import Polygon
from slicer_bridge.plates.plate import Placement

_ANGLES = np.arange(0, 180)
_SLACK = 1e-6


def least_turn(outline: Polygon, bed_mm: tuple[float, float]) -> tuple[int, float]:
    """The turn, degrees, at which the outline takes least of the bed's tighter side, and that share.

    0 or 90 if it fits so. A share above 1 is an outline that doesn't fit at all.
    """
    low, high = _spans(outline)
    shares = np.max((high - low) / np.array(bed_mm)[:, None], axis=0)
    for angle in (0, 90):
        if shares[angle] <= 1 + _SLACK:
            return angle, float(shares[angle])
    best = int(shares.argmin())
    return best, float(shares[best])


def in_the_middle(outline: Polygon, angle_deg: int, bed_mm: tuple[float, float]) -> Placement:
    """Where the outline, turned by whole degrees from 0 to 179, lies in the middle of the bed."""
    low, high = _spans(outline)
    x, y = (np.array(bed_mm) - (low + high)[:, angle_deg]) / 2
    return Placement(float(x), float(y), float(angle_deg))


def _spans(outline: Polygon) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high ends (2, 180) of x and y at each angle, mm."""
    points, angles = np.array(outline), np.radians(_ANGLES)
    x = points @ np.stack([np.cos(angles), -np.sin(angles)])
    y = points @ np.stack([np.sin(angles), np.cos(angles)])
    return np.stack([x.min(axis=0), y.min(axis=0)]), np.stack([x.max(axis=0), y.max(axis=0)])

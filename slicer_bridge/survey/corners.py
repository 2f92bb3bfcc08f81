"""Inside corners of contours: those without a radius, and the smallest radius of the rounded ones."""

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.features import Place, Spot

_SHARP = np.radians(40.0)
"""A turn at one point by more than this is a corner; less is a step of an arc."""
_AGREE = 0.3
_STRAIGHT = np.radians(1.0)

Points = NDArray[np.float64]


def inside_corners(rings: list[Points]) -> tuple[list[Place], Spot | None]:
    """Of rings (n, 2), mm, not closed, with the material on their left: there inside corners turn right."""
    sharp: list[Place] = []
    rounded: list[Spot] = []
    for ring in rings:
        turn, radius = _turns(ring)
        sharp += [_place(ring[i]) for i in np.flatnonzero(turn > _SHARP)]
        bends = (turn > _STRAIGHT) & (turn <= _SHARP)
        if bends.all():
            continue  # a round hole
        for shift in (1, -1):
            beside = np.roll(radius, shift)
            alike = bends & np.roll(bends, shift) & (np.abs(radius - beside) <= _AGREE * radius)
            if alike.any():
                at = int(np.where(alike, radius, np.inf).argmin())
                rounded.append(Spot(_place(ring[at]), round(float((radius[at] + beside[at]) / 2), 3)))
    return sharp, min(rounded, key=lambda spot: spot.value_mm, default=None)


def _turns(ring: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At each point: how far the ring turns right, rad, and the radius of an arc that turns so, mm."""
    after = np.roll(ring, -1, axis=0) - ring
    before = np.roll(after, 1, axis=0)
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turn = -np.arctan2(cross, (before * after).sum(axis=1))
    step = (np.linalg.norm(before, axis=1) + np.linalg.norm(after, axis=1)) / 2
    radius = step / (2 * np.tan(np.maximum(turn, 1e-9) / 2))
    return turn, radius


def _place(point: Points) -> Place:
    return (round(float(point[0]), 3), round(float(point[1]), 3), 0.0)

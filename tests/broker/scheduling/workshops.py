"""Shapes of what workshops are asked for."""

import numpy as np

from broker.scheduling.shapes import Pose, Shape


def box(width: float, depth: float, height: float) -> Shape:
    return Shape((Pose(np.array([[0.0, 0.0], [width, 0.0], [width, depth], [0.0, depth]]), height),))


def ring(diameter: float, height: float) -> Shape:
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    outline = diameter / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Shape((Pose(outline - outline.min(axis=0), height),))


def angle_bracket(long: float, wide: float, thick: float) -> Shape:
    corners = [[0, 0], [long, 0], [long, thick], [thick, thick], [thick, wide], [0, wide]]
    return Shape((Pose(np.array(corners, dtype=np.float64), 10.0),))

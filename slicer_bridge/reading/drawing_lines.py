"""What a reader of drawings returns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile
from slicer_bridge.reading.flat_path import FlatPath

MAX_POINTS = 5_000_000
"""Of all lines of a drawing, flattened."""
_LARGEST_MM = 1e7


@dataclass(frozen=True, slots=True)
class DrawingLines:
    """`paths` in mm; `ignored` counts what was left out, by kind (texts, dimensions, hidden things)."""

    unit: str
    paths: tuple[FlatPath, ...]
    ignored: dict[str, int]


def checked(corners: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Corners (n, 3), mm. Raises BadFile for what is no number, and for arcs and places out of this world."""
    reach = 0.0 if np.isfinite(corners).all() else np.inf
    if len(corners) and reach == 0.0:
        reach = float(np.abs(corners[:, :2]).max())
    if 0.0 < reach <= _LARGEST_MM and corners[:, 2].any():
        steps = np.linalg.norm(np.diff(corners[:, :2], axis=0), axis=1)
        reach = max(reach, float((steps * np.maximum(np.abs(corners[:-1, 2]) - 1.0, 0.0)).max(initial=0.0)))
    if reach > _LARGEST_MM:
        raise BadFile(
            f"{what} has a coordinate that is no number, or lies over {_LARGEST_MM / 1e6:g} km away: export it again"
        )
    return corners

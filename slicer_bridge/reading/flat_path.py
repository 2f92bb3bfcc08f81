"""One line of a drawing as a polyline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

JOIN_MM = 0.05
"""Ends closer than this meet: exports round their coordinates."""


@dataclass(frozen=True, slots=True)
class FlatPath:
    """One entity as a polyline: points (n, 2) mm, n >= 2; `handles` name the entities it came from."""

    points: NDArray[np.float64]
    handles: tuple[str, ...]
    radius_mm: float | None = None
    """Smallest radius of an arc in it; None without arcs."""

    @property
    def closed(self) -> bool:
        return len(self.points) > 2 and bool(np.linalg.norm(self.points[0] - self.points[-1]) <= JOIN_MM)

"""Parts as the plane sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """One way to lay a part down: `outline[k, 2]` float64, simple polygon, low corner at (0, 0); its height."""

    outline: Floats
    height_mm: float


@dataclass(frozen=True, slots=True)
class Shape:
    """The poses a part may take, best first."""

    poses: tuple[Pose, ...]

"""Where pieces lie."""

from dataclasses import dataclass

from broker.scheduling.shapes import Floats


@dataclass(frozen=True, slots=True)
class Placed:
    """Copies of one lot on a plate: `at[k, 3]` float64 rows x, y, angle_deg, in the machine's coordinates.

    A copy is the pose's outline turned by angle_deg counter-clockwise about its origin, then moved by (x, y).
    """

    lot: int
    pose: int
    at: Floats


Layout = tuple[Placed, ...]
"""One run's."""

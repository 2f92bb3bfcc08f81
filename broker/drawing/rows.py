"""Where machines' rows lie: together by workshop, as high as their number allows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEIGHTS = ((14, 24.0), (40, 16.0), (90, 11.0), (300, 4.0))
"""Up to so many machines, rows so high."""
MOST_NAMED = 90
LOW = 2.0
MOST = 1500
"""Rows of one drawing; what is more is left out."""
HEADING, GAP = 19.0, 1.0
"""Above a workshop's rows: its name, or nothing but a gap."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    row: float
    """Height of each."""
    top: Floats
    """[m] y of each machine's row; the first `MOST` machines by workshop; NaN for others between them."""
    workshop: Ints
    """[g] workshops, from above."""
    group_top: Floats
    """[g] y of the heading."""
    group_height: Floats
    """[g] of its rows, without the heading."""
    height: float
    named: bool

    @property
    def heading(self) -> float:
        return HEADING if self.named else GAP


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows and times on the drawing."""

    rows: Rows
    y: float
    """Where the rows begin."""
    left: float
    low_s: float
    high_s: float
    scale: float
    """Drawing units a second."""

    def x(self, seconds: float) -> float:
        return self.left + (seconds - self.low_s) * self.scale

    def xs(self, seconds: Floats) -> Floats:
        """As `x`, of many."""
        return self.left + (seconds - self.low_s) * self.scale


def rows_of(machine_workshop: Ints) -> Rows:
    """`machine_workshop[M]` → rows."""
    machines = min(len(machine_workshop), MOST)
    row = next((height for most, height in HEIGHTS if machines <= most), LOW)
    named = machines <= MOST_NAMED
    order = np.argsort(machine_workshop, kind="stable")[:machines]
    workshops, first, count = np.unique(machine_workshop[order], return_index=True, return_counts=True)
    head = HEADING if named else GAP
    top = np.full(len(machine_workshop), np.nan)
    group = np.searchsorted(workshops, machine_workshop[order])
    top[order] = np.arange(machines) * row + (group + 1) * head
    group_top = first * row + np.arange(len(workshops)) * head
    return Rows(
        row, top, workshops, group_top, (count * row).astype(np.float64), machines * row + len(workshops) * head, named
    )

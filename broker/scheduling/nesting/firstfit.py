"""First fit on a grid of positions.

For every way to lay the part at hand stands a map of the positions that are still free. What is placed strikes its
no-fit region out of the maps (`nofit`), so that finding the next place is one search for the first free cell.
"""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.nofit import Clash, Mask, NoFit
from broker.scheduling.nesting.ways import EXACT_MM


@dataclass(frozen=True, slots=True)
class Placement:
    """A variant with its low corner at a cell of the grid."""

    variant: Variant
    row: int
    column: int


class FirstFit:
    """One bed as it fills: along rows, or along columns."""

    def __init__(self, bed: Bed, nofit: NoFit, *, by_columns: bool) -> None:
        self.placements: list[Placement] = []
        self._bed = bed
        self._nofit = nofit
        self._by_columns = by_columns
        self._free: dict[Variant, Mask] = {}
        self._from: dict[Variant, int] = {}

    def begin(self, variants: tuple[Variant, ...]) -> None:
        """Go on with another part, which may be laid in any of `variants`."""
        self._from = dict.fromkeys(variants, 0)
        self._free = {variant: self._empty(variant) for variant in variants}
        for zone in self._bed.forbidden:
            for variant, free in self._free.items():
                self._clear(free, self._nofit.zone(zone, variant, self._bed), 0, 0)
        for placement in self.placements:
            self._strike_out(placement)

    def place(self) -> bool:
        """Put one more copy where its far edge lies lowest, and then furthest left; False where none fits."""
        found = [place for variant in self._free if (place := self._first(variant))]
        if not found:
            return False
        _, placement = min(found, key=lambda place: place[0])
        self.placements.append(placement)
        self._strike_out(placement)
        return True

    def _empty(self, variant: Variant) -> Mask:
        columns = int((self._bed.width_mm - variant.size_mm[0] + EXACT_MM) / self._bed.cell_mm) + 1
        rows = int((self._bed.depth_mm - variant.size_mm[1] + EXACT_MM) / self._bed.cell_mm) + 1
        return np.ones((columns, rows) if self._by_columns else (rows, columns), dtype=np.bool_)

    def _first(self, variant: Variant) -> tuple[tuple[float, int], Placement] | None:
        free = self._free[variant]
        flat = free.reshape(-1)[self._from[variant] :]
        ahead = int(flat.argmax()) if len(flat) else 0
        if not len(flat) or not flat[ahead]:
            self._from[variant] = free.size
            return None
        # Places only ever go: the search starts next time where it stopped.
        self._from[variant] += ahead
        major, minor = divmod(self._from[variant], free.shape[1])
        if self._by_columns:
            return (major * self._bed.cell_mm + variant.size_mm[0], minor), Placement(variant, minor, major)
        return (major * self._bed.cell_mm + variant.size_mm[1], minor), Placement(variant, major, minor)

    def _strike_out(self, placement: Placement) -> None:
        for variant, free in self._free.items():
            clash = self._nofit.clash(placement.variant, variant, self._bed)
            self._clear(free, clash, placement.row, placement.column)

    def _clear(self, free: Mask, clash: Clash, row: int, column: int) -> None:
        row, column = row + clash.first_row, column + clash.first_column
        if self._by_columns:
            _clear(free, clash.mask.T, column, row)
        else:
            _clear(free, clash.mask, row, column)


def _clear(free: Mask, mask: Mask, row: int, column: int) -> None:
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + mask.shape[0], free.shape[0]), min(column + mask.shape[1], free.shape[1])
    if top < bottom and left < right:
        window = free[top:bottom, left:right]
        window &= ~mask[top - row : bottom - row, left - column : right - column]

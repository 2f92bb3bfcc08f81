"""Rectangles onto equal bins, and what comes of it. Lengths in mm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.errors import NotFinite, OutOfRange, WrongArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

RESOLUTION_MM = 1e-6
"""Lengths are reckoned in whole nanometres, so that sums are exact: three parts of 0.1 fill 0.3."""
MOST_MM = 1e6
"""Longest side of anything."""
MOST_PIECES = 10_000_000


@dataclass(frozen=True, slots=True)
class Rectangles:
    """k kinds of rectangular parts, each wanted some number of times, for bins that are all alike."""

    size: Floats
    """[k, 2] width (x) and depth (y) of a piece, mm, > 0."""
    quantity: Ints
    """[k] pieces of a kind, >= 0."""
    bin: tuple[float, float]
    """Width and depth of a bin, mm, > 0."""
    spacing: float = 0.0
    """Least distance between two pieces in x or in y, mm; none is needed to the bin's edge."""
    rotate: bool = False
    """Pieces may be laid with a quarter turn."""

    def __post_init__(self) -> None:
        """Raises WrongArray, NotFinite, OutOfRange."""
        if self.size.dtype != np.float64 or self.size.ndim != 2 or self.size.shape[1] != 2:
            raise WrongArray("size", f"is {self.size.dtype} of shape {self.size.shape}, needs float64 of (k, 2)")
        if self.quantity.dtype != np.int64 or self.quantity.shape != self.size.shape[:1]:
            found = f"{self.quantity.dtype} of shape {self.quantity.shape}"
            raise WrongArray("quantity", f"is {found}, needs int64 of {self.size.shape[:1]}")
        _check_lengths("size", self.size, RESOLUTION_MM)
        _check_lengths("bin", np.array(self.bin, dtype=np.float64), RESOLUTION_MM)
        _check_lengths("spacing", np.array([self.spacing], dtype=np.float64), 0.0)
        _check_quantity(self.quantity)


@dataclass(frozen=True, slots=True)
class Bins:
    """P placed pieces, in order of their kind."""

    item: Ints
    """[P] kind of the piece, index into the problem's `size`."""
    bin: Ints
    """[P] in 0..number-1."""
    x: Floats
    """[P] the piece's low corner, mm from the bin's."""
    y: Floats
    """[P]"""
    turned: Flags
    """[P] laid with a quarter turn: width and depth exchanged."""
    number: int
    """Bins used."""
    bound: int
    """No packing of these pieces uses fewer."""
    left_out: Ints
    """Kinds larger than a bin: none of their pieces is placed."""


def _check_lengths(name: str, lengths: Floats, least: float) -> None:
    if not np.isfinite(lengths).all():
        place = np.argwhere(~np.isfinite(lengths))[0].tolist()
        raise NotFinite(name, f"{place} is {lengths[tuple(place)]}")
    wrong = (lengths < least) | (lengths > MOST_MM)
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise OutOfRange(name, f"{place} is {lengths[tuple(place)]:g} mm, must lie in {least:g} to {MOST_MM:g}")


def _check_quantity(quantity: Ints) -> None:
    if (quantity < 0).any() or (quantity > MOST_PIECES).any():
        place = int(np.argwhere((quantity < 0) | (quantity > MOST_PIECES))[0, 0])
        raise OutOfRange("quantity", f"[{place}] is {quantity[place]}, must lie in 0 to {MOST_PIECES}")
    if quantity.sum() > MOST_PIECES:
        raise OutOfRange("quantity", f"sums to {quantity.sum()} pieces, more than {MOST_PIECES}")

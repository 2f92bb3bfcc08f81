"""Boxes in the builds of a powder-bed machine, which need no floor under them, and what comes of it. Lengths in mm."""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.errors import NotFinite, OutOfRange, WrongArray
from broker.scheduling.rectangles.problem import MOST_MM, MOST_PIECES, RESOLUTION_MM, Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Boxes:
    """k kinds of parts, each a box in one of its poses, for builds that are all alike."""

    pose: Floats
    """[q, 3] width (x), depth (y) and height (z) of a part in one of the ways it may stand, mm, > 0."""
    kind: Ints
    """[q] whose pose it is, in 0..k-1."""
    quantity: Ints
    """[k] parts of a kind, >= 0."""
    volume: tuple[float, float, float]
    """Width, depth and height of a build, mm, > 0."""
    spacing: float = 0.0
    """Least distance between two parts in x or in y, mm; none is needed to the walls."""
    spacing_z: float = 0.0
    """Least distance between parts above one another, mm."""
    rotate: bool = False
    """Parts may be turned by a quarter about z."""

    def __post_init__(self) -> None:
        """Raises WrongArray, NotFinite, OutOfRange."""
        if self.pose.dtype != np.float64 or self.pose.ndim != 2 or self.pose.shape[1] != 3:
            raise WrongArray("pose", f"is {self.pose.dtype} of shape {self.pose.shape}, needs float64 of (q, 3)")
        if self.kind.dtype != np.int64 or self.kind.shape != self.pose.shape[:1]:
            raise WrongArray("kind", f"is {self.kind.dtype} of shape {self.kind.shape}, needs int64, one a pose")
        if self.quantity.dtype != np.int64 or self.quantity.ndim != 1:
            raise WrongArray(
                "quantity", f"is {self.quantity.dtype} of shape {self.quantity.shape}, needs int64 of (k,)"
            )
        _check_range("pose", self.pose, RESOLUTION_MM, MOST_MM)
        _check_range("volume", np.array(self.volume, dtype=np.float64), RESOLUTION_MM, MOST_MM)
        _check_range("spacing", np.array([self.spacing, self.spacing_z]), 0.0, MOST_MM)
        _check_range("kind", self.kind, 0, len(self.quantity) - 1)
        _check_range("quantity", self.quantity, 0, MOST_PIECES)
        if self.quantity.sum() > MOST_PIECES:
            raise OutOfRange("quantity", f"sums to {self.quantity.sum()} parts, more than {MOST_PIECES}")


@dataclass(frozen=True, slots=True)
class Builds:
    """P placed parts, in order of their kind."""

    item: Ints
    """[P] kind of the part."""
    pose: Ints
    """[P] row of the problem's `pose`."""
    build: Ints
    """[P] in 0..number-1."""
    at: Floats
    """[P, 3] the part's low corner, mm from the build's."""
    turned: Flags
    """[P] by a quarter about z: width and depth exchanged."""
    number: int
    """Builds used."""
    height: float
    """Heights of all builds, summed, mm."""
    bound: int
    """No plan has fewer builds."""
    bound_height: float
    """No plan with as many builds is lower in sum, mm."""
    left_out: Ints
    """Kinds larger than a build in every pose."""


def _check_range(name: str, array: Floats | Ints, least: float, most: float) -> None:
    if not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise NotFinite(name, f"{place} is {array[tuple(place)]}")
    wrong = (array < least) | (array > most)
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise OutOfRange(name, f"{place} is {array[tuple(place)]:g}, must lie in {least:g} to {most:g}")

"""What is to be cut from which sheets, and what comes of it: frozen arrays, checked as they are made.

L lots of parts, T kinds of stock: whole sheets, and offcuts of earlier work. Lengths mm, angles degrees
counter-clockwise, money minor units. A material is one material of one thickness.

**Where a part may lie.** Parts lie `kerf_mm + gap_mm` apart at least, `margin_mm` inside the sheet's edge, and
`clamp_gap_mm` off every clamp. A part that is bound to the grain has its own x axis along it, in either direction;
where a sheet has no grain it lies as it likes, like all others.

**What goes back to stock.** Rectangles along the sheet's axes, as far from the parts as parts are from each other and
`kerf_mm` from one another, both sides no smaller than `least_mm`.

**What a plan is worth,** one after the other: the worth of the pieces left out; then the price of the sheets that are
opened, less that of their offcuts, which is their share of the sheet's area and price times `kept_value`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_GRAIN, GRAIN_ALONG_X, GRAIN_ALONG_Y = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Lots:
    outlines: tuple[Floats, ...]
    """[L] simple polygons `[k, 2]` float64, mm, in the part's own coordinates."""
    quantity: Ints
    """[L] pieces, >= 0."""
    material: Ints
    """[L] >= 0."""
    grained: Bools
    """[L] bound to the grain."""
    worth: Floats
    """[L] of a piece, > 0: where stock runs short, least worth is left out."""


@dataclass(frozen=True, slots=True)
class Stock:
    outlines: tuple[Floats, ...]
    """[T] simple polygons `[k, 2]` float64, mm, in the sheet's own coordinates."""
    number: Ints
    """[T] how many there are, >= 0."""
    price: Floats
    """[T] of one, >= 0; an offcut's is what it stands in the books for."""
    material: Ints
    """[T] >= 0."""
    grain: Ints
    """[T] `NO_GRAIN`, `GRAIN_ALONG_X` or `GRAIN_ALONG_Y`."""
    clamps: tuple[tuple[Floats, ...], ...]
    """[T] polygons `[k, 2]` in the sheet's coordinates, where the cutter mustn't go."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """A router's or a laser's way with sheets."""

    kerf_mm: float
    """Width of the cut: the cutter's or the beam's diameter."""
    gap_mm: float = 0.0
    """What must stand between two cuts."""
    margin_mm: float = 0.0
    clamp_gap_mm: float = 0.0
    least_mm: tuple[float, float] = (300.0, 300.0)
    """Shorter and longer side of the least offcut that is kept, > 0."""
    kept_value: float = 0.8
    """Of an offcut, as a share of its part of the sheet's price, 0 to 1."""

    @property
    def spacing_mm(self) -> float:
        return self.kerf_mm + self.gap_mm


@dataclass(frozen=True, slots=True)
class Problem:
    lots: Lots
    stock: Stock
    cutting: Cutting

    def __post_init__(self) -> None:
        """Refuse what can't be cut.

        Raises
        ------
        ProblemError
            One of its kinds (`scheduling.errors`), naming the array, the place in it, and what is wrong.
        """
        # Imported here because the checks are written over this very class.
        from broker.scheduling.sheets.validate import check_problem

        check_problem(self)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Sheets of one kind that are cut alike."""

    stock: int
    copies: int
    lot: Ints
    """[P] of each piece on the sheet."""
    at: Floats
    """[P, 3] x, y, angle: the part's own coordinates turned about their origin, then moved; the sheet's coordinates."""
    offcuts: Floats
    """[R, 4] x0, y0, x1, y1 of what goes back to stock, in the order in which it is cut off."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    lot: int
    pieces: int
    reason: str


@dataclass(frozen=True, slots=True)
class Figures:
    worth_left_out: float
    cost: float
    """Minor units: sheets opened, less offcuts kept."""
    sheets: int
    part_mm2: float
    taken_mm2: float
    """Area of the sheets opened, less that of the offcuts kept."""

    @property
    def use(self) -> float:
        """Part area ÷ area taken off stock; 1 where none is."""
        return self.part_mm2 / self.taken_mm2 if self.taken_mm2 > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Result:
    patterns: tuple[Pattern, ...]
    left_out: tuple[LeftOut, ...]
    figures: Figures
    bound: float
    """No plan that makes the same pieces costs less."""

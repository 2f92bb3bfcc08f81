"""What should be on a bed, and what a count of the physical truth says of it."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from shapely import Polygon


@dataclass(frozen=True, slots=True)
class Expected:
    """One piece as planned.

    `outline` is its shadow where it was placed, mm: bed coordinates for prints, from the sheet's lower left
    corner for cuts; holes are holes. `height_mm` is its height, or the sheet's thickness.
    """

    label: str
    outline: Polygon
    height_mm: float


class Verdict(StrEnum):
    GOOD = "good"
    INCOMPLETE = "incomplete"
    MISSING = "missing"
    JOINED = "joined with another"


@dataclass(frozen=True, slots=True)
class PieceTruth:
    label: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """`pieces` in the order in which they were expected; `regions` is how many separate whole things there are."""

    pieces: tuple[PieceTruth, ...]
    regions: int

    @property
    def good(self) -> int:
        return sum(piece.verdict is Verdict.GOOD for piece in self.pieces)

    def good_by_label(self) -> dict[str, int]:
        """Labels without a good piece are in it too, as 0."""
        tally = Counter(piece.label for piece in self.pieces if piece.verdict is Verdict.GOOD)
        return {piece.label: tally[piece.label] for piece in self.pieces}

"""Which sheets to open: one after the other, each time the one that costs least for the part area that it takes.

Sequential value correction after Belov and Scheithauer (2007) is the idea, with the market's prices for its values:
what is dear is a sheet with little on it, and an offcut that nothing else would use is cheap.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from broker.scheduling.sheets.cuts import Cut, Cutter
from broker.scheduling.stopping import Stop

TRIED = 4
"""Kinds of sheet that are filled before one is opened; the others look worse by their areas alone."""
FILL = 0.8
"""Share of a sheet that parts are expected to take, before anybody has laid them."""
Noise = Callable[[], float]


@dataclass(slots=True)
class Opened:
    """Sheets and how many of each, and what is still to be made."""

    cuts: list[tuple[Cut, int]] = field(default_factory=list)
    left: dict[int, int] = field(default_factory=dict)
    """Pieces by lot."""

    @property
    def cost(self) -> float:
        return sum(cut.cost * copies for cut, copies in self.cuts)

    def worth_left(self, worth: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return float(sum(worth[lot] * pieces for lot, pieces in self.left.items()))


def open_sheets(cutter: Cutter, pieces: dict[int, int], stock: dict[int, int], stop: Stop, noise: Noise) -> Opened:
    """Pieces (by lot) on sheets of one material (number by kind), until all lie somewhere or nothing more fits."""
    opened = Opened(left={lot: number for lot, number in pieces.items() if number})
    there = dict(stock)
    while opened.left and not stop():
        cut = _next(cutter, opened.left, there, stop, noise)
        if cut is None:
            break
        copies = min(there[cut.stock], *(opened.left[lot] // number for lot, number in cut.laid.pieces.items()))
        opened.cuts.append((cut, copies))
        there[cut.stock] -= copies
        for lot, number in cut.laid.pieces.items():
            opened.left[lot] -= number * copies
        opened.left = {lot: number for lot, number in opened.left.items() if number}
    return opened


def _next(cutter: Cutter, left: dict[int, int], there: dict[int, int], stop: Stop, noise: Noise) -> Cut | None:
    likely = sorted((_estimate(cutter, kind, left), kind) for kind, number in there.items() if number)
    found: list[tuple[float, int, Cut]] = []
    for _, kind in likely:
        if len(found) >= TRIED or (found and stop()):
            break
        wanted = cutter.wanted(kind, left)
        cut = cutter.cut(kind, wanted) if wanted else None
        if cut is not None:
            found.append((cut.cost / cut.part_mm2 * noise(), kind, cut))
    if not found:
        return None
    best = min(found, key=lambda one: one[:2])[2]
    return cutter.gathered(best) if len(best.laid.lot) == sum(left.values()) else best


def _estimate(cutter: Cutter, kind: int, left: dict[int, int]) -> float:
    """Cost for the part area, were parts sand."""
    whole = float(cutter.sheet_mm2[kind])
    area = float(sum(cutter.part_mm2[lot] * number for lot, number in left.items()))
    placed = min(area, FILL * whole)
    kept = max(0.0, 1.0 - placed / FILL / whole) * cutter.problem.cutting.kept_value
    return float(cutter.problem.stock.price[kind]) * (1.0 - kept) / placed

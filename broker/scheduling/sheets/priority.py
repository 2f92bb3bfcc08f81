"""Where stock runs short, what is worth least for its area stays out."""

from broker.scheduling.sheets.cuts import Cutter
from broker.scheduling.sheets.opening import Opened, open_sheets
from broker.scheduling.stopping import Stop

ROUNDS = 6


def open_by_worth(cutter: Cutter, pieces: dict[int, int], stock: dict[int, int], stop: Stop) -> Opened:
    """As `open_sheets`; where that leaves pieces out, again without as much area of the least worth."""
    worth = cutter.problem.lots.worth
    best = open_sheets(cutter, pieces, stock, stop, _exactly)
    dropped: dict[int, int] = {}
    short = best
    for _ in range(ROUNDS):
        missing = sum(cutter.part_mm2[lot] * number for lot, number in short.left.items())
        if not missing or stop():
            break
        for lot, number in _least_worth(cutter, pieces, dropped, missing).items():
            dropped[lot] = dropped.get(lot, 0) + number
        kept = {lot: number - dropped.get(lot, 0) for lot, number in pieces.items()}
        short = open_sheets(cutter, kept, stock, stop, _exactly)
        found = Opened(short.cuts, _sum(short.left, dropped))
        if found.worth_left(worth) < best.worth_left(worth):
            best = found
    return best


def _least_worth(cutter: Cutter, pieces: dict[int, int], dropped: dict[int, int], missing: float) -> dict[int, int]:
    """Pieces of so much area at least, those of least worth for their area."""
    order = sorted(pieces, key=lambda lot: (cutter.problem.lots.worth[lot] / cutter.part_mm2[lot], lot))
    found: dict[int, int] = {}
    for lot in order:
        left = pieces[lot] - dropped.get(lot, 0)
        number = min(left, int(-(-missing // cutter.part_mm2[lot])))
        if number > 0:
            found[lot] = number
            missing -= number * cutter.part_mm2[lot]
        if missing <= 0:
            break
    return found


def _sum(left: dict[int, int], dropped: dict[int, int]) -> dict[int, int]:
    return {lot: left.get(lot, 0) + dropped.get(lot, 0) for lot in sorted({*left, *dropped})}


def _exactly() -> float:
    return 1.0

"""`solve(problem, stop, seed) → Result`: parts of several lots, cut from the sheets that cost least."""

import numpy as np

from broker.scheduling.sheets.bound import least_cost
from broker.scheduling.sheets.cuts import Cut, Cutter
from broker.scheduling.sheets.improve import improve
from broker.scheduling.sheets.opening import Opened
from broker.scheduling.sheets.priority import open_by_worth
from broker.scheduling.sheets.problem import Figures, LeftOut, Pattern, Problem, Result
from broker.scheduling.sheets.reasons import CUT_SHORT, TOO_FEW, why_it_fits_nowhere
from broker.scheduling.stopping import Stop


def solve(problem: Problem, stop: Stop, seed: int) -> Result:
    """Each material by itself. The same seed and number of asked stops give the same result.

    Whenever `stop` becomes true the best so far is the answer; what no sheet was opened for by then is left out.
    """
    cutter = Cutter(problem)
    rng = np.random.default_rng(seed)
    plans: list[tuple[Opened, dict[int, int]]] = []
    left: list[LeftOut] = []
    for material in np.unique(problem.lots.material[problem.lots.quantity > 0]).tolist():
        stock = _stock(problem, material)
        pieces, refused = _sorted_out(cutter, material, list(stock))
        left += refused
        plans.append((open_by_worth(cutter, pieces, stock, stop), stock))
    improved = _improved(cutter, plans, stop, rng)
    left += [LeftOut(lot, n, _reason(one, stock)) for one, stock in improved for lot, n in sorted(one.left.items())]
    cuts = [cut for one, _ in improved for cut in one.cuts]
    made = problem.lots.quantity.copy()
    for one in left:
        made[one.lot] -= one.pieces
    return Result(
        patterns=tuple(_pattern(cut, copies) for cut, copies in _merged(cuts)),
        left_out=tuple(sorted(left, key=lambda one: one.lot)),
        figures=_figures(problem, cuts, left),
        bound=least_cost(problem, made),
    )


def _stock(problem: Problem, material: int) -> dict[int, int]:
    kinds = np.flatnonzero((problem.stock.material == material) & (problem.stock.number > 0))
    return {int(kind): int(problem.stock.number[kind]) for kind in kinds}


def _sorted_out(cutter: Cutter, material: int, kinds: list[int]) -> tuple[dict[int, int], list[LeftOut]]:
    """Pieces by lot, without lots of which no piece fits any sheet."""
    lots = cutter.problem.lots
    pieces: dict[int, int] = {}
    refused: list[LeftOut] = []
    for lot in np.flatnonzero((lots.material == material) & (lots.quantity > 0)).tolist():
        number = int(lots.quantity[lot])
        if any(cutter.engine.fits(kind, lot) for kind in kinds):
            pieces[lot] = number
        else:
            refused.append(LeftOut(lot, number, why_it_fits_nowhere(cutter, lot, kinds)))
    return pieces, refused


def _improved(
    cutter: Cutter, plans: list[tuple[Opened, dict[int, int]]], stop: Stop, rng: np.random.Generator
) -> list[tuple[Opened, dict[int, int]]]:
    """Material after material in short turns, so that a stop finds none neglected."""
    while plans and not stop():
        if not any(opened.cuts for opened, _ in plans):
            break
        plans = [(improve(cutter, opened, stock, _Turn(stop), rng), stock) for opened, stock in plans]
    return plans


class _Turn:
    """A stop that also comes after so many questions."""

    QUESTIONS = 20

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._left = self.QUESTIONS

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0 or self._stop()


def _reason(opened: Opened, stock: dict[int, int]) -> str:
    used = dict.fromkeys(stock, 0)
    for cut, copies in opened.cuts:
        used[cut.stock] += copies
    return TOO_FEW if used == stock else CUT_SHORT


def _merged(cuts: list[tuple[Cut, int]]) -> list[tuple[Cut, int]]:
    """Equal sheets as one, in order of stock."""
    counted: dict[int, tuple[Cut, int]] = {}
    for cut, copies in cuts:
        counted[id(cut)] = cut, counted.get(id(cut), (cut, 0))[1] + copies
    return sorted(counted.values(), key=lambda one: one[0].stock)


def _pattern(cut: Cut, copies: int) -> Pattern:
    return Pattern(cut.stock, copies, np.array(cut.laid.lot, dtype=np.int64), cut.laid.at, cut.offcuts)


def _figures(problem: Problem, cuts: list[tuple[Cut, int]], left: list[LeftOut]) -> Figures:
    return Figures(
        worth_left_out=float(sum(problem.lots.worth[one.lot] * one.pieces for one in left)),
        cost=sum(cut.cost * copies for cut, copies in cuts),
        sheets=sum(copies for _, copies in cuts),
        part_mm2=sum(cut.part_mm2 * copies for cut, copies in cuts),
        taken_mm2=sum(cut.taken_mm2 * copies for cut, copies in cuts),
    )

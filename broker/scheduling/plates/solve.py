"""From a network's problem and its geometry to a plan whose every run is laid out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from broker.scheduling.nesting.nester import Nester
from broker.scheduling.network.figures import figures
from broker.scheduling.network.problem import Plan, Problem, Result, Unplanned
from broker.scheduling.network.solve import solve
from broker.scheduling.plates.capacity import fitted
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.layout import Lying, laid_out
from broker.scheduling.plates.placed import Layout
from broker.scheduling.plates.search import shared
from broker.scheduling.stopping import Stop

_NO_ROOM = "its plates have no room within the horizon that costs less than doing without"


@dataclass(frozen=True, slots=True)
class Plated:
    """A plan with its plates."""

    problem: Problem
    """As it was asked, with how many pieces a run holds, and why none where it holds none."""
    result: Result
    layouts: tuple[Layout, ...]
    """[R] by run."""


def solve_plates(problem: Problem, geometry: Geometry, stop: Stop, seed: int, *, finish: Stop | None = None) -> Plated:
    """Choose machines, plates, order and times for every piece that can be made, and where each lies.

    Parameters
    ----------
    problem
        What to make and where; its `per_plate` is an upper limit that the shapes may lower.
    geometry
        Shapes of lots, tables of machines.
    stop
        Asked often; once it is true the search for a plan ends with the best so far.
    finish
        Asked often after that, while the plan is bettered with its plates; None: that ends by itself.
    seed
        The same problem and seed give the same plan, unless `stop` cut in.
    """
    nester = Nester(geometry.shapes)
    judged = fitted(problem, geometry, nester)
    return plated(judged, geometry, nester, stop, seed, finish=finish or (lambda: False))


def plated(judged: Problem, geometry: Geometry, nester: Nester, stop: Stop, seed: int, *, finish: Stop) -> Plated:
    """The same for a problem that was judged by its shapes.

    What the nester said a table holds, and then doesn't lay out, is left out, and the rest planned anew.
    """
    result = solve(judged, stop, seed)
    plan = shared(judged, geometry, result.plan, Lying(judged, geometry, nester), finish, seed)
    layouts, failed = laid_out(judged, geometry, nester, plan)
    if failed:
        return plated(_without(judged, failed), geometry, nester, stop, seed, finish=finish)
    unplanned = _unplanned(judged, plan, result.unplanned)
    return Plated(judged, replace(result, plan=plan, unplanned=unplanned, figures=figures(judged, plan)), layouts)


def _without(problem: Problem, failed: Mapping[tuple[int, int], str]) -> Problem:
    """No class makes a lot that it can't lay out: (lot, class), and why."""
    per_plate, reason = problem.lots.per_plate.copy(), problem.lots.reason.copy()
    numbers = {words: number for number, words in enumerate(problem.reasons)}
    for place, words in failed.items():
        per_plate[place] = 0
        reason[place] = numbers.setdefault(words, len(numbers))
    return replace(problem, lots=replace(problem.lots, per_plate=per_plate, reason=reason), reasons=tuple(numbers))


def _unplanned(problem: Problem, plan: Plan, before: tuple[Unplanned, ...]) -> tuple[Unplanned, ...]:
    """What the plan leaves out, for the reasons that were given `before`."""
    made = np.zeros(len(problem.lots.quantity), dtype=np.int64)
    np.add.at(made, plan.entry_lot, plan.entry_pieces)
    left = problem.lots.quantity - made
    reasons = {unplanned.lot: unplanned.reason for unplanned in before}
    return tuple(Unplanned(lot, int(left[lot]), reasons.get(lot, _NO_ROOM)) for lot in np.flatnonzero(left).tolist())

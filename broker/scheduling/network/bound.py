"""What no plan betters, and why not.

*Tardiness.* A lot by itself arrives no earlier than `earliest` says, or isn't made; and machines have only so many
seconds (`capacity`), which prices turn into a bound (`dual`). Work that is done at a moment arrives no earlier than
that moment and its parcel's leg; and a lot is as late as its last piece, so never less late than its pieces on average.

*Lots done* and *earned use*: the same prices, a lot left out losing 1, or what its pieces would earn, and being late
losing nothing. These are the fractional transport bounds: lots may be divided at will and plates are full.

*Makespan*, of a plan that makes all that can be made: no lot ends earlier than alone. And for each set of classes that
some lots depend on, their work must fit between the machines' first possible begin and the end.
"""

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.network.capacity import Demand, demand, offers
from broker.scheduling.network.dual import SAMPLE, Stakes, bound_loss
from broker.scheduling.network.earliest import earliest_arrival_s, earliest_end_s, least_change_s
from broker.scheduling.network.figures import available_s, quickest_s
from broker.scheduling.network.problem import Bools, Bounds, Floats, Problem

CELLS = 60_000_000
"""Offers looked at, over all lots and steps of one bound: some 0.5 s."""
STRETCHES = (8, 48)
STEPS = (8, 80)
SETS = 64
"""Sets of classes that are looked at for the makespan."""


def bounds(problem: Problem) -> Bounds:
    lots = problem.lots
    wanted: Bools = lots.quantity > 0
    arrival = earliest_arrival_s(problem)
    makeable = wanted & (arrival < np.inf) & (arrival <= lots.deadline_s) & _stocked(problem)
    need = demand(problem)
    need = Demand(np.where(makeable[:, None], need.work_s, np.inf), need.run_s)
    return Bounds(
        tardiness=_tardiness(problem, need, makeable, arrival),
        makespan_s=_makespan(problem, need, makeable),
        earned_use=_earned_use(problem, need),
        lots_done=_lots_done(problem, need, makeable),
    )


def _tardiness(problem: Problem, need: Demand, makeable: Bools, arrival: Floats) -> float:
    lots = problem.lots
    rejection = np.where(lots.quantity > 0, lots.rejection, 0.0)
    known = makeable & np.isfinite(lots.due_s)
    late = lots.weight[known] * np.clip(arrival[known] - lots.due_s[known], 0.0, None)
    alone = np.zeros(len(rejection))
    alone[known] = np.minimum(late, rejection[known])
    if not known.any():
        return float(rejection[~makeable].sum())
    return _loss(problem, need, rejection, alone, lots.due_s, within=False)


def _lots_done(problem: Problem, need: Demand, makeable: Bools) -> int:
    number = len(makeable)
    lost = _loss(problem, need, makeable.astype(np.float64), np.zeros(number), np.full(number, np.inf), within=False)
    return int(np.count_nonzero(makeable) - np.ceil(lost - 1e-6))


def _earned_use(problem: Problem, need: Demand) -> float:
    """Pieces of lots that can't be made whole may earn too."""
    available = float(available_s(problem).sum())
    if available <= 0:
        return 0.0
    number = len(problem.lots.quantity)
    whole = demand(problem)
    earned = problem.lots.quantity * quickest_s(problem)
    lost = _loss(problem, whole, earned, np.zeros(number), np.full(number, np.inf), within=True)
    return float(earned.sum() - lost) / available


def _loss(problem: Problem, need: Demand, rejection: Floats, alone: Floats, due_s: Floats, *, within: bool) -> float:
    lots = problem.lots
    leg = _shortest_leg_s(problem)
    change = np.where(lots.per_plate > 0, least_change_s(problem)[lots.family], 0.0).max(axis=1, initial=0.0)
    stretches, steps = _effort(problem)
    stakes = Stakes(
        rejection=rejection,
        alone=alone,
        weight=np.where(np.isfinite(due_s), lots.weight, 0.0),
        grace_s=np.where(np.isfinite(due_s), due_s, 0.0)[:, None] - leg,
        limit_s=lots.deadline_s[:, None] - leg,
        from_s=lots.release_s - change,
    )
    return bound_loss(stakes, offers(problem, stretches, within=within), need, steps)


def _effort(problem: Problem) -> tuple[int, int]:
    """Stretches of time, and steps: fewer for more lots."""
    cells = CELLS // max(1, 2 * min(len(problem.lots.quantity), SAMPLE) * problem.lots.per_plate.shape[1])
    stretches = int(np.clip(np.sqrt(cells), *STRETCHES))
    return stretches, int(np.clip(cells // stretches, *STEPS))


def _shortest_leg_s(problem: Problem) -> Floats:
    """[N, C] from the nearest workshop with a machine of the class; a day's worth of nothing where there is none."""
    machines, ship_s = problem.machines, problem.workshops.ship_s
    present = np.zeros((ship_s.shape[1], len(problem.classes.unattended)), dtype=np.bool_)
    present[machines.workshop, machines.kind] = True
    legs = _nearest(ship_s, present)
    return np.where(np.isfinite(legs), legs, 0.0)[problem.lots.place]


@compiled
def _nearest(ship_s: Floats, present: Bools) -> Floats:
    """[Z, C]"""
    places, shops = ship_s.shape
    nearest = np.full((places, present.shape[1]), np.inf)
    for place in range(places):
        for shop in range(shops):
            for kind in range(present.shape[1]):
                if present[shop, kind] and ship_s[place, shop] < nearest[place, kind]:
                    nearest[place, kind] = ship_s[place, shop]
    return nearest


def _stocked(problem: Problem) -> Bools:
    """[N] whether all workshops together have enough for the lot."""
    lots, stock = problem.lots, problem.workshops.stock
    enough: Bools = np.ones(len(lots.quantity), dtype=np.bool_)
    for lot in np.flatnonzero((lots.material >= 0) & (lots.use > 0)):
        pieces = np.floor(stock[:, lots.material[lot]] / lots.use[lot] * (1 + 1e-9) + 1e-9).sum()
        enough[lot] = pieces >= lots.quantity[lot]
    return enough


def _makespan(problem: Problem, need: Demand, makeable: Bools) -> float:
    if not makeable.any():
        return 0.0
    able = np.isfinite(need.work_s[makeable])
    least = need.work_s[makeable].min(axis=1)
    begin = np.maximum(problem.machines.ready_s, problem.now_s)
    bound = float(earliest_end_s(problem)[makeable].max())
    _, some = np.unique(able @ np.exp2(np.arange(able.shape[1]) % 50), return_index=True)
    for classes in able[some[:SETS]]:
        inside = ~(able & ~classes).any(axis=1)
        first = begin[classes[problem.machines.kind] & np.isfinite(begin)]
        bound = max(bound, _level(first, float(least[inside].sum())))
    return bound


def _level(begin_s: Floats, work_s: float) -> float:
    """Least T with Σ max(0, T − begin) >= work."""
    begin = np.sort(begin_s)
    return float(((work_s + np.cumsum(begin)) / np.arange(1, len(begin) + 1)).min(initial=np.inf))

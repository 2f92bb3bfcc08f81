"""Ways to stand, and an order to be laid in, changed a little again and again."""

from collections.abc import Iterator

import numpy as np

from broker.scheduling.builds.bound import least_height
from broker.scheduling.builds.layers import Draft, Plan, planned
from broker.scheduling.builds.stock import Stock
from broker.scheduling.rectangles.problem import RESOLUTION_MM, Floats, Ints
from broker.scheduling.rectangles.space import RULES
from broker.scheduling.stopping import Stop

CLASSES = (1e-6, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Parts whose heights fall into one class, a share of the highest, are laid by floor area."""
WORSE = 0.01
"""Share by which a plan that the search goes on from may be higher than the best."""
NEAR = 4.0
"""Places by which a run usually moves in the order."""


def searched(stock: Stock, best: Plan, bound: int, stop: Stop, rng: np.random.Generator) -> Plan:
    """The best plan until stopped: of all first drafts, then of the best one's neighbours."""
    draft: Draft | None = None
    for candidate in _drafts(stock):
        plan = planned(stock, candidate, stop)
        if plan is None:
            return best
        if draft is None or plan.score() <= best.score():
            best, draft = min(best, plan, key=Plan.score), candidate
    while draft is not None and not _least(stock, best, bound) and not stop():
        candidate = _neighbour(stock, draft, rng)
        plan = planned(stock, candidate, stop)
        if plan is None or plan.number > best.number:
            continue
        if plan.score() < best.score():
            best = plan
        if plan.height <= (1.0 + WORSE * rng.random()) * best.height:
            draft = candidate
    return best


def flattest(stock: Stock) -> Ints:
    """[r] the lowest pose of each run."""
    return np.array([_least_by(ways, stock.pose[:, 2]) for ways in stock.ways], dtype=np.int64)


def _smallest(stock: Stock) -> Ints:
    """[r] the pose of each run with the smallest floor."""
    floor = stock.pose[:, 0] / stock.volume[0] * (stock.pose[:, 1] / stock.volume[1])
    return np.array([_least_by(ways, floor) for ways in stock.ways], dtype=np.int64)


def _least_by(ways: Ints, value: Floats | Ints) -> int:
    return int(ways[np.argmin(value[ways])])


def _least(stock: Stock, plan: Plan, bound: int) -> bool:
    return plan.number <= bound and plan.height * RESOLUTION_MM <= least_height(stock, plan.number)


def _drafts(stock: Stock) -> Iterator[Draft]:
    for way in (flattest(stock), _smallest(stock)):
        for share in CLASSES:
            for rule in range(RULES):
                yield Draft(way, _order(stock, way, share), rule)


def _order(stock: Stock, way: Ints, share: float) -> Ints:
    """By falling height class, then by falling floor area."""
    width, depth, height = stock.pose[way].T
    classes = np.ceil(height / (share * int(height.max())))
    return np.lexsort([-(width / stock.volume[0] * (depth / stock.volume[1])), -classes])


def _neighbour(stock: Stock, draft: Draft, rng: np.random.Generator) -> Draft:
    """A run laid elsewhere in the order, perhaps in another pose; now and then another rule."""
    order, way = draft.order.tolist(), draft.way
    for _ in range(rng.integers(1, 3)):
        place = int(rng.integers(len(order)))
        run = order.pop(place)
        order.insert(max(0, place + round(rng.normal(0.0, NEAR))), run)
        if len(stock.ways[run]) > 1 and rng.random() < 0.5:
            way = way.copy()
            way[run] = rng.choice(stock.ways[run])
    rule = int(rng.integers(RULES)) if rng.random() < 0.1 else draft.rule
    return Draft(way, np.array(order, dtype=np.int64), rule)

"""A new lot put into a draft, as each lead time asks for it.

A lead time is a weight of the lot's own seconds, beside what others lose: weighed as it is, it goes before whatever
tolerates it; weighed next to nothing, it disturbs nobody; due late, it takes what costs least.
"""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.network.events import Request, Tier
from broker.scheduling.network.insertion import insert_run, run_arrival_s
from broker.scheduling.network.live import LivePlan
from broker.scheduling.network.problem import Bools, Floats
from broker.scheduling.network.repair import broken, withdraw
from broker.scheduling.network.state import State, draw, touch, undo
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import arrival_s, settle

_SAMPLE = (6, 64)
_LOOKS = 96
"""Machines looked at for all of a lot's runs: the more runs, the fewer for each."""
_GOLDEN = 0x9E3779B97F4A7C15
_LITTLE = 1e-6
_NOTHING = 1e-3
"""Weighted seconds by which nobody is later."""


@dataclass(frozen=True, slots=True)
class _Try:
    weight: float
    price: float
    parts: int
    """Into so many at least."""
    disturbs: bool
    """May make others late that aren't promised."""


def place_tier(live: LivePlan, row: int, request: Request, tier: Tier, seed: int) -> float:
    """The lot into the draft, no promise broken; the tardiness this causes others, inf: it finds no such place.

    Of a lot that is in the plan already, what hasn't begun is placed anew. The draft is undone where none is found; the
    random numbers begin from the seed.
    """
    lot = live.world.lots[row : row + 1]
    held = live.world.per_plate[row].copy()
    if tier is Tier.ECONOMY:
        live.world.per_plate[row] = np.where(_cheap(live, request), held, 0)
    arrival, harm = _best_placed(live, row, request, tier, seed)
    live.world.per_plate[row] = held
    lot["due"], lot["weight"] = request.due_s, request.weight
    if arrival == np.inf:
        undo(live.state)
    return harm if arrival < np.inf else np.inf


def _best_placed(live: LivePlan, row: int, request: Request, tier: Tier, seed: int) -> tuple[float, float]:
    """Arrival and others' tardiness of the attempt that arrives first, which is in the draft then; inf: none does."""
    attempts = _attempts(request, tier)
    found: list[tuple[float, float]] = []
    for attempt in attempts:
        if not attempt.disturbs and any(arrival < np.inf for arrival, _ in found):
            break
        if found:
            undo(live.state)
        found.append(_placed(live, row, request, attempt, tier, seed))
        if found[-1][1] == np.inf:
            break
    best = min(range(len(found)), key=lambda number: found[number][0])
    if best != len(found) - 1 and found[best][0] < np.inf:
        undo(live.state)
        return _placed(live, row, request, attempts[best], tier, seed)
    return found[best]


def _attempts(request: Request, tier: Tier) -> tuple[_Try, ...]:
    gentle = tuple(_Try(_LITTLE, _LITTLE / 100, parts, disturbs=False) for parts in (1, 3))
    if tier is Tier.EXPRESS:
        return (*(_Try(request.weight, _LITTLE, parts, disturbs=True) for parts in (1, 3)), *gentle)
    if tier is Tier.STANDARD:
        return gentle
    return tuple(_Try(_LITTLE, _LITTLE, parts, disturbs=False) for parts in (1, 3))


def _placed(live: LivePlan, row: int, request: Request, attempt: _Try, tier: Tier, seed: int) -> tuple[float, float]:
    """Arrival (inf: not so) and others' tardiness (inf: there is no time for all of it, whomever it disturbs)."""
    lot, state = live.world.lots[row], live.state
    late = live.world.limits["horizon"][0] if tier is Tier.ECONOMY else live.now_s
    lot["due"], lot["weight"] = late, attempt.weight
    state.head["random"] = (2 * seed + 1) * _GOLDEN % 2**64
    cap = -(-request.quantity // attempt.parts)
    tolerance, sample = np.inf if attempt.disturbs else _NOTHING, _sample(request, cap)
    return _insert(live.world, state, row, cap, sample, attempt.price, live.promised_s, tolerance)


def _sample(request: Request, cap: int) -> int:
    most = max(1, min(cap, int(request.per_plate.max(initial=1))))
    return int(np.clip(_LOOKS // -(-request.quantity // most), *_SAMPLE))


@compiled
def _insert(
    world: World, state: State, row: int, cap: int, sample: int, price: float, promised_s: Floats, tolerance: float
) -> tuple[float, float]:
    for _ in range(4):
        draw(state)
    tally, head = state.tallies[row], state.head[0]
    others = head.worth - tally.worth
    withdraw(world, state, row)
    settle(world, state)
    arrival, harm = arrival_s(world, state, row), 0.0
    while tally.pieces < world.lots[row].quantity:
        run = insert_run(world, state, row, cap, sample, price, arrival)
        if run < 0:
            return np.inf, np.inf
        arrival = max(arrival, run_arrival_s(world, state, row, run))
        touch(state, row)
        settle(world, state)
        harm = head.worth - tally.worth - others
        late = arrival == np.inf or arrival > world.lots[row].deadline
        if late or harm > tolerance or broken(state, promised_s, row):  # whatever follows makes it no better
            return np.inf, harm
    return tally.arrival, max(0.0, harm)


def _cheap(live: LivePlan, request: Request) -> Bools:
    """[C] classes that cost next to the least, of those that can make it."""
    kinds = live.world.kinds
    able = request.per_plate > 0
    runs = -(-request.quantity // np.maximum(request.per_plate, 1))
    seconds = request.quantity * request.piece_s + runs * (kinds["overhead"] + kinds["hands"])
    cost = np.where(able, kinds["rate"] * seconds, np.inf)
    cheap: Bools = able & (cost <= cost.min(initial=np.inf) * 1.05 + 1e-9)
    return cheap


@compiled
def refresh(world: World, state: State, row: int) -> None:
    """What the lot is worth, by what its row says now."""
    touch(state, row)
    settle(world, state)

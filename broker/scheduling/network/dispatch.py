"""A first plan by list scheduling: whenever a machine and a person are free, the lot whose index is least.

The index of a lot is when it has to leave, plus `work` times its seconds of work over its weight: as with weighted
shortest processing time, what takes long for little goes last, which is what is left undone where time is short. To it
come `setup` times the change's seconds and `idle` times the seconds until somebody can empty the machine again.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.clock import fitting, unblocked
from broker.scheduling.network.heap import pop, push
from broker.scheduling.network.problem import Floats, Ints
from broker.scheduling.network.world import World

_SEEN = 7
"""Of each family's heap, the first so many are looked at."""
_POLL_S = 900.0
"""A machine that found nothing looks again after so long."""


@dataclass(frozen=True, slots=True)
class Rule:
    work: float
    setup: float
    idle: float


class _Queues(NamedTuple):
    """Lots waiting, by class and family: heaps in one array."""

    heap: Ints
    first: Ints
    """[C × F + 1]"""
    size: Ints
    """[C × F]"""
    key: Floats
    """[N] index without what the machine adds."""
    left: Ints
    """[N] pieces"""
    used: Floats
    """[W, K]"""
    weights: Floats
    """[2] setup, idle."""


class _Clock(NamedTuple):
    events: Ints
    """Heap of machines."""
    when: Floats
    """[M]"""
    loaded: Ints
    """[M]"""
    crew_s: Floats


def dispatch(world: World, rule: Rule, wanted: Ints) -> Ints:
    """[runs, 3] machine, lot, pieces in order of begin; `wanted[N]` 0: that lot isn't made."""
    left = np.where(wanted > 0, world.lots["quantity"], 0)
    queues = _queues(world, rule, left)
    clock = _Clock(
        events=np.zeros(len(world.machines), dtype=np.int64),
        when=np.maximum(world.machines["ready"], world.limits["now"][0]),
        loaded=world.machines["family"].copy(),
        crew_s=np.full(int(world.shops["crew_last"].max(initial=0)), world.limits["now"][0]),
    )
    arrivals = np.flatnonzero(left)
    arrivals = arrivals[np.argsort(world.lots["release"][arrivals], kind="stable")]
    rows = np.zeros((_most(world, left), 3), dtype=np.int64)
    return rows[: _dispatch(world, queues, clock, arrivals, rows)]


def _most(world: World, left: Ints) -> int:
    """Runs at most: plates, and for an attended class as many as there are pieces."""
    return int(left.sum())


def _queues(world: World, rule: Rule, left: Ints) -> _Queues:
    lots = world.lots
    families = world.setup_s.shape[1]
    count = np.zeros((len(world.kinds), families), dtype=np.int64)
    for kind in range(len(world.kinds)):
        able = (world.per_plate[:, kind] > 0) & (left > 0)
        count[kind] = np.bincount(lots["family"][able], minlength=families)
    due = np.where(np.isfinite(lots["due"]), lots["due"], world.limits["horizon"][0] * 4)
    due = np.minimum(due, lots["deadline"])
    return _Queues(
        heap=np.zeros(int(count.sum()), dtype=np.int64),
        first=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        size=np.zeros(count.size, dtype=np.int64),
        key=due - _closest_s(world) + rule.work * lots["quickest"] / lots["weight"],
        left=left,
        used=np.zeros_like(world.stock),
        weights=np.array([rule.setup, rule.idle]),
    )


def _closest_s(world: World) -> Floats:
    """[N] transport from the closest workshop."""
    if not len(world.shops):
        return np.zeros(len(world.lots))
    closest: Floats = world.ship_s.min(axis=1)
    closest[~np.isfinite(closest)] = 0.0
    return np.asarray(closest[world.lots["place"]], dtype=np.float64)


@compiled
def _dispatch(world: World, queues: _Queues, clock: _Clock, arrivals: Ints, rows: Ints) -> int:
    pending, arrived, made = 0, 0, 0
    for machine in world.of_kind:
        push(clock.events, 0, pending, clock.when, machine)
        pending += 1
    while pending > 0 and made < len(rows):
        machine = pop(clock.events, 0, pending, clock.when)
        pending -= 1
        now = clock.when[machine]
        if now >= world.limits[0].horizon:
            continue
        while arrived < len(arrivals) and world.lots[arrivals[arrived]].release <= now:
            _arrive(world, queues, arrivals[arrived])
            arrived += 1
        soonest = world.lots[arrivals[arrived]].release if arrived < len(arrivals) else np.inf
        lot, pieces, again = _decide(world, queues, clock, machine, now, soonest)
        clock.when[machine] = again
        if lot >= 0:
            rows[made, 0], rows[made, 1], rows[made, 2] = machine, lot, pieces
            made += 1
            queues.left[lot] -= pieces
            if world.limits[0].stocked and world.lots[lot].material >= 0:
                queues.used[world.machines[machine].shop, world.lots[lot].material] += pieces * world.lots[lot].use
        if again < np.inf:
            push(clock.events, 0, pending, clock.when, machine)
            pending += 1
    return made


@inlined
def _arrive(world: World, queues: _Queues, lot: int) -> None:
    for kind in range(len(world.kinds)):
        if world.per_plate[lot, kind] > 0:
            queue = kind * world.setup_s.shape[1] + world.lots[lot].family
            push(queues.heap, queues.first[queue], queues.size[queue], queues.key, lot)
            queues.size[queue] += 1


@inlined
def _decide(
    world: World, queues: _Queues, clock: _Clock, machine: int, now: float, soonest: float
) -> tuple[int, int, float]:
    """Lot and pieces that the machine takes now, and when it looks again; lot -1: none."""
    shop = world.machines[machine].shop
    person = world.shops[shop].crew_first
    for other in range(person + 1, world.shops[shop].crew_last):
        if clock.crew_s[other] < clock.crew_s[person]:
            person = other
    if clock.crew_s[person] > now:
        return -1, 0, clock.crew_s[person]
    opens, _ = fitting(world, shop, machine, now, 0.0, 0.0, world.shops[shop].shift_first)
    if opens > now:
        return -1, 0, opens
    lot, pieces = _choose(world, queues, clock, machine, now)
    if lot < 0:
        return -1, 0, max(min(soonest, _opens_next(world, shop, now)), now + _POLL_S)
    kind = world.machines[machine].kind
    change = world.kinds[kind].hands + world.setup_s[clock.loaded[machine], world.lots[lot].family]
    clock.loaded[machine] = world.lots[lot].family
    clock.crew_s[person] = now + change + world.kinds[kind].watch
    return lot, pieces, now + change + world.kinds[kind].overhead + pieces * world.piece_s[lot, kind]


@inlined
def _opens_next(world: World, shop: int, now: float) -> float:
    """When the first shift after now begins: what is left of this one may have been too short; inf: there is none."""
    for shift in range(world.shops[shop].shift_first, world.shops[shop].shift_last):
        if world.shift_s[shift, 0] > now:
            return float(world.shift_s[shift, 0])
    return np.inf


@inlined
def _choose(world: World, queues: _Queues, clock: _Clock, machine: int, now: float) -> tuple[int, int]:
    kind, families = world.machines[machine].kind, world.setup_s.shape[1]
    shift = world.shops[world.machines[machine].shop].shift_first
    while world.shift_s[shift, 1] <= now:
        shift += 1
    loaded = clock.loaded[machine]
    best, chosen, taken = np.inf, -1, 0
    for offset in range(families):
        family = (loaded + offset) % families
        queue = kind * families + family
        first = queues.first[queue]
        while queues.size[queue] > 0 and queues.left[queues.heap[first]] == 0:
            pop(queues.heap, first, queues.size[queue], queues.key)
            queues.size[queue] -= 1
        change = world.kinds[kind].hands + world.setup_s[loaded, family]
        if queues.size[queue] == 0 or queues.key[queues.heap[first]] + queues.weights[0] * change >= best:
            continue
        for i in range(min(_SEEN, queues.size[queue])):
            lot = queues.heap[first + i]
            index = queues.key[lot] + queues.weights[0] * change
            if index >= best or queues.left[lot] == 0:
                continue
            pieces = _pieces(world, queues, machine, lot, now, change, world.shift_s[shift, 1])
            if pieces > 0:
                running = world.kinds[kind].overhead + pieces * world.piece_s[lot, kind]
                index += queues.weights[1] * _idle_s(world, machine, now + change + running, shift)
                if index < best and _allowed(world, machine, lot, now, now + change + running):
                    best, chosen, taken = index, lot, pieces
    return chosen, taken


@inlined
def _pieces(world: World, queues: _Queues, machine: int, lot: int, now: float, change: float, closes: float) -> int:
    """That the machine can begin now; 0: none."""
    facts, shop, kind = world.lots[lot], world.machines[machine].shop, world.machines[machine].kind
    pieces = min(queues.left[lot], world.per_plate[lot, kind])
    if world.limits[0].stocked and facts.material >= 0 and facts.use > 0:
        left = world.stock[shop, facts.material] - queues.used[shop, facts.material]
        pieces = np.int64(min(float(pieces), left / facts.use + 1e-9))
    left_s = closes - now - change
    if left_s < world.kinds[kind].watch:
        return 0
    if not world.kinds[kind].unattended:
        pieces = min(pieces, np.int64((left_s - world.kinds[kind].overhead) / world.piece_s[lot, kind]))
    return int(pieces)


@inlined
def _idle_s(world: World, machine: int, end: float, shift: int) -> float:
    """From `end` until somebody is there again."""
    last = world.shops[world.machines[machine].shop].shift_last
    while shift < last and world.shift_s[shift, 1] <= end:
        shift += 1
    return max(0.0, world.shift_s[shift, 0] - end) if shift < last else 0.0


@inlined
def _allowed(world: World, machine: int, lot: int, now: float, end: float) -> bool:
    """No block lies in the way, nobody has barred it, and it is delivered, in time."""
    if unblocked(world, machine, now, end) != now or is_barred(world, lot, machine):
        return False
    if world.limits[0].everywhere and world.lots[lot].deadline == np.inf:
        return True
    arrival = end + world.ship_s[world.lots[lot].place, world.machines[machine].shop]
    return bool(arrival < np.inf and arrival <= world.lots[lot].deadline)


@inlined
def is_barred(world: World, lot: int, machine: int) -> bool:
    found = False
    for i in range(world.lots[lot].barred_first, world.lots[lot].barred_last):
        found |= world.barred[i] == machine
    return found

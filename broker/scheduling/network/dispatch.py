"""A first plan by list scheduling: whenever a machine and a person are free, the lot whose index is least.

The index of a lot is when it has to leave, plus `work` times its seconds of work over its weight: as with weighted
shortest processing time, what takes long for little goes last, which is what is left undone where time is short. To it
come `setup` times the change's seconds and `idle` times the seconds until somebody can empty the machine again.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.clock import unblocked
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
    keys: Floats
    """Index of each lot of the heap, without what the machine adds."""
    first: Ints
    """[C × F + 1]"""
    size: Ints
    """[C × F]"""
    least: Floats
    """[C, F] key of each heap's first lot, which may be made by now; inf: it is empty."""
    bound: Floats
    """[F] scratch: the least index that each family's lots may have."""
    key: Floats
    """[N]"""
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
    """Of each machine of the heap."""
    loaded: Ints
    """[M]"""
    crew_s: Floats
    shift: Ints
    """[W] where each workshop's time has come to."""
    head: Ints
    """[W] machine that waits for a person first; -1: none does."""
    tail: Ints
    """[W]"""
    behind: Ints
    """[M] the machine that waits behind."""


def dispatch(world: World, rule: Rule, wanted: Ints) -> Ints:
    """[runs, 3] machine, lot, pieces in order of begin; `wanted[N]` 0: that lot isn't made."""
    left = np.where(wanted > 0, world.lots["quantity"], 0)
    queues = _queues(world, rule, left)
    clock = _Clock(
        events=np.zeros(len(world.machines), dtype=np.int64),
        when=np.zeros(len(world.machines)),
        loaded=world.machines["family"].copy(),
        crew_s=np.full(int(world.shops["crew_last"].max(initial=0)), world.limits["now"][0]),
        shift=world.shops["shift_first"].copy(),
        head=np.full(len(world.shops), -1, dtype=np.int64),
        tail=np.full(len(world.shops), -1, dtype=np.int64),
        behind=np.full(len(world.machines), -1, dtype=np.int64),
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
        keys=np.zeros(int(count.sum())),
        first=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        size=np.zeros(count.size, dtype=np.int64),
        least=np.full(count.shape, np.inf),
        bound=np.zeros(families),
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
        ready = max(world.machines[machine].ready, world.limits[0].now)
        push(clock.events, clock.when, 0, pending, machine, ready)
        pending += 1
    while pending > 0 and made < len(rows):
        now = clock.when[0]
        machine = pop(clock.events, clock.when, 0, pending)
        pending -= 1
        if now >= world.limits[0].horizon:
            continue
        shop = world.machines[machine].shop
        person, head = _first_free(world, clock, shop), clock.head[shop]
        if clock.crew_s[person] > now or (head >= 0 and head != machine):
            if _stands_first(clock, shop, machine):
                push(clock.events, clock.when, 0, pending, machine, clock.crew_s[person])
                pending += 1
            continue
        while arrived < len(arrivals) and world.lots[arrivals[arrived]].release <= now:
            _arrive(world, queues, arrivals[arrived])
            arrived += 1
        soonest = world.lots[arrivals[arrived]].release if arrived < len(arrivals) else np.inf
        lot, pieces, again = _decide(world, queues, clock, machine, person, now, soonest)
        if head == machine:
            clock.head[shop] = clock.behind[machine]
            if clock.head[shop] >= 0:
                free = max(now, clock.crew_s[_first_free(world, clock, shop)])
                push(clock.events, clock.when, 0, pending, clock.head[shop], free)
                pending += 1
        if lot >= 0:
            rows[made, 0], rows[made, 1], rows[made, 2] = machine, lot, pieces
            made += 1
            queues.left[lot] -= pieces
            if world.limits[0].stocked and world.lots[lot].material >= 0:
                queues.used[shop, world.lots[lot].material] += pieces * world.lots[lot].use
        if again < np.inf:
            push(clock.events, clock.when, 0, pending, machine, again)
            pending += 1
    return made


@inlined
def _first_free(world: World, clock: _Clock, shop: int) -> int:
    person = world.shops[shop].crew_first
    for other in range(person + 1, world.shops[shop].crew_last):
        if clock.crew_s[other] < clock.crew_s[person]:
            person = other
    return int(person)


@inlined
def _stands_first(clock: _Clock, shop: int, machine: int) -> bool:
    """Whether the machine, which waits for a person now, is the next to have one."""
    if clock.head[shop] < 0:
        clock.head[shop] = machine
    elif clock.head[shop] != machine:
        clock.behind[clock.tail[shop]] = machine
    else:
        return True
    clock.tail[shop], clock.behind[machine] = machine, -1
    return bool(clock.head[shop] == machine)


@inlined
def _arrive(world: World, queues: _Queues, lot: int) -> None:
    family = world.lots[lot].family
    for kind in range(len(world.kinds)):
        if world.per_plate[lot, kind] > 0:
            queue = kind * world.setup_s.shape[1] + family
            push(queues.heap, queues.keys, queues.first[queue], queues.size[queue], lot, queues.key[lot])
            queues.size[queue] += 1
            queues.least[kind, family] = queues.keys[queues.first[queue]]


@inlined
def _decide(
    world: World, queues: _Queues, clock: _Clock, machine: int, person: int, now: float, soonest: float
) -> tuple[int, int, float]:
    """Lot and pieces that the machine takes now, and when it looks again; lot -1: none."""
    shop, kind = world.machines[machine].shop, world.machines[machine].kind
    shift = clock.shift[shop]
    while shift < world.shops[shop].shift_last and world.shift_s[shift, 1] <= now:
        shift += 1
    clock.shift[shop] = shift
    if shift == world.shops[shop].shift_last:
        return -1, 0, np.inf
    opens = unblocked(world, machine, max(now, world.shift_s[shift, 0]), now)
    if opens > now:
        return -1, 0, opens
    lot, pieces = _choose(world, queues, machine, clock.loaded[machine], now, shift)
    if lot < 0:
        return -1, 0, max(min(soonest, _opens_next(world, shop, shift)), now + _POLL_S)
    change = world.kinds[kind].hands + world.setup_s[clock.loaded[machine], world.lots[lot].family]
    clock.loaded[machine] = world.lots[lot].family
    clock.crew_s[person] = now + change + world.kinds[kind].watch
    return lot, pieces, now + change + world.kinds[kind].overhead + pieces * world.piece_s[lot, kind]


@inlined
def _opens_next(world: World, shop: int, shift: int) -> float:
    """When the shift after that begins: what is left of it may have been too short; inf: there is none."""
    return float(world.shift_s[shift + 1, 0]) if shift + 1 < world.shops[shop].shift_last else np.inf


@inlined
def _choose(world: World, queues: _Queues, machine: int, loaded: int, now: float, shift: int) -> tuple[int, int]:
    """Family by family, the most promising first."""
    shop, kind = world.machines[machine].shop, world.machines[machine].kind
    facts, families = world.kinds[kind], len(queues.bound)
    hands, watch, overhead = facts.hands, facts.watch, facts.overhead
    closes, last = world.shift_s[shift, 1], world.shops[shop].shift_last
    for family in range(families):
        change = hands + world.setup_s[loaded, family]
        short = now + change + watch > closes
        queues.bound[family] = np.inf if short else queues.least[kind, family] + queues.weights[0] * change
    best, chosen, taken = np.inf, -1, 0
    while True:
        family = int(np.argmin(queues.bound))
        if queues.bound[family] >= best:
            return chosen, taken
        change = hands + world.setup_s[loaded, family]
        dear = queues.weights[0] * change
        if _purge(queues, kind, family):
            queues.bound[family] = queues.least[kind, family] + dear
            continue
        queues.bound[family] = np.inf
        queue = kind * families + family
        begin = now + change + overhead
        for i in range(queues.first[queue], queues.first[queue] + min(_SEEN, queues.size[queue])):
            index = queues.keys[i] + dear
            if index >= best:
                continue
            lot = queues.heap[i]
            pieces, each = min(queues.left[lot], world.per_plate[lot, kind]), world.piece_s[lot, kind]
            if world.limits[0].stocked:
                pieces = _in_stock(world, queues, shop, lot, pieces)
            if not facts.unattended:
                pieces = min(pieces, np.int64((closes - begin) / each))
            if pieces <= 0:
                continue
            end = begin + pieces * each
            index += queues.weights[1] * _idle_s(world, end, shift, last)
            if index < best and _allowed(world, machine, lot, now, end):
                best, chosen, taken = index, lot, pieces


@inlined
def _purge(queues: _Queues, kind: int, family: int) -> bool:
    """Lots that are made off the head of the heap; whether there were any."""
    queue = kind * len(queues.bound) + family
    first, size = queues.first[queue], queues.size[queue]
    while queues.size[queue] > 0 and queues.left[queues.heap[first]] == 0:
        pop(queues.heap, queues.keys, first, queues.size[queue])
        queues.size[queue] -= 1
    queues.least[kind, family] = queues.keys[first] if queues.size[queue] > 0 else np.inf
    return bool(queues.size[queue] < size)


@inlined
def _in_stock(world: World, queues: _Queues, shop: int, lot: int, pieces: int) -> int:
    """So many of the pieces that the workshop has the material for."""
    facts = world.lots[lot]
    if facts.material < 0 or facts.use <= 0:
        return pieces
    left = world.stock[shop, facts.material] - queues.used[shop, facts.material]
    return int(min(float(pieces), left / facts.use + 1e-9))


@inlined
def _idle_s(world: World, end: float, shift: int, last: int) -> float:
    """From `end` until somebody is there again; `shift` is one before."""
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

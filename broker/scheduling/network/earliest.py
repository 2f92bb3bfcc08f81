"""When a lot could be there, had it the network to itself: nothing in a plan arrives earlier.

For each lot, machines of one class in one workshop are taken to be as free as the first of them, loaded with whatever
needs the shortest change, and never blocked. The lot may split over all of them.
"""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.problem import Bools, Floats, Ints, Problem

HALVINGS = 60


def least_change_s(problem: Problem) -> Floats:
    """[F, C] a person's seconds before a run, from whatever family is quickest to change from."""
    kinds = problem.classes
    setup: Floats = problem.setup_s.min(axis=0, initial=np.inf)
    change: Floats = setup[:, None] + (kinds.clear_s + kinds.count_s)
    return change


def earliest_arrival_s(problem: Problem) -> Floats:
    """[N] s at which all of a lot could be at its place; -inf for a lot of nothing, inf where nobody can make it."""
    return _earliest(problem, shipping=1.0)


def earliest_end_s(problem: Problem) -> Floats:
    """[N] s at which the last run of a lot could end."""
    return _earliest(problem, shipping=0.0)


def _earliest(problem: Problem, shipping: float) -> Floats:
    lots, kinds, shops = problem.lots, problem.classes, problem.workshops
    group_kind, group_shop, group_ready, group_size = _groups(problem)
    # A shop without people makes nothing, and one whose machines all take no work neither.
    kept = (shops.operators[group_shop] > 0) & np.isfinite(group_ready)
    return _alone(
        lots.quantity,
        lots.family,
        lots.release_s,
        lots.place,
        lots.piece_s,
        lots.per_plate,
        kinds.unattended,
        kinds.overhead_s,
        kinds.watch_s,
        least_change_s(problem),
        group_kind[kept],
        group_shop[kept],
        group_ready[kept],
        group_size[kept],
        shops.shift_first,
        shops.shift_s,
        shops.ship_s,
        shipping,
        problem.horizon_s,
    )


def _groups(problem: Problem) -> tuple[Ints, Ints, Floats, Ints]:
    """Machines of one class in one workshop: class, workshop, when the first is free, how many take work."""
    machines, classes = problem.machines, max(1, len(problem.classes.unattended))
    key = machines.workshop * classes + machines.kind
    keys, group = np.unique(key, return_inverse=True)
    ready = np.full(len(keys), np.inf)
    np.minimum.at(ready, group, np.maximum(machines.ready_s, problem.now_s))
    size = np.bincount(group, np.isfinite(machines.ready_s), len(keys)).astype(np.int64)
    return keys % classes, keys // classes, ready, size


@compiled
def _alone(
    quantity: Ints,
    family: Ints,
    release_s: Floats,
    place: Ints,
    piece_s: Floats,
    per_plate: Ints,
    unattended: Bools,
    overhead_s: Floats,
    watch_s: Floats,
    change_s: Floats,
    group_kind: Ints,
    group_shop: Ints,
    group_ready: Floats,
    group_size: Ints,
    shift_first: Ints,
    shift_s: Floats,
    ship_s: Floats,
    shipping: float,
    horizon_s: float,
) -> Floats:
    arrival = np.full(len(quantity), np.inf)
    groups = len(group_kind)
    begin = np.zeros(groups)
    for lot in range(len(quantity)):
        if quantity[lot] == 0:
            arrival[lot] = -np.inf
            continue
        places = 0
        best = np.inf
        for group in range(groups):
            begin[group] = np.inf
            kind, shop = group_kind[group], group_shop[group]
            leg = ship_s[place[lot], shop]
            if per_plate[lot, kind] == 0 or leg == np.inf:
                continue
            change = change_s[family[lot], kind]
            run = overhead_s[kind] + piece_s[lot, kind]
            places += group_size[group]
            first = max(release_s[lot] - change, group_ready[group])
            # Where pieces are fewer than machines, only the first to end counts.
            if quantity[lot] <= places and first + change + run + leg * shipping >= best:
                begin[group] = first
                continue
            needs = change + (watch_s[kind] if unattended[kind] else max(watch_s[kind], run))
            begin[group] = _begin(shift_s, shift_first[shop], shift_first[shop + 1], first, needs, horizon_s - change)
            best = min(best, begin[group] + change + run + leg * shipping)
        arrival[lot] = best
        if quantity[lot] > places and best < np.inf:
            fixed_s = change_s[family[lot]] + overhead_s
            leg_s = ship_s[place[lot]] * shipping
            arrival[lot] = _shared_out(
                float(quantity[lot]),
                best,
                best + quantity[lot] * 2.0 * (best + horizon_s) + 1e9,
                begin,
                group_kind,
                group_shop,
                group_size,
                fixed_s,
                piece_s[lot],
                per_plate[lot],
                leg_s,
            )
    return arrival


@inlined
def _shared_out(
    quantity: float,
    low: float,
    high: float,
    begin: Floats,
    group_kind: Ints,
    group_shop: Ints,
    group_size: Ints,
    fixed_s: Floats,
    piece_s: Floats,
    per_plate: Ints,
    leg_s: Floats,
) -> float:
    """The least moment by which all machines together could have delivered so many pieces."""
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        made = 0.0
        for group in range(len(begin)):
            if begin[group] < np.inf:
                kind = group_kind[group]
                spent = middle - begin[group] - leg_s[group_shop[group]]
                made += group_size[group] * _pieces(spent, fixed_s[kind], piece_s[kind], per_plate[kind])
        if made < quantity:
            low = middle
        else:
            high = middle
    return low


@inlined
def _begin(shift_s: Floats, shift: int, last: int, first_s: float, needs_s: float, before_s: float) -> float:
    """When somebody is there for as long as is needed, not before `first_s`; inf: not before `before_s`."""
    while shift < last:
        begin = max(first_s, float(shift_s[shift, 0]))
        if begin >= before_s:
            return float(np.inf)
        if begin + needs_s <= shift_s[shift, 1]:
            return begin
        shift += 1
    return float(np.inf)


@inlined
def _pieces(spent_s: float, fixed_s: float, piece_s: float, per_plate: int) -> float:
    """At most so many are made by one machine, plate after plate, each with its change and heating."""
    if spent_s <= 0:
        return 0.0
    cycle = fixed_s + per_plate * piece_s
    plates = np.floor(spent_s / cycle)
    rest = np.floor((spent_s - plates * cycle - fixed_s) / piece_s + 1e-9)
    return float(plates * per_plate + min(max(rest, 0.0), float(per_plate)))

"""A plan with its times taken over as they are, and its lists kept in the order in which runs begin.

What has begun (before now) stands first in its workshop's list and is never told anew; the clock goes on from there.
What hasn't is held: it starts no earlier than it was to, until it is placed anew.
"""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.lists import add_pieces, add_run
from broker.scheduling.network.problem import Floats, Ints
from broker.scheduling.network.state import State, keep, outdate, save_run, save_shop
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import settle


@compiled
def adopt(world: World, state: State, machine: Ints, times: Floats, first: Ints, entries: Ints) -> bool:
    """Runs [R] with `times` [R, 3] (begin, start, end) and `entries` [E, 2] (lot, pieces), in order of begin.

    False: there is no room for them.
    """
    state.crew_s[:] = -np.inf
    for i in range(len(machine)):
        shop = world.machines[machine[i]].shop
        lot, pieces = entries[first[i], 0], entries[first[i], 1]
        run = add_run(world, state, lot, pieces, machine[i], state.shops[shop].tail, times[i, 0])
        if run < 0:
            return False
        for entry in range(first[i] + 1, first[i + 1]):
            if state.head[0].free_entry < 0:
                return False
            add_pieces(world, state, run, entries[entry, 0], entries[entry, 1])
        _timed(world, state, shop, run, times[i])
    for shop in range(len(state.shops)):
        state.shops[shop].stale = 0
    state.head[0].stale = 0
    settle(world, state)
    keep(state)
    return True


@inlined
def _timed(world: World, state: State, shop: int, run: int, times: Floats) -> None:
    record, kind = state.runs[run], world.kinds[world.machines[state.runs[run].machine].kind]
    record.begin, record.start, record.end, record.stale = times[0], times[1], times[2], 0
    record.release = times[1]
    person = world.shops[shop].crew_first
    for other in range(person + 1, world.shops[shop].crew_last):
        here, there = state.crew_s[other], state.crew_s[person]
        if (here <= times[0] and (there > times[0] or here > there)) or (here > times[0] and here < there):
            person = other
    record.crew = person
    state.crew_s[person] = times[1] + kind.watch
    change = times[1] - times[0]
    record.cost = kind.rate * (times[2] - times[0]) + world.shops[shop].rate * (change + kind.watch)
    state.head[0].cost += record.cost


@inlined
def begun(world: World, state: State, run: int) -> bool:
    return bool(state.runs[run].begin < world.limits[0].now)


@compiled
def retell(world: World, state: State, shop: int) -> None:
    """All that hasn't begun in the workshop is told anew; what has begun isn't."""
    run = state.shops[shop].head
    while run >= 0 and begun(world, state, run):
        if state.runs[run].stale:
            save_run(state, run)
            state.runs[run].stale = 0
        run = state.runs[run].after
    if run >= 0:
        state.runs[run].stale = 0
    outdate(state, shop, run)


@compiled
def hold(state: State) -> None:
    """Runs that the draft has changed start no earlier than they do now, whatever becomes free before them."""
    for i in range(state.head[0].runs):
        run = state.old_runs[i].id
        if state.runs[run].machine >= 0 and state.runs[run].crew >= 0:
            state.runs[run].release = state.runs[run].start


@compiled
def order_lists(world: World, state: State) -> None:
    """Lists of workshops that the draft has changed, by begin; times stay."""
    changed = np.empty(state.head[0].shops, dtype=np.int64)
    for i in range(len(changed)):
        changed[i] = state.old_shops[i].id
    for shop in changed:
        _order_list(world, state, shop)


@inlined
def _order_list(world: World, state: State, shop: int) -> None:
    count, run, sorted_already = 0, state.shops[shop].head, True
    while run >= 0:
        count += 1
        following = state.runs[run].after
        if following >= 0 and state.runs[following].begin < state.runs[run].begin:
            sorted_already = False
        run = following
    if sorted_already:
        return
    runs, keys = np.empty(count, dtype=np.int64), np.empty(count)
    run = state.shops[shop].head
    for i in range(count):
        runs[i], keys[i] = run, state.runs[run].begin
        run = state.runs[run].after
    ordered = runs[np.argsort(keys, kind="mergesort")]
    save_shop(state, shop)
    state.shops[shop].head, state.shops[shop].tail = ordered[0], ordered[-1]
    for i in range(count):
        save_run(state, ordered[i])
        state.runs[ordered[i]].before = ordered[i - 1] if i > 0 else -1
        state.runs[ordered[i]].after = ordered[i + 1] if i + 1 < count else -1

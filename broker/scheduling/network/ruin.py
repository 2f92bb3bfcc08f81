"""Ruin and recreate: strings of runs that lie near each other are taken out, and their lots' pieces put back.

After Schrimpf et al. (2000, doi:10.1006/jcph.1999.6413), with slack induction by string removals (Christiaens and
Vanden Berghe 2020, doi:10.1287/trsc.2019.0914).
"""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.insertion import insert_missing
from broker.scheduling.network.lists import add_pieces, remove_lot
from broker.scheduling.network.problem import Ints
from broker.scheduling.network.state import State, below, draw
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import settle

_MOST = 16
"""Lots put back at once."""


@compiled
def ruin_and_recreate(world: World, state: State, strength: int, sample: int) -> None:
    """Changes the draft; its worth is told."""
    recreate_around(world, state, _seed_lot(world, state), strength, sample)


@compiled
def recreate_around(world: World, state: State, seed: int, strength: int, sample: int) -> None:
    """The same around a given lot."""
    _ruin(world, state, seed, 1 + below(state, strength))
    todo = np.empty(_MOST, dtype=np.int64)
    count = _missing(world, state, todo, seed)
    _shuffle(world, state, todo, count)
    price = 0.03 * 10.0 ** (2.5 * draw(state))
    for i in range(count):
        # Full plates mostly; sometimes shorter runs, so that several machines finish a lot together.
        quantity = world.lots[todo[i]].quantity
        cap = quantity if draw(state) < 0.7 else 1 + below(state, quantity)
        if not insert_missing(world, state, todo[i], cap, sample, price):
            remove_lot(world, state, todo[i])
    settle(world, state)


@inlined
def _seed_lot(world: World, state: State) -> int:
    """One that costs something, if a few draws find one; any other sometimes."""
    lot = below(state, len(world.lots))
    if draw(state) < 0.7:
        for _ in range(20):
            if state.tallies[lot].worth > 0:
                break
            lot = below(state, len(world.lots))
    return lot


@inlined
def _ruin(world: World, state: State, seed: int, number: int) -> None:
    """About so many runs out: some of the lot's, and of others at about the same time."""
    time, machine = _where(world, state, seed)
    if machine < 0:
        return
    while number > 0:
        length = 1 + below(state, min(number, 6))
        _drop_string(world, state, machine, time, length)
        number -= length
        if draw(state) < 0.5:
            shop = world.machines[machine].shop
            first, last = world.shops[shop].machine_first, world.shops[shop].machine_last
            machine = world.of_shop[first + below(state, last - first)]
        else:
            kind = world.machines[machine].kind
            first, last = world.kinds[kind].first, world.kinds[kind].last
            machine = world.of_kind[first + below(state, last - first)]


@inlined
def _where(world: World, state: State, lot: int) -> tuple[float, int]:
    """Time and machine of the lot's run that arrives last; of any machine for a lot that isn't planned."""
    entry, facts = state.tallies[lot].entry, world.lots[lot]
    time, machine, latest = 0.0, -1, -np.inf
    while entry >= 0:
        record = state.runs[state.entries[entry].run]
        arrival = record.end + world.ship_s[facts.place, world.machines[record.machine].shop]
        if arrival > latest:
            time, machine, latest = record.begin, record.machine, arrival
        entry = state.entries[entry].after
    if machine < 0 and len(world.of_kind) > 0:
        machine = world.of_kind[below(state, len(world.of_kind))]
        time = facts.release + draw(state) * (world.limits[0].horizon - facts.release)
    elif state.entries[state.tallies[lot].entry].after < 0 or draw(state) < 0.5:
        remove_few(world, state, lot, 4)
    return time, machine


@inlined
def remove_few(world: World, state: State, lot: int, most: int) -> None:
    for _ in range(most):
        entry = state.tallies[lot].entry
        if entry < 0:
            break
        add_pieces(world, state, state.entries[entry].run, lot, -state.entries[entry].pieces)


@inlined
def _drop_string(world: World, state: State, machine: int, time: float, length: int) -> None:
    """So many runs of the machine out, from about `time` on."""
    run = state.machines[machine].head
    while run >= 0 and state.runs[run].end < time:
        run = state.runs[run].next
    for _ in range(below(state, length)):
        if run >= 0 and state.runs[run].last >= 0:
            run = state.runs[run].last
    while run >= 0 and length > 0 and state.head[0].touched < _MOST:
        following = state.runs[run].next
        while state.runs[run].machine >= 0:
            entry = state.entries[state.runs[run].entry]
            add_pieces(world, state, run, entry.lot, -entry.pieces)
        run = following
        length -= 1


@inlined
def _missing(world: World, state: State, todo: Ints, seed: int) -> int:
    """Lots to be put back: what was taken out, the seed, and a lot that isn't planned."""
    count = 0
    for i in range(min(state.head[0].touched, _MOST - 2)):
        todo[count] = state.touched[i]
        count += 1
    if state.tallies[seed].entry < 0 and state.tallies[seed].pieces < world.lots[seed].quantity:
        count = _also(todo, count, seed)
    other = below(state, len(world.lots))
    if state.tallies[other].entry < 0 and state.tallies[other].pieces < world.lots[other].quantity:
        count = _also(todo, count, other)
    return count


@inlined
def _also(todo: Ints, count: int, lot: int) -> int:
    for i in range(count):
        if todo[i] == lot:
            return count
    todo[count] = lot
    return count + 1


@inlined
def _shuffle(world: World, state: State, todo: Ints, count: int) -> None:
    """By one of several orders: as it comes, earliest due first, or most weight for its work first."""
    way = below(state, 4)
    keys = np.empty(_MOST)
    for i in range(count):
        facts = world.lots[todo[i]]
        keys[i] = draw(state)
        if way == 1:
            keys[i] = facts.due
        elif way == 2:
            keys[i] = facts.quickest / facts.weight
        elif way == 3:
            keys[i] = -facts.quickest
    for i in range(1, count):
        for j in range(i, 0, -1):
            if keys[j] >= keys[j - 1]:
                break
            keys[j], keys[j - 1] = keys[j - 1], keys[j]
            todo[j], todo[j - 1] = todo[j - 1], todo[j]

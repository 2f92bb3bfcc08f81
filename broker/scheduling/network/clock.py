"""When runs begin: serial schedule generation (Kelley 1963), in the order of each workshop's list."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.lists import put_off
from broker.scheduling.network.state import State, save_run, save_shop, touch
from broker.scheduling.network.world import World


@compiled
def tell_times(world: World, state: State) -> None:
    """Begin, start and end of every run of workshops whose lists have changed; their lots are touched."""
    head = state.head[0]
    for i in range(head.stale):
        shop = state.stale[i]
        if state.shops[shop].stale:
            save_shop(state, shop)
            state.shops[shop].stale = 0
            _tell(world, state, shop)
    head.stale = 0


@inlined
def _tell(world: World, state: State, shop: int) -> None:
    _reset(world, state, shop)
    run = _replayed(world, state, shop)
    shift = world.shops[shop].shift_first
    while run >= 0:
        record = state.runs[run]
        following = record.after
        shift = _tell_run(world, state, shop, run, shift)
        if record.stale:
            run = following
            continue
        if record.crew >= 0:
            state.free_s[record.machine] = record.end
            state.loaded[record.machine] = record.family
            state.crew_s[record.crew] = record.start + world.kinds[world.machines[record.machine].kind].watch
        run = record.after


@inlined
def _reset(world: World, state: State, shop: int) -> None:
    for i in range(world.shops[shop].machine_first, world.shops[shop].machine_last):
        machine = world.of_shop[i]
        state.free_s[machine] = max(world.machines[machine].ready, world.limits[0].now)
        state.loaded[machine] = world.machines[machine].family
    for person in range(world.shops[shop].crew_first, world.shops[shop].crew_last):
        state.crew_s[person] = world.limits[0].now


@inlined
def _replayed(world: World, state: State, shop: int) -> int:
    """What runs before the first stale one leave behind; the first stale one, or -1."""
    run = state.shops[shop].head
    while run >= 0 and not state.runs[run].stale:
        record = state.runs[run]
        if record.crew >= 0:
            free, state.loaded[record.machine] = left_behind(world, state, record.machine, run)
            state.free_s[record.machine] = free
            watched = record.start + world.kinds[world.machines[record.machine].kind].watch
            state.crew_s[record.crew] = max(state.crew_s[record.crew], watched)
        run = record.after
    return int(run)


@inlined
def left_behind(world: World, state: State, machine: int, run: int) -> tuple[float, int]:
    """When the machine is free after its run (-1: none), and what is loaded; `ready` holds if it came later."""
    facts = world.machines[machine]
    free, loaded = max(facts.ready, world.limits[0].now), facts.family
    if run >= 0 and state.runs[run].end > facts.ready:
        free, loaded = max(free, state.runs[run].end), state.runs[run].family
    return free, loaded


@inlined
def _tell_run(world: World, state: State, shop: int, run: int, shift: int) -> int:
    record = state.runs[run]
    machine = world.machines[record.machine]
    kind = world.kinds[machine.kind]
    change = kind.hands + world.setup_s[state.loaded[record.machine], record.family]
    running = kind.overhead + record.making
    earliest = max(state.free_s[record.machine], record.release - change)
    crew = _first_free(world, state, shop, earliest)
    earliest = max(earliest, state.crew_s[crew])
    begin, shift = fitting(world, shop, record.machine, earliest, change, running, shift)
    start, end = begin + change, begin + change + running
    cost = kind.rate * (end - begin) + world.shops[shop].rate * (change + kind.watch)
    if start >= world.limits[0].horizon:
        begin, start, end, cost, crew = np.inf, np.inf, np.inf, 0.0, -1
    if _put_off(state, shop, run, begin):
        return shift
    if begin != record.begin or end != record.end or crew != record.crew or start != record.start:
        _set_times(state, run, begin, start, end, crew, cost)
    elif record.stale:
        save_run(state, run)
        record.stale = 0
    return shift


@inlined
def _put_off(state: State, shop: int, run: int, begin: float) -> bool:
    """Whether others of the workshop begin before that, as far as is known: then they go first, the run stays stale.

    Who has to wait for a machine or a shift shall not keep people from what can begin meanwhile. The time found is
    kept as known: until some run is set, no other is put off twice.
    """
    record = state.runs[run]
    after, following = run, record.after
    while following >= 0 and state.runs[following].begin < begin and state.runs[following].machine != record.machine:
        after, following = following, state.runs[following].after
    if after == run:
        return False
    save_run(state, run)
    record.stale, record.begin = 1, begin
    put_off(state, shop, run, after)
    return True


@inlined
def _set_times(state: State, run: int, begin: float, start: float, end: float, crew: int, cost: float) -> None:
    save_run(state, run)
    record = state.runs[run]
    moved = end != record.end
    state.head[0].cost += cost - record.cost
    record.begin, record.start, record.end = begin, start, end
    record.crew, record.cost, record.stale = crew, cost, 0
    entry = record.entry
    while moved and entry >= 0:
        touch(state, state.entries[entry].lot)
        entry = state.entries[entry].other


@inlined
def _first_free(world: World, state: State, shop: int, earliest: float) -> int:
    """Of those free at `earliest` who was busy last; else who is free first."""
    found = world.shops[shop].crew_first
    for person in range(found + 1, world.shops[shop].crew_last):
        here, there = state.crew_s[person], state.crew_s[found]
        if (here <= earliest and (there > earliest or here > there)) or (here > earliest and here < there):
            found = person
    return int(found)


@compiled
def fitting(
    world: World, shop: int, machine: int, earliest: float, change: float, running: float, shift: int
) -> tuple[float, int]:
    """First begin, not before `earliest`, within a shift, clear of blocks, or inf; its shift. `shift`: a guess."""
    kind = world.kinds[world.machines[machine].kind]
    held = change + (kind.watch if kind.unattended else max(kind.watch, running))
    first, last = world.shops[shop].shift_first, world.shops[shop].shift_last
    begin = earliest
    while shift > first and world.shift_s[shift - 1, 1] > begin:
        shift -= 1
    while True:
        while shift < last and world.shift_s[shift, 1] < max(begin, world.shift_s[shift, 0]) + held:
            shift += 1
        if shift >= last:
            return np.inf, last - 1
        begin = max(begin, world.shift_s[shift, 0])
        free = unblocked(world, machine, begin, begin + change + running)
        if free == begin:
            return begin, shift
        begin = free


@inlined
def unblocked(world: World, machine: int, begin: float, end: float) -> float:
    """`begin`, or the end of a block that lies in the way."""
    for block in range(world.machines[machine].block_first, world.machines[machine].block_last):
        if world.block_s[block, 0] < end and world.block_s[block, 1] > begin:
            return float(world.block_s[block, 1])
    return begin

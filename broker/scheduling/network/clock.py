"""When runs begin: serial schedule generation (Kelley 1963), in the order of each workshop's list."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.lists import put_off
from broker.scheduling.network.state import HELD, State, outdate, renew, save_run, touch
from broker.scheduling.network.world import World


@compiled
def tell_times(world: World, state: State) -> None:
    """Begin, start and end of every run of workshops whose lists have changed; their lots are touched."""
    head = state.head[0]
    for i in range(head.stale):
        _tell(world, state, state.stale[i])
    head.stale = 0
    head.told += 1


@inlined
def _tell(world: World, state: State, shop: int) -> None:
    """In the list's order; who finds machine and people as they were when times were told last keeps theirs.

    It ends where all that follow do.
    """
    _reset(world, state, shop)
    chain = state.shops[shop]
    run, shift = chain.head, world.shops[shop].shift_first
    same, changed = True, 0
    while run >= 0 and (chain.stale > 0 or changed > 0 or not same):
        record = state.runs[run]
        following, machine = record.after, record.machine
        if same and not record.stale and not state.changed[machine]:
            _work(world, state, run)
            run = following
            continue
        if same:
            _remember(world, state, shop)
            same = False
        stale, crew, start, end = record.stale, record.crew, record.start, record.end
        shift = _tell_run(world, state, shop, run, shift)
        if crew >= 0 and (chain.stale == 0 or state.lost[crew] != state.head[0].told):
            watched = start + world.kinds[world.machines[machine].kind].watch
            state.crew_was_s[crew] = max(world.limits[0].now, watched)
        if record.stale:
            run = following
            continue
        _work(world, state, run)
        differs = end != record.end or (record.crew < 0 and (stale or state.changed[machine]))
        changes = 1 if differs and record.next >= 0 else 0
        changed += changes - state.changed[machine]
        state.changed[machine] = changes
        same = _as_before(world, state, shop)
        run = record.after


@inlined
def _reset(world: World, state: State, shop: int) -> None:
    for i in range(world.shops[shop].machine_first, world.shops[shop].machine_last):
        machine = world.of_shop[i]
        state.free_s[machine] = max(world.machines[machine].ready, world.limits[0].now)
        state.loaded[machine] = world.machines[machine].family
        state.changed[machine] = 0
    for person in range(world.shops[shop].crew_first, world.shops[shop].crew_last):
        state.crew_s[person] = world.limits[0].now


@inlined
def _work(world: World, state: State, run: int) -> None:
    """What the run leaves behind."""
    record = state.runs[run]
    if record.crew >= 0:
        state.free_s[record.machine], state.loaded[record.machine] = left_behind(world, state, record.machine, run)
        watched = record.start + world.kinds[world.machines[record.machine].kind].watch
        state.crew_s[record.crew] = max(state.crew_s[record.crew], watched)


@inlined
def _remember(world: World, state: State, shop: int) -> None:
    """People are as they were, but for those of whose runs some are gone; that is known again behind the last gap."""
    for person in range(world.shops[shop].crew_first, world.shops[shop].crew_last):
        gone = state.shops[shop].stale > 0 and state.lost[person] == state.head[0].told
        state.crew_was_s[person] = np.nan if gone else state.crew_s[person]


@inlined
def _as_before(world: World, state: State, shop: int) -> bool:
    for person in range(world.shops[shop].crew_first, world.shops[shop].crew_last):
        if state.crew_s[person] != state.crew_was_s[person]:
            return False
    return True


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
    state.head[0].work += 1
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
    renew(state, shop, run)
    return shift


@inlined
def _put_off(state: State, shop: int, run: int, begin: float) -> bool:
    """Whether others of the workshop begin before that, as far as is known: then they go first, the run stays stale.

    Who has to wait for a machine or a shift shall not keep people from what can begin meanwhile. The time found is
    kept as known: until some run is set, no other is put off twice.
    """
    record = state.runs[run]
    if record.crew == HELD:
        return False
    after, following = run, record.after
    while following >= 0 and state.runs[following].begin < begin and state.runs[following].machine != record.machine:
        after, following = following, state.runs[following].after
    if after == run:
        return False
    outdate(state, shop, run)
    save_run(state, run)
    record.begin, record.crew = begin, -1
    put_off(state, shop, run, after)
    return True


@inlined
def _set_times(state: State, run: int, begin: float, start: float, end: float, crew: int, cost: float) -> None:
    save_run(state, run)
    record = state.runs[run]
    moved = end != record.end
    state.head[0].cost += cost - record.cost
    record.begin, record.start, record.end = begin, start, end
    record.crew, record.cost = crew, cost
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

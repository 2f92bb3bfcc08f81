"""What changes a plan's lists: runs made, placed, filled, emptied and taken out. Times follow with the clock."""

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.state import (
    State,
    outdate,
    renew,
    save_entry,
    save_machine,
    save_run,
    save_shelf,
    save_shop,
    save_tally,
    touch,
)
from broker.scheduling.network.world import World


@inlined
def room(world: World, state: State, lot: int, shop: int) -> int:
    """Pieces for which the workshop has stock."""
    material = world.lots[lot].material
    if not world.limits[0].stocked or material < 0 or world.lots[lot].use <= 0:
        return int(world.lots[lot].quantity)
    left = world.stock[shop, material] - state.shelves[shop * world.stock.shape[1] + material].used
    return int(min(float(world.lots[lot].quantity), (left + 1e-9) / world.lots[lot].use))


@compiled
def add_run(world: World, state: State, lot: int, pieces: int, machine: int, after: int, begin: float) -> int:
    """A new run, after run `after` of the workshop's list, at its head for -1; its number, or -1: no room for more.

    `begin` is when it is thought to begin; inf: not before whatever stands before it.
    """
    head = state.head[0]
    run = head.free_run
    if run < 0 or head.free_entry < 0:
        return -1
    save_run(state, run)
    record = state.runs[run]
    head.free_run = record.after
    record.family, record.share = world.lots[lot].family, world.lots[lot].share
    record.entry, record.stale = -1, 0
    record.load = record.making = record.cost = 0.0
    record.release = record.start = 0.0
    place_run(world, state, run, machine, after, begin)
    add_pieces(world, state, run, lot, pieces)
    return int(run)


@compiled
def place_run(world: World, state: State, run: int, machine: int, after: int, begin: float) -> None:
    """A run that is in no list, put into one."""
    shop = world.machines[machine].shop
    save_run(state, run)
    record = state.runs[run]
    record.machine, record.begin = machine, begin
    record.crew, record.end = -1, -1.0
    _into_shop(state, shop, run, after)
    _onto_machine(state, machine, run)
    outdate(state, shop, run)


@inlined
def _into_shop(state: State, shop: int, run: int, after: int) -> None:
    save_shop(state, shop)
    record, chain = state.runs[run], state.shops[shop]
    record.before = after
    if after >= 0:
        save_run(state, after)
        record.after = state.runs[after].after
        state.runs[after].after = run
    else:
        record.after = chain.head
        chain.head = run
    if record.after >= 0:
        save_run(state, record.after)
        state.runs[record.after].before = run
    else:
        chain.tail = run


@inlined
def _onto_machine(state: State, machine: int, run: int) -> None:
    """Behind the closest run of the machine that stands before it in the workshop's list."""
    save_machine(state, machine)
    record, chain = state.runs[run], state.machines[machine]
    last, following = record.before, record.after
    while (
        last >= 0
        and state.runs[last].machine != machine
        and following >= 0
        and state.runs[following].machine != machine
    ):
        last, following = state.runs[last].before, state.runs[following].after
    if last >= 0 and state.runs[last].machine == machine:
        following = state.runs[last].next
    elif following >= 0 and state.runs[following].machine == machine:
        last = state.runs[following].last
    elif last < 0:
        last, following = -1, chain.head
    else:
        last, following = chain.tail, -1
    record.last, record.next = last, following
    if last >= 0:
        save_run(state, last)
        state.runs[last].next = run
    else:
        chain.head = run
    if following >= 0:
        save_run(state, following)
        state.runs[following].last = run
    else:
        chain.tail = run


@compiled
def lift_run(world: World, state: State, run: int) -> None:
    """Out of its list, with all that it holds."""
    save_run(state, run)
    record = state.runs[run]
    shop = world.machines[record.machine].shop
    save_machine(state, record.machine)
    outdate(state, shop, record.after)
    outdate(state, shop, record.next)
    if record.crew >= 0:
        state.lost[record.crew] = state.head[0].told
    _out_of_shop(state, shop, run)
    if record.last >= 0:
        save_run(state, record.last)
        state.runs[record.last].next = record.next
    else:
        state.machines[record.machine].head = record.next
    if record.next >= 0:
        save_run(state, record.next)
        state.runs[record.next].last = record.last
    else:
        state.machines[record.machine].tail = record.last
    renew(state, shop, run)


@inlined
def _out_of_shop(state: State, shop: int, run: int) -> None:
    record = state.runs[run]
    save_shop(state, shop)
    if record.before >= 0:
        save_run(state, record.before)
        state.runs[record.before].after = record.after
    else:
        state.shops[shop].head = record.after
    if record.after >= 0:
        save_run(state, record.after)
        state.runs[record.after].before = record.before
    else:
        state.shops[shop].tail = record.before


@compiled
def put_off(state: State, shop: int, run: int, after: int) -> None:
    """Later in its workshop's list, behind `after`; none of its machine's runs lie between."""
    save_run(state, run)
    _out_of_shop(state, shop, run)
    _into_shop(state, shop, run, after)


@compiled
def move_run(world: World, state: State, run: int, machine: int, after: int, begin: float) -> None:
    """To another place, of a machine that holds what it holds; `after` isn't the run itself."""
    here, there = world.machines[state.runs[run].machine].shop, world.machines[machine].shop
    lift_run(world, state, run)
    if here != there:
        _restock(world, state, run, here, there)
    place_run(world, state, run, machine, after, begin)
    _weigh(world, state, run)


@inlined
def _restock(world: World, state: State, run: int, here: int, there: int) -> None:
    entry = state.runs[run].entry
    while entry >= 0:
        lot, pieces = state.entries[entry].lot, state.entries[entry].pieces
        take(world, state, lot, here, -pieces)
        take(world, state, lot, there, pieces)
        touch(state, lot)
        entry = state.entries[entry].other


@inlined
def take(world: World, state: State, lot: int, shop: int, pieces: int) -> None:
    """From the workshop's stock; put back where negative."""
    material = world.lots[lot].material
    if world.limits[0].stocked and material >= 0:
        shelf = shop * world.stock.shape[1] + material
        save_shelf(state, shelf)
        state.shelves[shelf].used += pieces * world.lots[lot].use


@compiled
def add_pieces(world: World, state: State, run: int, lot: int, pieces: int) -> None:
    """More of a lot into a run; fewer where negative. A run that holds nothing any more is taken out."""
    entry = state.runs[run].entry
    while entry >= 0 and state.entries[entry].lot != lot:
        entry = state.entries[entry].other
    if entry < 0:
        entry = _new_entry(state, run, lot)
    save_entry(state, entry)
    save_run(state, run)
    touch(state, lot)
    state.entries[entry].pieces += pieces
    state.tallies[lot].pieces += pieces
    machine = state.runs[run].machine
    take(world, state, lot, world.machines[machine].shop, pieces)
    if state.entries[entry].pieces == 0:
        _drop_entry(state, run, entry)
    if state.runs[run].entry < 0:
        lift_run(world, state, run)
        _free_run(state, run)
    else:
        _weigh(world, state, run)
        outdate(state, world.machines[machine].shop, run)


@inlined
def _new_entry(state: State, run: int, lot: int) -> int:
    head = state.head[0]
    entry = head.free_entry
    save_entry(state, entry)
    save_run(state, run)
    save_tally(state, lot)
    record, tally = state.entries[entry], state.tallies[lot]
    head.free_entry = record.other
    record.run, record.lot, record.pieces = run, lot, 0
    record.other = state.runs[run].entry
    state.runs[run].entry = entry
    record.before, record.after = -1, tally.entry
    if tally.entry >= 0:
        save_entry(state, tally.entry)
        state.entries[tally.entry].before = entry
    tally.entry = entry
    return int(entry)


@inlined
def _drop_entry(state: State, run: int, entry: int) -> None:
    record, head = state.entries[entry], state.head[0]
    if state.runs[run].entry == entry:
        state.runs[run].entry = record.other
    else:
        other = state.runs[run].entry
        while state.entries[other].other != entry:
            other = state.entries[other].other
        save_entry(state, other)
        state.entries[other].other = record.other
    if record.before >= 0:
        save_entry(state, record.before)
        state.entries[record.before].after = record.after
    else:
        state.tallies[record.lot].entry = record.after
    if record.after >= 0:
        save_entry(state, record.after)
        state.entries[record.after].before = record.before
    record.other = head.free_entry
    head.free_entry = entry


@inlined
def _free_run(state: State, run: int) -> None:
    head, record = state.head[0], state.runs[run]
    head.cost -= record.cost
    record.machine, record.cost = -1, 0.0
    record.after = head.free_run
    head.free_run = run


@inlined
def _weigh(world: World, state: State, run: int) -> None:
    record = state.runs[run]
    kind = world.machines[record.machine].kind
    load, making, release = 0.0, 0.0, -1e300
    entry = record.entry
    while entry >= 0:
        lot, pieces = state.entries[entry].lot, state.entries[entry].pieces
        load += pieces / world.per_plate[lot, kind]
        making += pieces * world.piece_s[lot, kind]
        release = max(release, world.lots[lot].release)
        entry = state.entries[entry].other
    record.load, record.making, record.release = load, making, release


@compiled
def remove_lot(world: World, state: State, lot: int) -> None:
    """All its pieces out of every run."""
    while state.tallies[lot].entry >= 0:
        entry = state.entries[state.tallies[lot].entry]
        add_pieces(world, state, entry.run, lot, -entry.pieces)

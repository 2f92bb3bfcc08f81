"""Where pieces of a lot go best: every place on a machine estimated, the best of many machines taken.

An estimate knows the machine's runs and the shifts, not who else needs the same people: the clock tells that later.
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.clock import fitting, left_behind, tell_times
from broker.scheduling.network.dispatch import is_barred
from broker.scheduling.network.lists import add_run, room
from broker.scheduling.network.state import State, below
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import arrival_s, beyond, tardiness

_PUSHED = 12
"""Runs behind a new one whose delay is reckoned with."""


class Place(NamedTuple):
    """Between two runs of a machine: so many pieces, for about so much."""

    score: float
    """Weighted seconds that the lot's missing pieces would cost at this rate."""
    machine: int
    last: int
    """Run of the machine before it; -1: none."""
    begin: float
    pieces: int


@compiled
def machine_place(
    world: World,
    state: State,
    lot: int,
    machine: int,
    missing: int,
    cap: int,
    arrival: float,
    price: float,
    limit: float,
) -> Place:
    """The machine's best place for `cap` of the `missing` pieces of a lot at most; score inf: none betters `limit`.

    `arrival` is that of its other pieces, `price` what a second of a machine is worth.
    """
    facts = world.lots[lot]
    shop, kind = world.machines[machine].shop, world.machines[machine].kind
    best = Place(np.inf, machine, -1, 0.0, 0)
    most = min(cap, missing, world.per_plate[lot, kind], room(world, state, lot, shop))
    ship = world.ship_s[facts.place, shop]
    if most < 1 or ship == np.inf or is_barred(world, lot, machine):
        return best
    each, overhead, hands = world.piece_s[lot, kind], world.kinds[kind].overhead, world.kinds[kind].hands
    if price * (hands + overhead + most * each) * missing / most >= limit:
        return best
    before = tardiness(world, lot, arrival)
    last, following = -1, state.machines[machine].head
    shift = world.shops[shop].shift_first
    while True:
        # Nothing goes before a run that has begun.
        later = following < 0 or state.runs[following].begin >= world.limits[0].now
        if later and (following < 0 or state.runs[following].end > facts.release):
            free, loaded = left_behind(world, state, machine, last)
            soonest = max(arrival, free + overhead + each + ship)
            if free >= world.limits[0].horizon or tardiness(world, lot, soonest) - before >= limit:
                break
            change = hands + world.setup_s[loaded, facts.family]
            earliest = max(free, facts.release - change)
            pieces = most
            state.head[0].work += 1
            while pieces > 0:
                running = overhead + pieces * each
                begin, shift = fitting(world, shop, machine, earliest, change, running, shift)
                end = begin + change + running
                if begin + change < world.limits[0].horizon:
                    late = tardiness(world, lot, max(arrival, end + ship)) - before
                    if world.limits[0].aimed:
                        late += beyond(world, lot, pieces, end, pieces * each)
                    total = late + price * (change + running) * missing / pieces
                    if total < limit:
                        push = _pushed(world, state, lot, arrival, following, end) * missing / pieces
                        if total + push < limit:
                            limit = total + push
                            best = Place(limit, machine, last, begin, pieces)
                pieces = (
                    0
                    if world.kinds[kind].unattended
                    else _fewer(world, shop, earliest, begin, change + overhead, each, pieces)
                )
        if following < 0:
            break
        last, following = following, state.runs[following].next
        if state.runs[last].crew < 0:
            break
    return best


@inlined
def _fewer(world: World, shop: int, earliest: float, begin: float, fixed: float, each: float, pieces: int) -> int:
    """Pieces that fit before the shift ends in which more wouldn't; 0: no such."""
    fit = 0
    for shift in range(world.shops[shop].shift_first, world.shops[shop].shift_last):
        opens = max(earliest, world.shift_s[shift, 0])
        if opens >= begin:
            break
        fit = max(fit, int((world.shift_s[shift, 1] - opens - fixed) / each))
    return fit if fit < pieces else 0


@inlined
def _pushed(world: World, state: State, lot: int, arrival: float, following: int, end: float) -> float:
    """Weighted seconds by which later runs of the machine make their lots late if a run of `lot` ends at `end`.

    `arrival` is that of the lot's other pieces; what it is worth isn't told while it is being placed.
    """
    total, family = 0.0, world.lots[lot].family
    if following < 0:
        return total
    kind = world.machines[state.runs[following].machine].kind
    change = world.kinds[kind].hands + world.setup_s[family, state.runs[following].family]
    delay = end + change - state.runs[following].start
    for _ in range(_PUSHED):
        if following < 0 or delay <= 0:
            break
        record = state.runs[following]
        entry = record.entry
        while entry >= 0:
            if state.entries[entry].lot == lot:
                total += _later(world, state, entry, following, delay, arrival, tardiness(world, lot, arrival))
            else:
                tally = state.tallies[state.entries[entry].lot]
                total += _later(world, state, entry, following, delay, tally.arrival, tally.worth)
            entry = state.entries[entry].other
        if record.next >= 0:
            delay -= state.runs[record.next].begin - record.end
        following = record.next
    return total


@inlined
def _later(world: World, state: State, entry: int, run: int, delay: float, arrival: float, worth: float) -> float:
    """What the delay of the run costs the entry's lot, which arrives then and is worth so much without it."""
    lot, record = state.entries[entry].lot, state.runs[run]
    if arrival == np.inf:
        return 0.0
    if record.start + delay >= world.limits[0].horizon:
        return float(world.lots[lot].rejection - worth)
    ship = world.ship_s[world.lots[lot].place, world.machines[record.machine].shop]
    later = max(arrival, record.end + delay + ship)
    if world.limits[0].aimed:
        pieces, end = state.entries[entry].pieces, record.end
        more = beyond(world, lot, pieces, end + delay, record.making) - beyond(world, lot, pieces, end, record.making)
        return float(tardiness(world, lot, later) - tardiness(world, lot, arrival) + more)
    return float(tardiness(world, lot, later) - worth)


@compiled
def insert_missing(world: World, state: State, lot: int, cap: int, sample: int, price: float) -> bool:
    """Runs for all pieces of the lot that no run holds; False: not all of them found a place.

    Each has `cap` pieces at most, at the best place of the machines that the draft has changed and of `sample` others.
    """
    arrival = arrival_s(world, state, lot)
    while state.tallies[lot].pieces < world.lots[lot].quantity:
        run = insert_run(world, state, lot, cap, sample, price, arrival)
        if run < 0:
            return False
        arrival = max(arrival, run_arrival_s(world, state, lot, run))
    return True


@compiled
def insert_run(world: World, state: State, lot: int, cap: int, sample: int, price: float, arrival: float) -> int:
    """One of these runs; its number, -1: it finds no place. `arrival` is that of the lot's other pieces."""
    machines, price = able_machines(world, lot), price * world.limits[0].dear
    missing = world.lots[lot].quantity - state.tallies[lot].pieces
    best = Place(np.inf, -1, -1, 0.0, 0)
    changed = 0 if machines <= sample else state.head[0].machines
    for i in range(changed + min(sample, machines)):
        if i < changed:
            machine = state.old_machines[i].id
        else:
            machine = able_machine(world, lot, i - changed if machines <= sample else below(state, machines))
        place = machine_place(world, state, lot, machine, missing, cap, arrival, price, best.score)
        if place.score < best.score:
            best = place
    if best.machine < 0:
        return -1
    run = add_run(world, state, lot, best.pieces, best.machine, turn(world, state, best), best.begin)
    if run >= 0:
        tell_times(world, state)
    return int(run)


@inlined
def run_arrival_s(world: World, state: State, lot: int, run: int) -> float:
    """Of what the run makes of the lot."""
    shop = world.machines[state.runs[run].machine].shop
    return float(state.runs[run].end + world.ship_s[world.lots[lot].place, shop])


@inlined
def able_machines(world: World, lot: int) -> int:
    """Machines, of those that take work, whose class can make the lot."""
    machines = 0
    for kind in range(len(world.kinds)):
        if world.per_plate[lot, kind] > 0:
            machines += world.kinds[kind].last - world.kinds[kind].first
    return int(machines)


@inlined
def able_machine(world: World, lot: int, number: int) -> int:
    """The `number`-th machine of the classes that can make the lot."""
    kind = 0
    while True:
        if world.per_plate[lot, kind] > 0:
            size = world.kinds[kind].last - world.kinds[kind].first
            if number < size:
                return int(world.of_kind[world.kinds[kind].first + number])
            number -= size
        kind += 1


@inlined
def turn(world: World, state: State, place: Place) -> int:
    """The run of the workshop's list behind which a new run at this place goes, in order of begin."""
    after = place.last
    following = state.runs[after].after if after >= 0 else state.shops[world.machines[place.machine].shop].head
    while (
        following >= 0 and state.runs[following].machine != place.machine and state.runs[following].begin <= place.begin
    ):
        after, following = following, state.runs[following].after
    return int(after)

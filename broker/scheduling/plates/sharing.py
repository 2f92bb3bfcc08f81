"""Steps of a search by which lots come to share plates: pieces onto another lot's, lots put back onto what runs."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.clock import tell_times
from broker.scheduling.network.dispatch import is_barred
from broker.scheduling.network.insertion import able_machine, able_machines, machine_place, turn
from broker.scheduling.network.lists import add_pieces, add_run, move_run, room
from broker.scheduling.network.moves import some_entry
from broker.scheduling.network.search import SCALE
from broker.scheduling.network.state import State, below, draw
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import arrival_s, settle, tardiness
from broker.scheduling.plates.together import Company, fits

_TRIED = 6
"""Runs looked at for one that others may join."""


@compiled
def join(world: World, state: State, company: Company) -> None:
    """Pieces of a run onto a plate of another lot that may lie with it: the nearest in time of a few."""
    lot = below(state, len(world.lots))
    entry = some_entry(state, lot)
    if entry >= 0:
        run = state.entries[entry].run
        target, nearest = -1, np.inf
        for _ in range(1 + below(state, _TRIED)):
            other = _mate(state, company, lot)
            far = abs(state.runs[other].begin - state.runs[run].begin) if other >= 0 else np.inf
            if other != run and far < nearest:
                target, nearest = other, far
        if target >= 0:
            way = draw(state)
            if way < 0.35:
                _all_onto(world, state, company, run, target)
            else:
                held = state.entries[entry].pieces
                pieces = held if way < 0.75 else 1 + below(state, held)
                add_pieces(world, state, run, lot, -pieces)
                _onto(world, state, company, target, lot, pieces)
    settle(world, state)


@inlined
def _mate(state: State, company: Company, lot: int) -> int:
    """A run of some lot that may lie with this one; -1: none was drawn."""
    first, last = company.first[lot], company.last[lot]
    entry = some_entry(state, company.mates[first + below(state, last - first)])
    return int(state.entries[entry].run) if entry >= 0 else -1


@compiled
def _all_onto(world: World, state: State, company: Company, run: int, target: int) -> None:
    while state.runs[run].machine >= 0:
        entry = state.entries[state.runs[run].entry]
        lot, pieces = entry.lot, entry.pieces
        add_pieces(world, state, run, lot, -pieces)
        if not _onto(world, state, company, target, lot, pieces):
            return


@compiled
def _onto(world: World, state: State, company: Company, run: int, lot: int, pieces: int) -> bool:
    """Onto a run's plate; False: they don't go there, and the run is as it was."""
    machine = state.runs[run].machine
    if machine < 0 or state.head[0].free_entry < 0 or world.per_plate[lot, world.machines[machine].kind] == 0:
        return False
    if is_barred(world, lot, machine) or room(world, state, lot, world.machines[machine].shop) < pieces:
        return False
    add_pieces(world, state, run, lot, pieces)
    if fits(world, state, company, run):
        return True
    add_pieces(world, state, run, lot, -pieces)
    return False


@compiled
def shift(world: World, state: State) -> None:
    """A run with all that it holds to another turn, of its machine or another that can make all of it."""
    entry = some_entry(state, below(state, len(world.lots)))
    other = some_entry(state, below(state, len(world.lots)))
    if entry >= 0 and other >= 0 and state.entries[entry].run != state.entries[other].run:
        run, near = state.entries[entry].run, state.entries[other].run
        lot, machine = state.entries[entry].lot, state.runs[near].machine
        if draw(state) < 0.5:
            machine = able_machine(world, lot, below(state, able_machines(world, lot)))
        if _able(world, state, run, machine):
            shop = world.machines[machine].shop
            after = near if shop == world.machines[state.runs[near].machine].shop else state.shops[shop].tail
            if after != run:
                move_run(world, state, run, machine, after, np.inf)
    settle(world, state)


@inlined
def _able(world: World, state: State, run: int, machine: int) -> bool:
    """Whether a machine can make all of a run, as far as one lot goes."""
    entry, shop = state.runs[run].entry, world.machines[machine].shop
    there = shop == world.machines[state.runs[run].machine].shop
    while entry >= 0:
        lot, pieces = state.entries[entry].lot, state.entries[entry].pieces
        if pieces > world.per_plate[lot, world.machines[machine].kind] or is_barred(world, lot, machine):
            return False
        if not there and room(world, state, lot, shop) < pieces:
            return False
        entry = state.entries[entry].other
    return True


@compiled
def regroup(world: World, state: State, company: Company) -> None:
    """A lot out of its runs, sometimes with one that may lie with it; put back onto plates or as runs of their own."""
    lot = below(state, len(world.lots))
    other = company.mates[company.first[lot] + below(state, company.last[lot] - company.first[lot])]
    # Of a machine's second: as in `ruin`, or so little that waiting, which costs no more than that, counts too.
    price = (0.03 if draw(state) < 0.5 else 1e-5) * 10.0 ** (2.5 * draw(state))
    _take_out(world, state, lot)
    if draw(state) < 0.5 and other != lot:
        _take_out(world, state, other)
        if _put_back(world, state, company, other, price):
            _put_back(world, state, company, lot, price)
    else:
        _put_back(world, state, company, lot, price)
    settle(world, state)


@compiled
def _take_out(world: World, state: State, lot: int) -> None:
    """Mostly all its pieces."""
    entry, whole = state.tallies[lot].entry, draw(state) < 0.6
    while entry >= 0:
        record = state.entries[entry]
        following, run, pieces = record.after, record.run, record.pieces
        if whole or draw(state) < 0.5:
            add_pieces(world, state, run, lot, -pieces)
        entry = following


@compiled
def _put_back(world: World, state: State, company: Company, lot: int, price: float) -> bool:
    """Where its missing pieces cost least, by an estimate; False: they have no place."""
    cap = world.lots[lot].quantity
    if draw(state) < 0.3:
        cap = 1 + below(state, cap)
    for _ in range(world.lots[lot].quantity):
        missing = world.lots[lot].quantity - state.tallies[lot].pieces
        if missing <= 0:
            return True
        if not _put_some(world, state, company, lot, missing, cap, price):
            return False
    return bool(state.tallies[lot].pieces == world.lots[lot].quantity)


@compiled
def _put_some(world: World, state: State, company: Company, lot: int, missing: int, cap: int, price: float) -> bool:
    tell_times(world, state)
    arrival = arrival_s(world, state, lot)
    target, most, score = -1, 0, np.inf
    for _ in range(_TRIED):
        run = _mate(state, company, lot)
        if run >= 0:
            pieces = min(missing, cap, world.per_plate[lot, world.machines[state.runs[run].machine].kind])
            if pieces > 0:
                found = _joined_s(world, state, lot, run, pieces, arrival, price) * missing / pieces
                if found < score and _onto(world, state, company, run, lot, pieces):
                    add_pieces(world, state, run, lot, -pieces)
                    target, most, score = run, pieces, found
    machines, last, begin = able_machines(world, lot), -1, 0.0
    best_machine = -1
    for k in range(min(machines, 2 * _TRIED)):
        machine = able_machine(world, lot, k if machines <= 2 * _TRIED else below(state, machines))
        place = machine_place(world, state, lot, machine, missing, cap, arrival, price, score)
        if place.score < score:
            found = place.score + _waited(world, lot, machine, arrival, place.begin, place.pieces)
            if found < score:
                score, best_machine, most = found, machine, place.pieces
                last, begin = turn(world, state, place), place.begin
    if best_machine >= 0:
        return add_run(world, state, lot, most, best_machine, last, begin) >= 0
    return target >= 0 and _onto(world, state, company, target, lot, most)


@inlined
def _waited(world: World, lot: int, machine: int, arrival: float, begin: float, pieces: int) -> float:
    """About what it costs, in weighted seconds, that a lot waits until a run that begins then."""
    facts = world.machines[machine]
    end = begin + world.kinds[facts.kind].overhead + pieces * world.piece_s[lot, facts.kind]
    end += world.ship_s[world.lots[lot].place, facts.shop]
    return float(SCALE * world.lots[lot].waiting * max(0.0, end - max(0.0, arrival)))


@inlined
def _joined_s(world: World, state: State, lot: int, run: int, pieces: int, arrival: float, price: float) -> float:
    """About what it costs, in weighted seconds, that a run takes these pieces too."""
    record = state.runs[run]
    machine = world.machines[record.machine]
    longer = pieces * world.piece_s[lot, machine.kind]
    ship = world.ship_s[world.lots[lot].place, machine.shop]
    total = price * longer + tardiness(world, lot, max(arrival, record.end + longer + ship))
    total -= tardiness(world, lot, arrival)
    total += SCALE * world.lots[lot].waiting * max(0.0, record.end + longer + ship - max(0.0, arrival))
    entry = record.entry
    while entry >= 0:
        other = state.entries[entry].lot
        if other != lot and state.tallies[other].arrival < np.inf:
            ship = world.ship_s[world.lots[other].place, machine.shop]
            late = tardiness(world, other, max(state.tallies[other].arrival, record.end + longer + ship))
            total += max(0.0, late - state.tallies[other].worth) + SCALE * world.lots[other].waiting * longer
        entry = state.entries[entry].other
    return float(total)

"""Single steps: pieces of one run to any turn of any machine, or to another run of their lot; a lot for another."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.dispatch import is_barred
from broker.scheduling.network.insertion import able_machine, able_machines, insert_missing
from broker.scheduling.network.lists import add_pieces, add_run, remove_lot, room
from broker.scheduling.network.state import HELD, State, below, draw
from broker.scheduling.network.turns import shift_run, swap_runs
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import settle

_SAMPLE = 12
"""Machines tried for a lot that is taken in."""


@compiled
def move_pieces(world: World, state: State) -> None:
    """Changes the draft, unless what was drawn can't be; its worth is told."""
    lot = below(state, len(world.lots))
    entry = some_entry(state, lot)
    if entry >= 0:
        run, held = state.entries[entry].run, state.entries[entry].pieces
        pieces = held if draw(state) < 0.6 else 1 + below(state, held)
        way = draw(state)
        if way < 0.15:
            _to_run(world, state, lot, run, pieces)
        elif way < 0.3:
            shift_run(world, state, run)
        elif way < 0.5:
            swap_runs(world, state, run, _other_run(world, state, run))
        else:
            _to_turn(world, state, lot, run, pieces)
    else:
        _take_in(world, state, lot)
    settle(world, state)


@compiled
def some_entry(state: State, lot: int) -> int:
    """Any of the lot's entries; -1: it isn't planned."""
    count, entry = 0, state.tallies[lot].entry
    while entry >= 0:
        count += 1
        entry = state.entries[entry].after
    entry = state.tallies[lot].entry
    for _ in range(below(state, count) if count > 0 else 0):
        entry = state.entries[entry].after
    return int(entry)


@inlined
def _other_run(world: World, state: State, run: int) -> int:
    """Of any lot that is planned, if one is drawn at once; else itself."""
    entry = some_entry(state, below(state, len(world.lots)))
    return int(state.entries[entry].run) if entry >= 0 else run


@inlined
def _to_run(world: World, state: State, lot: int, run: int, pieces: int) -> None:
    other = state.entries[some_entry(state, lot)].run
    machine = state.runs[other].machine
    fits = int((1.0 - state.runs[other].load) * world.per_plate[lot, world.machines[machine].kind] + 1e-9)
    fits = min(fits, room(world, state, lot, world.machines[machine].shop), pieces)
    if other != run and fits > 0:
        add_pieces(world, state, run, lot, -fits)
        add_pieces(world, state, other, lot, fits)


@inlined
def _to_turn(world: World, state: State, lot: int, run: int, pieces: int) -> None:
    machine = able_machine(world, lot, below(state, able_machines(world, lot)))
    shop, kind = world.machines[machine].shop, world.machines[machine].kind
    if draw(state) < 0.3:
        machine = state.runs[run].machine
        shop, kind = world.machines[machine].shop, world.machines[machine].kind
    pieces = min(pieces, world.per_plate[lot, kind])
    add_pieces(world, state, run, lot, -pieces)
    pieces_here = min(pieces, room(world, state, lot, shop))
    if pieces_here < pieces or is_barred(world, lot, machine):
        return
    count, after = 0, state.shops[shop].head
    while after >= 0:
        count += 1
        after = state.runs[after].after
    after = int(np.int64(-1))  # see `load`
    for _ in range(below(state, count + 1)):
        after = state.runs[after].after if after >= 0 else state.shops[shop].head
    added = add_run(world, state, lot, pieces, machine, after, np.inf)
    if added >= 0 and draw(state) < 0.3:
        state.runs[added].crew = HELD


@inlined
def _take_in(world: World, state: State, lot: int) -> None:
    """A lot that isn't planned, sometimes in the place of another."""
    if draw(state) < 0.7:
        remove_lot(world, state, below(state, len(world.lots)))
    sample = min(able_machines(world, lot), _SAMPLE)
    if not insert_missing(world, state, lot, world.lots[lot].quantity, sample, 0.1):
        remove_lot(world, state, lot)

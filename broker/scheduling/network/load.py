"""Rows of machine, lot, pieces made a plan; and what can't be finished taken out of it."""

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.network.lists import add_pieces, add_run, remove_lot
from broker.scheduling.network.problem import Ints
from broker.scheduling.network.state import State, keep
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import settle


@compiled
def load(world: World, state: State, rows: Ints) -> None:
    """Runs of rows [R, 3] (machine, lot, pieces), each behind all others of its workshop; -1: more of the last."""
    run = int(np.int64(-1))  # a bare -1 is a type of its own, for which all that is called would be compiled too
    for i in range(len(rows)):
        machine, lot, pieces = rows[i]
        if machine >= 0:
            run = add_run(world, state, lot, pieces, machine, state.shops[world.machines[machine].shop].tail, np.inf)
        else:
            add_pieces(world, state, run, lot, pieces)
    settle(world, state)
    keep(state)


@compiled
def drop_unmade(world: World, state: State) -> int:
    """Lots that aren't made whole, or too late, are taken out until all that remain are; how many."""
    dropped = 0
    while True:
        found = dropped
        for lot in range(len(state.tallies)):
            tally = state.tallies[lot]
            if tally.entry >= 0 and (tally.arrival == np.inf or tally.arrival > world.lots[lot].deadline):
                remove_lot(world, state, lot)
                dropped += 1
        settle(world, state)
        keep(state)
        if found == dropped:
            return dropped


@compiled
def rows_of(state: State) -> Ints:
    """What `load` makes the same plan of, [R, 3]: workshop by workshop, in the order of its list."""
    count = 0
    for entry in range(len(state.entries)):
        count += state.entries[entry].pieces > 0
    rows, made = np.empty((count, 3), dtype=np.int64), 0
    for shop in range(len(state.shops)):
        run = state.shops[shop].head
        while run >= 0:
            machine, entry = state.runs[run].machine, state.runs[run].entry
            while entry >= 0:
                held = state.entries[entry]
                rows[made, 0], rows[made, 1], rows[made, 2] = machine, held.lot, held.pieces
                made += 1
                machine, entry = -1, held.other
            run = state.runs[run].after
    return rows

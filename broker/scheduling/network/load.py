"""Rows of machine, lot, pieces made a plan; and what can't be finished taken out of it."""

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.network.lists import add_run, remove_lot
from broker.scheduling.network.problem import Ints
from broker.scheduling.network.state import State, keep
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import settle


@compiled
def load(world: World, state: State, rows: Ints) -> None:
    """Runs of rows [R, 3] (machine, lot, pieces), each behind all others of its workshop."""
    for i in range(len(rows)):
        machine = rows[i, 0]
        add_run(world, state, rows[i, 1], rows[i, 2], machine, state.shops[world.machines[machine].shop].tail, np.inf)
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

"""Single steps of whole runs: earlier or later in their workshop's list, or in each other's place."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.dispatch import is_barred
from broker.scheduling.network.lists import move_run, room
from broker.scheduling.network.state import HELD, State, below, draw
from broker.scheduling.network.world import World

_STEPS = 4


@compiled
def shift_run(world: World, state: State, run: int) -> None:
    """A few turns earlier or later in the list, or past the run that is before or after it on its machine."""
    record = state.runs[run]
    machine, steps = record.machine, 1 + below(state, _STEPS)
    if draw(state) < 0.5:
        after = state.runs[record.last].before if steps == 1 and record.last >= 0 else record.before
        for _ in range(steps - 1):
            after = state.runs[after].before if after >= 0 else -1
        if after == record.before:
            return
    else:
        after = record.next if steps == 1 else record.after
        for _ in range(steps - 2):
            after = state.runs[after].after if after >= 0 and state.runs[after].after >= 0 else after
        if after < 0:
            return
    _put(world, state, run, machine, after)


@compiled
def swap_runs(world: World, state: State, run: int, other: int) -> None:
    """Each with the other's machine and turn, if it can have it."""
    here, there = state.runs[run].machine, state.runs[other].machine
    if run == other or not (_suits(world, state, run, there) and _suits(world, state, other, here)):
        return
    before = state.runs[run].before
    _put(world, state, run, there, other)
    _put(world, state, other, here, run if before == other else before)


@inlined
def _put(world: World, state: State, run: int, machine: int, after: int) -> None:
    move_run(world, state, run, machine, after, np.inf)
    if draw(state) < 0.5:
        state.runs[run].crew = HELD


@inlined
def _suits(world: World, state: State, run: int, machine: int) -> bool:
    """Whether the machine could make the run; not of a plate that several lots share, unless it is its own."""
    record, entry = state.runs[run], state.entries[state.runs[run].entry]
    if record.machine == machine:
        return True
    shop = world.machines[machine].shop
    most = world.per_plate[entry.lot, world.machines[machine].kind]
    if shop != world.machines[record.machine].shop:
        most = min(most, room(world, state, entry.lot, shop))
    return bool(entry.other < 0 and entry.pieces <= most and not is_barred(world, entry.lot, machine))

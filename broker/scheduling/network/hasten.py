"""Drafts that take apart what ends last: what a plan needs to end earlier, and what chance seldom finds."""

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.anneal import tolerable
from broker.scheduling.network.ruin import recreate_around, ruin_and_recreate
from broker.scheduling.network.state import State, below, draw, keep, undo
from broker.scheduling.network.world import World

_LAST = 0.7
"""Share of drafts around a run that ends after the target."""


@compiled
def hasten(
    world: World, state: State, drafts: int, temperature: float, scale: float, strength: int, sample: int, until: float
) -> int:
    """As `anneal`: so many drafts, or until the energy is below `until`; how many were made."""
    head = state.head[0]
    for made in range(drafts):
        lot = _late_lot(world, state) if draw(state) < _LAST else -1
        if lot >= 0:
            recreate_around(world, state, lot, strength, sample)
        else:
            ruin_and_recreate(world, state, strength, sample)
        if tolerable(state, temperature, scale):
            keep(state)
            if head.worth + scale * head.cost < until:
                return made + 1
        else:
            undo(state)
    return drafts


@inlined
def _late_lot(world: World, state: State) -> int:
    """Of a machine's last run that ends after the target, any of them; -1: there is none."""
    found, number = -1, 0
    for machine in world.of_kind:
        run = state.machines[machine].tail
        if run >= 0 and state.runs[run].end > world.limits[0].target:
            number += 1
            if below(state, number) == 0:
                found = run
    return int(state.entries[state.runs[found].entry].lot) if found >= 0 else -1

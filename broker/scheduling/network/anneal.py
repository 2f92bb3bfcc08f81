"""Drafts kept by the rule of annealing (Kirkpatrick, Gelatt and Vecchi 1983, doi:10.1126/science.220.4598.671)."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.moves import move_pieces
from broker.scheduling.network.ruin import ruin_and_recreate
from broker.scheduling.network.state import State, draw, keep, undo
from broker.scheduling.network.world import World


@compiled
def anneal(
    world: World,
    state: State,
    drafts: int,
    temperature: float,
    scale: float,
    strength: int,
    sample: int,
    fine: float,
    until: float,
) -> int:
    """So many drafts, or until the energy (worth and `scale` times cost) is below `until`; how many were made.

    `fine` of them are single moves, the others ruin and recreate.
    """
    head = state.head[0]
    for made in range(drafts):
        if draw(state) < fine:
            move_pieces(world, state)
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
def tolerable(state: State, temperature: float, scale: float) -> bool:
    """Whether the draft is kept, by chance where it is worse."""
    head = state.head[0]
    change = head.worth - head.kept_worth + scale * (head.cost - head.kept_cost)
    return bool(change <= -temperature * np.log(1.0 - draw(state)))

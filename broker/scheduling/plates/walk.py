"""Drafts of a plan with shared plates, kept by the rule of annealing where what lies together may."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.anneal import tolerable
from broker.scheduling.network.lists import add_pieces, add_run
from broker.scheduling.network.moves import move_pieces
from broker.scheduling.network.problem import Floats
from broker.scheduling.network.ruin import ruin_and_recreate
from broker.scheduling.network.state import State, draw, keep, undo
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import settle
from broker.scheduling.plates.sharing import join, regroup, shift
from broker.scheduling.plates.together import Company, fits


@compiled
def walk(
    world: World,
    state: State,
    company: Company,
    steps: Floats,
    drafts: int,
    temperature: float,
    scale: float,
    until: float,
) -> int:
    """So many drafts, or until the energy (worth and `scale` times cost) is below `until`; how many were made."""
    head = state.head[0]
    for made in range(drafts):
        way = draw(state)
        if way < steps[0]:
            join(world, state, company)
        elif way < steps[1]:
            regroup(world, state, company)
        elif way < steps[2]:
            shift(world, state)
        elif way < steps[3]:
            move_pieces(world, state)
        else:
            ruin_and_recreate(world, state, 8, 12)
        if tolerable(state, temperature, scale) and _all_fit(world, state, company):
            keep(state)
            if head.worth + scale * head.cost < until:
                return made + 1
        else:
            undo(state)
    return drafts


@inlined
def _all_fit(world: World, state: State, company: Company) -> bool:
    """Of the runs that the draft has changed."""
    for i in range(state.head[0].runs):
        run = state.old_runs[i].id
        if state.runs[run].machine >= 0 and not fits(world, state, company, run):
            return False
    return True


@compiled
def part(world: World, state: State, run: int, lot: int, pieces: int) -> None:
    """A lot's pieces off a plate, into a run of their own behind it."""
    add_pieces(world, state, run, lot, -pieces)
    add_run(world, state, lot, pieces, state.runs[run].machine, run, np.inf)
    settle(world, state)
    keep(state)

"""Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983) of sequences, in stretches of so many moves.

What goes down isn't the makespan, which most moves leave as it is, but Σ (load ÷ mean load)^8 over the machines: it
falls with the work in all as with what the longest machines have too much. Every move takes jobs out and puts them
where they cost least on a machine that is drawn.
"""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.makespan.arcs import AFTER, BARRED, BEFORE, Arcs
from broker.scheduling.makespan.dice import Dice, roll
from broker.scheduling.makespan.insertion import cheapest, exchanged, saved
from broker.scheduling.makespan.sequences import (
    LENGTH,
    LOAD,
    MACHINE,
    PLACE,
    Ends,
    Orders,
    Where,
    longest,
    put,
    take,
)

SQUARINGS = 3
"""Of a load to its energy: the eighth power."""
SWAPS = 20
RUNS = 10
"""Per cent of the moves that exchange jobs of two machines, and of the others that move two to four in a row."""
LONGEST_RUN = 4
STAY = 30
"""Per cent of the moves of jobs that keep them on their machine."""
ROLLS = 4096
PATIENCE: NDArray[np.float64] = -np.log((np.random.default_rng(0).permutation(ROLLS) + 0.5) / ROLLS)
"""By how many temperatures a move may raise the energy: so spread that a rise has a chance of exp(-rise)."""
Scale = tuple[float, float]
"""Of one stretch: 1 ÷ mean load, and the energy of one temperature."""


@compiled
def anneal(
    arcs: Arcs,
    orders: Orders,
    where: Where,
    ends: Ends,
    best: Orders,
    makespan: int,
    choice: Where,
    dice: Dice,
    temperature: float,
    moves: int,
) -> int:
    """So many moves, at a temperature in counts of a machine's load.

    `best` are orders of that makespan, and replaced by any that are better; returned is the makespan of what is in it.
    """
    mean = ends[:, LOAD].sum() / len(ends)
    scale = (1.0 / mean, temperature * (1 << SQUARINGS) / mean)
    run = np.empty(LONGEST_RUN, dtype=np.int32)
    for _ in range(moves):
        job = roll(dice, len(where))
        chosen = choice[job, roll(dice, choice.shape[1])]
        if roll(dice, 100) < SWAPS:
            changed = _swap(arcs, orders, where, ends, dice, scale, job, chosen)
        else:
            changed = _move(arcs, orders, where, ends, dice, scale, job, chosen, run)
        if changed and ends[chosen, LOAD] < makespan and longest(ends) < makespan:
            makespan = longest(ends)
            for machine in range(len(ends)):
                for at in range(ends[machine, LENGTH] + 2):
                    best[machine, at] = orders[machine, at]
    return makespan


@inlined
def _move(
    arcs: Arcs, orders: Orders, where: Where, ends: Ends, dice: Dice, scale: Scale, job: int, chosen: int, run: Where
) -> bool:
    """A job, or a few in a row, to another place."""
    machine, low = where[job, MACHINE], where[job, PLACE]
    high = low
    if roll(dice, 100) < RUNS:
        high += 1 + roll(dice, LONGEST_RUN - 1)
        if high > ends[machine, LENGTH]:
            return False
    order, after = orders[machine], arcs[AFTER, machine]
    load = ends[machine, LOAD] - saved(order, after, low, high)
    tail = order[high]
    if chosen == machine or roll(dice, 100) < STAY:
        cost, place = cheapest(
            order, ends[machine, LENGTH], after, arcs[BEFORE, machine, job], arcs[AFTER, machine, tail], low, high
        )
        load += cost
        rise = _energy(load, scale) - _energy(ends[machine, LOAD], scale)
        if place == 0 or rise > scale[1] * PATIENCE[roll(dice, ROLLS)]:
            return False
        if place > high:
            place -= high + 1 - low
        chosen = machine
    else:
        length = ends[chosen, LENGTH]
        cost, place = cheapest(
            orders[chosen],
            length,
            arcs[AFTER, chosen],
            arcs[BEFORE, chosen, job],
            arcs[AFTER, chosen, tail],
            length + 2,
            length + 1,
        )
        for at in range(low, high):
            load -= after[order[at], order[at + 1]]
            cost += arcs[AFTER, chosen, order[at], order[at + 1]]
        other = ends[chosen, LOAD] + cost
        if cost >= BARRED or _rise(ends, scale, machine, load, chosen, other) > scale[1] * PATIENCE[roll(dice, ROLLS)]:
            return False
        ends[chosen, LOAD] = other
    ends[machine, LOAD] = load
    for at in range(high + 1 - low):
        run[at] = order[low + at]
    take(orders, where, ends, machine, low, high + 1 - low)
    for at in range(high + 1 - low):
        put(orders, where, ends, chosen, place + at, run[at])
    return True


@inlined
def _swap(
    arcs: Arcs, orders: Orders, where: Where, ends: Ends, dice: Dice, scale: Scale, job: int, chosen: int
) -> bool:
    """A job and one of the chosen machine's, each to the cheapest place there is on the other's."""
    machine, low = where[job, MACHINE], where[job, PLACE]
    if chosen == machine or ends[chosen, LENGTH] == 0:
        return False
    low2 = 1 + roll(dice, ends[chosen, LENGTH])
    job2 = orders[chosen, low2]
    if arcs[AFTER, machine, len(where), job2] >= BARRED:
        return False
    order, after = orders[machine], arcs[AFTER, machine]
    order2, after2 = orders[chosen], arcs[AFTER, chosen]
    cost, place = exchanged(
        order, ends[machine, LENGTH], after, arcs[BEFORE, machine, job2], arcs[AFTER, machine, job2], low
    )
    cost2, place2 = exchanged(
        order2, ends[chosen, LENGTH], after2, arcs[BEFORE, chosen, job], arcs[AFTER, chosen, job], low2
    )
    load = ends[machine, LOAD] - saved(order, after, low, low) + cost
    load2 = ends[chosen, LOAD] - saved(order2, after2, low2, low2) + cost2
    if _rise(ends, scale, machine, load, chosen, load2) > scale[1] * PATIENCE[roll(dice, ROLLS)]:
        return False
    take(orders, where, ends, machine, low, 1)
    take(orders, where, ends, chosen, low2, 1)
    put(orders, where, ends, machine, place, job2)
    put(orders, where, ends, chosen, place2, job)
    ends[machine, LOAD] = load
    ends[chosen, LOAD] = load2
    return True


@inlined
def _energy(load: int, scale: Scale) -> float:
    power = load * scale[0]
    for _ in range(SQUARINGS):
        power *= power
    return power


@inlined
def _rise(ends: Ends, scale: Scale, machine: int, load: int, other: int, others: int) -> float:
    """Of the energy, were these two machines' loads so."""
    before = _energy(ends[machine, LOAD], scale) + _energy(ends[other, LOAD], scale)
    return _energy(load, scale) + _energy(others, scale) - before

"""What a draft is worth: arrivals, weighted tardiness and rejection of lots, and what it costs."""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.clock import tell_times
from broker.scheduling.network.state import State, keep, save_shop, save_tally
from broker.scheduling.network.world import World


@compiled
def settle(world: World, state: State) -> None:
    """Times of changed workshops, then what each lot touched is worth; `head.worth` and `head.cost` hold again."""
    tell_times(world, state)
    head = state.head[0]
    for i in range(head.touched):
        lot = state.touched[i]
        _find_worth(world, state, lot)
        state.tallies[lot].touched = 0
        if world.limits[0].parcels:
            _find_parcels(world, state, lot)
    head.touched = 0


@inlined
def _find_worth(world: World, state: State, lot: int) -> None:
    facts, tally, head = world.lots[lot], state.tallies[lot], state.head[0]
    arrival = arrival_s(world, state, lot) if tally.pieces == facts.quantity else np.inf
    worth = tardiness(world, lot, arrival)
    if world.limits[0].aimed and arrival < np.inf:
        worth = min(facts.rejection, worth + _beyond_all(world, state, lot))
    cost = facts.waiting * arrival if arrival < np.inf and facts.waiting > 0 else 0.0
    head.worth += worth - tally.worth
    head.cost += cost - tally.cost
    tally.arrival, tally.worth, tally.cost = arrival, worth, cost


@inlined
def arrival_s(world: World, state: State, lot: int) -> float:
    """Of the last piece planned; -inf without pieces."""
    arrival = -np.inf
    place, entry = world.lots[lot].place, state.tallies[lot].entry
    while entry >= 0:
        run = state.runs[state.entries[entry].run]
        arrival = max(arrival, run.end + world.ship_s[place, world.machines[run.machine].shop])
        entry = state.entries[entry].after
    return arrival


@inlined
def tardiness(world: World, lot: int, arrival: float) -> float:
    """Weighted; the rejection where it would be too late."""
    facts = world.lots[lot]
    if arrival == np.inf or arrival > facts.deadline:
        return float(facts.rejection)
    return float(facts.weight * max(0.0, arrival - facts.due))


@inlined
def _beyond_all(world: World, state: State, lot: int) -> float:
    total, entry = 0.0, state.tallies[lot].entry
    while entry >= 0:
        run = state.runs[state.entries[entry].run]
        total += beyond(world, lot, state.entries[entry].pieces, run.end, run.making)
        entry = state.entries[entry].after
    return total


@inlined
def beyond(world: World, lot: int, pieces: int, end: float, making: float) -> float:
    """What pieces of a lot cost in a run that ends after the target, or the horizon; `making` is all of its seconds."""
    limits, total = world.limits[0], 0.0
    if end > limits.target:
        total += limits.over * (end - limits.target)
    if limits.lost > 0 and end > limits.horizon:
        total += limits.lost * min(1.0, (end - limits.horizon) / making) * pieces * world.lots[lot].earns
    return total


@compiled
def revalue(world: World, state: State) -> None:
    """All lots, of a plan whose times are told, by what the world now says; there is no draft."""
    head = state.head[0]
    head.worth = 0.0
    for lot in range(len(state.tallies)):
        state.tallies[lot].worth = 0.0
        if world.lots[lot].quantity > 0:
            _find_worth(world, state, lot)
    keep(state)


@compiled
def _find_parcels(world: World, state: State, lot: int) -> None:
    """One parcel for each workshop that makes something of the lot's order for its place."""
    head, facts = state.head[0], world.lots[lot]
    head.seen += 1
    total = 0.0
    for i in range(facts.kin_first, facts.kin_last):
        entry = state.tallies[world.kin[i]].entry
        while entry >= 0:
            shop = world.machines[state.runs[state.entries[entry].run].machine].shop
            if state.shops[shop].seen != head.seen:
                save_shop(state, shop)
                state.shops[shop].seen = head.seen
                total += world.ship_cost[facts.place, shop]
            entry = state.entries[entry].after
    first = world.kin[facts.kin_first]
    save_tally(state, first)
    head.cost += total - state.tallies[first].parcels
    state.tallies[first].parcels = total

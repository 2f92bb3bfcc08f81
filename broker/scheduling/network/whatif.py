"""How soon, and at what cost? Asked of a live plan, which stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.changes import clear_lot, write_lot
from broker.scheduling.network.events import Request, Tier
from broker.scheduling.network.live import LivePlan
from broker.scheduling.network.state import undo
from broker.scheduling.network.tiers import place_tier


@dataclass(frozen=True, slots=True)
class OfferedRun:
    machine: int
    workshop: int
    begin_s: float
    start_s: float
    end_s: float
    pieces: int


@dataclass(frozen=True, slots=True)
class Offer:
    tier: Tier
    ready_s: float
    """Arrival of the last piece."""
    runs: tuple[OfferedRun, ...]
    """In order of begin."""
    machine_s: float
    """From begin to end, of all runs."""
    plates: int
    cost: float
    """Minor units: machines, people, parcels."""
    tardiness_caused: float
    """Weighted seconds by which others, none of them promised, are later."""


def what_if(live: LivePlan, request: Request, tiers: Sequence[Tier], *, seed: int = 0) -> tuple[Offer, ...]:
    """An offer for each tier that has a place for the whole lot; no promise is broken by any.

    `replan` with a `RushOrder` of the same request and tier, and the same seed, on the same plan, does what was
    offered. Nothing is drawn from the plan's random numbers.

    Raises
    ------
    OutOfRange
        For a request that points at what isn't there.
    """
    random = live.state.head["random"][0]
    row = write_lot(live, request)
    offers = []
    for tier in tiers:
        harm = place_tier(live, row, request, tier, seed)
        if harm < np.inf:
            offers.append(_offer(live, row, tier, harm))
            undo(live.state)
    clear_lot(live)
    live.state.head["random"] = random
    return tuple(offers)


def _offer(live: LivePlan, row: int, tier: Tier, harm: float) -> Offer:
    state, laid = live.state, live.world
    runs, cost = [], 0.0
    entry = int(state.tallies["entry"][row])
    while entry >= 0:
        held = state.entries[entry]
        run = state.runs[held["run"]]
        machine = int(run["machine"])
        shop = int(laid.machines["shop"][machine])
        times = float(run["begin"]), float(run["start"]), float(run["end"])
        runs.append(OfferedRun(machine, shop, *times, int(held["pieces"])))
        cost += float(run["cost"])
        entry = int(held["after"])
    runs.sort(key=lambda run: (run.begin_s, run.machine))
    place = int(laid.lots["place"][row])
    parcels = sum(float(laid.ship_cost[place, shop]) for shop in sorted({run.workshop for run in runs}))
    return Offer(
        tier=tier,
        ready_s=float(state.tallies["arrival"][row]),
        runs=tuple(runs),
        machine_s=sum(run.end_s - run.begin_s for run in runs),
        plates=len(runs),
        cost=cost + parcels,
        tardiness_caused=harm,
    )

"""A plan that is being carried out: the world it was made for and its state, both of which events change.

Spare rows for lots, places and runs stand ready, so that no large array is made anew for an event.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.errors import OutOfRange
from broker.scheduling.network.adopted import adopt
from broker.scheduling.network.problem import Floats, Ints, Plan, Problem
from broker.scheduling.network.repair import Ledger, empty_ledger
from broker.scheduling.network.state import State, empty_state
from broker.scheduling.network.world import World, world

PROMISED = 10.0
"""A second after a promise weighs so much more than one after a mere due date."""
_SPARE_LOTS = 1_000


@dataclass(slots=True)
class LivePlan:
    """Changed by `replan` alone; `what_if` leaves it as it is."""

    problem: Problem
    """As it was made; its machines, shifts and lots may have changed since."""
    world: World
    state: State
    promised_s: Floats
    """[N] arrival promised, of all rows; inf: nothing is."""
    lots: int
    """Rows in use."""
    places: int
    """Places in use."""
    ledger: Ledger

    @property
    def now_s(self) -> float:
        return float(self.world.limits["now"][0])


def live_plan(
    problem: Problem, plan: Plan, promised_s: Floats, seed: int, *, spare_lots: int = _SPARE_LOTS
) -> LivePlan:
    """The plan, with its times as they are; `promised_s` [N] arrivals that customers were told, inf: none.

    Parameters
    ----------
    spare_lots
        Lots that can be added before the plan must be laid out anew.

    Raises
    ------
    OutOfRange
        For a number of promises that isn't that of the lots.
    """
    if len(promised_s) != len(problem.lots.quantity):
        raise OutOfRange("promised_s", f"has {len(promised_s)} rows, there are {len(problem.lots.quantity)} lots")
    laid = _roomy(world(problem), spare_lots)
    promised = np.full(len(laid.lots), np.inf)
    promised[: len(promised_s)] = promised_s
    promise(laid, promised, np.flatnonzero(np.isfinite(promised)))
    runs = len(plan.machine)
    entries = np.stack([plan.entry_lot, plan.entry_pieces], axis=1).reshape(-1, 2).astype(np.int64)
    state = empty_state(laid, max(runs, len(entries)) + max(4 * spare_lots, runs // 4), seed)
    times = np.stack([plan.begin_s, plan.start_s, plan.end_s], axis=1).reshape(-1, 3)
    adopt(laid, state, plan.machine, times, plan.entry_first, entries)
    ledger = empty_ledger(len(laid.lots), len(state.runs))
    return LivePlan(problem, laid, state, promised, len(promised_s), len(problem.workshops.ship_s), ledger)


def promise(laid: World, promised_s: Floats, lots: Ints) -> None:
    """Their lateness is reckoned from the promise, and weighs more."""
    rows = laid.lots
    rows["due"][lots] = promised_s[lots]
    rows["weight"][lots] *= PROMISED
    rows["rejection"][lots] *= PROMISED


def _roomy(laid: World, spare: int) -> World:
    lots = _longer(laid.lots, spare)
    lots["deadline"][len(laid.lots) :] = np.inf
    return laid._replace(
        lots=lots,
        piece_s=_longer(laid.piece_s, spare),
        per_plate=_longer(laid.per_plate, spare),
        ship_s=_longer(laid.ship_s, spare),
        ship_cost=_longer(laid.ship_cost, spare),
        machines=laid.machines.copy(),
        kin=np.concatenate([laid.kin, np.zeros(spare, dtype=np.int64)]),
        shops=laid.shops.copy(),
    )


def _longer(array: NDArray[Any], rows: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros((rows, *array.shape[1:]), array.dtype)])

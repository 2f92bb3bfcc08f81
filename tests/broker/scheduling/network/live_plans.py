"""Small live plans, some hours on, every other lot promised."""

from dataclasses import replace

import numpy as np

from broker.scheduling.network.events import Request, TimeGoesOn
from broker.scheduling.network.figures import arrivals
from broker.scheduling.network.live import LivePlan, live_plan
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.network.replan import replan
from broker.scheduling.network.solve import solve
from tests.broker.scheduling.network.problems import DAY, HOUR, random_problem


def live(seed: int, *, spare_time: bool = False, empty: bool = False) -> LivePlan:
    problem = random_problem(seed, lots=10, days=6 if spare_time else 3)
    if empty:
        problem = _without_work(problem)
    plan: Plan = solve(problem, lambda: True, seed).plan
    arrival = arrivals(problem, plan)
    promised = np.where(np.isfinite(arrival) & (np.arange(len(arrival)) % 2 == 0), arrival, np.inf)
    found = live_plan(problem, plan, promised, seed, spare_lots=20)
    replan(found, TimeGoesOn(problem.now_s + 14 * HOUR), lambda: True, seed)
    return found


def _without_work(problem: Problem) -> Problem:
    return replace(problem, lots=replace(problem.lots, quantity=np.zeros_like(problem.lots.quantity)))


def request(plan: LivePlan) -> Request:
    """Two pieces that every class can make, of the first family."""
    classes, shops = len(plan.world.kinds), len(plan.world.shops)
    return Request(
        family=0,
        quantity=2,
        piece_s=np.full(classes, HOUR / 2),
        per_plate=np.full(classes, 2, dtype=np.int64),
        ship_s=np.full(shops, 2 * HOUR),
        ship_cost=np.full(shops, 500.0),
        release_s=plan.now_s,
        due_s=plan.now_s + DAY,
        weight=3.0,
        rejection=3.0 * 6 * DAY,
    )


def begun_runs(plan: LivePlan) -> list[int]:
    """Running now, by begin."""
    runs = plan.state.runs
    found = np.flatnonzero((runs["machine"] >= 0) & (runs["begin"] < plan.now_s) & (runs["end"] > plan.now_s))
    numbers: list[int] = found[np.argsort(runs["begin"][found], kind="stable")].tolist()
    return numbers


def later(plan: LivePlan) -> tuple[bytes, ...]:
    """All that the plan is, bit for bit, without the scratch of drafts."""
    state = plan.state
    records = (state.runs, state.entries, state.tallies, state.shops, state.machines, state.shelves)
    head = [state.head[name] for name in ("free_run", "free_entry", "worth", "cost", "random")]
    laid = (plan.world.lots, plan.world.piece_s, plan.world.per_plate, plan.world.ship_s, plan.world.kin)
    return tuple(array.tobytes() for array in (*records, *head, *laid, plan.world.block_s, plan.world.shift_s))

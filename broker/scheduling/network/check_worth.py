"""Is a plan worth what its figures say, and no more than its bounds?"""

from collections.abc import Iterator

import numpy as np

from broker.scheduling.network.problem import Bools, Floats, Plan, Problem, Result

SLACK = 1e-3
SLACK_SHARE = 1e-6


def wrong_worth(problem: Problem, result: Result) -> Iterator[str]:
    """Violations of a result whose plan is feasible."""
    said, plan = result.figures, result.plan
    made, arrival = _progress(problem, plan)
    whole = made >= problem.lots.quantity
    running, earned = _use(problem, plan)
    hours = _hours(problem)
    for name, told, true in (
        ("tardiness", said.tardiness, _tardiness(problem, arrival, whole)),
        ("rejected", said.rejected, float(problem.lots.rejection[~whole].sum())),
        ("cost", said.cost, _cost(problem, plan, arrival, whole)),
        ("makespan_s", said.makespan_s, max(plan.end_s.tolist(), default=0.0)),
        ("lots_done", said.lots_done, float((whole & (problem.lots.quantity > 0)).sum())),
        ("machine_use", said.machine_use, running / hours if hours else 0.0),
        ("earned_use", said.earned_use, earned / hours if hours else 0.0),
    ):
        if not abs(told - true) <= (SLACK_SHARE if name.endswith("_use") else SLACK) + SLACK_SHARE * abs(true):
            yield f"{name} is {true:.3f}, said to be {told:.3f}"
    yield from _wrong_bounds(problem, result, whole=bool(whole.all()))


def _wrong_bounds(problem: Problem, result: Result, *, whole: bool) -> Iterator[str]:
    said, bounds = result.figures, result.bounds
    over = 1 + SLACK_SHARE
    lost = said.tardiness + said.rejected
    if not bounds.tardiness <= lost * over + SLACK:
        yield f"tardiness and rejections of {lost:.3f} beat their bound {bounds.tardiness:.3f}"
    if whole and not bounds.makespan_s <= said.makespan_s * over + SLACK:
        yield f"a makespan of {said.makespan_s:.3f} beats its bound {bounds.makespan_s:.3f}"
    if not said.earned_use <= bounds.earned_use * over + SLACK_SHARE:
        yield f"an earned use of {said.earned_use:.4f} beats its bound {bounds.earned_use:.4f}"
    if not said.lots_done <= bounds.lots_done:
        yield f"{said.lots_done} lots done beat their bound {bounds.lots_done}"


def _progress(problem: Problem, plan: Plan) -> tuple[Floats, Floats]:
    """[N] pieces made; when the last of them arrives."""
    made, arrival = np.zeros(len(problem.lots.quantity)), np.full(len(problem.lots.quantity), -np.inf)
    for run, machine in enumerate(plan.machine.tolist()):
        legs = problem.workshops.ship_s[:, problem.machines.workshop[machine]]
        for entry in range(plan.entry_first[run], plan.entry_first[run + 1]):
            lot = plan.entry_lot[entry]
            made[lot] += plan.entry_pieces[entry]
            arrival[lot] = max(arrival[lot], plan.end_s[run] + legs[problem.lots.place[lot]])
    return made, arrival


def _tardiness(problem: Problem, arrival: Floats, whole: Bools) -> float:
    late = whole & (arrival > problem.lots.due_s)
    return float(((arrival[late] - problem.lots.due_s[late]) * problem.lots.weight[late]).sum())


def _cost(problem: Problem, plan: Plan, arrival: Floats, whole: Bools) -> float:
    classes, workshops, lots = problem.classes, problem.workshops, problem.lots
    parcels: set[tuple[int, int, int]] = set()
    cost = 0.0
    for run, machine in enumerate(plan.machine.tolist()):
        kind, shop = int(problem.machines.kind[machine]), int(problem.machines.workshop[machine])
        begin, start, end = plan.begin_s[run], plan.start_s[run], plan.end_s[run]
        cost += float((end - begin) * classes.cost_per_s[kind])
        cost += float((start + classes.watch_s[kind] - begin) * workshops.operator_cost_per_s[shop])
        for lot in plan.entry_lot[plan.entry_first[run] : plan.entry_first[run + 1]].tolist():
            parcels.add((int(lots.order[lot]), int(lots.place[lot]), shop))
    cost += sum(float(workshops.ship_cost[place, shop]) for _, place, shop in parcels)
    arrived = whole & np.isfinite(arrival)
    return cost + float((lots.waiting_cost[arrived] * arrival[arrived]).sum())


def _use(problem: Problem, plan: Plan) -> tuple[float, float]:
    """Seconds running within the horizon; and the same at each piece's quickest class."""
    lots, horizon = problem.lots, problem.horizon_s
    able = [lots.per_plate[:, kind] > 0 for kind in range(lots.per_plate.shape[1])]
    quickest = np.full(len(lots.quantity), np.inf)
    for kind, mask in enumerate(able):
        quickest[mask] = np.minimum(quickest[mask], lots.piece_s[mask, kind])
    running = earned = 0.0
    for run, machine in enumerate(plan.machine.tolist()):
        begin, end = float(plan.start_s[run]), float(plan.end_s[run])
        running += max(0.0, min(end, horizon) - begin)
        rows = slice(plan.entry_first[run], plan.entry_first[run + 1])
        lot, pieces = plan.entry_lot[rows], plan.entry_pieces[rows]
        making = float((pieces * lots.piece_s[lot, problem.machines.kind[machine]]).sum())
        share = min(1.0, max(0.0, (horizon - (end - making)) / making))
        earned += share * float((pieces * quickest[lot]).sum())
    return running, earned


def _hours(problem: Problem) -> float:
    """Seconds in which machines may run, all together."""
    total = 0.0
    workshops = problem.workshops
    blocks: dict[int, list[tuple[float, float]]] = {}
    for machine, (begin, end) in zip(
        problem.machines.block_machine.tolist(), problem.machines.block_s.tolist(), strict=True
    ):
        blocks.setdefault(machine, []).append((begin, end))
    for machine, kind in enumerate(problem.machines.kind.tolist()):
        first = max(float(problem.machines.ready_s[machine]), problem.now_s)
        shop = int(problem.machines.workshop[machine])
        spans = workshops.shift_s[workshops.shift_first[shop] : workshops.shift_first[shop + 1]].tolist()
        for a, b in [(first, problem.horizon_s)] if problem.classes.unattended[kind] else spans:
            begin, end = max(a, first), min(b, problem.horizon_s)
            if end > begin:
                taken = sum(max(0.0, min(end, y) - max(begin, x)) for x, y in blocks.get(machine, ()))
                total += end - begin - taken
    return total

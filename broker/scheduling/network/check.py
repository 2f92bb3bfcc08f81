"""Is a plan what it says? Recomputed from the problem alone: nothing here is shared with a solver or `figures`."""

from collections.abc import Iterator

import numpy as np

from broker.scheduling.errors import Infeasible
from broker.scheduling.network.check_clock import wrong_clock
from broker.scheduling.network.check_worth import wrong_worth
from broker.scheduling.network.problem import Ints, Plan, Problem, Result

SLACK_SHARE = 1e-9


def require_feasible(problem: Problem, result: Result) -> None:
    """Raise `Infeasible`, naming every violation, unless the result is a true plan of the problem."""
    violations = check(problem, result.plan)
    if not violations:
        violations = (*_wrong_unplanned(problem, result), *wrong_worth(problem, result))
    if violations:
        raise Infeasible(violations)


def check(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Every violation found, in words; empty: the plan holds."""
    broken = tuple(_wrong_arrays(problem, plan))
    if broken:
        return broken
    broken = tuple(_wrong_names(problem, plan))
    if broken:
        return broken
    run = np.repeat(np.arange(len(plan.machine)), np.diff(plan.entry_first))
    return (
        *_wrong_plates(problem, plan, run),
        *_wrong_machines(problem, plan, run),
        *_wrong_lots(problem, plan, run),
        *_wrong_stock(problem, plan, run),
        *wrong_clock(problem, plan),
    )


def _wrong_arrays(problem: Problem, plan: Plan) -> Iterator[str]:
    runs, entries = plan.machine.shape, plan.entry_lot.shape
    for name, array, shape, kind in (
        ("machine", plan.machine, runs[:1], np.int64),
        ("begin_s", plan.begin_s, runs[:1], np.float64),
        ("start_s", plan.start_s, runs[:1], np.float64),
        ("end_s", plan.end_s, runs[:1], np.float64),
        ("entry_first", plan.entry_first, (runs[0] + 1,) if runs else (1,), np.int64),
        ("entry_lot", plan.entry_lot, entries[:1], np.int64),
        ("entry_pieces", plan.entry_pieces, entries[:1], np.int64),
    ):
        if array.shape != shape or array.dtype != kind:
            yield f"{name} is {array.dtype} of shape {array.shape}, not {np.dtype(kind)} of shape {shape}"


def _wrong_names(problem: Problem, plan: Plan) -> Iterator[str]:
    runs, entries = len(plan.machine), len(plan.entry_lot)
    first = plan.entry_first
    if first[0] != 0 or first[-1] != entries or (np.diff(first) < 0).any():
        yield f"entry_first doesn't rise from 0 to {entries}"
        return
    for run in np.flatnonzero(np.diff(first) == 0):
        yield f"run {run} is empty"
    machines, lots = len(problem.machines.kind), len(problem.lots.quantity)
    for run in np.flatnonzero((plan.machine < 0) | (plan.machine >= machines)):
        yield f"run {run} is on machine {plan.machine[run]}: there is none"
    for entry in np.flatnonzero((plan.entry_lot < 0) | (plan.entry_lot >= lots)):
        yield f"entry {entry} is of lot {plan.entry_lot[entry]}: there is none"
    for entry in np.flatnonzero(plan.entry_pieces <= 0):
        yield f"entry {entry} is of {plan.entry_pieces[entry]} pieces"
    for run in np.flatnonzero(~np.isfinite(plan.begin_s + plan.start_s + plan.end_s)):
        yield f"run {run} begins at {plan.begin_s[run]}, starts at {plan.start_s[run]}, ends at {plan.end_s[run]}"
    order = np.lexsort((plan.machine, plan.begin_s))
    for run in np.flatnonzero(order != np.arange(runs))[:1]:
        yield f"runs aren't in order of begin and machine from {run} on"


def _wrong_plates(problem: Problem, plan: Plan, run: Ints) -> Iterator[str]:
    """What lies on one plate together."""
    lots = problem.lots
    family, share = lots.family[plan.entry_lot], lots.share[plan.entry_lot]
    first = plan.entry_first[run]
    for entry in np.flatnonzero(family != family[first]):
        yield f"run {run[entry]}: lot {plan.entry_lot[entry]} is of family {family[entry]}, not {family[first[entry]]}"
    alone = (np.diff(plan.entry_first)[run] > 1) & ((share < 0) | (share != share[first]))
    for entry in np.flatnonzero(alone):
        yield f"run {run[entry]}: lot {plan.entry_lot[entry]} mustn't share this plate"
    pairs, times = np.unique(np.stack([run, plan.entry_lot]), axis=1, return_counts=True)
    for here, lot in pairs[:, times > 1].T:
        yield f"run {here} holds lot {lot} twice"


def _wrong_machines(problem: Problem, plan: Plan, run: Ints) -> Iterator[str]:
    """Who mustn't make what, and how much of it a run holds."""
    lots, machine = problem.lots, plan.machine[run]
    kind = problem.machines.kind[machine]
    most = lots.per_plate[plan.entry_lot, kind]
    for entry in np.flatnonzero(plan.entry_pieces > most):
        where = f"run {run[entry]}: lot {plan.entry_lot[entry]}"
        if most[entry]:
            yield f"{where}: {plan.entry_pieces[entry]} pieces, {most[entry]} fit"
        else:
            reason = problem.reasons[lots.reason[plan.entry_lot[entry], kind[entry]]]
            yield f"{where} can't be made on machine {machine[entry]}: {reason}"
    machines = len(problem.machines.kind)
    barred = np.isin(plan.entry_lot * machines + machine, problem.barred.lot * machines + problem.barred.machine)
    for entry in np.flatnonzero(barred):
        yield f"run {run[entry]}: lot {plan.entry_lot[entry]} is barred from machine {machine[entry]}"


def _wrong_lots(problem: Problem, plan: Plan, run: Ints) -> Iterator[str]:
    """Release, delivery, quantity."""
    lots, entry_lot = problem.lots, plan.entry_lot
    for entry in np.flatnonzero(plan.start_s[run] < lots.release_s[entry_lot] - 1e-3):
        lot = entry_lot[entry]
        yield f"run {run[entry]}: starts before lot {lot} is released at {lots.release_s[lot]:.0f} s"
    workshop = problem.machines.workshop[plan.machine[run]]
    leg = problem.workshops.ship_s[lots.place[entry_lot], workshop]
    for entry in np.flatnonzero(np.isinf(leg)):
        yield f"run {run[entry]}: lot {entry_lot[entry]} isn't delivered from workshop {workshop[entry]}"
    late = np.isfinite(leg) & (plan.end_s[run] + leg > lots.deadline_s[entry_lot] + 1e-3)
    for entry in np.flatnonzero(late):
        deadline = lots.deadline_s[entry_lot[entry]]
        yield f"run {run[entry]}: lot {entry_lot[entry]} arrives after its deadline at {deadline:.0f} s"
    made = _made(problem, plan)
    for lot in np.flatnonzero(made > lots.quantity):
        yield f"lot {lot}: {made[lot]} pieces are made of {lots.quantity[lot]}"


def _wrong_stock(problem: Problem, plan: Plan, run: Ints) -> Iterator[str]:
    lots, stock = problem.lots, problem.workshops.stock
    material = lots.material[plan.entry_lot]
    taking = np.flatnonzero(material >= 0)
    used = np.zeros(stock.shape)
    workshop = problem.machines.workshop[plan.machine[run[taking]]]
    np.add.at(used, (workshop, material[taking]), plan.entry_pieces[taking] * lots.use[plan.entry_lot[taking]])
    for shop, kind in np.argwhere(used > stock * (1 + SLACK_SHARE) + SLACK_SHARE):
        yield f"workshop {shop}: {used[shop, kind]:g} of material {kind} is used, {stock[shop, kind]:g} is there"


def _wrong_unplanned(problem: Problem, result: Result) -> Iterator[str]:
    total = _made(problem, result.plan)
    for left in result.unplanned:
        if not 0 <= left.lot < len(total) or left.pieces <= 0 or not left.reason:
            yield f"unplanned {left} names no lot, no pieces or no reason"
        else:
            total[left.lot] += left.pieces
    for lot in np.flatnonzero(total != problem.lots.quantity):
        yield f"lot {lot}: {total[lot]} pieces planned or left out, {problem.lots.quantity[lot]} asked for"


def _made(problem: Problem, plan: Plan) -> Ints:
    made = np.zeros(len(problem.lots.quantity), dtype=np.int64)
    np.add.at(made, plan.entry_lot, plan.entry_pieces)
    return made

"""What a plan is worth and how well it uses what there is, from its arrays: quick at hundreds of thousands of runs.

A lot is made whole once its runs hold as many pieces as it asks for; it has arrived with its last one. A parcel goes
from a workshop for each order and place. Waiting counts from the plan's zero, for lots that are made whole.
"""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.problem import Bools, Figures, Floats, Ints, Plan, Problem


@dataclass(frozen=True, slots=True)
class _Entries:
    """[E] what each entry of a plan is about."""

    run: Ints
    lot: Ints
    pieces: Ints
    kind: Ints
    workshop: Ints


def figures(problem: Problem, plan: Plan) -> Figures:
    """The figures of a plan that is feasible."""
    entries = _entries(problem, plan)
    arrival = arrivals(problem, plan)
    whole = _whole(problem, plan)
    lots = problem.lots
    watched = problem.classes.watch_s[problem.machines.kind[plan.machine]]
    people = plan.start_s - plan.begin_s + watched
    horizon = problem.horizon_s
    running = np.clip(np.minimum(plan.end_s, horizon) - plan.start_s, 0.0, None)
    available = float(available_s(problem).sum())
    return Figures(
        tardiness=float((lots.weight * _late(lots.due_s, arrival))[whole].sum()),
        rejected=float(lots.rejection[~whole].sum()),
        cost=_cost(problem, plan, entries, people, arrival, whole),
        makespan_s=float(plan.end_s.max(initial=0.0)),
        lots_done=int(np.count_nonzero(whole & (lots.quantity > 0))),
        machine_use=float(running.sum()) / available if available > 0 else 0.0,
        earned_use=_earned_s(problem, plan, entries) / available if available > 0 else 0.0,
        plate_fill=_plate_fill(problem, plan, entries),
        change_s=float(people.sum()),
    )


def arrivals(problem: Problem, plan: Plan) -> Floats:
    """[N] s at which the last planned piece of each lot is at its place; -inf where none is planned."""
    entries = _entries(problem, plan)
    leg = problem.workshops.ship_s[problem.lots.place[entries.lot], entries.workshop]
    arrival = np.full(len(problem.lots.quantity), -np.inf)
    np.maximum.at(arrival, entries.lot, plan.end_s[entries.run] + leg)
    return arrival


def available_s(problem: Problem) -> Floats:
    """[M] seconds within the horizon in which a machine may run.

    From now or the end of what it does now; attended time alone where its class needs that; blocks taken off.
    """
    machines, kinds = problem.machines, problem.classes
    first = np.maximum(machines.ready_s, problem.now_s)
    always = np.clip(problem.horizon_s - first, 0.0, None) - _blocked_s(problem, first)
    return np.where(kinds.unattended[machines.kind], always, _attended_s(problem, first))


def _attended_s(problem: Problem, first_s: Floats) -> Floats:
    """[M] seconds within shifts, from a machine's first to the horizon, without its blocks."""
    machines = problem.machines
    machine, shift_s = _shifts_of(problem, np.arange(len(first_s), dtype=np.int64))
    begin = np.maximum(shift_s[:, 0], first_s[machine])
    end = np.minimum(shift_s[:, 1], problem.horizon_s)
    attended = np.bincount(machine, np.clip(end - begin, 0.0, None), len(first_s))
    block, shift_s = _shifts_of(problem, machines.block_machine)
    machine = machines.block_machine[block]
    begin = np.maximum(np.maximum(shift_s[:, 0], machines.block_s[block, 0]), first_s[machine])
    end = np.minimum(np.minimum(shift_s[:, 1], machines.block_s[block, 1]), problem.horizon_s)
    taken = np.bincount(machine, np.clip(end - begin, 0.0, None), len(first_s))
    return (attended - taken).astype(np.float64)


def _shifts_of(problem: Problem, machines: Ints) -> tuple[Ints, Floats]:
    """Every shift of each machine's workshop: position in `machines`, and from, until."""
    workshops = problem.workshops
    workshop = problem.machines.workshop[machines]
    first = workshops.shift_first[workshop]
    number = workshops.shift_first[workshop + 1] - first
    position = np.repeat(np.arange(len(machines), dtype=np.int64), number)
    within = np.arange(len(position)) - np.repeat(np.cumsum(number) - number, number)
    return position, workshops.shift_s[first[position] + within]


def _blocked_s(problem: Problem, first_s: Floats) -> Floats:
    """[M] blocked seconds from a machine's first to the horizon."""
    machines = problem.machines
    begin = np.maximum(machines.block_s[:, 0], first_s[machines.block_machine])
    taken = np.clip(np.minimum(machines.block_s[:, 1], problem.horizon_s) - begin, 0.0, None)
    blocked = np.zeros(len(first_s))
    np.add.at(blocked, machines.block_machine, taken)
    return blocked


def _entries(problem: Problem, plan: Plan) -> _Entries:
    run = np.repeat(np.arange(len(plan.machine), dtype=np.int64), np.diff(plan.entry_first))
    machine = plan.machine[run]
    machines = problem.machines
    return _Entries(run, plan.entry_lot, plan.entry_pieces, machines.kind[machine], machines.workshop[machine])


def _whole(problem: Problem, plan: Plan) -> Bools:
    made = np.zeros(len(problem.lots.quantity), dtype=np.int64)
    np.add.at(made, plan.entry_lot, plan.entry_pieces)
    return made >= problem.lots.quantity


def _late(due_s: Floats, arrival_s: Floats) -> Floats:
    """Never late where nothing is due, or nothing had to be made."""
    known = np.isfinite(due_s) & np.isfinite(arrival_s)
    return np.where(known, np.clip(np.where(known, arrival_s, 0.0) - np.where(known, due_s, 0.0), 0.0, None), 0.0)


def _cost(problem: Problem, plan: Plan, entries: _Entries, people: Floats, arrival: Floats, whole: Bools) -> float:
    machines, workshops, lots = problem.machines, problem.workshops, problem.lots
    kind, workshop = machines.kind[plan.machine], machines.workshop[plan.machine]
    working = (plan.end_s - plan.begin_s) * problem.classes.cost_per_s[kind]
    wages = people * workshops.operator_cost_per_s[workshop]
    places, shops = _parcels(problem, entries)
    waiting = (lots.waiting_cost * np.where(np.isfinite(arrival), arrival, 0.0))[whole]
    return float(working.sum() + wages.sum() + workshops.ship_cost[places, shops].sum() + waiting.sum())


def _parcels(problem: Problem, entries: _Entries) -> tuple[Ints, Ints]:
    """Place and workshop of each."""
    places, shops = problem.workshops.ship_s.shape
    key = problem.lots.order[entries.lot] * places + problem.lots.place[entries.lot]
    key = np.unique(key * shops + entries.workshop)
    return key // max(shops, 1) % max(places, 1), key % max(shops, 1)


def quickest_s(problem: Problem) -> Floats:
    """[N] seconds of a piece on the quickest class that can make it; 0 where none can."""
    lots = problem.lots
    quickest = np.where(lots.per_plate > 0, lots.piece_s, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(quickest), quickest, 0.0)


def _earned_s(problem: Problem, plan: Plan, entries: _Entries) -> float:
    """What lies beyond the horizon earns nothing; a run's pieces are made evenly, after its overhead."""
    making = np.zeros(len(plan.machine))
    np.add.at(making, entries.run, entries.pieces * problem.lots.piece_s[entries.lot, entries.kind])
    over = np.clip(plan.end_s - problem.horizon_s, 0.0, making)
    within = 1.0 - np.divide(over, making, out=np.zeros_like(making), where=making > 0)
    return float((within[entries.run] * entries.pieces * quickest_s(problem)[entries.lot]).sum())


def _plate_fill(problem: Problem, plan: Plan, entries: _Entries) -> float:
    """0 where every run is the last of a lot on its class."""
    runs = len(plan.machine)
    fill = np.zeros(runs)
    np.add.at(fill, entries.run, entries.pieces / np.maximum(problem.lots.per_plate[entries.lot, entries.kind], 1))
    last: Ints = np.full(problem.lots.per_plate.shape, -1, dtype=np.int64)
    np.maximum.at(last, (entries.lot, entries.kind), entries.run)
    counted = np.ones(runs, dtype=np.bool_)
    counted[last[last >= 0]] = False
    return float(fill[counted].mean()) if counted.any() else 0.0

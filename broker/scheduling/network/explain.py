"""Why a lot is made where and when it is, as data: `explain_words` says it.

What it waits for is read off the run that arrives last. What would make it earlier is found by looking for the lot's
place anew, in the plan without it, with one limit lifted at a time: other lots stay where they are.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.network.slots import Lifted, Slots, own_runs

NOTICED_S = 1.0
MOST_ALTERNATIVES = 5


class Cause(StrEnum):
    NOT_READY = "the machine is at what it did before the plan"
    RELEASE = "the lot isn't released"
    MACHINE = "the machine makes other lots"
    BLOCKED = "the machine is taken"
    NOBODY = "nobody is there"
    PEOPLE = "everybody there is busy"
    LEFT = "the plan left it for later"
    CHANGE = "clearing and setting up"
    RUN = "the run itself"
    TRANSPORT = "transport"


class Change(StrEnum):
    RELEASE = "an earlier release"
    PERSON = "another person in the workshop"
    SHIFT = "somebody there at any hour"
    QUEUE = "other lots on its machine moved away"
    SPLIT = "half of its last run on another machine"
    NEARER = "a workshop next to its place"
    ELSEWHERE = "another machine"


@dataclass(frozen=True, slots=True)
class Wait:
    cause: Cause
    from_s: float
    until_s: float
    lots: tuple[int, ...] = ()
    """Those that the machine makes meanwhile."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """All of the lot on one machine, in what the plan leaves free."""

    machine: int
    arrival_s: float
    """inf: it never gets round to it."""
    cost: float
    """Minor units: machine, people, a parcel."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Machines that mustn't make it: a whole class, or a single one."""

    kind: int
    machine: int
    """-1: all of the class."""
    reason: str


@dataclass(frozen=True, slots=True)
class Earlier:
    change: Change
    gain_s: float


@dataclass(frozen=True, slots=True)
class Explanation:
    lot: int
    machines: tuple[int, ...]
    """On which it is made, in order of arrival."""
    arrival_s: float
    """-inf: nothing of it is made."""
    due_s: float
    cost: float
    """Minor units of its runs: machine, people, a parcel for each workshop."""
    waits: tuple[Wait, ...]
    """One after the other, from now until the last piece has arrived."""
    alternatives: tuple[Alternative, ...]
    """Soonest first."""
    left_out: tuple[LeftOut, ...]
    earlier: tuple[Earlier, ...]
    """Most first."""
    pieces_left: int
    """Not planned."""
    reasons: tuple[str, ...]
    """Why they aren't."""


def explain(problem: Problem, plan: Plan, lot: int) -> Explanation:
    """Raises IndexError for a lot that isn't there."""
    if not 0 <= lot < len(problem.lots.quantity):
        raise IndexError(f"lot {lot}: there are {len(problem.lots.quantity)}")
    runs = _runs_of(problem, plan, lot)
    alternatives = _alternatives(problem, Slots(problem, plan, own_runs(plan, lot)), lot)
    pieces = {run: int(plan.entry_pieces[entry]) for run, entry in runs}
    left = int(problem.lots.quantity[lot]) - sum(pieces.values())
    last = runs[-1][0] if runs else -1
    return Explanation(
        lot=lot,
        machines=tuple(int(plan.machine[run]) for run, _ in runs),
        arrival_s=_arrival(problem, plan, lot, last) if runs else -np.inf,
        due_s=float(problem.lots.due_s[lot]),
        cost=_cost(problem, plan, lot, [run for run, _ in runs]),
        waits=_waits(problem, plan, lot, last) if runs else (),
        alternatives=alternatives[:MOST_ALTERNATIVES],
        left_out=_left_out(problem, lot),
        earlier=_earlier(problem, plan, lot, runs, alternatives) if runs else (),
        pieces_left=left,
        reasons=_why_left(problem, lot, alternatives) if left else (),
    )


def _runs_of(problem: Problem, plan: Plan, lot: int) -> list[tuple[int, int]]:
    """Runs and entries of a lot, in order of arrival."""
    entries = np.flatnonzero(plan.entry_lot == lot)
    runs = np.searchsorted(plan.entry_first, entries, side="right") - 1
    found = list(zip(runs.tolist(), entries.tolist(), strict=True))
    return sorted(found, key=lambda pair: _arrival(problem, plan, lot, pair[0]))


def _leg_s(problem: Problem, lot: int, machine: int) -> float:
    return float(problem.workshops.ship_s[problem.lots.place[lot], problem.machines.workshop[machine]])


def _arrival(problem: Problem, plan: Plan, lot: int, run: int) -> float:
    return float(plan.end_s[run]) + _leg_s(problem, lot, int(plan.machine[run]))


def _waits(problem: Problem, plan: Plan, lot: int, run: int) -> tuple[Wait, ...]:
    """What held the run up, each limit from where the one before ended; then the run's own course."""
    begin, start, end = float(plan.begin_s[run]), float(plan.start_s[run]), float(plan.end_s[run])
    waits: list[Wait] = []
    at = problem.now_s
    for limit in sorted(_limits(problem, plan, lot, run), key=lambda wait: wait.until_s):
        until = min(limit.until_s, begin)
        if until <= at + NOTICED_S:
            continue
        if waits and waits[-1].cause is limit.cause:
            lots = dict.fromkeys((*waits[-1].lots, *limit.lots))
            waits[-1] = Wait(limit.cause, waits[-1].from_s, until, tuple(lots))
        else:
            waits.append(Wait(limit.cause, at, until, limit.lots))
        at = until
    if begin > at + NOTICED_S:
        waits.append(Wait(Cause.LEFT, at, begin))
    waits += [Wait(Cause.CHANGE, begin, start), Wait(Cause.RUN, start, end)]
    waits.append(Wait(Cause.TRANSPORT, end, _arrival(problem, plan, lot, run)))
    return tuple(waits)


def _limits(problem: Problem, plan: Plan, lot: int, run: int) -> list[Wait]:
    machine, begin = int(plan.machine[run]), float(plan.begin_s[run])
    machines, shop, now = problem.machines, int(problem.machines.workshop[machine]), problem.now_s
    limits = [
        Wait(Cause.NOT_READY, now, float(machines.ready_s[machine])),
        Wait(Cause.RELEASE, now, float(problem.lots.release_s[lot] - (plan.start_s[run] - begin))),
    ]
    before = np.flatnonzero((plan.machine == machine) & (plan.end_s <= begin + 1e-3))
    for other in before.tolist():
        lots = plan.entry_lot[plan.entry_first[other] : plan.entry_first[other + 1]].tolist()
        limits.append(Wait(Cause.MACHINE, float(plan.begin_s[other]), float(plan.end_s[other]), tuple(lots)))
    for until in machines.block_s[machines.block_machine == machine, 1].tolist():
        limits.append(Wait(Cause.BLOCKED, now, until) if until <= begin + 1e-3 else Wait(Cause.BLOCKED, now, now))
    shifts = problem.workshops.shift_s[slice(*problem.workshops.shift_first[shop : shop + 2])]
    opened = shifts[shifts[:, 0] <= begin + 1e-3, 0]
    if len(opened):
        limits.append(Wait(Cause.NOBODY, now, float(opened[-1])))
    until_s = plan.start_s + problem.classes.watch_s[machines.kind[plan.machine]]
    freeing = (machines.workshop[plan.machine] == shop) & (np.abs(until_s - begin) <= 1e-3) & (plan.machine != machine)
    if freeing.any():
        limits.append(Wait(Cause.PEOPLE, now, begin))
    return limits


def _alternatives(problem: Problem, slots: Slots, lot: int) -> tuple[Alternative, ...]:
    """Every machine that may make the lot."""
    barred = set(problem.barred.machine[problem.barred.lot == lot].tolist())
    able = problem.lots.per_plate[lot, problem.machines.kind] > 0
    found = []
    for machine in np.flatnonzero(able & np.isfinite(problem.machines.ready_s)).tolist():
        if machine in barred or not np.isfinite(_leg_s(problem, lot, machine)):
            continue
        course = slots.whole(lot, machine, int(problem.lots.quantity[lot]))
        arrival = course[-1].end_s + _leg_s(problem, lot, machine) if course else np.inf
        shop = int(problem.machines.workshop[machine])
        working = sum(slot.end_s - slot.begin_s for slot in course)
        people = sum(slot.start_s - slot.begin_s for slot in course)
        cost = working * float(problem.classes.cost_per_s[problem.machines.kind[machine]])
        cost += people * float(problem.workshops.operator_cost_per_s[shop])
        cost += float(problem.workshops.ship_cost[problem.lots.place[lot], shop])
        found.append(Alternative(machine, float(arrival), cost))
    return tuple(sorted(found, key=lambda way: (way.arrival_s, way.cost, way.machine)))


def _left_out(problem: Problem, lot: int) -> tuple[LeftOut, ...]:
    classes = [
        LeftOut(kind, -1, problem.reasons[int(problem.lots.reason[lot, kind])])
        for kind in np.flatnonzero(problem.lots.per_plate[lot] == 0).tolist()
    ]
    barred = problem.barred
    single = [
        LeftOut(int(problem.machines.kind[machine]), machine, problem.reasons[reason])
        for machine, reason in zip(
            barred.machine[barred.lot == lot].tolist(), barred.reason[barred.lot == lot].tolist(), strict=True
        )
    ]
    return (*classes, *single)


def _cost(problem: Problem, plan: Plan, lot: int, runs: list[int]) -> float:
    kinds, shops = problem.machines.kind[plan.machine[runs]], problem.machines.workshop[plan.machine[runs]]
    working = (plan.end_s[runs] - plan.begin_s[runs]) * problem.classes.cost_per_s[kinds]
    people = plan.start_s[runs] - plan.begin_s[runs] + problem.classes.watch_s[kinds]
    wages = people * problem.workshops.operator_cost_per_s[shops]
    parcels = problem.workshops.ship_cost[problem.lots.place[lot], np.unique(shops)]
    return float(working.sum() + wages.sum() + parcels.sum())


def _earlier(
    problem: Problem,
    plan: Plan,
    lot: int,
    runs: list[tuple[int, int]],
    alternatives: tuple[Alternative, ...],
) -> tuple[Earlier, ...]:
    run, entry = runs[-1]
    machine, pieces = int(plan.machine[run]), int(plan.entry_pieces[entry])
    arrival, leg = _arrival(problem, plan, lot, run), _leg_s(problem, lot, machine)
    # The lot is there with its last run: the gain ends where the run before takes that place.
    before = _arrival(problem, plan, lot, runs[-2][0]) if len(runs) > 1 else -np.inf
    slots = Slots(problem, plan, {run} & set(own_runs(plan, lot)))
    usual = slots.first(lot, machine, pieces)
    found = []
    for change, limits in (
        (Change.RELEASE, Lifted(release=True)),
        (Change.PERSON, Lifted(people=True)),
        (Change.SHIFT, Lifted(shifts=True)),
        (Change.QUEUE, Lifted(queue=True)),
    ):
        slot = slots.first(lot, machine, pieces, limits)
        if slot is not None and (usual is None or slot.end_s < usual.end_s):
            found.append((change, slot.end_s + leg))
    nearest = float(problem.workshops.ship_s[problem.lots.place[lot]].min())
    found.append((Change.NEARER, arrival - leg + nearest))
    if alternatives:
        found.append((Change.ELSEWHERE, alternatives[0].arrival_s))
        found.append((Change.SPLIT, _split(problem, plan, lot, run, pieces, alternatives)))
    gains = [Earlier(change, arrival - max(when, before)) for change, when in found]
    return tuple(sorted((gain for gain in gains if gain.gain_s > NOTICED_S), key=lambda gain: -gain.gain_s))


def _split(
    problem: Problem,
    plan: Plan,
    lot: int,
    run: int,
    pieces: int,
    alternatives: tuple[Alternative, ...],
) -> float:
    """When all is there, were half of the last run made on another machine; inf where it can't be."""
    machine, half = int(plan.machine[run]), pieces // 2
    if half == 0:
        return float(np.inf)
    kind = int(problem.machines.kind[machine])
    # The other half stays, and so does the person who starts it.
    slots = Slots(problem, plan, ())
    here = _arrival(problem, plan, lot, run) - half * float(problem.lots.piece_s[lot, kind])
    there = [
        course[-1].end_s + _leg_s(problem, lot, way.machine)
        for way in alternatives[: 2 * MOST_ALTERNATIVES]
        if way.machine != machine and (course := slots.whole(lot, way.machine, half))
    ]
    return max(here, min(there, default=float(np.inf)))


def _why_left(problem: Problem, lot: int, alternatives: tuple[Alternative, ...]) -> tuple[str, ...]:
    lots = problem.lots
    if not (lots.per_plate[lot] > 0).any():
        return tuple(dict.fromkeys(problem.reasons[reason] for reason in lots.reason[lot].tolist())) or ("no machines",)
    if not alternatives:
        return ("every machine that could is barred from it, takes no work, or isn't delivered from",)
    reasons = []
    if (
        lots.material[lot] >= 0
        and lots.use[lot] * lots.quantity[lot] > problem.workshops.stock[:, lots.material[lot]].max()
    ):
        reasons.append("no workshop has material for all of it")
    if alternatives[0].arrival_s == np.inf:
        reasons.append("no single machine is free for it before the horizon")
    elif alternatives[0].arrival_s > lots.deadline_s[lot]:
        reasons.append("on no single machine would it arrive by its deadline")
    return tuple(reasons) or ("what it would displace or cost counts more than leaving it out",)

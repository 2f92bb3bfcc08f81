"""A plan that is being carried out, with plates: what is open goes in beside it, and moves it where that is worth it.

Open lots are planned beside the runs there are, which keep machine and turn. Then what is late, or in a hurry, is
placed anew among all of them: runs that nobody has begun may give way, promises may not.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from broker.scheduling.errors import Infeasible, NestingFault
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.network.check import check, require_feasible
from broker.scheduling.network.events import Reconsidered, Tier
from broker.scheduling.network.export import plan_of
from broker.scheduling.network.figures import arrivals
from broker.scheduling.network.live import LivePlan, live_plan
from broker.scheduling.network.posed import posed
from broker.scheduling.network.problem import Floats, Ints, Plan, Problem, Unplanned
from broker.scheduling.network.replan import replan
from broker.scheduling.plates.beside import beside, renumbered, some
from broker.scheduling.plates.capacity import NESTING_FAILS, fitted
from broker.scheduling.plates.check import require_laid_out
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.layout import Entries, layout
from broker.scheduling.plates.placed import Layout
from broker.scheduling.plates.retime import retimed
from broker.scheduling.plates.runs import Planned, runs_of
from broker.scheduling.plates.solve import plated
from broker.scheduling.stopping import Stop

WORTH_MOVING_S = 60.0
"""Of lateness, summed over lots: for less nobody's run moves."""
MOST_LATE = 12
"""Lots placed anew at once, the latest: what their tables hold takes a nest each."""


@dataclass(frozen=True, slots=True)
class Underway:
    problem: Problem
    """Its `per_plate` is an upper limit that the shapes may lower."""
    geometry: Geometry
    runs: tuple[Planned, ...]
    """That may move, in the order in which they begin."""
    promised_s: Floats
    """[N] arrival promised; inf: nothing is."""
    first: int
    """Lots from here on are open: none of the runs makes any of them."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A run that is to be."""

    machine: int
    entries: Entries
    begin_s: float
    start_s: float
    end_s: float
    layout: Layout


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that stays on its machine."""

    run: int
    start_s: float
    end_s: float
    later_s: float
    """Than it would have been; < 0: earlier."""


@dataclass(frozen=True, slots=True)
class Change:
    """From the runs there are to a plan of everything."""

    fresh: tuple[Fresh, ...]
    gone: tuple[int, ...]
    """Of the runs there were: what they held is in fresh ones."""
    kept: tuple[Kept, ...]
    """Empty where nothing moved."""
    left: tuple[Unplanned, ...]
    judged: Problem
    """The problem of the open lots alone, from 0 on, as their shapes were judged."""
    faults: tuple[str, ...] = ()
    """Why a better plan was thrown away: a fault of the solver's."""


def go_on(
    plan: Underway, hurried: Sequence[int], stop: Stop, seed: int, *, finish: Stop, still: bool = False
) -> Change:
    """Every open lot planned; for what is `hurried`, is late or finds no place, the plan is moved where that helps.

    `still`: nothing is moved.

    Raises
    ------
    Infeasible
        For a fault of the solver's.
    """
    nester = Nester(plan.geometry.shapes)
    queue, _ = retimed(plan.problem, plan.runs)
    change = _opened(plan, queue, nester, stop, seed, finish)
    if still or not plan.runs:
        return change
    try:
        return _moved(plan, queue, change, tuple(hurried), nester, seed)
    except NESTING_FAILS as error:
        return replace(change, faults=(str(error),))


def _opened(plan: Underway, queue: Plan, nester: Nester, stop: Stop, seed: int, finish: Stop) -> Change:
    """Beside what there is."""
    problem, geometry = beside(plan.problem, plan.geometry, queue, plan.first)
    judged = fitted(problem, geometry, nester)
    if not len(judged.lots.quantity):
        return Change((), (), (), (), judged)
    found = plated(judged, geometry, nester, stop, seed, finish=finish)
    require_feasible(found.problem, found.result)
    require_laid_out(found.problem, geometry, found.result.plan, found.layouts)
    of = found.result.plan
    runs, layouts = renumbered(of, found.layouts, plan.first)
    times = zip(of.begin_s.tolist(), of.start_s.tolist(), of.end_s.tolist(), strict=True)
    fresh = [Fresh(run.machine, run.entries, *time, lies) for run, time, lies in zip(runs, times, layouts, strict=True)]
    left = tuple(replace(one, lot=one.lot + plan.first) for one in found.result.unplanned)
    return Change(tuple(fresh), (), (), left, found.problem)


def _moved(plan: Underway, queue: Plan, opened: Change, hurried: tuple[int, ...], nester: Nester, seed: int) -> Change:
    """A change that is better for more than it moves; otherwise the one there is.

    Raises Infeasible, NestingFault and what else a nest may end in.
    """
    stands, lost = together(plan.problem, queue, opened.fresh)
    before = _arrivals(plan.problem, stands)
    late = _late(plan, before, opened)
    if lost or not (hurried or len(late)):
        return opened
    judged, stuck = _judged(plan, stands, np.union1d(late[:MOST_LATE], hurried).astype(np.int64), nester)
    live = live_plan(judged, stands, plan.promised_s, seed, spare_lots=1)
    replan(live, Reconsidered(tuple(lot for lot in hurried if lot not in stuck), Tier.EXPRESS), lambda: True, seed)
    again = tuple(lot for lot in late[:MOST_LATE].tolist() if lot not in stuck)
    replan(live, Reconsidered(again), lambda: True, seed)
    after = _arrivals(judged, plan_of(live.state))
    sooner = [lot for lot in hurried if after[lot] < before[lot] - WORTH_MOVING_S]
    if not sooner and _lateness_s(plan, before) - _lateness_s(plan, after) < WORTH_MOVING_S:
        return opened
    return _difference(plan, stands, live, opened, nester)


def together(problem: Problem, queue: Plan, fresh: Sequence[Fresh]) -> tuple[Plan, tuple[Planned, ...]]:
    """Both, each in its turn; and what finds no time."""
    runs = [(begin, run) for begin, run in zip(queue.begin_s.tolist(), runs_of(queue), strict=True)]
    runs += [(run.begin_s, Planned(run.machine, run.entries)) for run in fresh]
    return retimed(problem, [run for _, run in sorted(runs, key=lambda one: one[0])])


def _arrivals(problem: Problem, plan: Plan) -> Floats:
    """[N] inf: not all of it is planned."""
    held = np.bincount(plan.entry_lot, plan.entry_pieces, minlength=len(problem.lots.quantity))
    return np.where(held < problem.lots.quantity, np.inf, arrivals(problem, plan))


def _late(plan: Underway, arrival_s: Floats, opened: Change) -> Ints:
    """Lots that miss their promise by enough to move something, or find no place; the latest first."""
    able = np.ones(len(arrival_s), dtype=np.bool_)
    able[plan.first :] = (opened.judged.lots.per_plate > 0).any(axis=1)
    unmade = np.isinf(arrival_s) & (arrival_s > 0)
    late = np.where(unmade, np.inf, np.where(unmade, 0.0, arrival_s) - plan.promised_s)
    lots = np.flatnonzero(able & (late > WORTH_MOVING_S))
    found: Ints = lots[np.argsort(-late[lots], kind="stable")]
    return found


def _lateness_s(plan: Underway, arrival_s: Floats) -> float:
    """What isn't made at all counts as made when the horizon ends."""
    horizon = plan.problem.horizon_s
    promised = np.minimum(plan.promised_s, horizon)
    return float(np.clip(np.minimum(arrival_s, horizon) - promised, 0.0, None).sum())


def _judged(plan: Underway, stands: Plan, lots: Ints, nester: Nester) -> tuple[Problem, frozenset[int]]:
    """The problem with what shapes say of these lots; and those of which a plate holds more than they say it may.

    The others stay where they are: nobody asks what else holds them.
    """
    part = fitted(*some(plan.problem, plan.geometry, lots), nester)
    per_plate, reason = plan.problem.lots.per_plate.copy(), plan.problem.lots.reason.copy()
    per_plate[lots], reason[lots] = part.lots.per_plate, part.lots.reason
    run = np.repeat(np.arange(len(stands.machine)), np.diff(stands.entry_first))
    held = stands.entry_pieces > per_plate[stands.entry_lot, plan.problem.machines.kind[stands.machine[run]]]
    stuck = np.unique(stands.entry_lot[held])
    per_plate[stuck], reason[stuck] = plan.problem.lots.per_plate[stuck], plan.problem.lots.reason[stuck]
    judged = replace(plan.problem.lots, per_plate=per_plate, reason=reason)
    return replace(plan.problem, lots=judged, reasons=part.reasons), frozenset(stuck.tolist())


def _difference(plan: Underway, stands: Plan, live: LivePlan, opened: Change, nester: Nester) -> Change:
    after = plan_of(live.state)
    if wrong := check(*posed(live)):
        raise Infeasible(wrong)
    kept, gone, left = matched(plan.runs, stands, after)
    known = {(run.machine, run.entries): run.layout for run in opened.fresh}
    runs = runs_of(after)
    fresh = [
        Fresh(
            runs[number].machine,
            runs[number].entries,
            float(after.begin_s[number]),
            float(after.start_s[number]),
            float(after.end_s[number]),
            known.get((runs[number].machine, runs[number].entries)) or _laid(plan, nester, runs[number]),
        )
        for number in left
    ]
    return replace(opened, fresh=tuple(fresh), gone=gone, kept=kept, left=_unplanned(live, opened))


def _laid(plan: Underway, nester: Nester, run: Planned) -> Layout:
    found = layout(plan.geometry, nester, int(plan.problem.machines.kind[run.machine]), run.entries)
    if not found:
        raise NestingFault("a run holds nothing")
    return found


def matched(
    runs: Sequence[Planned], stands: Plan, after: Plan
) -> tuple[tuple[Kept, ...], tuple[int, ...], tuple[int, ...]]:
    """Which of the runs stay, which go, and which of the plan's are new. A run stays if its machine makes the same."""
    there, now = _places(stands), _places(after)
    kept, gone = [], []
    for number, run in enumerate(runs):
        key = run.machine, run.entries
        was = there[key].pop(0)
        if not now[key]:
            gone.append(number)
            continue
        place = now[key].pop(0)
        later_s = float(after.start_s[place] - stands.start_s[was])
        kept.append(Kept(number, float(after.start_s[place]), float(after.end_s[place]), later_s))
    return tuple(kept), tuple(gone), tuple(sorted(place for places in now.values() for place in places))


def _places(plan: Plan) -> defaultdict[tuple[int, Entries], list[int]]:
    found: defaultdict[tuple[int, Entries], list[int]] = defaultdict(list)
    for place, run in enumerate(runs_of(plan)):
        found[run.machine, run.entries].append(place)
    return found


def _unplanned(live: LivePlan, opened: Change) -> tuple[Unplanned, ...]:
    missing = live.world.lots["quantity"] - live.state.tallies["pieces"]
    return tuple(replace(one, pieces=int(missing[one.lot])) for one in opened.left if missing[one.lot] > 0)

"""Plans for a network: list schedules by several rules, the best of them improved until the stop says so."""

import numpy as np

from broker.scheduling.network.bound import bounds
from broker.scheduling.network.course import Course
from broker.scheduling.network.dispatch import Rule, dispatch
from broker.scheduling.network.export import plan_of
from broker.scheduling.network.figures import figures
from broker.scheduling.network.load import drop_unmade, load
from broker.scheduling.network.objective import Objective
from broker.scheduling.network.problem import Bounds, Problem, Result, Step, Unplanned
from broker.scheduling.network.state import State, empty_state
from broker.scheduling.network.walks import search_of
from broker.scheduling.network.world import World, world
from broker.scheduling.stopping import Stop, share

RULES = (
    Rule(work=5.0, setup=200.0, idle=15.0),
    Rule(work=2.0, setup=200.0, idle=6.0),
    Rule(work=10.0, setup=400.0, idle=20.0),
    Rule(work=20.0, setup=800.0, idle=20.0),
    Rule(work=1.0, setup=100.0, idle=3.0),
)


_HUGE = 50_000
"""Lots from which on the first rule must do: each takes as long as a hundred stretches of the search."""


def solve(
    problem: Problem,
    stop: Stop,
    seed: int,
    *,
    objective: Objective = Objective.TARDINESS,
    threads: int = 2,
    bounded: bool = True,
) -> Result:
    """A plan as good as is found until `stop` says so, and always one that is feasible.

    What the objective asks for comes first, cost breaks ties. The same seed, threads and number of times that `stop` is
    asked give the same plan. Without `bounded` the bounds are those that hold for any problem: for large ones `bounds`
    takes seconds, which no stop ends.
    """
    laid = world(problem)
    known = bounds(problem) if bounded else _no_bounds(laid)
    course = None
    if objective is not Objective.TARDINESS:
        course = Course(laid, objective, known.makespan_s, lambda: share(stop))
    state, trace = _first(laid, stop, seed, course)
    if len(laid.lots) and len(laid.of_kind) and not stop():
        search = search_of(laid, state, trace, seed, threads, course)
        del state
        state = search(stop)
    plan = plan_of(state)
    return Result(
        plan=plan,
        unplanned=_unplanned(problem, laid, state),
        figures=figures(problem, plan),
        bounds=known,
        trace=tuple(trace),
        objective=objective,
    )


def _no_bounds(laid: World) -> Bounds:
    return Bounds(tardiness=0.0, makespan_s=0.0, earned_use=1.0, lots_done=len(laid.lots))


def _first(laid: World, stop: Stop, seed: int, course: Course | None) -> tuple[State, list[Step]]:
    """The best of the rules' plans."""
    best = _by_rule(laid, RULES[0], seed)
    trace = [_step(0, best, course)]
    rules = RULES[:1] if len(laid.lots) >= _HUGE else RULES
    for number, rule in enumerate(rules[1:], 1):
        if stop():
            break
        other = _by_rule(laid, rule, seed)
        if _key(other, course) < _key(best, course):
            best = other
        trace.append(_step(number, best, course))
    return best, trace


def _by_rule(laid: World, rule: Rule, seed: int) -> State:
    rows = dispatch(laid, rule, np.ones(len(laid.lots), dtype=np.int64))
    state = empty_state(laid, _room(laid, len(rows)), seed)
    load(laid, state, rows)
    drop_unmade(laid, state)
    return state


def _room(laid: World, runs: int) -> int:
    """Runs for which there is place: as many as there are pieces, where these are few."""
    return min(int(laid.lots["quantity"].sum()), max(20_000, runs + runs // 5 + len(laid.lots) // 4)) + 1


def _key(state: State, course: Course | None) -> tuple[float, ...]:
    if course is not None:
        return course.score(state)
    head = state.head[0]
    return round(float(head["worth"]), 3), float(head["cost"])


def _step(iteration: int, state: State, course: Course | None) -> Step:
    if course is not None:
        return course.step(iteration, course.score(state))
    return Step(iteration, float(state.head[0]["worth"]), float(state.head[0]["cost"]))


def _unplanned(problem: Problem, laid: World, state: State) -> tuple[Unplanned, ...]:
    left = laid.lots["quantity"] - state.tallies["pieces"]
    return tuple(Unplanned(lot, int(left[lot]), _reason(problem, lot)) for lot in np.flatnonzero(left > 0).tolist())


def _reason(problem: Problem, lot: int) -> str:
    if (problem.lots.per_plate[lot] > 0).any():
        return "no room for it within the horizon that costs less than doing without"
    return problem.reasons[int(problem.lots.reason[lot, 0])] if problem.lots.reason.shape[1] else "no machines"

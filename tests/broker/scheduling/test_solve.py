"""Plans of the batches that workshops get, judged by `check`."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.check import check, require_feasible
from broker.scheduling.problem import Problem, Result
from broker.scheduling.solve import solve
from tests.broker.scheduling.workshops import DEMO, REAL, WORKSHOPS, Line, box, never, problem, ring


def plates(result: Result) -> list[tuple[object, ...]]:
    return [
        (p.machine, p.family, p.start_s, p.end_s, [(x.line, x.pose, x.at.tolist()) for x in p.placed])
        for p in result.plates
    ]


def made(result: Result, line: int) -> int:
    return sum(len(placed.at) for plate in result.plates for placed in plate.placed if placed.line == line)


@pytest.mark.parametrize("lines", [DEMO, REAL], ids=["demo", "real"])
def test_both_printing_workshops_and_the_router_work(lines: tuple[Line, ...]) -> None:
    asked = problem(lines)
    result = solve(asked, never, 3)
    require_feasible(asked, result)
    assert {WORKSHOPS[plate.machine] for plate in result.plates} == {0, 1, 2}
    assert [made(result, line) for line in range(3)] == [line.quantity for line in lines]
    assert result.makespan_s <= 1.35 * result.bound_makespan_s
    assert result.unplanned == ()


def test_one_seed_one_plan() -> None:
    asked = problem(DEMO)
    assert plates(solve(asked, never, 7)) == plates(solve(asked, never, 7))


def test_stopped_at_once_there_is_still_a_plan() -> None:
    asked = problem(REAL)
    require_feasible(asked, solve(asked, lambda: True, 0))


def test_a_long_search_is_never_worse_than_a_short_one() -> None:
    late = tuple(replace(line, due_s=9000.0) for line in DEMO)
    asked = problem(late)
    short, long = solve(asked, lambda: True, 0), solve(asked, never, 0)
    assert long.tardiness <= short.tardiness


def test_a_split_that_isn_t_worth_a_parcel_isn_t_made() -> None:
    quick = problem((Line(box(40, 30, 20), 4, 0, 60),), ship_cost=600)
    result = solve(quick, never, 0)
    require_feasible(quick, result)
    assert len(result.plates) == 1


def test_a_due_date_decides_who_comes_first() -> None:
    asked = problem(
        (Line(box(100, 100, 20), 9, 0, 3000), Line(ring(100, 12), 9, 1, 3000, due_s=15000)),
        ready_s=(0, np.inf, np.inf, 0),
    )
    result = solve(asked, never, 0)
    require_feasible(asked, result)
    assert result.plates[0].family == 1


def test_orders_share_a_plate_but_not_a_parcel() -> None:
    lines = (Line(box(40, 30, 20), 2, 0, 60), Line(box(30, 30, 20), 2, 0, 60))
    alone, apart = (
        problem(lines, ready_s=(0, np.inf, np.inf, np.inf)),
        problem(lines, orders=(0, 1), ready_s=(0, np.inf, np.inf, np.inf)),
    )
    one, two = solve(alone, never, 0), solve(apart, never, 0)
    require_feasible(apart, two)
    assert len(one.plates) == len(two.plates) == 1
    assert two.cost == pytest.approx(one.cost + 600)


def test_a_release_is_waited_for() -> None:
    asked = problem((Line(box(40, 30, 20), 4, 0, 60, release_s=5000),))
    result = solve(asked, never, 0)
    require_feasible(asked, result)
    assert result.plates[0].start_s == 5000


def test_a_loaded_family_needs_no_change() -> None:
    asked = problem((Line(box(40, 30, 20), 4, 0, 60),), ready_s=(0, np.inf, np.inf, np.inf))
    asked = replace(asked, machine_family=np.array([0, -1, -1, -1]))
    assert solve(asked, never, 0).plates[0].start_s == 240


def test_what_nobody_can_make_is_left_out_with_the_reason() -> None:
    asked = problem(
        (Line(box(400, 400, 20), 3, 0, 60), Line(box(40, 30, 20), 0, 0, 60), Line(box(40, 30, 20), 1, 0, 60))
    )
    result = solve(asked, never, 0)
    require_feasible(asked, result)
    (left,) = result.unplanned
    assert (left.line, left.pieces) == (0, 3)
    assert "no machine can make it: part is 400.0 × 400.0 × 20.0 mm" in left.reason
    assert made(result, 1) == 0
    assert made(result, 2) == 1


def test_nothing_to_do_and_nobody_to_do_it() -> None:
    empty = solve(problem(()), never, 0)
    assert (empty.plates, empty.makespan_s, empty.bound_makespan_s) == ((), 0.0, 0.0)
    nobody = problem(DEMO, ready_s=(np.inf,) * 4)
    result = solve(nobody, never, 0)
    assert check(nobody, result) == ()
    assert len(result.unplanned) == 3


def test_a_billion_pieces_are_answered_not_attempted() -> None:
    asked = problem((Line(box(200, 170, 20), 10**9, 0, 60),), ready_s=(0, np.inf, np.inf, np.inf))
    asked = replace(asked, line_quantity=np.array([10**9]))
    result = solve(asked, lambda: True, 0)
    (left,) = result.unplanned
    assert left.pieces == 10**9 - 2000
    assert left.reason == "more than 2000 pieces of it at once aren't planned"
    assert len(result.plates) == 2000


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    lines = draw(
        st.lists(
            st.builds(
                Line,
                shape=st.builds(box, st.integers(5, 240), st.integers(5, 120), st.integers(2, 29)),
                quantity=st.integers(0, 30),
                family=st.integers(0, 2),
                piece_s=st.integers(0, 4000),
                sheet=st.booleans(),
                due_s=st.sampled_from([np.inf, 0.0, 20000.0]),
                release_s=st.sampled_from([0.0, 777.0]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    orders = draw(st.lists(st.integers(0, 2), min_size=len(lines), max_size=len(lines)))
    ready = draw(st.tuples(*[st.sampled_from([0.0, 500.0, np.inf])] * 4))
    return problem(tuple(lines), orders=tuple(orders), ready_s=ready)


@given(problems(), st.integers(0, 400))
@settings(deadline=None, max_examples=20)
def test_any_plan_holds(asked: Problem, moves: int) -> None:
    left = iter(range(moves))
    require_feasible(asked, solve(asked, lambda: next(left, None) is None, moves))

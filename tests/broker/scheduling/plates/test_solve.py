"""Plans with their plates: all laid out, remainders together, and never worse for it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nest import Nest
from broker.scheduling.nesting.nester import Nester, Wanted
from broker.scheduling.network.check import check, require_feasible
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.capacity import fitted
from broker.scheduling.plates.check import require_laid_out
from broker.scheduling.plates.company import parted
from broker.scheduling.plates.descent import bettered, score
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.layout import Lying
from broker.scheduling.plates.retime import Planned, retimed, runs_of
from broker.scheduling.plates.solve import Plated, plated, solve_plates
from broker.scheduling.stopping import AfterIterations, Stop
from tests.broker.scheduling.plates.town import DAY_S, Part, box, geometry, problem

PAIR = (Part(box(30, 20), 3, piece_s=60), Part(box(25, 25), 2, piece_s=60))


SHORT = 8
"""Times that a search asks whether it should stop."""


def never() -> bool:
    return False


def solved(asked: Problem, shapes: Geometry) -> Plated:
    made = solve_plates(asked, shapes, AfterIterations(SHORT), 1)
    require_feasible(made.problem, made.result)
    require_laid_out(made.problem, shapes, made.result.plan, made.layouts)
    return made


def lying(asked: Problem, shapes: Geometry) -> Lying:
    return Lying(asked, shapes, Nester(shapes.shapes))


def better_than(asked: Problem, plan: Plan, parts: Sequence[Part], stop: Stop = never) -> Plan:
    return bettered(asked, plan, lying(asked, geometry(parts)), stop, np.random.default_rng(1))


def on_one_machine(asked: Problem) -> Problem:
    return replace(asked, machines=replace(asked.machines, ready_s=np.array([0.0, np.inf, np.inf, 0.0])))


def test_everything_is_made_laid_out_and_told() -> None:
    parts = (
        Part(box(40, 30), 20),
        Part(box(30, 30), 12, family=1),
        Part(box(100, 80, 3), 6, family=2),
        Part(box(400, 300), 2),
        Part(box(20, 30), 0),
    )
    made = solved(problem(parts), geometry(parts))
    assert [(left.lot, left.pieces) for left in made.result.unplanned] == [(3, 2)]
    assert {placed.lot for layout in made.layouts for placed in layout} == {0, 1, 2}
    assert (made.problem.lots.per_plate[3] == 0).all()


class _Forgetful(Nester):
    """Doesn't lay out the first shape, however much of it a table holds."""

    def nest(self, bed: Bed, wanted: Wanted) -> Nest | None:
        return None if any(shape == 0 for shape, _ in wanted) else super().nest(bed, wanted)


def test_what_the_nester_loses_is_left_out_alone() -> None:
    parts = (Part(box(40, 30), 3), Part(box(30, 30), 12))
    nester = _Forgetful(geometry(parts).shapes)
    judged = fitted(problem(parts), geometry(parts), nester)
    made = plated(judged, geometry(parts), nester, AfterIterations(SHORT), 1, finish=never)
    assert {placed.lot for layout in made.layouts for placed in layout} == {1}
    assert [(left.lot, left.pieces) for left in made.result.unplanned] == [(0, 3)]
    assert "can't be laid out" in made.problem.reasons[int(made.problem.lots.reason[0, 0])]


def test_what_is_small_shares_a_plate_unless_somebody_minds() -> None:
    one = solved(on_one_machine(problem(PAIR)), geometry(PAIR))
    assert [sorted(placed.lot for placed in layout) for layout in one.layouts] == [[0, 1]]
    minds = (replace(PAIR[0], share=-1), PAIR[1])
    assert len(solved(on_one_machine(problem(minds)), geometry(minds)).layouts) == 2
    alone = replace(geometry(PAIR), alone=np.ones(4, dtype=np.bool_))
    assert len(solved(on_one_machine(problem(PAIR)), alone).layouts) == 2


def test_what_takes_long_waits_for_nobody() -> None:
    parts = (Part(box(30, 20), 1, piece_s=60), Part(box(25, 25), 1, piece_s=30_000))
    assert len(solved(on_one_machine(problem(parts)), geometry(parts)).layouts) == 2


def test_a_run_that_does_not_lie_together_is_parted() -> None:
    parts = (Part(box(100, 80), 4), Part(box(100, 80), 4), Part(box(30, 20), 2))
    asked = fitted(problem(parts), geometry(parts), Nester(geometry(parts).shapes))
    runs = parted([Planned(0, ((0, 3), (1, 3), (2, 2)))], lying(asked, geometry(parts)))
    assert [run.entries for run in runs] == [((0, 3), (2, 2)), ((1, 3),)]


def test_a_merge_that_makes_the_plan_worse_is_not_made() -> None:
    parts = (replace(PAIR[0], due_s=4300.0), replace(PAIR[1], piece_s=900.0))
    asked = fitted(on_one_machine(problem(parts)), geometry(parts), Nester(geometry(parts).shapes))
    plan, late = retimed(asked, [Planned(0, ((0, 3),)), Planned(0, ((1, 2),))])
    assert late == ()
    assert len(better_than(asked, plan, parts).machine) == 2


def test_a_barred_machine_takes_no_remainders() -> None:
    asked = problem(PAIR)
    barred = replace(asked.barred, lot=np.array([0]), machine=np.array([0]), reason=np.array([1]))
    asked = fitted(replace(asked, barred=barred), geometry(PAIR), Nester(geometry(PAIR).shapes))
    plan, _ = retimed(asked, [Planned(0, ((1, 2),)), Planned(1, ((0, 3),))])
    better = better_than(asked, plan, PAIR)
    assert [run.machine for run in runs_of(better)] == [1]
    assert check(asked, better) == ()


def with_hours(asked: Problem, *shifts: tuple[float, float]) -> Problem:
    rows = np.array(shifts * 2, dtype=np.float64)
    first = np.array([0, len(shifts), 2 * len(shifts)], dtype=np.int64)
    return replace(asked, workshops=replace(asked.workshops, shift_first=first, shift_s=rows))


def test_runs_wait_for_machines_people_shifts_and_blocks() -> None:
    parts = (Part(box(30, 20), 9), Part(box(90, 60), 9, family=2, piece_s=3000))
    asked = with_hours(problem(parts), (0.0, 7200.0), (DAY_S, DAY_S + 7200.0))
    blocked = replace(asked.machines, block_machine=np.array([1]), block_s=np.array([[500.0, 2000.0]]))
    asked = replace(asked, machines=blocked)
    runs = [Planned(0, ((0, 2),)), Planned(1, ((0, 2),)), Planned(3, ((1, 1),)), Planned(3, ((1, 1),))]
    plan, late = retimed(asked, runs)
    # The second waits for the person (660 s), then for its machine; the router's second piece for tomorrow.
    assert plan.machine.tolist() == [0, 3, 1, 3]
    assert plan.begin_s.tolist() == [0.0, 0.0, 2000.0, DAY_S]
    assert late == ()
    assert check(asked, plan) == ()


def test_what_has_no_time_is_given_back() -> None:
    asked = with_hours(problem(PAIR), (0.0, 600.0))
    plan, late = retimed(asked, [Planned(0, ((0, 1),)), Planned(0, ((1, 1),))])
    assert (len(plan.machine), [run.entries for run in late]) == (0, [((0, 1),), ((1, 1),)])
    nobody = replace(asked, workshops=replace(asked.workshops, operators=np.zeros(2, dtype=np.int64)))
    assert len(retimed(nobody, [Planned(0, ((0, 1),))])[1]) == 1


PARTS = st.lists(
    st.builds(
        Part,
        shape=st.builds(box, st.integers(5, 250), st.integers(5, 120), st.integers(2, 29)),
        quantity=st.integers(0, 30),
        family=st.integers(0, 3),
        piece_s=st.integers(1, 4000),
        share=st.sampled_from([-1, 0, 1]),
        due_s=st.sampled_from([np.inf, 0.0, 20_000.0]),
    ),
    min_size=1,
    max_size=4,
)


@given(PARTS, st.sampled_from([(0.0, 16 * DAY_S), (3600.0, 30_000.0)]))
@settings(deadline=None, max_examples=25)
def test_any_plan_holds(parts: list[Part], hours: tuple[float, float]) -> None:
    solved(with_hours(problem(parts), hours), geometry(parts))


@pytest.mark.parametrize("parts", [(), (Part(box(900, 900), 3),)])
def test_nothing_to_do(parts: tuple[Part, ...]) -> None:
    made = solved(problem(parts), geometry(parts))
    assert made.layouts == ()
    assert len(made.result.plan.machine) == 0


def test_a_large_lot_is_shared_out_over_idle_machines() -> None:
    parts = (Part(box(40, 30), 12, piece_s=3000),)
    plan = solved(problem(parts), geometry(parts)).result.plan
    assert set(plan.machine.tolist()) == {0, 1, 2}
    assert max(plan.end_s) < 5.5 * 3000


def test_who_is_stopped_at_once_keeps_the_plan() -> None:
    asked = fitted(problem(PAIR), geometry(PAIR), Nester(geometry(PAIR).shapes))
    plan, _ = retimed(asked, [Planned(0, ((0, 3),)), Planned(0, ((1, 2),))])
    assert better_than(asked, plan, PAIR, lambda: True) is plan


def test_a_bettered_plan_is_worth_more() -> None:
    parts = tuple(Part(box(20 + 5 * n, 20), 3, piece_s=100.0 * n + 50) for n in range(5))
    asked = fitted(problem(parts), geometry(parts), Nester(geometry(parts).shapes))
    plan, _ = retimed(asked, [Planned(n % 2, ((n, 3),)) for n in range(5)])
    better = better_than(asked, plan, parts)
    assert score(asked, better) < score(asked, plan)
    assert check(asked, better) == ()

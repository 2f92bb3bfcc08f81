"""Plans with their plates: all laid out, remainders together, and never worse for it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nest import Nest
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.patterns import Wanted
from broker.scheduling.network.check import require_feasible
from broker.scheduling.network.problem import Problem
from broker.scheduling.plates.capacity import fitted
from broker.scheduling.plates.check import require_laid_out
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.solve import Plated, plated, solve_plates
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.plates.town import DAY_S, LARGE, ROUTER, Part, box, geometry, problem, with_zone

PAIR = (Part(box(30, 20), 3, piece_s=60), Part(box(25, 25), 2, piece_s=60))

SHORT = 8
"""Times that a search asks whether it should stop."""


def never() -> bool:
    return False


def solved(asked: Problem, shapes: Geometry, finish: int = SHORT) -> Plated:
    made = solve_plates(asked, shapes, AfterIterations(SHORT), 1, finish=AfterIterations(finish))
    require_feasible(made.problem, made.result)
    require_laid_out(made.problem, shapes, made.result.plan, made.layouts)
    return made


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


def with_hours(asked: Problem, *shifts: tuple[float, float]) -> Problem:
    rows = np.array(shifts * 2, dtype=np.float64)
    first = np.array([0, len(shifts), 2 * len(shifts)], dtype=np.int64)
    return replace(asked, workshops=replace(asked.workshops, shift_first=first, shift_s=rows))


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
    plan = solved(problem(parts), geometry(parts), finish=100).result.plan
    assert set(plan.machine.tolist()) == {0, 1, 2}
    assert max(plan.end_s) < 5.5 * 3000


def test_parts_are_laid_around_clamps() -> None:
    parts = (Part(box(60, 40), 13), Part(box(30, 20), 9), Part(box(70, 50), 12, family=2))
    clamped = with_zone(geometry(parts), LARGE, (120.0, 100.0, 130.0, 110.0))
    clamped = with_zone(clamped, ROUTER, (0.0, 0.0, 60.0, 30.0), (540.0, 370.0, 600.0, 400.0))
    made = solved(problem(parts), clamped)
    assert made.result.unplanned == ()


def test_the_same_seed_gives_the_same_plan() -> None:
    parts = tuple(Part(box(20 + 5 * n, 20), 3, piece_s=100.0 * n + 50) for n in range(5))
    one, other = (solved(problem(parts), geometry(parts)).result.plan for _ in range(2))
    assert one.machine.tolist() == other.machine.tolist()
    assert one.end_s.tolist() == other.end_s.tolist()
    assert one.entry_pieces.tolist() == other.entry_pieces.tolist()

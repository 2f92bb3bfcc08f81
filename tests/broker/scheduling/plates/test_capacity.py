"""How many pieces a run holds, and the words where it holds none."""

import numpy as np
import pytest

from broker.scheduling.nesting.clear import clear_part
from broker.scheduling.nesting.nester import PIECES_PER_PLATE, Nester
from broker.scheduling.network.problem import Problem
from broker.scheduling.plates.capacity import fitted
from broker.scheduling.plates.geometry import Geometry, Table
from broker.scheduling.shapes import Pose, Shape
from tests.broker.scheduling.plates.town import LARGE, PRINTERS, ROUTER, SMALL, Part, box, geometry, problem, with_zone


def judged(*parts: Part, shapes: Geometry | None = None) -> Problem:
    where = shapes or geometry(parts)
    return fitted(problem(parts), where, Nester(where.shapes))


def reason(of: Problem, lot: int, kind: int) -> str:
    return of.reasons[int(of.lots.reason[lot, kind])]


def test_a_run_holds_what_lies_on_its_table() -> None:
    of = judged(Part(box(100, 80), 5), Part(box(100, 80, 3), 5, family=2), Part(box(100, 80, 3), 5, family=3))
    assert of.lots.per_plate[0].tolist() == [4, 1, 0]
    assert of.lots.per_plate[1, ROUTER] >= 20
    assert 4 <= of.lots.per_plate[2, ROUTER] <= 5
    assert (of.lots.reason > 0).tolist() == (of.lots.per_plate == 0).tolist()


def test_nobody_takes_more_off_a_plate_than_a_person_counts() -> None:
    of = judged(Part(box(1, 1), 5))
    assert of.lots.per_plate[0, LARGE] <= PIECES_PER_PLATE


def test_what_is_too_large_hears_which_limit_and_by_how_much() -> None:
    of = judged(Part(box(150, 20), 1), Part(box(20, 20, 150), 1))
    assert "part is 150.0 × 20.0 × 20.0 mm; fits 114.0 × 114.0 mm in no rotation" in reason(of, 0, SMALL)
    assert reason(of, 1, SMALL) == "part is 20.0 × 20.0 × 150.0 mm; too tall for 100.0 mm, by 50.0 mm"
    assert reason(of, 0, ROUTER) == "the machine does something else"
    assert of.lots.per_plate[:, LARGE].min() > 0


def test_a_part_whose_shape_is_no_shape_is_left_out_alone() -> None:
    knot = Shape((Pose(np.array([[0.0, 0.0], [20.0, 20.0], [20.0, 0.0], [0.0, 20.0]]), 5.0),))
    of = judged(Part(knot, 3), Part(box(20, 20), 3))
    assert of.lots.per_plate[0].tolist() == [0, 0, 0]
    assert reason(of, 0, LARGE).startswith("the part can't be laid out: outline")
    assert of.lots.per_plate[1, LARGE] > 0


@pytest.mark.parametrize(
    ("forbidden", "zones"),
    [
        ((0.0, 0.0, 20.0, 20.0), (((0.0, 0.0), (17.0, 0.0), (17.0, 17.0), (0.0, 17.0)),)),
        ((240.0, 100.0, 260.0, 110.0), (((237.0, 97.0), (244.0, 97.0), (244.0, 107.0), (237.0, 107.0)),)),
        ((247.0, 0.0, 400.0, 50.0), ()),
    ],
)
def test_a_clamp_bars_what_of_it_reaches_the_usable_area(
    forbidden: tuple[float, ...], zones: tuple[tuple[tuple[float, float], ...], ...]
) -> None:
    x0, y0, x1, y1 = forbidden
    assert Table(PRINTERS.usable_mm, 210.0, 6.0, ((x0, y0, x1, y1),)).bed.forbidden == zones


def test_parts_lie_around_a_clamp() -> None:
    parts = (Part(box(60, 40), 20), Part(box(200, 90), 2))
    clamped = with_zone(geometry(parts), LARGE, (120.0, 100.0, 130.0, 110.0))
    beside = clear_part(clamped.tables[LARGE].bed)
    assert beside is not None
    alone = [Nester(clamped.shapes).capacity(beside[0], shape) for shape in (0, 1)]
    free = judged(*parts).lots.per_plate[:, LARGE].tolist()
    around = judged(*parts, shapes=clamped).lots.per_plate[:, LARGE].tolist()
    assert (alone, around, free) == ([7, 1], [14, 2], [16, 2])


def test_a_table_under_clamps_alone_holds_nothing() -> None:
    parts = (Part(box(20, 20), 1),)
    of = judged(*parts, shapes=with_zone(geometry(parts), LARGE, (0.0, 0.0, 250.0, 210.0)))
    assert of.lots.per_plate[0, LARGE] == 0
    assert "clamps" in reason(of, 0, LARGE)

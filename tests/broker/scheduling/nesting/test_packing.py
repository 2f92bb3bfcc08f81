"""Parts on several plates: all of them, never an overlap, never off the plate or in a forbidden zone."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.packing import Packed, fewer_ways, packed
from broker.scheduling.shapes import Shape
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.nesting.test_nester import assert_sound, polygons, stars
from tests.broker.scheduling.workshops import angle_bracket, box, ring

BED = Bed(150, 120, 210, 3)


def counted(found: Packed) -> dict[int, int]:
    laid = [shape for nest in found.nests for shape in nest.shape]
    return {shape: laid.count(shape) for shape in sorted(set(laid))}


@given(
    st.lists(stars(), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.7, 2.0, 5.0]),
    st.sampled_from([None, (0.0,), (0.0, 180.0), (0.0, 37.0)]),
    st.integers(1, 6),
)
@settings(deadline=None, max_examples=15)
def test_all_that_fits_is_laid_soundly(
    shapes: list[Shape], spacing: float, angles: tuple[float, ...] | None, number: int
) -> None:
    bed = Bed(101.5, 93, 50, spacing)
    wanted = dict.fromkeys(range(len(shapes)), number)
    found = packed(Nester(shapes, angles), bed, wanted, AfterIterations(5))
    assert counted(found) | found.refused == wanted
    assert len(found.nests) >= found.bound
    for nest in found.nests:
        assert_sound(tuple(shapes), nest, bed)
        assert angles is None or set(nest.at[:, 2].tolist()) <= set(angles)


def test_no_part_lies_on_a_clamp() -> None:
    clamps = (((0.0, 0.0), (30.0, 0.0), (0.0, 30.0)), ((60.0, 50.0), (90.0, 50.0), (90.0, 70.0), (60.0, 70.0)))
    bed = Bed(150, 120, 210, 2, clamps)
    shapes = (box(31, 19, 5), ring(24, 5))
    found = packed(Nester(shapes), bed, {0: 12, 1: 12}, AfterIterations(10))
    assert counted(found) == {0: 12, 1: 12}
    for nest in found.nests:
        assert_sound(shapes, nest, bed)
        for piece in polygons(shapes, nest):
            assert max(piece.intersection(shapely.Polygon(clamp)).area for clamp in clamps) < 1e-3


def test_a_round_plate_is_its_square_with_forbidden_corners() -> None:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    disc = shapely.Polygon(60 + 60 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    corners = shapely.get_parts(shapely.box(0, 0, 120, 120).difference(disc))
    zones = tuple(tuple((float(x), float(y)) for x, y in corner.exterior.coords[:-1]) for corner in corners)
    shapes = (box(40, 30, 5),)
    found = packed(Nester(shapes), Bed(120, 120, 50, 2, zones), {0: 10}, AfterIterations(20))
    assert counted(found) == {0: 10}
    for nest in found.nests:
        assert all(disc.buffer(1e-3).covers(piece) for piece in polygons(shapes, nest))


def test_brackets_interlock_on_fewer_plates_than_first_fit_finds() -> None:
    shapes = (angle_bracket(60, 40, 10), box(41, 33, 5), ring(30, 5))
    wanted = {0: 14, 1: 10, 2: 8}
    first = packed(Nester(shapes), BED, wanted, AfterIterations(0))
    best = packed(Nester(shapes), BED, wanted, AfterIterations(60))
    assert counted(first) == counted(best) == wanted
    assert len(best.nests) < len(first.nests)


def test_the_same_seed_and_iterations_give_the_same_plates() -> None:
    shapes = (angle_bracket(60, 40, 10), ring(30, 5))
    one, other = (packed(Nester(shapes), BED, {0: 12, 1: 12}, AfterIterations(15), seed=4) for _ in range(2))
    assert [nest.shape for nest in one.nests] == [nest.shape for nest in other.nests]
    assert all((a.at == b.at).all() for a, b in zip(one.nests, other.nests, strict=True))


def test_what_fits_no_plate_is_said() -> None:
    found = packed(Nester([box(60, 60, 5), box(300, 300, 5), ring(30, 5)]), BED, {0: 7, 1: 2, 2: 9}, AfterIterations(3))
    assert found.refused == {1: 2}
    assert counted(found) == {0: 7, 2: 9}


def test_of_very_many_pieces_plates_are_repeated() -> None:
    found = packed(Nester([box(20, 20, 5), ring(15, 5)]), BED, {0: 3001, 1: 1000}, AfterIterations(2))
    assert counted(found) == {0: 3001, 1: 1000}


@pytest.mark.parametrize("pieces", [{}, {0: 0}])
def test_nothing_takes_no_plate(pieces: dict[int, int]) -> None:
    assert packed(Nester([box(20, 20, 5)]), BED, pieces, AfterIterations(1)) == Packed((), {}, 0)


@pytest.mark.parametrize("angles", [None, (0.0,)])
def test_rectangles_alone_lie_exactly(angles: tuple[float, ...] | None) -> None:
    shapes = (box(33.3, 20.1, 5), box(20, 15, 5))
    bed = Bed(3 * 33.3 + 2 * 0.7, 3 * 20.1 + 2 * 0.7, 10, 0.7)
    found = packed(Nester(shapes, angles), bed, {0: 9, 1: 4}, AfterIterations(30))
    assert counted(found) == {0: 9, 1: 4}
    assert len(found.nests) == 2
    for nest in found.nests:
        assert_sound(shapes, nest, bed)


def test_a_rectangle_that_fits_only_at_a_slant_lies_there() -> None:
    shapes = (box(160, 10, 5), box(30, 30, 5))
    found = packed(Nester(shapes), BED, {0: 1, 1: 2}, AfterIterations(5))
    assert counted(found) == {0: 1, 1: 2}


def test_of_many_types_fewer_ways_are_looked_at() -> None:
    nester = Nester([angle_bracket(20 + k, 15, 5) for k in range(70)])
    few = fewer_ways([nester.variants(BED, shape) for shape in range(70)])
    assert {len(some) for some in few} == {1}

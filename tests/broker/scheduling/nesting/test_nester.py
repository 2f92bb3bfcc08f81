"""Nests: never an overlap, never closer than the spacing, never off the bed; measured with polygons alone."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.covers import convex_cover
from broker.scheduling.nesting.nest import Nest
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.shapes import Pose, Shape
from tests.broker.scheduling.workshops import angle_bracket, box, ring

BED = Bed(244, 204, 210, 6)


def polygons(shapes: tuple[Shape, ...], nest: Nest) -> list[shapely.Polygon]:
    laid = []
    for shape, pose, (x, y, angle) in zip(nest.shape, nest.pose, nest.at.tolist(), strict=True):
        outline = shapely.Polygon(shapes[shape].poses[pose].outline)
        laid.append(shapely.affinity.translate(shapely.affinity.rotate(outline, angle, origin=(0, 0)), x, y))
    return laid


def assert_sound(shapes: tuple[Shape, ...], nest: Nest, bed: Bed) -> None:
    laid = polygons(shapes, nest)
    usable = shapely.box(-1e-4, -1e-4, bed.width_mm + 1e-4, bed.depth_mm + 1e-4)
    assert all(usable.covers(piece) for piece in laid)
    for k, piece in enumerate(laid):
        for other in laid[:k]:
            assert piece.distance(other) >= bed.spacing_mm - 1e-4
            assert piece.intersection(other).area < 1e-3


@st.composite
def stars(draw: st.DrawFn) -> Shape:
    """Concave outlines around a middle."""
    radii = draw(st.lists(st.floats(3, 40), min_size=3, max_size=14))
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False) + draw(st.floats(0, 1))
    outline = np.array(radii)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Shape((Pose(outline - outline.min(axis=0), 5.0),))


@given(st.lists(stars(), min_size=1, max_size=3), st.sampled_from([0.0, 0.3, 2.0, 6.0]), st.integers(1, 7))
@settings(deadline=None, max_examples=15)
def test_any_nest_is_sound(shapes: list[Shape], spacing: float, pieces: int) -> None:
    bed = Bed(150, 111.3, 50, spacing)
    nest = Nester(shapes).fill(bed, tuple((shape, pieces) for shape in range(len(shapes))))
    assert 1 <= len(nest.shape) <= pieces * len(shapes)
    assert_sound(tuple(shapes), nest, bed)


@given(stars())
@settings(deadline=None, max_examples=40)
def test_a_convex_cover_covers(shape: Shape) -> None:
    polygon = shapely.Polygon(shape.poses[0].outline)
    cover = shapely.union_all([shapely.Polygon(part) for part in convex_cover(shape.poses[0].outline)])
    assert polygon.difference(cover).area < 1e-6 * polygon.area
    assert cover.area <= polygon.convex_hull.area + 1e-6


def test_many_corners_are_covered_too() -> None:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    outline = (20 + 8 * np.sin(5 * angle))[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    shape = Shape((Pose(outline - outline.min(axis=0), 5.0),))
    polygon = shapely.Polygon(shape.poses[0].outline)
    cover = shapely.union_all([shapely.Polygon(part) for part in convex_cover(shape.poses[0].outline)])
    assert polygon.difference(cover).area < 1e-6
    assert cover.area < 1.1 * polygon.area
    nester = Nester([shape])
    assert_sound((shape,), nester.fill(BED, ((0, 12),)), BED)


@pytest.mark.parametrize(
    ("shape", "least"),
    [(box(15, 34, 31.5), 60), (ring(45, 6), 17), (angle_bracket(60, 40, 10), 24), (box(40, 30, 20), 28)],
)
def test_a_bed_holds_what_rows_would_and_more(shape: Shape, least: int) -> None:
    nester = Nester([shape])
    assert nester.capacity(BED, 0) >= least
    assert_sound((shape,), nester.fill(BED, ((0, nester.capacity(BED, 0)),)), BED)


def test_parts_that_just_fit_aren_t_lost_to_rounding() -> None:
    assert Nester([box(50, 50, 5)]).capacity(Bed(200, 200, 10, 0), 0) == 16
    assert Nester([box(45, 45, 5)]).capacity(Bed(200, 200, 10, 5), 0) == 16


def test_brackets_nest_into_each_other() -> None:
    """Two angles share less than their boxes: 24 boxes of 66 × 46 don't fit 250 × 210."""
    assert Nester([angle_bracket(60, 40, 10)]).capacity(Bed(244, 204, 210, 2), 0) > 4 * 4 + 4


def test_a_long_part_lies_diagonally() -> None:
    leg = box(294, 20, 20)
    nest = Nester([leg]).nest(BED, ((0, 1),))
    assert nest is not None
    angle = nest.at[0, 2] % 180
    assert min(angle, 180 - angle) == pytest.approx(39, abs=1.01)
    assert_sound((leg,), nest, BED)


def test_what_doesn_t_fit_is_none() -> None:
    nester = Nester([box(100, 100, 5), box(300, 300, 5)])
    assert nester.nest(BED, ((0, 2),)) is not None
    assert nester.nest(BED, ((0, 3),)) is None
    assert nester.capacity(BED, 1) == 0
    assert nester.capacity(Bed(244, 204, 4, 6), 0) == 0


def test_shapes_share_a_bed() -> None:
    shapes = (box(15, 34, 31.5), ring(45, 6), angle_bracket(60, 40, 10))
    nest = Nester(shapes).nest(BED, ((0, 8), (1, 8), (2, 4)))
    assert nest is not None
    assert sorted(nest.shape) == [0] * 8 + [1] * 8 + [2] * 4
    assert_sound(shapes, nest, BED)


def test_the_same_question_has_the_same_answer() -> None:
    shapes = (ring(45, 6), angle_bracket(60, 40, 10))
    first = Nester(shapes).fill(BED, ((0, 10), (1, 10)))
    second = Nester(shapes).fill(BED, ((0, 10), (1, 10)))
    assert first.shape == second.shape
    assert (first.at == second.at).all()


def test_a_single_bed_keeps_its_clamps_free() -> None:
    clamp = ((100.0, 60.0), (140.0, 60.0), (140.0, 110.0), (100.0, 110.0))
    shapes = (box(30, 20, 5), ring(25, 5))
    bed = Bed(244, 204, 210, 6, (clamp,))
    for wanted in (((0, 50),), ((0, 20), (1, 20))):
        nest = Nester(shapes).fill(bed, wanted)
        assert len(nest.shape) >= 25
        assert_sound(shapes, nest, bed)
        assert max(piece.intersection(shapely.Polygon(clamp)).area for piece in polygons(shapes, nest)) < 1e-3

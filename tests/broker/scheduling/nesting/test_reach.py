"""The depths of overlaps, against distances of the polygons themselves."""

import numpy as np
import pytest
import shapely

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.ways import ways
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats
from tests.broker.scheduling.workshops import angle_bracket, box, ring

SLACK_MM = 0.25
"""By how much round corners and simplified outlines may be covered too widely."""


@pytest.mark.parametrize("spacing", [0.0, 2.0, 5.5])
def test_no_clash_is_missed_and_hardly_one_is_made_up(spacing: float) -> None:
    shapes = (angle_bracket(30, 21, 7), ring(17, 5), box(12.5, 8, 5))
    bed = Bed(70, 64, 10, spacing)
    nester = Nester(shapes, (0.0, 90.0, 33.0))
    variants = [nester.variants(bed, shape) for shape in range(3)]
    laid, cell_mm = ways([[shape.poses[0].outline] for shape in shapes], variants, bed)
    flat = [way for some in variants for way in some]
    for number, fixed in enumerate(flat):
        for other, moved in enumerate(flat):
            row, column, rows, columns, start = laid.window[number, other, :5].tolist()
            depth = laid.pool[start : start + rows * columns].reshape(rows, columns)
            y, x = np.meshgrid(np.arange(row, row + rows), np.arange(column, column + columns), indexing="ij")
            gaps = _gaps(nester, fixed, moved, x * cell_mm, y * cell_mm)
            assert (depth > 0)[gaps < spacing - 1e-5].all()
            assert not (depth > 0)[gaps > spacing + SLACK_MM].any()


def test_depth_is_the_way_out() -> None:
    shapes = (box(10, 20, 5),)
    bed = Bed(100, 100, 10, 0)
    nester = Nester(shapes, (0.0,))
    laid, _ = ways([[shapes[0].poses[0].outline]], [nester.variants(bed, 0)], bed)
    row, column, rows, columns, start = laid.window[0, 0, :5].tolist()
    depth = laid.pool[start : start + rows * columns].reshape(rows, columns)
    assert depth[-row, -column] == 10
    assert depth[-row, 10 - column] == 0
    assert depth[17 - row, 4 - column] == 3


def _gaps(nester: Nester, fixed: Variant, moved: Variant, x: Floats, y: Floats) -> Floats:
    """Distance of both at each offset; -1 where they overlap."""
    one, other = (
        shapely.Polygon(turned(nester.shapes[way.shape].poses[0].outline, way.angle_deg) - way.low_mm)
        for way in (fixed, moved)
    )
    corners = shapely.get_coordinates(other)
    at = corners[None] + np.stack([x.ravel(), y.ravel()], axis=1)[:, None]
    gaps = shapely.distance(shapely.polygons(at), one)
    shared = shapely.area(shapely.intersection(shapely.polygons(at), one))
    result: Floats = np.where((gaps == 0) & (shared > 1e-3), -1.0, gaps).reshape(x.shape)
    return result

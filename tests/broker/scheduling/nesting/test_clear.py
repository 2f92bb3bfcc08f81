"""Rectangles that zones leave clear."""

import pytest

from broker.scheduling.nesting.bed import Bed, Zone
from broker.scheduling.nesting.clear import clear_part


def zone(x0: float, y0: float, x1: float, y1: float) -> Zone:
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


@pytest.mark.parametrize(
    ("zones", "clear"),
    [
        ((), (0.0, 0.0, 200.0, 100.0)),
        ((zone(0, 0, 20, 20),), (20.0, 0.0, 180.0, 100.0)),
        ((zone(190, 0, 200, 100),), (0.0, 0.0, 190.0, 100.0)),
        ((zone(0, 40, 200, 50),), (0.0, 50.0, 200.0, 50.0)),
        ((zone(0, 40, 200, 50), zone(150, 60, 160, 70)), (0.0, 0.0, 200.0, 40.0)),
        ((((0.0, 0.0), (50.0, 0.0), (0.0, 50.0)),), (50.0, 0.0, 150.0, 100.0)),
    ],
)
def test_the_largest_part_is_clear(zones: tuple[Zone, ...], clear: tuple[float, float, float, float]) -> None:
    found = clear_part(Bed(200.0, 100.0, 50.0, 2.0, zones))
    assert found is not None
    bed, corner = found
    assert (*corner, bed.width_mm, bed.depth_mm) == clear
    assert bed.forbidden == ()


def test_nothing_is_clear_of_a_zone_that_covers_all() -> None:
    assert clear_part(Bed(200.0, 100.0, 50.0, 2.0, (zone(-1, -1, 201, 101),))) is None

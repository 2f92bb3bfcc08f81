"""A long part is laid across the bed."""

import pytest

from slicer_bridge.plates.turning import in_the_middle, least_turn

BAR = ((0.0, 0.0), (294.0, 0.0), (294.0, 20.0), (0.0, 20.0))


def test_what_fits_is_turned_by_right_angles_alone() -> None:
    for bed, expected in (((300.0, 100.0), 0), ((100.0, 300.0), 90)):
        angle, share = least_turn(BAR, bed)
        assert angle == expected
        assert share == pytest.approx(0.98)


def test_a_long_part_lies_across_the_bed() -> None:
    angle, share = least_turn(BAR, (250.0, 210.0))
    assert 0 < angle < 90
    assert share < 1.0
    place = in_the_middle(BAR, angle, (250.0, 210.0))
    assert (place.x_mm > 0, place.y_mm > 0, place.angle_deg) == (True, True, angle)


def test_what_fits_nowhere_says_by_how_much() -> None:
    assert least_turn(BAR, (100.0, 100.0))[1] > 2.0

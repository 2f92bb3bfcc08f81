"""Which machine can make what: by rotation, not by the box, and with figures where none fits."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.eligibility import Fit, Misfit, fits, poses_that_fit
from broker.scheduling.rotation import closest_turn, fitting_intervals, turned
from broker.scheduling.shapes import Pose, Shape
from tests.broker.scheduling.workshops import box

LEG = box(294, 20, 20)


def test_a_long_part_fits_diagonally_only() -> None:
    fit = fits(LEG, (3, 3, 247, 207), 210)
    assert isinstance(fit, Fit)
    first, second = fit.angles_deg
    assert first == pytest.approx((38.0, 39.92), abs=0.01)
    assert second == pytest.approx((180 - 39.92, 180 - 38.0), abs=0.01)


def test_a_misfit_says_which_limit_and_by_how_much() -> None:
    misfit = fits(LEG, (0, 0, 220, 220), 250)
    assert isinstance(misfit, Misfit)
    assert misfit.excess_mm == pytest.approx(2.0315, abs=1e-3)
    assert misfit.reason == (
        "part is 294.0 × 20.0 × 20.0 mm; fits 220.0 × 220.0 mm in no rotation: needs 222.0 × 222.0 mm at 45.0°, "
        "2.0 mm too much"
    )
    tall = fits(box(10, 10, 260), (0, 0, 220, 220), 250)
    assert isinstance(tall, Misfit)
    assert tall.reason == "part is 10.0 × 10.0 × 260.0 mm; too tall for 250.0 mm, by 10.0 mm"


def test_a_hair_too_much_is_still_said() -> None:
    misfit = fits(box(220.01, 220.01, 5), (0, 0, 220, 220), 250)
    assert isinstance(misfit, Misfit)
    assert "0.01 mm too much" in misfit.reason


def test_what_fits_exactly_fits() -> None:
    fit = fits(box(220, 180, 250), (0, 0, 180, 220), 250)
    assert isinstance(fit, Fit)
    assert np.ravel(fit.angles_deg) == pytest.approx([90.0, 90.0])


def test_the_best_pose_that_fits_is_taken() -> None:
    standing, lying = box(20, 20, 294).poses[0], LEG.poses[0]
    shape = Shape((standing, lying))
    assert [fit.pose for fit in poses_that_fit(shape, (3, 3, 247, 207), 210)] == [1]
    misfit = fits(shape, (0, 0, 180, 180), 180)
    assert isinstance(misfit, Misfit)
    assert misfit.reason.startswith("in none of 2 poses; in the closest, part is 294.0 × 20.0 × 20.0 mm;")


POINTS = st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=3, max_size=12)


@given(POINTS, st.floats(20, 300), st.floats(20, 300))
@settings(deadline=None, max_examples=60)
def test_intervals_agree_with_turning_the_polygon(
    points: list[tuple[float, float]], width: float, depth: float
) -> None:
    hull = shapely.MultiPoint(points).convex_hull
    if not isinstance(hull, shapely.Polygon) or hull.area < 1:
        return
    outline = np.array(hull.exterior.coords)[:-1]
    intervals = fitting_intervals(outline, width, depth)
    for angle in np.linspace(0, 180, 91):
        size = np.ptp(turned(outline, angle), axis=0)
        excess = max(size[0] - width, size[1] - depth)
        said = any(low - 1e-9 <= angle <= high + 1e-9 for low, high in intervals)
        assert said == (excess <= 0) or abs(excess) < 1e-3
    turn = closest_turn(outline, width, depth)
    assert (turn.excess_mm <= 1e-6) == bool(intervals)
    assert (
        turn.excess_mm
        <= min(max(np.ptp(turned(outline, angle), axis=0) - (width, depth)) for angle in range(0, 180, 7)) + 1e-9
    )


def test_quarter_turns_are_exact() -> None:
    outline = Pose(np.array([[0.1, 0.2], [3.3, 0.2], [1.7, 9.9]]), 1.0).outline
    assert (turned(outline, 180.0) == -outline).all()
    assert (turned(turned(outline, 90.0), 270.0) == outline).all()

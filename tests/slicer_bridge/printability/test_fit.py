from dataclasses import replace

import pytest

from slicer_bridge.facts import MeshFacts, Orientation, Severity
from slicer_bridge.meshes.solid import measure_solid
from slicer_bridge.printability.fit import fit
from tests.slicer_bridge.shapes import box


def bar(length: float, width: float, height: float) -> MeshFacts:
    return measure_solid(box((length, width, height)), "bar").facts


def test_part_that_fits_as_it_lies_has_nothing_said() -> None:
    assert fit(bar(200, 20, 20), (250, 210, 210)) == []
    assert fit(bar(20, 200, 20), (250, 100, 100)) == []  # turned by a right angle


def test_long_part_fits_only_diagonally() -> None:
    (finding,) = fit(bar(294, 20, 20), (250, 210, 210))
    assert (finding.rule, finding.severity) == ("build-volume", Severity.NOTE)
    assert "turned by" in finding.message
    assert finding.measured == pytest.approx((294 + 20) / 2**0.5 / 210, rel=0.1)
    assert finding.limit == 1


def test_part_that_fits_only_on_another_side() -> None:
    lying = bar(240, 100, 20)
    over = replace(lying, orientations=(replace(lying.orientations[0], size_mm=(100, 20, 240)), *lying.orientations))
    (finding,) = fit(over, (250, 210, 210))
    assert "another of its sides" in finding.message


def test_too_long_part_is_refused() -> None:
    (finding,) = fit(bar(400, 20, 20), (250, 210, 210))
    assert finding.severity is Severity.REFUSE
    assert finding.measured == pytest.approx((400 + 20) / 2**0.5 / 230, rel=0.1)


def test_limit_itself_fits() -> None:
    assert fit(bar(250, 210, 210), (250, 210, 210)) == []


def test_orientation_without_room_in_height_is_passed_over() -> None:
    square = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
    upright = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    way = Orientation(upright, (10, 10, 300), square, 0, 100)
    (finding,) = fit(MeshFacts(12, 1, True, 1, 1, (10, 10, 300), (way,)), (250, 250, 250))
    assert finding.severity is Severity.REFUSE

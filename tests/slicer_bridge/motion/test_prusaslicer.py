"""Times against PrusaSlicer's own; the benchmark has more parts and profiles."""

import shutil
from pathlib import Path

import pytest

from slicer_bridge.motion.estimate import estimate, limits_of
from slicer_bridge.motion.limits import Planner
from tests.benchmarks.sliced import PROFILES, own_shapes, sliced

pytestmark = [
    pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="prusa-slicer is not installed"),
]


@pytest.mark.parametrize("profile", ["limits in the program", "supports, lift, least feeds", "no limits"])
def test_times_are_prusaslicer_s(profile: str, tmp_path: Path) -> None:
    assert profile in PROFILES
    one = sliced(own_shapes(tmp_path)[0], profile, tmp_path)
    limits = limits_of(one.program)
    assert limits.planner is Planner.PRUSASLICER
    found = estimate(one.program, limits)
    assert abs(found.moving_s - one.told_s) <= max(0.003 * one.told_s, 1.0)
    assert len(found.layers) > 10
    assert [item.name.partition(" ")[0] for item in found.objects] == ["gear.stl"]

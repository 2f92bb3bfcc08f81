"""Figures by material: from the data, in proportion, within the machine's limits, and refused where there are none."""

import pytest

from slicer_bridge.cutting.feeds import ToolKind, laser_for, passes, sources, tool_for
from slicer_bridge.errors import CutRefused


def test_unknown_material_names_the_known() -> None:
    assert tool_for("Plywood", 3).pass_mm == pytest.approx(2.1)
    with pytest.raises(CutRefused, match="plywood"):
        tool_for("unobtainium", 3)
    with pytest.raises(CutRefused, match="cardboard"):
        laser_for("pvc", 3)


def test_every_figure_has_a_source() -> None:
    assert all(len(text) > 8 for text in sources().values())
    assert {"router.mdf", "laser.acrylic"} <= set(sources())


def test_feed_follows_chip_load_flutes_and_speed() -> None:
    two = tool_for("plywood", 3.175)
    assert two.feed_mm_s == pytest.approx(0.10 * 0.4 * 2 * 16000 / 60)
    assert tool_for("plywood", 3.175, flutes=1).feed_mm_s == pytest.approx(two.feed_mm_s / 2)
    slow = tool_for("plywood", 3.175, spindle_rpm=(5000, 10000))
    assert slow.spindle_rpm == 10000
    assert slow.feed_mm_s == pytest.approx(two.feed_mm_s * 10 / 16)
    fast = tool_for("plywood", 3.175, spindle_rpm=(20000, 24000))
    assert fast.spindle_rpm == 20000
    assert tool_for("plywood", 1.5875).feed_mm_s == pytest.approx(two.feed_mm_s / 2)
    assert tool_for("plywood", 4.7625, max_feed_mm_s=50).feed_mm_s == pytest.approx(
        (0.10 + 0.28) / 2 * 0.4 * 2 * 16000 / 60
    )
    assert tool_for("mdf", 12, max_feed_mm_s=30).feed_mm_s == 30
    assert tool_for("mdf", 12, max_feed_mm_s=30, max_plunge_mm_s=2).plunge_mm_s == 2


def test_drills_and_v_bits() -> None:
    assert tool_for("aluminium", 4, kind=ToolKind.DRILL).pass_mm == pytest.approx(1.2)
    bit = tool_for("plywood", 0.1, kind=ToolKind.V_BIT)
    assert bit.feed_mm_s > tool_for("plywood", 0.1).feed_mm_s
    with pytest.raises(CutRefused, match="check both"):
        tool_for("plywood", 0)


def test_passes_are_even_and_end_at_the_depth() -> None:
    assert passes(4.2, tool_for("plywood", 3)) == pytest.approx([2.1, 4.2])
    assert passes(4.3, tool_for("plywood", 3)) == pytest.approx([4.3 / 3, 8.6 / 3, 4.3])


def test_laser_by_thickness_and_power() -> None:
    thin, thick = laser_for("acrylic", 2.0), laser_for("acrylic", 6.0)
    assert (thin.power, thin.feed_mm_s, thick.power, thick.feed_mm_s) == (0.75, 10, 0.95, 5)
    assert laser_for("acrylic", 3.0, watts=40).feed_mm_s == pytest.approx(10 * 40 / 60)
    with pytest.raises(CutRefused, match="figures end at 6 mm"):
        laser_for("acrylic", 8.0)
    with pytest.raises(CutRefused, match="the figures are for 60 W"):
        laser_for("acrylic", 3.0, watts=5)

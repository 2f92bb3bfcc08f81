"""Limits of motion from files."""

from pathlib import Path

import pytest

from slicer_bridge.errors import BadLimits
from slicer_bridge.motion.limits import DEFAULTS, Planner, load_motion, prusaslicer_motion

SETTINGS = (
    "$11=0.020\r\n$12=0.004\r\n$110=6000.000\r\n$111=4800\r\n$112=1200\r\n$120=400\r\n$121=300\r\n$122=100\r\nok\r\n"
)


def _load(tmp_path: Path, text: str) -> object:
    (tmp_path / "motion").write_text(text)
    return load_motion(tmp_path / "motion")


def test_keys_left_out_are_the_planner_s(tmp_path: Path) -> None:
    (tmp_path / "motion.toml").write_text('planner = "klipper"\nsquare_corner_mm_s = 8\n[heating]\nbed_c_s = 0.5\n')
    limits = load_motion(tmp_path / "motion.toml")
    assert limits.square_corner_mm_s == 8
    assert limits.heating.bed_c_s == 0.5
    assert limits.max_acceleration_mm_s2 == DEFAULTS[Planner.KLIPPER].max_acceleration_mm_s2


def test_grbl_s_settings_are_read_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "motion").write_text(SETTINGS)
    limits = load_motion(tmp_path / "motion")
    assert list(limits.max_feed_mm_s) == [100, 80, 20, 0]
    assert list(limits.max_acceleration_mm_s2) == [400, 300, 100, 0]
    assert [limits.junction_deviation_mm, limits.arc_tolerance_mm] == [0.02, 0.004]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "planner"),
        ('planner = "marlin2"', "planner"),
        ('planner = "marlin"\nspeed = 5', "speed"),
        ('planner = "marlin"\nmax_feed_mm_s = [1, 2]', "max_feed_mm_s"),
        ('planner = "marlin"\nacceleration_mm_s2 = 0', "acceleration_mm_s2"),
        ('planner = "marlin"\nqueue = 1', "queue"),
        ("planner = ", "TOML"),
        ("$110=500\n$111=500\n", r"\$11, \$112"),
        (SETTINGS.replace("$120=400", "$120=0"), "rate or an acceleration of 0"),
    ],
)
def test_mistakes_are_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadLimits, match=said):
        _load(tmp_path, text)


def test_other_tails_have_no_settings() -> None:
    assert prusaslicer_motion(b"; layer_height = 0.2\nM84\n") is None

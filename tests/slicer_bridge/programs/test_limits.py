from pathlib import Path

import pytest
from pydantic import ValidationError

from slicer_bridge.errors import BadLimits
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect, MachineLimits, load_limits
from slicer_bridge.programs.words import ALWAYS_REFUSED, canonical_word

_EXAMPLES = Path(__file__).parents[3] / "rigs" / "limits"
_LEAST = 'dialect = "marlin"\nmax_feed_mm_s = 100\n{}\n[envelope_mm]\nx = [0, 200]\ny = [0, 200]\nz = [0, 200]\n{}'


@pytest.mark.parametrize("dialect", list(Dialect))
def test_examples_load_and_every_key_is_described(dialect: Dialect) -> None:
    limits = load_limits(_EXAMPLES / f"{dialect}.toml")
    assert limits.dialect is dialect
    described = (_EXAMPLES.parents[1] / "docs" / "limits.md").read_text(encoding="utf-8")
    missing = [key for key in type(limits).model_fields if f"`{key}" not in described]
    assert missing == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("max_fed_mm_s = 3", "", "max_fed_mm_s"),
        ("", "w = [0, 1]", "envelope_mm.w"),
        ("max_hotend_c = -5", "", "max_hotend_c"),
        ('allow = ["M302"]', "", "M302 can't be allowed"),
        ('allow = ["m600"]', "", "write 'm600' as 'M600'"),
        ("min_spindle_rpm = 5", "", "above max_spindle_rpm"),
        ('dialect = "grbl"', "", "TOML"),
    ],
)
def test_wrong_limits_name_the_key(tmp_path: Path, before: str, after: str, words: str) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(_LEAST.format(before, after), encoding="utf-8")
    with pytest.raises(BadLimits) as caught:
        load_limits(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_envelope_must_have_a_width(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(_LEAST.format("", "").replace("x = [0, 200]", "x = [200, 0]"), encoding="utf-8")
    with pytest.raises(BadLimits, match="low < high"):
        load_limits(path)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(BadLimits, match=r"absent\.toml"):
        load_limits(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "word"), [("g01", "G1"), ("G1.0", "G1"), ("g91.10", "G91.1"), ("M003", "M3"), ("G28.01", "G28.01")]
)
def test_words_have_one_spelling(text: str, word: str) -> None:
    assert canonical_word(text) == word


def test_lists_of_refused_words_are_spelled_so() -> None:
    assert all(canonical_word(word) == word for words in ALWAYS_REFUSED.values() for word in words)


_PRINTER = {
    "dialect": "marlin",
    "envelope_mm": {"x": [0, 200], "y": [0, 200], "z": [0, 200]},
    "home_mm": [0, 0, 0],
    "max_feed_mm_s": 200,
    "max_hotend_c": 300,
    "max_bed_c": 120,
    "max_chamber_c": 80,
    "tools": 2,
    "allow": ["M600"],
}
_ROUTER = {
    "dialect": "grbl",
    "envelope_mm": {"x": [0, 200], "y": [0, 200], "z": [0, 200]},
    "max_feed_mm_s": 200,
    "max_spindle_rpm": 24000,
}
_HOT = ("G28", "M83", "M109 S200", "G1 X10 Y10 Z10 F6000")
_CUT = ("G21 G90", "S9000", "G0 X5 Y5 Z5")
_KEYS: list[tuple[str, object, dict[str, object], tuple[str, ...]]] = [
    ("dialect", "klipper", _PRINTER, ("M486 S1",)),
    ("envelope_mm", {"x": [0, 90], "y": [0, 200], "z": [0, 200]}, _PRINTER, ("G28", "G1 X100 F6000")),
    ("home_mm", None, _PRINTER, ("G28", "G91", "G1 X5 F600")),
    ("max_feed_mm_s", 90, _PRINTER, ("G28", "G1 X100 F6000")),
    ("max_feed_z_mm_s", 9, _PRINTER, ("G28", "G1 Z100 F600")),
    ("max_feed_e_mm_s", 9, _PRINTER, (*_HOT, "G1 E1 F600")),
    ("max_acceleration_mm_s2", 900, _PRINTER, ("M204 P1000",)),
    ("max_acceleration_e_mm_s2", 900, _PRINTER, ("M204 R1000",)),
    ("max_jerk_mm_s", 9, _PRINTER, ("M205 X10",)),
    ("tools", 1, _PRINTER, ("T1",)),
    ("max_hotend_c", 190, _PRINTER, ("M104 S200",)),
    ("max_bed_c", 50, _PRINTER, ("M140 S60",)),
    ("max_chamber_c", 50, _PRINTER, ("M141 S60",)),
    ("min_extrusion_c", 210, _PRINTER, (*_HOT, "G1 E1 F600")),
    ("max_flow_mm3_s", 5, _PRINTER, (*_HOT, "G1 X110 E10 F3000")),
    ("max_dwell_s", 9, _PRINTER, ("G4 S10",)),
    ("allow", [], _PRINTER, ("M600",)),
    ("refuse", ["M107"], _PRINTER, ("M107",)),
    ("min_spindle_rpm", 10000, _ROUTER, ("S9000",)),
    ("max_spindle_rpm", 8000, _ROUTER, ("S9000",)),
    ("max_feed_z_mm_s", 9, _ROUTER, (*_CUT, "G1 Z100 F600")),
]


def _judged(values: dict[str, object], lines: tuple[str, ...]) -> list[str | None]:
    checker = ProgramChecker(MachineLimits.model_validate(values), (0.0, 0.0, 0.0))
    return [checker.feed(line) for line in lines]


@pytest.mark.parametrize(("key", "value", "base", "lines"), _KEYS)
def test_each_key_makes_its_difference(
    key: str, value: object, base: dict[str, object], lines: tuple[str, ...]
) -> None:
    assert _judged(base, lines) == [None] * len(lines)
    verdicts = _judged(base | {key: value}, lines)
    assert verdicts[:-1] == [None] * (len(lines) - 1)
    assert verdicts[-1]


def test_thick_filament_flows_faster() -> None:
    flow = _PRINTER | {"max_flow_mm3_s": 15}
    assert _judged(flow, (*_HOT, "G1 X110 E10 F3000"))[-1] is None
    assert "mm³/s" in str(_judged(flow | {"filament_mm": 2.85}, (*_HOT, "G1 X110 E10 F3000"))[-1])


def test_a_laser_instead_of_a_spindle_and_the_longest_program() -> None:
    laser = _ROUTER | {"max_spindle_rpm": 0, "max_laser_s": 1000}
    assert _judged(laser, ("S1000", "M4")) == [None, None]
    assert "laser" in str(_judged(laser, ("S1001",))[0])
    checker = ProgramChecker(MachineLimits.model_validate(_PRINTER | {"max_duration_s": 60}))
    for line in ("G28", "G1 X200 F60"):
        assert checker.feed(line) is None
    assert "200 s" in checker.finish()[0]


def test_no_key_is_without_a_test() -> None:
    elsewhere = {"filament_mm", "max_laser_s", "max_duration_s"}
    assert {key for key, *_ in _KEYS} | elsewhere == set(MachineLimits.model_fields)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (_PRINTER | {"home_mm": [0, 0, 900]}, "home_mm: z 900 is outside"),
        (_ROUTER | {"max_laser_s": 1000}, "a laser or a spindle"),
        (_PRINTER | {"allow": ["G20"]}, "G20 can't be allowed"),
        (_PRINTER | {"tools": 0}, "tools"),
    ],
)
def test_limits_that_make_no_sense(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        MachineLimits.model_validate(values)

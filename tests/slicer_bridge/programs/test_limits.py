from pathlib import Path

import pytest

from slicer_bridge.errors import BadLimits
from slicer_bridge.programs.limits import Dialect, load_limits
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

from pathlib import Path

import pytest

from slicer_bridge.errors import BadLimits
from slicer_bridge.facts import Severity
from slicer_bridge.printability.thresholds import RULES, Process, default_thresholds, load_thresholds, with_changes


def test_every_process_has_every_rule_with_a_source() -> None:
    thresholds = default_thresholds()
    assert {process: set(rules) for process, rules in thresholds.items()} == {
        process: set(rules) for process, rules in RULES.items()
    }
    for rules in thresholds.values():
        for threshold in rules.values():
            assert threshold.source
            assert all(change.source for change in threshold.materials.values())


def test_published_limits() -> None:
    """Figures of the design guides that the sources name."""
    thresholds = default_thresholds()
    walls = [thresholds[process]["thin-wall"].limit for process in Process if process is not Process.LASER]
    assert walls == [1.2, 0.5, 0.8, 0.5, 1.5]
    assert thresholds[Process.SLA]["drain"].limit == 2.5
    assert (thresholds[Process.MILL]["pocket"].limit, thresholds[Process.LASER]["web"].limit) == (3.0, 1.0)


def test_material_changes_limit_and_source() -> None:
    wall = default_thresholds()[Process.FDM]["thin-wall"]
    soft = wall.of("tpu")
    assert (wall.of("PLA"), soft.limit, soft.severity) == (wall, 1.6, Severity.REVIEW)
    assert soft.source != wall.source


def one(rule: str, limit: str, unit: str, source: str = 'source = "ours"') -> str:
    return f'[{rule}]\nlimit = {limit}\nunit = "{unit}"\nseverity = "review"\n{source}\n'


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    return tmp_path / "shop.toml"


def test_shop_changes_one_rule(tmp_path: Path) -> None:
    text = '[fdm.thin-wall]\nlimit = 0.9\nunit = "mm"\nseverity = "note"\nsource = "our nozzles of 0.3 mm"\n'
    mine = load_thresholds(written(tmp_path, text))
    assert (mine[Process.FDM]["thin-wall"].limit, mine[Process.FDM]["thin-wall"].severity) == (0.9, Severity.NOTE)
    assert mine[Process.FDM]["hole"] == default_thresholds()[Process.FDM]["hole"]
    assert default_thresholds()[Process.FDM]["thin-wall"].limit == 1.2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (one("fdm.thin-wall", "1", "mm", ""), "source"),
        (one("fdm.thin-wall", "-1", "mm"), "greater than or equal"),
        (one("fdm.thin-wall", "nan", "mm"), "limit"),
        (one("fdm.thin-wall", "1", "inch"), "unit"),
        (one("fdm.thin-wall", "1", "mm2"), "is in mm, not in mm2"),
        (one("fdm.thick-wall", "1", "mm"), "knows no thick-wall"),
        (one("cnc.thin-wall", "1", "mm"), "cnc"),
        ("[fdm", "holds no thresholds"),
    ],
)
def test_bad_thresholds_are_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadLimits, match=words):
        load_thresholds(written(tmp_path, text))


def test_changes_leave_other_processes_alone() -> None:
    base = default_thresholds()
    assert with_changes(base, {}) == base

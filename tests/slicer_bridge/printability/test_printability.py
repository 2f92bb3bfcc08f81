from pathlib import Path

import numpy as np

from slicer_bridge.facts import Severity
from slicer_bridge.printability.judged import printability
from tests.slicer_bridge.shapes import Facets, box, parse, stl_bytes, write_bracket


def rules(tmp_path: Path, facets: Facets) -> list[tuple[str, Severity]]:
    (tmp_path / "part.stl").write_bytes(stl_bytes(facets))
    findings = printability(parse(tmp_path / "part.stl", tmp_path), tool_mm=0.4)
    assert all(finding.limit is not None and "(" in finding.message for finding in findings)
    return [(finding.rule, finding.severity) for finding in findings]


def test_plain_block_has_no_findings(tmp_path: Path) -> None:
    assert rules(tmp_path, box((30, 20, 10))) == []


def test_thin_parts(tmp_path: Path) -> None:
    assert rules(tmp_path, box((30, 20, 0.9))) == [("thin-wall", Severity.REVIEW)]
    assert rules(tmp_path, box((30, 20, 0.2))) == [("too-thin", Severity.REFUSE)]


def test_slender_part(tmp_path: Path) -> None:
    assert rules(tmp_path, box((5, 5, 60))) == [("slender", Severity.REVIEW)]


def test_table_hangs_over(tmp_path: Path) -> None:
    table = np.concatenate([box((10, 10, 20), (10, 10, 0)), box((30, 30, 5), (0, 0, 20))])
    assert [rule for rule, _ in rules(tmp_path, table)] == ["overhang"]


def test_cut_part_is_told_of_its_corners_and_width(tmp_path: Path) -> None:
    facts = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path)
    assert [finding.rule for finding in printability(facts, tool_mm=3, thickness_mm=3)] == ["inside-corner"]
    assert "web" in [finding.rule for finding in printability(facts, tool_mm=3, thickness_mm=50)]
    assert "tool-too-large" in [finding.rule for finding in printability(facts, tool_mm=6, thickness_mm=3)]

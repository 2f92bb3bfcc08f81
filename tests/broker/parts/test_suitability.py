from dataclasses import replace
from pathlib import Path

from broker.parts.suitability import findings_for, usual_process
from broker.wire.shop import Process
from slicer_bridge.facts import Finding, Severity
from tests.slicer_bridge.shapes import box, parse, stl_bytes, write_bracket


def test_solid_is_printed_and_judged_as_such(tmp_path: Path) -> None:
    (tmp_path / "foil.stl").write_bytes(stl_bytes(box((30, 20, 0.2))))
    facts = parse(tmp_path / "foil.stl", tmp_path)
    assert usual_process(facts) is Process.FDM
    (finding,) = findings_for(facts, Process.FDM)
    assert (finding.rule, finding.severity) == ("lost-wall", Severity.REFUSE)


def test_drawing_is_cut_and_a_finding_of_its_file_is_told_once(tmp_path: Path) -> None:
    facts = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path)
    assert usual_process(facts) is Process.CUT2D
    assert findings_for(facts, Process.CUT2D) == facts.findings == ()
    assert facts.drawing is not None
    told = Finding("open-contour", Severity.REVIEW, "2 open contours: entity E1", 2, 0)
    opened = replace(facts, drawing=replace(facts.drawing, open_contours=2), findings=(told,))
    assert findings_for(opened, Process.CUT2D) == (told,)

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from manifold3d import Manifold
from numpy.typing import NDArray

from slicer_bridge.facts import Finding, PartFacts, Severity
from slicer_bridge.facts_json import facts_from_json, facts_to_json
from slicer_bridge.features import PartFeatures
from slicer_bridge.printability.judge import printability
from slicer_bridge.printability.thresholds import Process, default_thresholds, with_changes
from tests.slicer_bridge.shapes import box, circle, dxf_text, parse, rectangle, stl_bytes, write_bracket
from tests.slicer_bridge.solids import block, facets_of, rod

PRINTED = (Process.FDM, Process.SLA, Process.SLS, Process.MJF)


def part(tmp_path: Path, solid: Manifold | NDArray[np.float64]) -> PartFacts:
    facets = facets_of(solid) if isinstance(solid, Manifold) else solid
    (tmp_path / "part.stl").write_bytes(stl_bytes(facets))
    return parse(tmp_path / "part.stl", tmp_path, features=True)


def drawn(tmp_path: Path, entities: str) -> PartFacts:
    (tmp_path / "part.dxf").write_text(dxf_text(entities), encoding="ascii")
    return parse(tmp_path / "part.dxf", tmp_path, features=True)


def standing(facts: PartFacts) -> PartFacts:
    """As it stands in the file, whatever lies better."""
    assert facts.mesh is not None
    upright = tuple(way for way in facts.mesh.orientations if way.size_mm == facts.mesh.size_mm)
    return replace(facts, mesh=replace(facts.mesh, orientations=upright))


def rules(findings: tuple[Finding, ...]) -> list[tuple[str, Severity]]:
    return [(finding.rule, finding.severity) for finding in findings]


@pytest.mark.parametrize("process", [*PRINTED, Process.MILL])
def test_plain_block_has_no_findings(tmp_path: Path, process: Process) -> None:
    assert printability(part(tmp_path, box((30, 20, 10))), process) == ()


def test_thin_plates(tmp_path: Path) -> None:
    thin = part(tmp_path, box((30, 20, 0.7)))
    assert rules(printability(thin, Process.FDM)) == [("thin-wall", Severity.REVIEW)]
    assert rules(printability(thin, Process.SLS)) == [("thin-wall", Severity.REVIEW)]
    assert rules(printability(thin, Process.SLA)) == []
    assert rules(printability(thin, Process.MJF)) == []
    assert rules(printability(thin, Process.MJF, material="TPU")) == [("thin-wall", Severity.REVIEW)]
    lost = part(tmp_path, box((30, 20, 0.3)))
    assert rules(printability(lost, Process.FDM)) == [("lost-wall", Severity.REFUSE)]
    assert rules(printability(lost, Process.FDM, tool_mm=0.25)) == [("thin-wall", Severity.REVIEW)]


def test_small_thin_place_in_a_thick_part_is_milder(tmp_path: Path) -> None:
    fin = part(tmp_path, block((40, 40, 20)) + block((3, 0.3, 2), (10, 10, 20)))
    (finding,) = printability(fin, Process.FDM)
    assert (finding.rule, finding.severity) == ("lost-wall", Severity.REVIEW)
    assert finding.measured == pytest.approx(0.3)
    assert finding.place is not None
    assert finding.place[2] > 19.9
    assert finding.source
    assert finding.limit == 0.4


def test_finding_survives_json(tmp_path: Path) -> None:
    facts = part(tmp_path, block((20, 20, 10)) - rod(1, 30, (10, 10, -5)))
    again = facts_from_json(facts_to_json(facts))
    assert again == facts
    (finding,) = printability(again, Process.FDM)
    assert (finding.rule, finding.places) == ("hole", ((10.0, 10.0, 5.0),))


def test_old_facts_without_features_are_judged_by_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "part.stl").write_bytes(stl_bytes(box((5, 5, 60))))
    slender = standing(parse(tmp_path / "part.stl", tmp_path))
    assert slender.features is None
    assert rules(printability(slender, Process.FDM)) == [("slender", Severity.REVIEW)]
    assert rules(printability(slender, Process.MILL)) == [("not-measured", Severity.REVIEW)]
    (tmp_path / "part.stl").write_bytes(stl_bytes(box((30, 20, 0.2))))
    assert rules(printability(parse(tmp_path / "part.stl", tmp_path), Process.FDM)) == [("lost-wall", Severity.REFUSE)]


def test_mesh_that_is_too_fine_is_not_called_good(tmp_path: Path) -> None:
    (tmp_path / "part.stl").write_bytes(stl_bytes(box((30, 20, 10))))
    unmeasured = replace(parse(tmp_path / "part.stl", tmp_path), features=PartFeatures())
    for process in (*PRINTED, Process.MILL):
        assert rules(printability(unmeasured, process)) == [("not-measured", Severity.REVIEW)]


def test_bridge_overhang_and_air(tmp_path: Path) -> None:
    frame = block((40, 40, 40))
    for tunnel in (block((24, 24, 40), (8, 8, 0)), block((24, 40, 24), (8, 0, 8)), block((40, 24, 24), (0, 8, 8))):
        frame -= tunnel
    (bridge,) = printability(part(tmp_path, frame), Process.FDM)
    assert (bridge.rule, bridge.severity, len(bridge.places)) == ("bridge", Severity.REVIEW, 4)
    assert bridge.measured == pytest.approx(24, rel=0.02)
    assert printability(part(tmp_path, frame), Process.SLS) == ()
    spool = Manifold.cylinder(6, 8, 18, 64) + Manifold.cylinder(6, 18, 8, 64).translate((0, 0, 6))
    assert ("overhang", Severity.REVIEW) in rules(printability(part(tmp_path, spool), Process.FDM))
    table = part(tmp_path, np.concatenate([box((30, 10, 2)), box((5, 5, 5), (2, 2, 9))]))
    assert ("floating", Severity.REVIEW) in rules(printability(table, Process.FDM))


def test_ball_touches_the_bed_at_a_point(tmp_path: Path) -> None:
    ball = part(tmp_path, Manifold.sphere(10, 64))
    assert "contact" in [rule for rule, _ in rules(printability(ball, Process.FDM))]


def test_trapped_resin_powder_and_air(tmp_path: Path) -> None:
    hollow = part(tmp_path, block((30, 20, 20)) - block((20, 10, 10), (5, 5, 5)))
    assert ("trapped", Severity.NOTE) in rules(printability(hollow, Process.FDM))
    for process in (Process.SLA, Process.SLS, Process.MJF):
        assert rules(printability(hollow, process)) == [("trapped", Severity.REVIEW)]
    drilled = part(tmp_path, block((30, 20, 20)) - block((20, 10, 10), (5, 5, 5)) - rod(3, 10, (15, 10, -1)))
    assert rules(printability(drilled, Process.SLA)) == []
    assert rules(printability(drilled, Process.SLS)) == [("drain", Severity.REVIEW)]


def test_cup_holds_resin(tmp_path: Path) -> None:
    mug = part(tmp_path, block((30, 20, 20)) - block((20, 10, 30), (5, 5, 5)))
    assert rules(printability(mug, Process.SLA)) == [("cup", Severity.REVIEW)]
    assert printability(mug, Process.SLS) == ()


def test_narrow_gap_fuses(tmp_path: Path) -> None:
    hinge = part(tmp_path, block((20, 10, 10)) - block((0.35, 10, 8), (8, 0, 2)))
    assert rules(printability(hinge, Process.FDM)) == [("clearance", Severity.REVIEW)]
    assert rules(printability(hinge, Process.SLA)) == []


def test_milled_pocket(tmp_path: Path) -> None:
    pocket = part(tmp_path, block((40, 30, 20)) - block((4, 20, 16), (10, 5, 5)))
    found = rules(printability(pocket, Process.MILL))
    assert found == [("pocket", Severity.REVIEW), ("sharp-corner", Severity.REVIEW)]
    narrow = rules(printability(pocket, Process.MILL, tool_mm=6))
    assert ("slot", Severity.REVIEW) in narrow
    hollow = part(tmp_path, block((40, 30, 20)) - block((20, 10, 10), (10, 10, 5)))
    assert ("unreachable", Severity.REFUSE) in rules(printability(hollow, Process.MILL))


def test_milling_metal_allows_thinner_walls(tmp_path: Path) -> None:
    wall = part(tmp_path, block((40, 1.2, 20)))
    assert ("thin-wall", Severity.REVIEW) in rules(printability(wall, Process.MILL))
    assert printability(wall, Process.MILL, material="Aluminium") == ()


def test_process_that_does_not_suit_the_file(tmp_path: Path) -> None:
    solid = part(tmp_path, box((30, 20, 3)))
    assert rules(printability(solid, Process.LASER)) == [("wrong-process", Severity.REFUSE)]
    sheet = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path, features=True)
    for process in PRINTED:
        assert rules(printability(sheet, process)) == [("wrong-process", Severity.REFUSE)]


def test_milled_sheet(tmp_path: Path) -> None:
    bracket = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path, features=True)
    assert printability(bracket, Process.MILL, tool_mm=3, thickness_mm=3) == ()
    assert "web" in [rule for rule, _ in rules(printability(bracket, Process.MILL, tool_mm=3, thickness_mm=12))]
    (finding,) = printability(bracket, Process.MILL, tool_mm=6, thickness_mm=3)
    assert (finding.rule, finding.severity, finding.entities) == ("tool-too-large", Severity.REFUSE, ("C3",))
    assert finding.measured == pytest.approx(5, abs=0.02)
    assert finding.place == pytest.approx((30, 30, 0), abs=0.02)


def test_old_drawing_facts_are_judged_by_what_is_known(tmp_path: Path) -> None:
    bracket = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path)
    assert rules(printability(bracket, Process.MILL, tool_mm=6)) == [("tool-too-large", Severity.REFUSE)]
    assert rules(printability(bracket, Process.LASER, thickness_mm=50)) == [("web", Severity.REVIEW)]


def test_laser_cut_sheet(tmp_path: Path) -> None:
    entities = (
        rectangle(0, 0, 60, 40, handle="A1") + circle(20, 20, 1.2, handle="C1") + circle(58, 20, 1.5, handle="C2")
    )
    sheet = drawn(tmp_path, entities)
    found = {finding.rule: finding for finding in printability(sheet, Process.LASER, thickness_mm=3)}
    assert set(found) == {"hole", "web"}
    assert found["hole"].entities == ("C1",)
    assert found["web"].measured == pytest.approx(0.5, abs=0.01)
    assert found["web"].limit == 3
    assert rules(printability(sheet, Process.LASER, thickness_mm=0)) == [("thickness-unknown", Severity.NOTE)]
    pin = drawn(tmp_path, rectangle(0, 0, 60, 40) + circle(20, 20, 0.05))
    assert rules(printability(pin, Process.LASER, thickness_mm=1)) == [("kerf", Severity.REFUSE)]
    pieces = drawn(tmp_path, rectangle(0, 0, 30, 30) + rectangle(30.2, 0, 30, 30, handle="A2"))
    (gap,) = printability(pieces, Process.LASER, thickness_mm=3)
    assert (gap.rule, gap.severity, set(gap.entities)) == ("gap", Severity.REVIEW, {"A0", "A2"})
    assert gap.measured == pytest.approx(0.2)
    shared = drawn(tmp_path, rectangle(0, 0, 30, 30) + rectangle(30, 0, 30, 30, handle="A2"))
    assert printability(shared, Process.LASER, thickness_mm=3) == ()


def test_machine_size_and_changed_thresholds(tmp_path: Path) -> None:
    bar = part(tmp_path, box((60, 20, 10)))
    assert rules(printability(bar, Process.SLA, machine_mm=(40, 40, 40))) == [("build-volume", Severity.REFUSE)]
    strict = default_thresholds()[Process.SLA]["thin-wall"].model_copy(update={"limit": 12.0})
    mine = with_changes(default_thresholds(), {Process.SLA: {"thin-wall": strict}})
    (finding,) = printability(bar, Process.SLA, thresholds=mine)
    assert (finding.rule, finding.limit) == ("thin-wall", 12)


def test_worst_comes_first(tmp_path: Path) -> None:
    tall = part(tmp_path, block((0.3, 20, 60)) + block((8, 20, 0.3)))
    severities = [finding.severity for finding in printability(tall, Process.FDM)]
    assert severities == sorted(severities, key=[Severity.REFUSE, Severity.REVIEW, Severity.NOTE].index)
    assert severities[0] is Severity.REFUSE

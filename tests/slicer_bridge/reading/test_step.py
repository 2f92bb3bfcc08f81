"""STEP, in its units, single and assembled, and what is no whole STEP."""

from pathlib import Path

import pytest

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
from slicer_bridge.facts import MeshFacts, PartFacts
from slicer_bridge.intake.measure import ParseLimits, measure_file
from tests.slicer_bridge.shapes import parse, real_file
from tests.slicer_bridge.step_files import StepFile, box_step, pair_step

BOX = box_step((30, 20, 10))


def read(tmp_path: Path, text: str, unit: str | None = None) -> tuple[PartFacts, MeshFacts]:
    (tmp_path / "part.step").write_text(text, encoding="ascii")
    facts = parse(tmp_path / "part.step", tmp_path, unit)
    assert facts.mesh is not None
    return facts, facts.mesh


@pytest.mark.parametrize(
    ("unit", "size", "mm"),
    [
        ("mm", (30, 20, 10), (30, 20, 10)),
        ("cm", (3, 2, 1), (30, 20, 10)),
        ("m", (0.3, 0.2, 0.1), (300, 200, 100)),
        ("inch", (3, 2, 1), (76.2, 50.8, 25.4)),
    ],
)
def test_units_of_the_file_are_honoured(
    tmp_path: Path, unit: str, size: tuple[float, float, float], mm: tuple[float, float, float]
) -> None:
    facts, mesh = read(tmp_path, box_step(size, unit))
    assert (facts.format, facts.unit) == ("step", unit)
    assert (mesh.triangles, mesh.watertight, mesh.bodies) == (12, True, 1)
    assert mesh.size_mm == pytest.approx(mm, rel=1e-5)
    assert mesh.volume_mm3 == pytest.approx(mm[0] * mm[1] * mm[2], rel=1e-5)


def test_given_unit_overrides_the_files(tmp_path: Path) -> None:
    facts, mesh = read(tmp_path, BOX, unit="inch")
    assert facts.unit == "inch"
    assert mesh.size_mm == pytest.approx((762, 508, 254), rel=1e-5)


def test_file_without_a_unit_is_asked_for_it(tmp_path: Path) -> None:
    text = BOX.replace("LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.)", "NAMED_UNIT(*) MASS_UNIT()")
    with pytest.raises(UnitUnknown, match="--unit"):
        read(tmp_path, text)


def test_assembly_is_put_together(tmp_path: Path) -> None:
    facts, mesh = read(tmp_path, pair_step((30, 20, 10), 50))
    assert (mesh.bodies, mesh.watertight) == (2, True)
    assert mesh.size_mm == pytest.approx((80, 20, 10), rel=1e-5)
    (finding,) = [one for one in facts.findings if one.rule == "several-items"]
    assert finding.measured == 2
    assert "block" in finding.message


def test_what_could_not_be_read_is_told(tmp_path: Path) -> None:
    """Open CASCADE leaves out what it can't read, and goes on."""
    facts, mesh = read(tmp_path, BOX.replace("PLANE('',", "PLANE(''", 1))
    assert not mesh.watertight
    assert "not-read" in [one.rule for one in facts.findings]


def test_crash_of_the_library_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "part.step").write_text(BOX.replace("ADVANCED_FACE('',(", "ADVANCED_FACE('',((", 1), encoding="ascii")
    with pytest.raises(BadFile, match=r"part\.step.*SIGSEGV"):
        measure_file(tmp_path / "part.step", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["part.step"]


def test_child_reads_it_too_and_other_endings(tmp_path: Path) -> None:
    (tmp_path / "part.STP").write_text(BOX, encoding="ascii")
    facts = measure_file(tmp_path / "part.STP", tmp_path)
    assert facts.format == "step"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["normalised.stl", "part.STP"]


def test_real_part(tmp_path: Path) -> None:
    """Two of its walls meet in an edge alone, at any tolerance: that edge has four facets."""
    facts = parse(real_file("step", "SpotiStation__433_remote_base.step"), tmp_path)
    assert facts.mesh is not None
    assert facts.mesh.size_mm == pytest.approx((93, 63, 13), abs=0.01)
    assert facts.mesh.bodies == 1
    assert facts.mesh.volume_mm3 == pytest.approx(29453, rel=1e-3)


WIRES = StepFile()
WIRES.product("sketch", WIRES.context("mm"), [])
REFUSED: dict[str, tuple[str, str]] = {
    "empty": ("", "empty"),
    "blanks": ("  \n", "empty"),
    "another format": ("solid box\nendsolid box\n", "does not begin with ISO-10303-21"),
    "cut off": (BOX[: len(BOX) // 2], "cut off"),
    "with a hole": ("\n".join(one for one in BOX.splitlines() if not one.startswith("#20 =")), "not there"),
    "no entities": (BOX[: BOX.index("DATA;")] + "DATA;\nENDSEC;\nEND-ISO-10303-21;\n", "unit of length"),
    "no solid": (WIRES.text(), "holds no"),
    "garbage between": (BOX.replace("ADVANCED_FACE(", "ADVANCED_FACE(("), "that can be read ("),
    "parts in other files": (
        BOX.replace("DATA;", "DATA;\n#9999=DOCUMENT_FILE('x','','',#1,'','');"),
        "further",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_step_is_refused_with_words(tmp_path: Path, case: str) -> None:
    text, words = REFUSED[case]
    with pytest.raises(BadFile) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)
    assert not (tmp_path / "normalised.stl").exists()


def test_library_that_prints_does_not_garble_the_answer(tmp_path: Path) -> None:
    (tmp_path / "part.step").write_text(REFUSED["garbage between"][0], encoding="ascii")
    with pytest.raises(BadFile, match="that can be read"):
        measure_file(tmp_path / "part.step", tmp_path)


def test_too_many_facets(tmp_path: Path) -> None:
    (tmp_path / "part.step").write_text(BOX, encoding="ascii")
    with pytest.raises(FileTooLarge, match="at most 5"):
        measure_file(tmp_path / "part.step", tmp_path, limits=ParseLimits(max_triangles=5))

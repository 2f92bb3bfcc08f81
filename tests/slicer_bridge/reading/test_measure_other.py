"""3MF and OBJ, honest and hostile."""

import zipfile
from pathlib import Path

import pytest

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown, UnsupportedFormat
from slicer_bridge.facts import PartFacts
from slicer_bridge.plates.plate import PlacedPart, Placement, plate_mesh
from tests.slicer_bridge.shapes import box, parse, real_file, write_box

_CORE = 'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"'


def mesh_xml(size: tuple[float, float, float] = (30, 20, 10)) -> str:
    points = box(size).reshape(-1, 3)
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in points)
    sides = "".join(f'<triangle v1="{3 * i}" v2="{3 * i + 1}" v3="{3 * i + 2}"/>' for i in range(len(points) // 3))
    return f"<mesh><vertices>{vertices}</vertices><triangles>{sides}</triangles></mesh>"


def model_xml(objects: str, items: str, *, unit: str = "millimeter", prolog: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{prolog}<model unit="{unit}" {_CORE}>'
        f"<resources>{objects}</resources><build>{items}</build></model>"
    )


def write_3mf(path: Path, model: str, *, more: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", model)
        for number in range(more):
            archive.writestr(f"Metadata/{number}.txt", "")
    return path


def measured(tmp_path: Path, objects: str, items: str, *, unit: str = "millimeter") -> PartFacts:
    return parse(write_3mf(tmp_path / "part.3mf", model_xml(objects, items, unit=unit)), tmp_path)


BOX = f'<object id="1" type="model">{mesh_xml()}</object>'


def test_box_in_3mf_is_the_box_in_stl(tmp_path: Path) -> None:
    facts = measured(tmp_path, BOX, '<item objectid="1" transform="1 0 0 0 1 0 0 0 1 100 50 3"/>')
    stl = parse(write_box(tmp_path / "box.stl", (30, 20, 10)), tmp_path)
    assert facts.format == "3mf"
    assert facts.normalised_sha256 == stl.normalised_sha256


def test_units_and_transforms_are_taken_from_the_file(tmp_path: Path) -> None:
    facts = measured(tmp_path, BOX, '<item objectid="1" transform="0 2 0 -1 0 0 0 0 1 0 0 0"/>', unit="inch")
    assert facts.unit == "inch"
    assert facts.mesh is not None
    assert facts.mesh.size_mm == pytest.approx((20 * 25.4, 60 * 25.4, 10 * 25.4), rel=1e-5)
    assert facts.mesh.watertight


def test_components_are_put_together_and_mirrors_keep_their_outside(tmp_path: Path) -> None:
    pair = (
        '<object id="2"><components><component objectid="1"/>'
        '<component objectid="1" transform="-1 0 0 0 1 0 0 0 1 -10 0 0"/></components></object>'
    )
    facts = measured(tmp_path, BOX + pair, '<item objectid="2"/>')
    assert facts.mesh is not None
    assert facts.mesh.bodies == 2
    assert facts.mesh.volume_mm3 == pytest.approx(12000)
    assert facts.mesh.size_mm == pytest.approx((70, 20, 10))


def test_plate_of_several_items_is_for_review(tmp_path: Path) -> None:
    items = '<item objectid="1"/><item objectid="1" transform="1 0 0 0 1 0 0 0 1 50 0 0"/>'
    rules = [finding.rule for finding in measured(tmp_path, BOX, items).findings]
    assert "several-items" in rules


def test_real_plate_holds_sixteen(tmp_path: Path) -> None:
    facts = parse(real_file("3mf", "Stethoscope__ring_x16.3mf"), tmp_path)
    assert facts.mesh is not None
    assert facts.mesh.bodies == 16
    assert [finding.measured for finding in facts.findings if finding.rule == "several-items"] == [16]


def test_our_own_plates_can_be_read(tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl", (30, 20, 10))
    part = PlacedPart(tmp_path / "box.stl", "box", (Placement(5, 5), Placement(50, 5)))
    plate_mesh((part,), tmp_path / "plate.3mf")
    facts = parse(tmp_path / "plate.3mf", tmp_path)
    assert facts.mesh is not None
    assert facts.mesh.size_mm == pytest.approx((75, 20, 10))


def _nested(depth: int, width: int, inside: str) -> str:
    levels = [f'<object id="1">{inside}</object>']
    for level in range(2, depth + 2):
        parts = f'<component objectid="{level - 1}"/>' * width
        levels.append(f'<object id="{level}"><components>{parts}</components></object>')
    return "".join(levels)


ONE = '<item objectid="1"/>'
CYCLE = '<object id="1"><components><component objectid="1"/></components></object>'
ELSEWHERE = '<item objectid="1" p:path="/3D/other.model" xmlns:p="p"/>'
NAN = BOX.replace('x="30.0"', 'x="nan"')
HOSTILE: dict[str, tuple[str, str, type[BadFile], str]] = {
    "10^12 nested instances": (_nested(12, 10, mesh_xml()), '<item objectid="13"/>', FileTooLarge, "unfolds to"),
    "10^12 empty instances": (_nested(12, 10, ""), '<item objectid="13"/>', FileTooLarge, "instances"),
    "object that holds itself": (CYCLE, ONE, BadFile, "holds itself"),
    "object that is not there": (BOX, '<item objectid="9"/>', BadFile, "not there"),
    "vertex that is not there": (BOX.replace('v1="3"', 'v1="999"'), ONE, BadFile, "without its"),
    "negative vertex": (BOX.replace('v1="3"', 'v1="-1"'), ONE, BadFile, "without its vertex"),
    "not a number": (NAN, ONE, BadFile, "no number"),
    "words for numbers": (BOX.replace('v1="3"', 'v1="three"'), ONE, BadFile, "garbles"),
    "nothing on the plate": (BOX, "", BadFile, "no facets"),
    "short transform": (BOX, '<item objectid="1" transform="1 0 0"/>', BadFile, "garbles"),
    "parts in other files": (BOX, ELSEWHERE, UnsupportedFormat, "further"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_model_is_refused_with_words(tmp_path: Path, case: str) -> None:
    objects, items, kind, words = HOSTILE[case]
    with pytest.raises(kind) as caught:
        measured(tmp_path, objects, items)
    assert words in str(caught.value)
    assert not (tmp_path / "normalised.stl").exists()


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = model_xml(BOX + " " * 200_000_000, '<item objectid="1"/>')
    with pytest.raises(FileTooLarge, match="zip bomb"):
        parse(write_3mf(tmp_path / "bomb.3mf", bomb), tmp_path)


def test_doctype_is_refused(tmp_path: Path) -> None:
    prolog = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    model = model_xml(BOX, '<item objectid="1"/>', prolog=prolog)
    with pytest.raises(BadFile, match="DOCTYPE"):
        parse(write_3mf(tmp_path / "part.3mf", model), tmp_path)


def test_crowded_and_foreign_archives(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge, match="at most 1,000"):
        parse(write_3mf(tmp_path / "many.3mf", "", more=1000), tmp_path)
    with zipfile.ZipFile(tmp_path / "other.3mf", "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(BadFile, match="3dmodel"):
        parse(tmp_path / "other.3mf", tmp_path)
    whole = write_3mf(tmp_path / "cut.3mf", model_xml(BOX, '<item objectid="1"/>')).read_bytes()
    (tmp_path / "cut.3mf").write_bytes(whole[:-40])
    with pytest.raises(BadFile, match="no whole 3MF"):
        parse(tmp_path / "cut.3mf", tmp_path)
    with pytest.raises(BadFile, match="broken XML"):
        parse(write_3mf(tmp_path / "xml.3mf", "<model><resources>"), tmp_path)


CUBE_OBJ = """\
# a cube of quads
v 0 0 0\nv 20 0 0\nv 20 20 0\nv 0 20 0\nv 0 0 20\nv 20 0 20\nv 20 20 20\nv 0 20 20
vn 0 0 1
f 4 3 2 1
f 5//1 6//1 7//1 8//1
f 1 2 6 5
f 2 3 7 6
f 3/1/1 4/1/1 8/1/1 7/1/1
f -5 -8 -4 -1
"""


def test_obj_with_quads_and_counted_back_vertices(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE_OBJ, encoding="ascii")
    mesh = parse(tmp_path / "cube.obj", tmp_path).mesh
    assert mesh is not None
    assert (mesh.triangles, mesh.watertight) == (12, True)
    assert mesh.volume_mm3 == pytest.approx(8000)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", BadFile, "no faces"),
        ("v 1 2 3\n", BadFile, "no faces"),
        ("v 1 2\nf 1 1 1\n", BadFile, "line 1"),
        ("v 1 2 3\nv 9 2 3\nv 1 9 3\nf 1 2 9\n", BadFile, "without its vertex"),
        ("v 1 2 3\nf 1 0 1\n", BadFile, "from 1"),
        ("v 1 2 x\n", BadFile, "line 1"),
        ("v 0 0 0\nv .2 0 0\nv 0 .2 0\nf 1 2 3\n", UnitUnknown, "--unit"),
    ],
)
def test_bad_obj(tmp_path: Path, text: str, kind: type[BadFile], words: str) -> None:
    (tmp_path / "bad.obj").write_text(text, encoding="ascii")
    with pytest.raises(kind) as caught:
        parse(tmp_path / "bad.obj", tmp_path)
    assert words in str(caught.value)

"""3MF and OBJ, honest and hostile."""

import zipfile
from pathlib import Path

import pytest

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
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


def test_alike_items_are_told(tmp_path: Path) -> None:
    """Fifteen of its rings have the same mesh, one has another."""
    facts = parse(real_file("3mf", "Stethoscope__ring_x16.3mf"), tmp_path)
    (message,) = [finding.message for finding in facts.findings if finding.rule == "several-items"]
    assert "16 items, 2 designs" in message


def test_item_that_is_not_to_be_printed_and_supports_are_left_out(tmp_path: Path) -> None:
    support = f'<object id="2" type="support">{mesh_xml()}</object><object id="3" type="other">{mesh_xml()}</object>'
    pair = '<object id="4"><components><component objectid="1"/><component objectid="2"/></components></object>'
    off = '<item objectid="1" printable="0" transform="1 0 0 0 1 0 0 0 1 99 0 0"/>'
    items = f'<item objectid="4"/><item objectid="2"/><item objectid="3"/>{off}'
    facts = measured(tmp_path, BOX + support + pair, items)
    assert facts.mesh is not None
    assert (facts.mesh.bodies, facts.mesh.volume_mm3) == (1, 6000)
    (message,) = [finding.message for finding in facts.findings if finding.rule == "not-made"]
    assert "2 items that are supports" in message
    assert "1 items that are not to be printed" in message


PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"


def test_parts_in_further_files_of_the_package(tmp_path: Path) -> None:
    """The further file has a unit of its own."""
    parts = (
        f'<object id="8"><components><component p:path="/3D/Objects/part.model" objectid="1" xmlns:p="{PRODUCTION}" '
        'transform="1 0 0 0 1 0 0 0 1 100 0 0"/></components></object>'
    )
    inner = model_xml(BOX, '<item objectid="1"/>', unit="centimeter")
    with zipfile.ZipFile(tmp_path / "part.3mf", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", model_xml(BOX + parts, '<item objectid="1"/><item objectid="8"/>'))
        archive.writestr("3D/Objects/part.model", inner)
    mesh = parse(tmp_path / "part.3mf", tmp_path).mesh
    assert mesh is not None
    assert mesh.bodies == 2
    assert mesh.volume_mm3 == pytest.approx(6000 + 6_000_000)
    assert mesh.size_mm == pytest.approx((400, 200, 100))


def _project(tmp_path: Path, config: str, content: str) -> PartFacts:
    twice = box((30, 20, 10)).tolist() + box((10, 10, 10), (50, 0, 0)).tolist()
    points = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for facet in twice for x, y, z in facet)
    sides = "".join(f'<triangle v1="{3 * i}" v2="{3 * i + 1}" v3="{3 * i + 2}"/>' for i in range(len(twice)))
    mesh = f'<object id="1"><mesh><vertices>{points}</vertices><triangles>{sides}</triangles></mesh></object>'
    inner = f'<object id="5">{mesh_xml()}</object><object id="6">{mesh_xml((5, 5, 5))}</object>'
    whole = '<object id="7"><components><component objectid="5"/><component objectid="6"/></components></object>'
    item = '<item objectid="1"/>' if "volume" in content else '<item objectid="7"/>'
    with zipfile.ZipFile(tmp_path / "part.3mf", "w") as archive:
        archive.writestr("3D/3dmodel.model", model_xml(mesh + inner + whole, item))
        archive.writestr(f"Metadata/{config}", content)
    return parse(tmp_path / "part.3mf", tmp_path)


def _volume(first: int, last: int, kind: str) -> str:
    return (
        f'<volume firstid="{first}" lastid="{last}"><metadata type="volume" key="volume_type" value="{kind}"/></volume>'
    )


def test_modifiers_of_slicers_are_no_parts(tmp_path: Path) -> None:
    prusa = (
        f'<config><object id="1">{_volume(0, 11, "ModelPart")}{_volume(12, 23, "ParameterModifier")}</object></config>'
    )
    facts = _project(tmp_path, "Slic3r_PE_model.config", prusa)
    assert facts.mesh is not None
    assert facts.mesh.size_mm == pytest.approx((30, 20, 10))
    assert [finding.rule for finding in facts.findings] == ["not-made"]
    parts = '<part id="5" subtype="normal_part"/><part id="6" subtype="modifier_part"/>'
    bambu = f'<config><object id="7">{parts}</object></config>'
    facts = _project(tmp_path, "model_settings.config", bambu)
    assert facts.mesh is not None
    assert facts.mesh.bodies == 1


def test_negative_volume_is_refused(tmp_path: Path) -> None:
    prusa = f'<config><object id="1">{_volume(12, 23, "NegativeVolume")}</object></config>'
    with pytest.raises(BadFile, match="negative volume"):
        _project(tmp_path, "Slic3r_PE_model.config", prusa)


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
    "parts in files that are not there": (BOX, ELSEWHERE, BadFile, "has no 3d/other.model"),
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

"""SVG: units, transforms, shapes, what is not drawn, and what is refused."""

from math import pi
from pathlib import Path

import pytest
from shapely.geometry import Polygon

from slicer_bridge.drawings.contours import join
from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
from slicer_bridge.facts import DrawingFacts, PartFacts
from slicer_bridge.reading.dxf import read_dxf
from tests.slicer_bridge.shapes import parse, real_file

HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
LINES = 'fill="none" stroke="black"'
PLATE = f'<rect x="10" y="10" width="60" height="40" {LINES}/>'


def read(tmp_path: Path, inside: str, size: str = 'width="100mm" height="80mm" viewBox="0 0 100 80"') -> PartFacts:
    return read_text(tmp_path, f"<svg {HEAD} {size}>{inside}</svg>")


def read_text(tmp_path: Path, text: str, unit: str | None = None) -> PartFacts:
    (tmp_path / "part.svg").write_text(text, encoding="utf-8")
    return parse(tmp_path / "part.svg", tmp_path, unit)


def drawn(tmp_path: Path, inside: str, size: str = 'width="100mm" height="80mm" viewBox="0 0 100 80"') -> DrawingFacts:
    drawing = read(tmp_path, inside, size).drawing
    assert drawing is not None
    return drawing


@pytest.mark.parametrize(
    ("size", "unit", "factor"),
    [
        ('width="100mm" height="80mm" viewBox="0 0 100 80"', "mm", 1),
        ('width="100mm" height="80mm" viewBox="0 0 50 40"', "mm", 2),
        ('width="4in" height="4in" viewBox="0 0 40 40"', "inch", 2.54),
        ('width="10cm" viewBox="0 0 100 80"', "cm", 1),
        ('width="72pt" height="72pt" viewBox="0 0 72 72"', "pt", 25.4 / 72),
        ('width="6pc" height="6pc" viewBox="0 0 72 72"', "pt", 25.4 / 72),
        ('width="400Q" height="400Q" viewBox="0 0 100 100"', "mm", 1),
        ('width="100mm" height="80mm"', "mm", 25.4 / 96),
        ('width="200mm" height="80mm" viewBox="0 0 100 80"', "mm", 1),
    ],
)
def test_size_is_what_the_file_states(tmp_path: Path, size: str, unit: str, factor: float) -> None:
    facts = read(tmp_path, PLATE, size)
    assert facts.unit == unit
    assert facts.format == "svg"
    assert facts.drawing is not None
    assert facts.drawing.size_mm == pytest.approx((60 * factor, 40 * factor))
    assert facts.drawing.area_mm2 == pytest.approx(2400 * factor**2)


@pytest.mark.parametrize(
    "size",
    ['width="100" height="80"', 'width="100px" height="80px"', 'width="100%" height="100%"', "", 'width="9em"'],
)
def test_pixels_and_no_unit_are_asked_for(tmp_path: Path, size: str) -> None:
    text = f'<svg {HEAD} {size} viewBox="0 0 100 80">{PLATE}</svg>'
    with pytest.raises(UnitUnknown, match="--unit mm, inch, px"):
        read_text(tmp_path, text)
    assert not (tmp_path / "normalised.dxf").exists()
    for unit, factor in (("mm", 1.0), ("inch", 25.4), ("px", 25.4 / 96), ("pt", 25.4 / 72)):
        drawing = read_text(tmp_path, text, unit).drawing
        assert drawing is not None
        assert drawing.size_mm == pytest.approx((60 * factor, 40 * factor))


def test_stretched_page_is_refused(tmp_path: Path) -> None:
    size = 'width="100mm" height="80mm" viewBox="0 0 100 100" preserveAspectRatio="none"'
    with pytest.raises(BadFile, match="stretch"):
        read(tmp_path, PLATE, size)


def test_every_shape_is_read(tmp_path: Path) -> None:
    shapes = f"""<rect x="0" y="0" width="100" height="80" rx="5" {LINES}/>
    <circle cx="20" cy="20" r="5" {LINES}/><ellipse cx="40" cy="20" rx="8" ry="4" {LINES}/>
    <polygon points="60,15 70,15 65,25" {LINES}/><polyline points="80,15 90,15 85,25 80,15" {LINES}/>
    <path d="M20,50 a5,5 0 1 0 10,0 a5,5 0 1 0 -10,0 z" {LINES}/>
    <path d="M40,50 h10 v10 h-10 z m2,2 v6 h6 v-6 z" {LINES}/>
    <path d="M65,60 C65,50 75,50 75,60 S75,70 70,72 Q65,70 66,66 T65,60 z" {LINES}/>
    <line x1="5" y1="70" x2="60" y2="70" {LINES}/>"""
    drawing = drawn(tmp_path, shapes)
    assert (drawing.contours, drawing.open_contours) == (9, 1)
    assert drawing.closed[0].area_mm2 == pytest.approx(8000 - (4 - pi) * 25)
    circles = sorted(one.circle for one in drawing.closed if one.circle)
    assert circles == [pytest.approx((20, 60, 10)), pytest.approx((25, 30, 10))]
    assert sorted(one.depth for one in drawing.closed) == [0] + [1] * 7 + [2]
    ellipse = next(one for one in drawing.closed if one.area_mm2 == pytest.approx(32 * pi, rel=2e-3))
    assert ellipse.circle is None


def test_drawing_is_turned_up_and_not_mirrored(tmp_path: Path) -> None:
    path = f'<path id="L" d="M0 0 H30 V10 H10 V40 H0 Z" {LINES}/>'
    drawing = drawn(tmp_path, path)
    assert drawing.closed[0].handles == ("L",)
    (contour,) = join(list(read_dxf(tmp_path / "normalised.dxf").paths)).contours
    standing = Polygon([(0, 0), (10, 0), (10, 30), (30, 30), (30, 40), (0, 40)])
    assert contour.polygon.symmetric_difference(standing).area == pytest.approx(0, abs=1e-6)


def test_transforms_are_applied_from_the_outside_in(tmp_path: Path) -> None:
    inside = (
        '<g transform="translate(20, 10)"><g transform="rotate(90) scale(2,1)">'
        f'<rect width="20" height="10" {LINES}/><circle cx="10" cy="5" r="2" {LINES}/></g></g>'
        f'<g transform="matrix(-1 0 0 1 80 0)"><circle cx="10" cy="70" r="3" transform="skewX(0)" {LINES}/></g>'
    )
    drawing = drawn(tmp_path, inside)
    assert drawing.closed[0].area_mm2 == pytest.approx(400)
    stretched = next(one for one in drawing.closed if one.depth == 1)
    assert stretched.circle is None
    assert stretched.area_mm2 == pytest.approx(8 * pi, rel=5e-3)
    mirrored = next(one for one in drawing.closed if one.circle)
    assert mirrored.circle is not None
    assert mirrored.circle[2] == pytest.approx(6)


def test_use_and_symbols_are_unfolded(tmp_path: Path) -> None:
    inside = (
        f'<defs><circle id="hole" r="2" {LINES}/></defs>'
        f'<symbol id="tile" viewBox="0 0 10 10"><rect width="10" height="10" {LINES}/></symbol>'
        f'{PLATE}<use href="#hole" x="20" y="20"/><use xlink:href="#hole" transform="translate(30 20)"/>'
        '<use href="#tile" x="40" y="20" width="20" height="20"/>'
    )
    drawing = drawn(tmp_path, inside)
    circles = sorted(one.circle for one in drawing.closed if one.circle)
    assert circles == [pytest.approx((10, 30, 4)), pytest.approx((20, 30, 4))]
    assert drawing.closed[1].area_mm2 == pytest.approx(400)


def test_inner_svg_has_its_own_view_box(tmp_path: Path) -> None:
    inner = (
        f'<svg x="10" y="10" width="40" height="40" viewBox="0 0 10 20"><rect width="10" height="20" {LINES}/></svg>'
    )
    assert drawn(tmp_path, inner).size_mm == pytest.approx((20, 40))


@pytest.mark.parametrize(
    "hidden",
    [
        '<g style="display:none">{}</g>',
        '<g display="none">{}</g>',
        '<g visibility="hidden">{}</g>',
        '<g opacity="0">{}</g>',
        '<style>/* off */ .off, .gone {{ display : none }}</style><g class="x off">{}</g>',
        '<style>#away{{display:none}}</style><g id="away">{}</g>',
        "<defs>{}</defs><text>words</text>",
        '<clipPath id="c">{}</clipPath>',
        '<g clip-path="url(#x)"></g><mask id="m">{}</mask>',
        "<marker>{}</marker><pattern>{}</pattern>",
    ],
)
def test_what_is_not_drawn_is_not_cut(tmp_path: Path, hidden: str) -> None:
    inside = PLATE + hidden.replace("{}", f'<circle cx="30" cy="30" r="5" {LINES}/>').replace("{{", "{").replace(
        "}}", "}"
    )
    assert drawn(tmp_path, inside).contours == 1


def test_left_out_things_are_named(tmp_path: Path) -> None:
    inside = (
        f'{PLATE}<text x="1" y="9">hello</text><image href="file:///etc/passwd" width="9" height="9"/>'
        f'<use href="http://127.0.0.1:9/other.svg#x"/><g clip-path="url(#c)"></g><g display="none">{PLATE}</g>'
        f'<rect width="5" height="5" fill="none"/>'
    )
    (finding,) = [one for one in read(tmp_path, inside).findings if one.rule == "not-cut"]
    for words in ("1 text", "1 image", "1 reference to what is not in the file", "1 clip-path not", "2 hidden"):
        assert words in finding.message


def test_filled_shape_needs_no_closing_line(tmp_path: Path) -> None:
    assert drawn(tmp_path, '<path d="M0 0 H30 V20 H0"/>').contours == 1
    facts = drawn(tmp_path, f'{PLATE}<path d="M15 15 H30 V30 H15" {LINES}/>')
    assert (facts.contours, facts.open_contours) == (1, 1)


def test_named_dtd_is_not_fetched_and_no_harm(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1:9/svg11.dtd">'
    size = 'width="100mm" height="80mm" viewBox="0 0 100 80"'
    drawing = read_text(tmp_path, f'<?xml version="1.0"?>{doctype}<svg {HEAD} {size}>{PLATE}</svg>').drawing
    assert drawing is not None
    assert drawing.size_mm == pytest.approx((60, 40))


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
CLONES = '<g id="u0"><rect width="1" height="1"/></g>' + "".join(
    f'<g id="u{n}"><use href="#u{n - 1}"/><use href="#u{n - 1}"/></g>' for n in range(1, 40)
)
REFUSED: dict[str, tuple[str, type[BadFile], str]] = {
    "entities": (f"{LAUGHS}<svg {HEAD} width='1mm'><text>&b;</text></svg>", BadFile, "DOCTYPE"),
    "external entity": (f"{OUTSIDE}<svg {HEAD} width='1mm'><text>&x;</text></svg>", BadFile, "DOCTYPE"),
    "no svg": ("<letter><body/></letter>", BadFile, "no SVG"),
    "cut off": (f"<svg {HEAD} width='9mm'><rect", BadFile, "no whole SVG"),
    "use of itself": (
        f"<svg {HEAD} width='9mm'><use id='a' href='#b'/><use id='b' href='#a'/></svg>",
        BadFile,
        "itself",
    ),
    "2^39 clones": (f"<svg {HEAD} width='9mm'>{CLONES}</svg>", FileTooLarge, "unfolds to"),
    "deep groups": (f"<svg {HEAD} width='9mm'>{'<g>' * 200}{'</g>' * 200}</svg>", BadFile, "deep"),
    "only text": (f"<svg {HEAD} width='9mm'><text>hi</text></svg>", BadFile, "1 text"),
    "garbled path": (f"<svg {HEAD} width='9mm'><path d='M 0 0 L'/></svg>", BadFile, "can't be read"),
    "far away": (f"<svg {HEAD} width='9mm'><path d='M 0 0 L 1e300 0 L 3 3 z'/></svg>", BadFile, "no number"),
    "garbled transform": (f"<svg {HEAD} width='9mm'><g transform='turn(3)'/></svg>", BadFile, "turn"),
    "view box of nothing": (f"<svg {HEAD} width='9mm' viewBox='0 0 0 5'>{PLATE}</svg>", BadFile, "viewBox"),
    "moved by its style": (
        f"<svg {HEAD} width='9mm'><g style='transform:scale(2)'/></svg>",
        BadFile,
        "apply transforms",
    ),
    "percent": (f"<svg {HEAD} width='9mm'><rect width='50%' height='5'/></svg>", BadFile, "length in '%'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_svg_is_refused_with_words(tmp_path: Path, case: str) -> None:
    text, kind, words = REFUSED[case]
    with pytest.raises(kind) as caught:
        read_text(tmp_path, text)
    assert words in str(caught.value)
    assert not (tmp_path / "normalised.dxf").exists()


def test_real_drawing_agrees_with_its_dxf(tmp_path: Path) -> None:
    """The DXF draws its large sheet as two halves with a common line, and one more rectangle; the rest is the same."""
    name = "wiggle-bin__LaserCutLidWood1PanelAcrylic3mm"
    flat = parse(real_file("sheet", f"{name}.dxf"), tmp_path).drawing
    scaled = parse(real_file("sheet", f"{name}.svg"), tmp_path, unit="px").drawing
    assert flat is not None
    assert scaled is not None
    small = [sorted((c.depth, round(c.area_mm2, 1)) for c in d.closed if c.area_mm2 < 2000) for d in (flat, scaled)]
    common = [one for one in small[1] if one in small[0]]
    assert common == small[0]
    assert len(common) == 9
    halves = [one.area_mm2 for one in flat.closed if one.area_mm2 > 2000]
    assert sum(halves) == pytest.approx(max(one.area_mm2 for one in scaled.closed) + 2 * 600, rel=1e-3)

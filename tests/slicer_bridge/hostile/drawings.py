"""Hostile DXF and SVG."""

from collections.abc import Callable

from tests.slicer_bridge.hostile.case import Case, text
from tests.slicer_bridge.shapes import circle, dxf_text, line, polyline, rectangle

_SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="99mm" viewBox="0 0 99 99"'
_MB = 1_000_000


def insert(name: str, rows: int = 1, columns: int = 1, handle: str = "D0", scale: float = 1.0) -> str:
    return (
        f"0\nINSERT\n5\n{handle}\n100\nAcDbEntity\n8\n0\n100\nAcDbBlockReference\n2\n{name}\n10\n0\n20\n0\n"
        f"41\n{scale}\n42\n{scale}\n70\n{columns}\n71\n{rows}\n44\n5\n45\n5\n"
    )


def block(name: str, entities: str, handle: int) -> str:
    return (
        f"0\nBLOCK\n5\n{handle:X}\n100\nAcDbEntity\n8\n0\n100\nAcDbBlockBegin\n2\n{name}\n70\n0\n10\n0\n20\n0\n3\n{name}\n"
        f"{entities}0\nENDBLK\n5\n{handle + 1:X}\n100\nAcDbEntity\n8\n0\n100\nAcDbBlockEnd\n"
    )


def with_blocks(blocks: str, entities: str) -> str:
    whole = dxf_text(entities)
    return whole.replace(
        "0\nSECTION\n2\nENTITIES", f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n0\nSECTION\n2\nENTITIES"
    )


def _nested(depth: int, width: int, inside: str) -> str:
    blocks = block("B0", inside, 0x1000)
    for level in range(1, depth + 1):
        parts = "".join(insert(f"B{level - 1}", handle=f"{0x2000 + 16 * level + n:X}") for n in range(width))
        blocks += block(f"B{level}", parts, 0x1000 + 2 * level)
    return with_blocks(blocks, insert(f"B{depth}"))


def _spline(degree: int, count: int, far: float) -> str:
    knots = "".join(f"40\n{n}\n" for n in range(count + degree + 1))
    points = "".join(f"10\n{far * (n % 7)}\n20\n{far * (n % 5)}\n30\n0\n" for n in range(count))
    head = f"0\nSPLINE\n5\nE0\n100\nAcDbEntity\n8\n0\n100\nAcDbSpline\n70\n8\n71\n{degree}\n"
    head += f"72\n{count + degree + 1}\n73\n{count}\n"
    return dxf_text(head + "74\n0\n" + knots + points)


def _bulge(bulge: str) -> str:
    head = "0\nLWPOLYLINE\n5\nD0\n100\nAcDbEntity\n8\n0\n100\nAcDbPolyline\n90\n3\n70\n1\n"
    return dxf_text(head + f"10\n0\n20\n0\n42\n{bulge}\n10\n9\n20\n0\n42\n{bulge}\n10\n5\n20\n9\n")


def _concentric(count: int) -> str:
    return dxf_text("".join(circle(0, 0, 5 + n / 100, handle=f"{n + 16:X}") for n in range(count)))


def _star(count: int) -> str:
    """Lines from one point: all ends meet."""
    return dxf_text("".join(line(0, 0, 50 + n % 7, n / 10, handle=f"{n + 16:X}") for n in range(count)))


def _comb(count: int) -> str:
    """A closed line that crosses itself count² / 4 times."""
    up = [(n * 0.1, 100.0 * (n % 2)) for n in range(count)]
    across = [(100.0 * (n % 2), n * 0.1) for n in range(count)]
    return dxf_text(polyline(up + across))


DXF = (
    Case("empty.dxf", lambda: b"", "empty"),
    Case("garbage.dxf", lambda: bytes(range(256)) * 40, "DXF|cut off"),
    text(dxf_text(rectangle(0, 0, 50, 30))[:160], "cut off", "truncated.dxf"),
    text(dxf_text(rectangle(0, 0, 50, 30), unit=None), "--unit", "no-unit.dxf"),
    text(dxf_text(line(0, 0, 9, 9)), "no closed contour", "open.dxf"),
    text(dxf_text(""), "nothing to cut", "nothing.dxf"),
    text(dxf_text(rectangle(0, 0, float("nan"), 30)), "no number|DXF", "nan.dxf"),
    text(dxf_text(rectangle(0, 0, 1e300, 30)), "no number", "giant-number.dxf"),
    text(dxf_text(circle(0, 0, 1e7)), "", "giant-circle.dxf"),
    text(dxf_text(circle(0, 0, 1e15)), "km away", "circle-of-a-planet.dxf"),
    text(dxf_text(circle(0, 0, 0)), "nothing to cut|no closed", "circle-of-nothing.dxf"),
    text(_bulge("1e308"), "km away|no number", "giant-bulge.dxf"),
    text(_bulge("nan"), "no number|DXF", "nan-bulge.dxf"),
    text(_nested(12, 10, line(0, 0, 9, 0)), "unfolds to", "blocks-10-to-12.dxf"),
    text(_nested(12, 10, ""), "unfolds to", "empty-blocks-10-to-12.dxf"),
    text(lambda: _nested(400, 1, line(0, 0, 9, 0)), "deep", "deep-blocks.dxf"),
    text(with_blocks(block("A", insert("A"), 0x1000), insert("A")), "holds itself", "block-in-itself.dxf"),
    text(
        with_blocks(block("A", insert("B"), 0x1000) + block("B", insert("A", handle="D1"), 0x1002), insert("A")),
        "holds itself",
        "blocks-in-a-circle.dxf",
    ),
    text(with_blocks("", insert("GONE")), "not there", "missing-block.dxf"),
    text(
        with_blocks(block("A", line(0, 0, 9, 0), 0x1000), insert("A", 32_000, 32_000)),
        "unfolds to",
        "grid-of-a-billion.dxf",
    ),
    text(
        with_blocks(block("A", circle(0, 0, 1), 0x1000), insert("A", scale=1e200)),
        "no number|DXF|shape",
        "giant-scale.dxf",
    ),
    text(_spline(3, 2000, 1e12), "no number", "far-spline.dxf"),
    text(_spline(900, 1000, 10.0), "degree", "spline-of-degree-900.dxf"),
    text(lambda: _concentric(3000), "in another", "3000-circles-in-one-another.dxf"),
    text(lambda: _star(8_000), "no closed contour", "8000-lines-from-one-point.dxf"),
    text(lambda: _comb(3000), "no closed contour", "comb.dxf"),
    text(lambda: "0\nSECTION\n2\nENTITIES\n" + "0\nLINE\n" * (3 * _MB), "lines of text", "six-million-lines.dxf"),
    Case("one-line.dxf", lambda: b"9" * (99 * _MB), "a line of it"),
    text(
        dxf_text(rectangle(0, 0, 50, 30)).replace("\n50", "\n" + "5" * 500_000, 1),
        "number|DXF|km away",
        "long-number.dxf",
    ),
    Case("utf16.dxf", lambda: dxf_text(rectangle(0, 0, 50, 30)).encode("utf-16"), "UTF-16"),
    Case("binary-cut-off.dxf", lambda: b"AutoCAD Binary DXF\r\n\x1a\0" + bytes(range(256)) * 4, "DXF"),
)

_LAUGHS = (
    '<!DOCTYPE svg [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "]>"
)
_CLONES = '<g id="u0"><rect width="1" height="1"/></g>' + "".join(
    f'<g id="u{n}">{f"""<use href="#u{n - 1}"/>""" * 10}</g>' for n in range(1, 13)
)


def _svg(inside: str | Callable[[], str], words: str, name: str, prolog: str = "") -> Case:
    return text(lambda: f"{prolog}{_SVG}>{inside if isinstance(inside, str) else inside()}</svg>", words, name)


SVG = (
    Case("empty.svg", lambda: b"", "empty"),
    Case("garbage.svg", lambda: bytes(range(256)) * 40, "no whole SVG"),
    text(f"{_SVG}><rect width='5'", "no whole SVG", "truncated.svg"),
    _svg("<text>&a11;</text>", "DOCTYPE", "billion-laughs.svg", _LAUGHS),
    _svg(
        "<text>&x;</text>", "DOCTYPE", "external-entity.svg", '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
    _svg(
        "<text>&x;</text>", "entit|no whole", "unknown-entity.svg", '<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/x.dtd">'
    ),
    _svg(_CLONES, "unfolds to", "clones-10-to-12.svg"),
    _svg('<use id="a" href="#b"/><use id="b" href="#a"/>', "itself", "clones-in-a-circle.svg"),
    _svg('<g id="a"><use href="#a"/></g>', "itself", "clone-of-its-own-group.svg"),
    _svg(lambda: "<g>" * 50_000, "deep", "deep-groups.svg"),
    _svg(lambda: "<g/>" * 300_000, "elements", "300000-groups.svg"),
    _svg('<image href="file:///etc/passwd" width="9" height="9"/>', "1 image", "local-image.svg"),
    _svg(
        '<use href="http://127.0.0.1:9/x.svg#a"/><style>@import url(http://127.0.0.1:9/x.css);</style>',
        "not in the file",
        "foreign-references.svg",
    ),
    _svg("<script>while(true){}</script><foreignObject/>", "nothing to cut", "script.svg"),
    _svg(lambda: '<path d="M0 0 L' + "1 " * (2 * _MB) + '"/>', "numbers", "two-million-numbers.svg"),
    _svg(lambda: '<path d="M0 0 L' + "1" * (20 * _MB) + ' 1"/>', "number|read|km", "long-number.svg"),
    _svg(lambda: '<path d="' + "M" * _MB + '"/>', "read|nothing to cut|computing", "only-moves.svg"),
    _svg('<path d="M0 0 A 5 5 0 0 1 1e308 1e308 z"/>', "number|read|shape", "giant-arc.svg"),
    _svg('<path d="M0 0 C 1e7 0 0 1e7 9e6 9e6 L 0 5 z"/>', "", "giant-curve.svg"),
    _svg('<circle r="nan"/><circle r="1e999"/>', "length|number", "nan.svg"),
    _svg('<g transform="' + "scale(10)" * 400 + '"><rect width="1" height="1"/></g>', "number", "growing-scale.svg"),
    _svg(lambda: '<g transform="' + "1" * _MB + '"/>', "transform", "long-transform.svg"),
    _svg(
        '<g transform="scale(0)"><rect width="9" height="9"/></g>', "nothing to cut|no closed", "scale-of-nothing.svg"
    ),
    _svg(lambda: "<style>" + "/*" * (2 * _MB) + "</style>", "nothing to cut", "comments-without-end.svg"),
    _svg(lambda: "<style>" + "a," * _MB + "{}</style>", "nothing to cut", "million-selectors.svg"),
    _svg(lambda: '<rect width="' + "9" * (5 * _MB) + '" height="9"/>', "length|number|km", "long-length.svg"),
    text(_SVG.replace('width="99mm" ', "") + "><rect width='9' height='9'/></svg>", "--unit", "no-unit.svg"),
    text(_SVG.replace("99mm", "1e300mm") + "><rect width='9' height='9'/></svg>", "number|km", "giant-page.svg"),
    Case("unknown-encoding.svg", lambda: b'<?xml version="1.0" encoding="klingon"?><svg/>', "no whole SVG"),
    Case("gzip.svg", lambda: b"\x1f\x8b\x08\0" + bytes(99), "gzip"),
    Case("large.svg", lambda: f"{_SVG}>".encode() + b" " * (40 * _MB), "at most"),
)

"""Files of other kinds under a known ending, files that are two at once, and hostile STEP."""

import gzip

from tests.slicer_bridge.hostile.case import Case, text
from tests.slicer_bridge.hostile.packages import pack
from tests.slicer_bridge.shapes import ascii_stl, box, stl_bytes
from tests.slicer_bridge.step_files import StepFile, box_step

_BOX = box((30, 20, 10))
_STEP = box_step((30, 20, 10))
_MB = 1_000_000
_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" * 20
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(2000)
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)
_HTML = b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>" * 5

FOREIGN = (
    Case("page.stl", lambda: _HTML, "web page"),
    Case("page.3mf", lambda: _HTML, "web page"),
    Case("page.step", lambda: _HTML, "web page"),
    Case("paper.stl", lambda: _PDF, "PDF"),
    Case("paper.dxf", lambda: _PDF, "PDF"),
    Case("photo.stl", lambda: _JPEG, "JPEG"),
    Case("photo.obj", lambda: _PNG, "PNG"),
    Case("packed.stl", lambda: gzip.compress(stl_bytes(_BOX), mtime=0), "gzip"),
    Case("zip.stl", lambda: pack(b"x", name="part.stl"), "zip"),
    Case("program.stl", lambda: b"\x7fELF" + bytes(3000), "program"),
    Case("drawing.dxf", lambda: b"AC1027" + bytes(3000), "DWG"),
    Case("step-named.stl", _STEP.encode, "STEP"),
    Case("stl-named.step", lambda: ascii_stl(_BOX).encode(), "ISO-10303-21"),
    Case("stl-and-zip.3mf", lambda: stl_bytes(_BOX) + pack(b"<model/>"), "facets|3MF"),
    Case("zip-and-stl.stl", lambda: pack(b"<model/>") + stl_bytes(_BOX), "zip"),
    Case("part.exe", lambda: stl_bytes(_BOX), "no reader"),
    Case("part", lambda: stl_bytes(_BOX), "no reader"),
    Case("part.stl.", lambda: stl_bytes(_BOX), "no reader"),
)


def _loop() -> str:
    """A placement that is its own parent."""
    return _STEP.replace("DATA;", "DATA;\n#90001=REPRESENTATION('',(#90001),#90001);")


def _assembly(depth: int, width: int) -> str:
    """An assembly of `width` times an assembly of ..., `depth` levels."""
    file = StepFile()
    context = file.context("mm")
    below = file.product("block", context, [file.box((3, 2, 1))])
    for level in range(depth):
        above = file.product(f"level{level}", context, [])
        for number in range(width):
            file.instance(above, below, (5.0 * number, 7.0 * level, 0))
        below = above
    return file.text()


def _self_assembly() -> str:
    file = StepFile()
    context = file.context("mm")
    part = file.product("block", context, [file.box((3, 2, 1))])
    file.instance(part, part, (5, 0, 0))
    return file.text()


STEP = (
    Case("empty.step", lambda: b"", "empty"),
    Case("garbage.step", lambda: bytes(range(256)) * 40, "ISO-10303-21"),
    text(_STEP[:3000], "cut off", "truncated.step"),
    text("\n".join([*_STEP.splitlines()[:-20], "ENDSEC;", "END-ISO-10303-21;"]), "STEP|unit|holds no", "patched.step"),
    text(_STEP.replace("#20 =", "#99920 ="), "not there", "dangling.step"),
    text(_STEP.replace("ADVANCED_FACE('',(", "ADVANCED_FACE('',((", 1), "SIGSEGV|STEP", "crashes-the-library.step"),
    text(_STEP.replace("30.000000", "1e300"), "", "giant-number.step"),
    text(lambda: _STEP.replace("30.000000", "9" * _MB), "", "long-number.step"),
    text(_loop(), "", "loop.step"),
    text(_self_assembly(), "", "assembly-of-itself.step"),
    text(_assembly(8, 8), "", "assembly-8-to-8.step"),
    text(
        lambda: _STEP.replace("DATA;", "DATA;\n" + "#99999=" + "(" * 200_000 + ")" * 200_000 + ";"),
        "",
        "deep-brackets.step",
    ),
    text(lambda: _STEP.replace("DATA;", "DATA;\n/* " + "x" * (20 * _MB) + " */"), "", "long-comment.step"),
    text(_STEP.replace("SI_UNIT(.MILLI.,.METRE.)", "SI_UNIT(.EXA.,.METRE.)"), "", "exametres.step"),
    text(
        _STEP.replace("DATA;", "DATA;\n#9999=DOCUMENT_FILE('/etc/passwd','','',#1,'','');"),
        "further",
        "parts-elsewhere.step",
    ),
    Case("large.step", lambda: b"ISO-10303-21;" + b" " * (60 * _MB), "at most"),
    Case(
        "nul-bytes.step",
        lambda: _STEP.encode().replace(b" ", b"\0"),
        "",
    ),
)

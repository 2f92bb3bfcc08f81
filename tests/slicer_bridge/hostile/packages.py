"""Hostile 3MF: the XML inside, and the zip around it."""

import io
import struct
import zipfile
from collections.abc import Callable

from tests.slicer_bridge.hostile.case import Case
from tests.slicer_bridge.reading.test_measure_other import mesh_xml, model_xml

_MODEL = "3D/3dmodel.model"
_BOX = f'<object id="1" type="model">{mesh_xml()}</object>'
_ITEM = '<item objectid="1"/>'
_FINE = model_xml(_BOX, _ITEM)


def pack(model: str | bytes, *more: tuple[str, bytes], name: str = _MODEL, way: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        for entry, content in ((name, model), *more):
            archive.NameToInfo.pop(entry, None)  # or it warns of a name that is there twice, which is meant
            archive.writestr(zipfile.ZipInfo(entry, (2020, 1, 1, 0, 0, 0)), content, way)
    return out.getvalue()


def _model(name: str, objects: str, items: str, words: str, **more: str) -> Case:
    return Case(name, lambda: pack(model_xml(objects, items, **more)), words)


def _patched(name: str, find: bytes, put: bytes, words: str) -> Case:
    """A whole archive in which the first `find` is overwritten."""

    def make() -> bytes:
        whole = pack(_FINE)
        at = whole.index(find)
        return whole[:at] + put + whole[at + len(put) :]

    return Case(name, make, words)


def _in_directory(name: str, offset: int, put: bytes, words: str) -> Case:
    """A whole archive with a lie in its only central directory entry."""

    def make() -> bytes:
        whole = pack(_FINE)
        at = whole.index(b"PK\x01\x02") + offset
        return whole[:at] + put + whole[at + len(put) :]

    return Case(name, make, words)


def nested(depth: int, width: int, inside: str) -> str:
    levels = [f'<object id="1">{inside}</object>']
    for level in range(2, depth + 2):
        parts = f'<component objectid="{level - 1}"/>' * width
        levels.append(f'<object id="{level}"><components>{parts}</components></object>')
    return "".join(levels)


def _vertices(count: int) -> Callable[[], bytes]:
    def make() -> bytes:
        vertices = '<vertex x="1" y="2" z="3"/>' * count
        mesh = f'<mesh><vertices>{vertices}</vertices><triangles><triangle v1="0" v2="1" v3="2"/></triangles></mesh>'
        return pack(model_xml(f'<object id="1">{mesh}</object>', _ITEM))

    return make


def _zip64() -> bytes:
    """Its directory promises 2^63 bytes in a zip64 field."""
    whole = pack(_FINE)
    at = whole.index(b"PK\x01\x02")
    entry = bytearray(whole[at : whole.index(b"PK\x05\x06")])
    entry[20:28] = b"\xff" * 8
    extra = struct.pack("<HHQQ", 1, 16, 1 << 62, 1 << 62)
    entry[30:32] = struct.pack("<H", len(extra))
    end = bytearray(whole[whole.index(b"PK\x05\x06") :])
    end[12:16] = struct.pack("<I", len(entry) + len(extra))
    return whole[:at] + bytes(entry) + extra + bytes(end)


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(_MODEL)
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def _crowd() -> bytes:
    return pack(_FINE, *((f"Metadata/{number}.txt", b"") for number in range(20_000)))


_DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
_LAUGHS = _DOCTYPE + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "&a;" * 10}">' for n in range(12)) + "]>"
_FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
_LINE = '<object id="1"><components>' + '<component objectid="2"/>' * 5 + "</components></object>"

PACKAGES = (
    Case("empty.3mf", lambda: b"", "empty"),
    Case("garbage.3mf", lambda: b"PK\x03\x04" + bytes(range(256)) * 40, "no whole 3MF"),
    Case("truncated.3mf", lambda: pack(_FINE)[:-40], "no whole 3MF"),
    Case("zeros-bomb.3mf", lambda: pack(b" " * 200_000_000), "zip bomb"),
    Case("four-million-vertices.3mf", _vertices(4_000_000), "zip bomb|computing|vertices"),
    _model("instances-10-million.3mf", nested(7, 10, mesh_xml()), '<item objectid="8"/>', "unfolds to"),
    _model("instances-10-to-12-empty.3mf", nested(12, 10, ""), '<item objectid="13"/>', "instances"),
    _model("deep-components.3mf", nested(5000, 1, mesh_xml()), '<item objectid="5001"/>', "deep"),
    _model(
        "holds-itself.3mf",
        '<object id="1"><components><component objectid="1"/></components></object>',
        _ITEM,
        "itself",
    ),
    _model(
        "circle-of-three.3mf",
        "".join(
            f'<object id="{n}"><components><component objectid="{n % 3 + 1}"/></components></object>' for n in (1, 2, 3)
        ),
        _ITEM,
        "itself",
    ),
    _model("missing-object.3mf", _BOX, '<item objectid="9"/>', "not there"),
    _model("vertex-beyond.3mf", _BOX.replace('v1="3"', 'v1="999"'), _ITEM, "without its vertex"),
    _model("vertex-negative.3mf", _BOX.replace('v1="3"', 'v1="-1"'), _ITEM, "without its vertex"),
    _model("vertex-giant.3mf", _BOX.replace('v1="3"', f'v1="{"9" * 30}"'), _ITEM, "garbles"),
    _model("nan.3mf", _BOX.replace('x="30.0"', 'x="nan"'), _ITEM, "no number"),
    _model(
        "infinite-transform.3mf",
        _BOX,
        '<item objectid="1" transform="1e300 0 0 0 1e300 0 0 0 1e300 0 0 0"/>',
        "number|long",
    ),
    _model("nan-transform.3mf", _BOX, '<item objectid="1" transform="nan 0 0 0 1 0 0 0 1 0 0 0"/>', "no number"),
    _model(
        "flattening-transform.3mf", _BOX, '<item objectid="1" transform="0 0 0 0 0 0 0 0 0 0 0 0"/>', "nothing to make"
    ),
    _model("short-transform.3mf", _BOX, '<item objectid="1" transform="1 0 0"/>', "garbles"),
    _model("unknown-unit.3mf", _BOX, _ITEM, "unit", unit="parsec"),
    _model("nothing-on-the-plate.3mf", _BOX, "", "no facets"),
    _model("billion-laughs.3mf", _BOX, _ITEM, "DOCTYPE", prolog=_LAUGHS),
    _model("external-entity.3mf", _BOX, _ITEM, "DOCTYPE", prolog=_FILE),
    Case("deep-elements.3mf", lambda: pack("<model>" + "<a>" * 300_000), "broken XML|deep"),
    Case(
        "long-attribute.3mf",
        lambda: pack(model_xml(_BOX, f'<item objectid="{"1" * 50_000_000}"/>')),
        "zip bomb|not there",
    ),
    Case("not-xml.3mf", lambda: pack(bytes(range(256)) * 100), "broken XML"),
    Case("utf16-lie.3mf", lambda: pack(b'<?xml version="1.0" encoding="UTF-16"?>' + _FINE[21:].encode()), "broken XML"),
    Case("unknown-encoding.3mf", lambda: pack(b'<?xml version="1.0" encoding="klingon"?><model/>'), "broken XML"),
    Case("other-zip.3mf", lambda: pack(b"hello", name="letter.txt"), "3dmodel"),
    Case("crowd.3mf", _crowd, "at most 1,000"),
    Case("zip64-lie.3mf", _zip64, ""),
    Case("symlink.3mf", _link, "broken XML|link"),
    Case("duplicate-models.3mf", lambda: pack(_FINE, (_MODEL, b"<model/>")), "twice"),
    Case("outside-names.3mf", lambda: pack(_FINE, ("../../escaped.txt", b"x"), ("/etc/escaped", b"x")), ""),
    _in_directory("encrypted.3mf", 8, b"\x01\x00", "encrypted"),
    _in_directory("odd-compression.3mf", 10, b"\x63\x00", "3MF"),
    _in_directory("size-lie.3mf", 24, b"\xff\xff\xff\x7f", ""),
    _in_directory("offset-lie.3mf", 42, b"\xff\xff\xff\x7f", "3MF"),
    _in_directory("checksum-lie.3mf", 16, b"\0\0\0\0", "3MF"),
    Case("zip-in-zip.3mf", lambda: pack(pack(_FINE)), "broken XML"),
    _model(
        "parts-outside.3mf",
        _BOX,
        '<item objectid="1" p:path="/../../etc/passwd" xmlns:p="p"/>',
        "has no",
    ),
)

"""Files that are something else than their name says, told by their first bytes."""

from pathlib import Path

from slicer_bridge.errors import BadFile

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ\0", "packed with xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"AC10", "a DWG drawing"),
    (b"\xd0\xcf\x11\xe0", "a document of an office or CAD program"),
    (b"ISO-10303-21", "a STEP file"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
)
_MARKUP = ((b"<!doctype html", "a web page"), (b"<html", "a web page"))
_OWN = {".3mf": "a zip archive", ".step": "a STEP file", ".stp": "a STEP file"}
_XML = frozenset({".svg"})
"""Kinds whose reader knows UTF-16."""
_HEAD = 512


def check_kind(path: Path) -> None:
    """Raises BadFile for a file whose beginning is that of another kind than its ending says."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    suffix = path.suffix.lower()
    bare = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    found = next((kind for begin, kind in _BEGINNINGS if head.startswith(begin)), None) or next(
        (kind for begin, kind in _MARKUP if bare.startswith(begin)), None
    )
    if found is None or found == _OWN.get(suffix) or (suffix in _XML and "UTF-16" in found):
        return
    if "UTF-16" in found:
        raise BadFile(f"{path.name} is {found}: save it as plain text (UTF-8 or ASCII)")
    raise BadFile(
        f"{path.name} is {found}, not {suffix[1:].upper()}: "
        "export the part itself as STL, 3MF or STEP, a drawing as DXF or SVG"
    )

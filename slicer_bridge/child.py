"""The child process that reads strangers' files: a request on stdin, a reply on stdout.

Run as `python -m slicer_bridge.child`. It limits itself before it opens the file.
A killed child is the parent's ParserDied.
"""

import hashlib
import sys
from pathlib import Path

from pydantic import BaseModel

from slicer_bridge import errors
from slicer_bridge.confined import confine
from slicer_bridge.facts import PartFacts


class Request(BaseModel, frozen=True):
    path: Path
    workdir: Path
    unit: str | None
    max_triangles: int
    memory_bytes: int
    cpu_s: int
    file_bytes: int


class Reply(BaseModel, frozen=True):
    """Either facts, or an error's class name and words."""

    facts: PartFacts | None = None
    error: str = ""
    message: str = ""


def read_part(request: Request) -> PartFacts:
    """Raises BadFile and its kinds."""
    match request.path.suffix.lower():
        case ".stl":
            return _solid(request)
        case ".dxf":
            return _drawing(request)
        case other:
            raise errors.UnsupportedFormat(
                f"{request.path.name}: no reader for {other or 'a file without ending'}: give STL or DXF"
            )


def _solid(request: Request) -> PartFacts:
    from slicer_bridge.solid import extent_mm, measure_solid
    from slicer_bridge.stl import read_stl, write_stl
    from slicer_bridge.units import MM_PER_UNIT, canonical_unit, check_extent

    facets = read_stl(request.path, request.max_triangles)
    unit = canonical_unit(request.unit or "mm")
    facets = facets * MM_PER_UNIT[unit]
    if request.unit is None:
        check_extent(extent_mm(facets), request.path.name)
    measured = measure_solid(facets, request.path.name)
    target = request.workdir / "normalised.stl"
    write_stl(target, measured.facets)
    return PartFacts(
        format="stl",
        unit=unit,
        source_sha256=_sha256(request.path),
        normalised_sha256=_sha256(target),
        mesh=measured.facts,
        drawing=None,
        findings=measured.findings,
    )


def _drawing(request: Request) -> PartFacts:
    from slicer_bridge.dxf import read_dxf, write_dxf
    from slicer_bridge.flat import measure_drawing

    lines = read_dxf(request.path, request.unit)
    measured = measure_drawing(list(lines.paths), lines.ignored, request.path.name)
    target = request.workdir / "normalised.dxf"
    write_dxf(target, measured.closed, measured.opened)
    return PartFacts(
        format="dxf",
        unit=lines.unit,
        source_sha256=_sha256(request.path),
        normalised_sha256=_sha256(target),
        mesh=None,
        drawing=measured.facts,
        findings=measured.findings,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    request = Request.model_validate_json(sys.stdin.buffer.read())
    confine(request.memory_bytes, request.cpu_s, request.file_bytes)
    try:
        reply = Reply(facts=read_part(request))
    except errors.BridgeError as error:
        reply = Reply(error=type(error).__name__, message=str(error))
    except MemoryError:
        reply = Reply(error="ParserDied", message=f"{request.path.name} needs more memory to read than is allowed")
    sys.stdout.buffer.write(reply.model_dump_json().encode())


if __name__ == "__main__":
    main()

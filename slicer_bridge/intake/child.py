"""The child process that reads strangers' files: a request on stdin, a reply on stdout.

Run as `python -m slicer_bridge.intake.child`. It limits itself before it opens the file.
A killed child is the parent's ParserDied.
"""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge import errors
from slicer_bridge.confined import confine
from slicer_bridge.facts import Finding, PartFacts, Severity
from slicer_bridge.intake.parsing import Reply, Request
from slicer_bridge.meshes.solid import extent_mm, measure_solid
from slicer_bridge.reading.obj import read_obj
from slicer_bridge.reading.stl import read_stl, write_stl
from slicer_bridge.reading.threemf import read_3mf
from slicer_bridge.units import MM_PER_UNIT, canonical_unit, check_extent


def read_part(request: Request) -> PartFacts:
    """Raises BadFile and its kinds."""
    match request.path.suffix.lower():
        case ".stl" | ".obj" | ".3mf":
            return _solid(request)
        case ".dxf":
            return _drawing(request)
        case other:
            kind = other or "a file without ending"
            raise errors.UnsupportedFormat(f"{request.path.name}: no reader for {kind}: give STL, 3MF, OBJ or DXF")


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Facets (n, 3, 3) in the file's unit; `unit` None: the file doesn't say."""

    facets: NDArray[np.float64]
    unit: str | None = None
    items: int = 1


def _read(request: Request) -> _Read:
    match request.path.suffix.lower():
        case ".3mf":
            model = read_3mf(request.path, request.max_triangles)
            return _Read(model.facets, model.unit, model.items)
        case ".obj":
            return _Read(read_obj(request.path, request.max_triangles))
        case _:
            return _Read(read_stl(request.path, request.max_triangles))


def _solid(request: Request) -> PartFacts:
    read = _read(request)
    unit = canonical_unit(request.unit or read.unit or "mm")
    facets = read.facets * MM_PER_UNIT[unit]
    if request.unit is None and read.unit is None:
        check_extent(extent_mm(facets), request.path.name)
    measured = measure_solid(facets, request.path.name)
    findings = list(measured.findings)
    if read.items > 1:
        text = f"the file holds a plate of {read.items} items: they are counted together as one part"
        findings.append(Finding("several-items", Severity.REVIEW, text, float(read.items), 1.0))
    target = request.workdir / "normalised.stl"
    write_stl(target, measured.facets)
    return PartFacts(
        format=request.path.suffix.lower()[1:],
        unit=unit,
        source_sha256=_sha256(request.path),
        normalised_sha256=_sha256(target),
        mesh=measured.facts,
        drawing=None,
        findings=tuple(findings),
    )


def _drawing(request: Request) -> PartFacts:
    from slicer_bridge.drawings.measured import measure_drawing
    from slicer_bridge.reading.dxf import read_dxf
    from slicer_bridge.reading.dxf_out import write_dxf

    lines = read_dxf(request.path, request.unit)
    measured = measure_drawing(list(lines.paths), lines.ignored, request.path.name)
    target = request.workdir / "normalised.dxf"
    write_dxf(target, measured.lines)
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

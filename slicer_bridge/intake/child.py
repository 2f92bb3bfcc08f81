"""The child process that reads strangers' files: a request on stdin, a reply on stdout.

Run as `python -m slicer_bridge.intake.child`. It limits itself before it opens the file.
A killed child is the parent's ParserDied.
"""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from slicer_bridge import errors
from slicer_bridge.confined import confine
from slicer_bridge.facts import Finding, PartFacts, Repair, Severity
from slicer_bridge.features import PartFeatures
from slicer_bridge.intake.parsing import Reply, Request
from slicer_bridge.meshes import compiled
from slicer_bridge.meshes.normalised import write_normalised
from slicer_bridge.meshes.solid import Measured, measured, solid_of
from slicer_bridge.meshes.welding import bounds
from slicer_bridge.reading.flat_path import FlatPath
from slicer_bridge.reading.obj import read_obj
from slicer_bridge.reading.stl import Corners, read_corners
from slicer_bridge.reading.threemf import read_3mf
from slicer_bridge.units import MM_PER_UNIT, canonical_unit, check_extent

_MESHES = (".stl", ".obj", ".3mf", ".step", ".stp")
_FORMATS = {".stp": "step"}
_NAMED = 8
_BYTES_PER_FACET = 50
"""Of binary STL."""


def read_part(request: Request) -> PartFacts:
    """Raises BadFile and its kinds."""
    match request.path.suffix.lower():
        case ".stl" | ".obj" | ".3mf" | ".step" | ".stp":
            return _solid(request)
        case ".dxf" | ".svg":
            return _drawing(request)
        case other:
            kind = other or "a file without ending"
            raise errors.UnsupportedFormat(
                f"{request.path.name}: no reader for {kind}: give STL, 3MF, OBJ or STEP (to print), DXF or SVG (to cut)"
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Facets (n, 3, 3) in the file's unit; `unit` None: the file doesn't say."""

    facets: Corners
    unit: str | None = None
    items: int = 1
    names: tuple[str, ...] = ()
    lost: str = ""
    in_mm: bool = False
    """The reader has converted them already, from `unit`."""


def _read(request: Request) -> _Read:
    match request.path.suffix.lower():
        case ".3mf":
            model = read_3mf(request.path, request.max_triangles)
            return _Read(model.facets, model.unit, model.items)
        case ".step" | ".stp":
            from slicer_bridge.reading.step import read_step

            part = read_step(request.path, request.max_triangles, request.unit)
            lost = f"parts of it can't be read and are missing: {part.complaint}" if part.complaint else ""
            return _Read(part.facets, part.unit, len(part.parts), part.parts, lost, in_mm=True)
        case ".obj":
            return _Read(read_obj(request.path, request.max_triangles))
        case _:
            return _Read(read_corners(request.path, request.max_triangles))


def _solid(request: Request) -> PartFacts:
    """Hashing and writing go on beside reading and measuring: neither holds up Python."""
    with ThreadPoolExecutor(2) as beside:
        source = beside.submit(_sha256, request.path)
        read = _read(request)
        unit, scale = _scale(request, read)
        solid = solid_of(read.facets, request.path.name, scale)
        of_file = _file_findings(read)
        del read
        normalised = beside.submit(write_normalised, request.workdir / "normalised.stl", solid.shape)
        found = measured(solid)
        return PartFacts(
            format=_FORMATS.get(request.path.suffix.lower(), request.path.suffix.lower()[1:]),
            unit=unit,
            source_sha256=source.result(),
            normalised_sha256=normalised.result(),
            mesh=found.facts,
            drawing=None,
            findings=(*found.findings, *of_file),
            features=_solid_features(found) if request.features else None,
        )


def _scale(request: Request, read: _Read) -> tuple[str, float]:
    """The file's unit, and mm per number in it. Raises UnitUnknown."""
    unit = canonical_unit(request.unit or read.unit or "mm")
    scale = 1.0 if read.in_mm else MM_PER_UNIT[unit]
    if request.unit is None and read.unit is None:
        low, high = bounds(read.facets)
        check_extent(float((high - low).max()) * scale, request.path.name)
    return unit, scale


def repair_part(request: Request) -> Repair:
    """Write `repaired.stl` into the request's folder. Raises RepairRefused, BadFile and its kinds."""
    from slicer_bridge.meshes.repair import repair_mesh

    if request.path.suffix.lower() not in _MESHES:
        raise errors.UnsupportedFormat(f"{request.path.name} is no mesh: only STL, OBJ, 3MF and STEP are repaired")
    read = _read(request)
    repaired = repair_mesh(read.facets, request.path.name, _scale(request, read)[1])
    write_normalised(request.workdir / "repaired.stl", repaired.shape)
    return repaired.done


def _file_findings(read: _Read) -> list[Finding]:
    findings = []
    if read.items > 1:
        named = f" ({', '.join(read.names[:_NAMED])}{' …' if read.items > _NAMED else ''})" if read.names else ""
        text = f"the file holds {read.items} items{named}: they are counted together as one part"
        findings.append(Finding("several-items", Severity.REVIEW, text, float(read.items), 1.0))
    if read.lost:
        findings.append(Finding("not-read", Severity.REVIEW, read.lost))
    return findings


def _drawing(request: Request) -> PartFacts:
    from slicer_bridge.drawings.measured import measure_drawing
    from slicer_bridge.reading.dxf import read_dxf
    from slicer_bridge.reading.dxf_out import write_dxf
    from slicer_bridge.reading.svg import read_svg

    read = read_svg if request.path.suffix.lower() == ".svg" else read_dxf
    lines = read(request.path, request.unit)
    measured = measure_drawing(list(lines.paths), lines.ignored, request.path.name)
    target = request.workdir / "normalised.dxf"
    write_dxf(target, measured.lines)
    return PartFacts(
        format=request.path.suffix.lower()[1:],
        unit=lines.unit,
        source_sha256=_sha256(request.path),
        normalised_sha256=_sha256(target),
        mesh=None,
        drawing=measured.facts,
        findings=measured.findings,
        features=_drawing_features(list(lines.paths)) if request.features else None,
    )


def _solid_features(measured: Measured) -> PartFeatures:
    from slicer_bridge.survey.mesh import mesh_features

    return PartFeatures(mesh=mesh_features(measured.facets, measured.facts.orientations[0].rotation))


def _drawing_features(paths: list[FlatPath]) -> PartFeatures:
    from slicer_bridge.survey.drawing import drawing_features

    return PartFeatures(drawing=drawing_features(paths))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    request = Request.model_validate_json(sys.stdin.buffer.read())
    answers = _own_stdout()
    confine(request.memory_bytes, request.cpu_s, request.file_bytes)
    try:
        if request.path.stat().st_size > _BYTES_PER_FACET * compiled.WORTH_FACETS:
            compiled.start_alone()
        reply = Reply(repair=repair_part(request)) if request.repair else Reply(facts=read_part(request))
    except errors.BridgeError as error:
        reply = Reply(error=type(error).__name__, message=str(error))
    except MemoryError:
        reply = Reply(error="ParserDied", message=f"{request.path.name} needs more memory to read than is allowed")
    with os.fdopen(answers, "wb") as out:
        out.write(reply.model_dump_json().encode())


def _own_stdout() -> int:
    """The reply's own way out: whatever libraries print goes to stderr from here on."""
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


if __name__ == "__main__":
    main()

"""The child process that reads strangers' files: a request on stdin, a reply on stdout.

Run as `python -m slicer_bridge.intake.child`. It limits itself before it opens the file.
A killed child is the parent's ParserDied.
"""

import hashlib
import importlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from slicer_bridge import errors
from slicer_bridge.confined import confine, fence
from slicer_bridge.facts import Finding, PartFacts, Repair, Severity
from slicer_bridge.features import PartFeatures
from slicer_bridge.intake import heating
from slicer_bridge.intake.foreign import check_kind
from slicer_bridge.intake.parsing import Reply, Request
from slicer_bridge.meshes import loops
from slicer_bridge.meshes.normalised import write_normalised
from slicer_bridge.meshes.solid import Measured, measured, solid_of
from slicer_bridge.meshes.welding import bounds
from slicer_bridge.reading.flat_path import FlatPath
from slicer_bridge.reading.obj import read_obj
from slicer_bridge.reading.stl import Corners, read_corners
from slicer_bridge.reading.threemf import read_3mf
from slicer_bridge.units import MM_PER_UNIT, canonical_unit, check_extent, check_stated

_SOLIDS = frozenset({".stl", ".obj", ".3mf", ".step", ".stp"})
_DRAWINGS = frozenset({".dxf", ".svg"})
_FORMATS = {".stp": "step"}
_NAMED = 8


def read_part(request: Request) -> PartFacts:
    """Raises BadFile and its kinds."""
    if request.path.suffix.lower() in _SOLIDS | _DRAWINGS:
        check_kind(request.path)
    match request.path.suffix.lower():
        case suffix if suffix in _SOLIDS:
            return _solid(request)
        case suffix if suffix in _DRAWINGS:
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
    alike: str = ""
    left_out: tuple[str, ...] = ()
    in_mm: bool = False
    """The reader has converted them already, from `unit`."""


def _read(request: Request) -> _Read:
    match request.path.suffix.lower():
        case ".3mf":
            model = read_3mf(request.path, request.max_triangles)
            same = f", {model.designs} designs" if 1 < model.designs < len(model.names) else ", one design"
            names = tuple(dict.fromkeys(name for name in model.names if name))
            return _Read(
                model.facets,
                model.unit,
                len(model.names),
                names,
                alike=same if model.designs < len(model.names) else "",
                left_out=model.left_out,
            )
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
    """Hashing and writing go on beside reading and measuring; so does the start of shapely, while numba's loops run."""
    with ThreadPoolExecutor(2) as beside:
        source = beside.submit(_sha256, request.path)
        beside.submit(importlib.import_module, "slicer_bridge.meshes.orientation")
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
    if request.unit is None:
        low, high = bounds(read.facets)
        extent_mm = float((high - low).max()) * scale
        if read.unit is None:
            check_extent(extent_mm, request.path.name)
        else:
            check_stated(extent_mm, request.path.name, unit)
    return unit, scale


def repair_part(request: Request) -> Repair:
    """Write `repaired.stl` into the request's folder. Raises RepairRefused, BadFile and its kinds."""
    from slicer_bridge.meshes.repair import repair_mesh

    if request.path.suffix.lower() not in _SOLIDS:
        raise errors.UnsupportedFormat(f"{request.path.name} is no mesh: only STL, OBJ, 3MF and STEP are repaired")
    check_kind(request.path)
    read = _read(request)
    repaired = repair_mesh(read.facets, request.path.name, _scale(request, read)[1])
    write_normalised(request.workdir / "repaired.stl", repaired.shape)
    return repaired.done


def _file_findings(read: _Read) -> list[Finding]:
    findings = []
    if read.items > 1:
        named = f" ({', '.join(read.names[:_NAMED])}{' …' if len(read.names) > _NAMED else ''})" if read.names else ""
        text = f"the file holds {read.items} items{read.alike}{named}: they are counted together as one part"
        findings.append(Finding("several-items", Severity.REVIEW, text, float(read.items), 1.0))
    if read.left_out:
        findings.append(Finding("not-made", Severity.NOTE, f"left out: {', '.join(read.left_out)}"))
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
    if request.unit is None:
        check_stated(max(measured.facts.size_mm), request.path.name, lines.unit)
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
    """None of a mesh that is too fine: it would take gigabytes."""
    from slicer_bridge.survey.mesh import MOST_FACETS, mesh_features

    if measured.facts.triangles > MOST_FACETS:
        return PartFeatures()
    return PartFeatures(mesh=mesh_features(measured.shape, measured.facts.orientations[0].rotation))


def _drawing_features(paths: list[FlatPath]) -> PartFeatures:
    from slicer_bridge.survey.drawing import drawing_features

    return PartFeatures(drawing=drawing_features(paths))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    request = Request.model_validate_json(sys.stdin.buffer.read())
    answers = _own_stdout()
    confine(request.memory_bytes, request.cpu_s, request.file_bytes, request.data_bytes)
    try:
        if heating.worth(request.path, request.path.stat().st_size):
            loops.start_alone()  # before the fence: numba keeps no code that it could not write anew
        if request.features:
            from slicer_bridge.survey.mesh import warm_up

            warm_up()
        fence([str(request.workdir)])
        facts = None if request.repair else read_part(request)
        reply = Reply(facts=facts, repair=repair_part(request) if request.repair else None)
    except errors.BridgeError as error:
        named = request.path.name in str(error)
        reply = Reply(error=type(error).__name__, message=f"{'' if named else f'{request.path.name}: '}{error}")
    except MemoryError:
        text = f"{request.path.name} needs more memory to read than is allowed: simplify it"
        reply = Reply(error="ParserDied", message=text)
    except OSError as error:
        text = f"{request.path.name} can't be read, or its measured form can't be written: {error}: simplify it"
        reply = Reply(error="ParserDied", message=text)
    with os.fdopen(answers, "wb") as out:
        out.write(reply.model_dump_json().encode())


def _own_stdout() -> int:
    """The reply's own way out: whatever libraries print goes to stderr from here on."""
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


if __name__ == "__main__":
    main()

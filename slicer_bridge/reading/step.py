"""STEP (ISO 10303-21) in: solids and shells as triangles, through Open CASCADE (cascadio)."""

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
from slicer_bridge.units import MM_PER_UNIT, canonical_unit

MAX_BYTES = 50_000_000
LINEAR_MM = 0.01
"""Triangles leave a curved surface by no more than this."""
ANGULAR_RAD = 0.3
"""And turn by no more than this from one to the next: some 20 sides a circle, however small."""
_MM_PER_GLTF_UNIT = 1000.0
_BEGIN, _END = b"ISO-10303-21", b"END-ISO-10303-21"
_CONTEXTS = re.compile(rb"GLOBAL_UNIT_ASSIGNED_CONTEXT\s*\(\s*\(([^)]{1,400})\)")
_SI = re.compile(rb"SI_UNIT\s*\(\s*(\$|\.\w+\.)\s*,\s*\.METRE\.")
_CONVERTED = re.compile(rb"CONVERSION_BASED_UNIT\s*\(\s*'([^']{1,20})'")
_PREFIXES = {b"$": "m", b".MILLI.": "mm", b".CENTI.": "cm", b".MICRO.": "micron"}
_CONVERTED_NAMES = {b"INCH": "inch", b"IN": "inch", b"FOOT": "foot", b"FT": "foot"}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_HEARD = 10_000
_LONGEST = 160
_DEFINED = re.compile(rb"#(\d{1,18})\s*=")
_NAMED = re.compile(rb"#(\d{1,18})")


@dataclass(frozen=True, slots=True, eq=False)
class StepModel:
    """Facets (n, 3, 3) in mm of all placed parts; `unit` is the one of the file, already converted."""

    facets: NDArray[np.float64]
    unit: str
    parts: tuple[str, ...]
    """Names of the placed parts of an assembly; as many as there are."""
    complaint: str
    """What Open CASCADE could not read; "" if nothing: it goes on without."""


def read_step(path: Path, max_triangles: int, unit: str | None = None) -> StepModel:
    """`unit` overrides what the file says. Raises BadFile, UnitUnknown, FileTooLarge."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FileTooLarge(f"{path.name} has {size:,} bytes; STEP of at most {MAX_BYTES:,} is read: export fewer parts")
    content = path.read_bytes()
    _check_whole(content, path.name)
    stated = _unit(content)
    if stated is None and unit is None:
        raise UnitUnknown(f"{path.name} doesn't say its unit of length: say it (--unit mm or inch)")
    read_as = stated or "mm"  # which is what Open CASCADE takes for granted
    name = canonical_unit(unit) if unit else read_as
    facets, parts, complaint = _tessellated(content, path.name)
    facets *= MM_PER_UNIT[name] / MM_PER_UNIT[read_as]
    if len(facets) > max_triangles:
        raise FileTooLarge(f"{path.name} makes {len(facets):,} facets; at most {max_triangles:,} are read: simplify it")
    return StepModel(facets, name, parts, complaint)


def _check_whole(content: bytes, name: str) -> None:
    """Open CASCADE makes what it can of half a file, without a word to the caller."""
    if not content.strip():
        raise BadFile(f"{name} is empty ({len(content)} bytes): export it again")
    if not content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_BEGIN):
        raise BadFile(f"{name} is no STEP file: it does not begin with ISO-10303-21; export it again")
    if _END not in content[-1000:]:
        raise BadFile(f"{name} was cut off: 'END-ISO-10303-21' is missing at its end; export or upload it again")
    plain = b"''".join(content.split(b"'")[::2])  # what stands in quotes may hold anything
    if b"DOCUMENT_FILE" in plain or b"REFERENCE;" in plain:
        raise BadFile(f"{name} keeps parts in further files: export it as one STEP file")
    defined = set(_DEFINED.findall(plain))
    missing = set(_NAMED.findall(plain)) - defined
    if missing:
        first = min(missing, key=int).decode()
        raise BadFile(f"{name} refers to entity #{first}, which is not there ({len(missing)} such): export it again")


def _unit(content: bytes) -> str | None:
    """Of the first context whose unit of length is known; None if there is none."""
    for context in _CONTEXTS.findall(content):
        for reference in _NAMED.findall(context):
            entity = re.search(rb"#%s\s*=([^;]{1,400});" % reference, content)
            converted = entity and _CONVERTED.search(entity[1])
            metres = entity and _SI.search(entity[1])
            if converted and converted[1].strip().upper() in _CONVERTED_NAMES:
                return _CONVERTED_NAMES[converted[1].strip().upper()]
            if metres and metres[1] in _PREFIXES:
                return _PREFIXES[metres[1]]
    return None


def _tessellated(content: bytes, name: str) -> tuple[NDArray[np.float64], tuple[str, ...], str]:
    import cascadio
    import trimesh

    with _listening() as heard:
        binary = cascadio.to_glb_bytes(
            content, cascadio.FileType.STEP, LINEAR_MM, ANGULAR_RAD, tol_relative=False, use_parallel=False
        )
    complaint = _complaint("".join(heard))
    if not binary:
        why = f" ({complaint})" if complaint else ""
        raise BadFile(f"{name} can't be read as STEP{why}: export it again as AP203, AP214 or AP242")
    scene = trimesh.load_scene(BytesIO(binary), file_type="glb", process=False)
    placed, names = [], []
    for node in sorted(scene.graph.nodes_geometry):
        matrix, geometry = scene.graph[node]
        mesh = scene.geometry[geometry]
        if isinstance(mesh, trimesh.Trimesh):
            corners = np.asarray(mesh.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
            facets = corners[np.asarray(mesh.faces)] * _MM_PER_GLTF_UNIT
            placed.append(facets[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else facets)
            names.append(str(node))
    if not placed or not sum(len(one) for one in placed):
        why = f" that can be read ({complaint})" if complaint else ""
        raise BadFile(f"{name} holds no solid or surface{why}: nothing to make; export the body, not its sketch")
    return np.concatenate(placed), tuple(names), complaint


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What a C++ library prints meanwhile, past Python's own streams; it says there what it could not read."""
    heard: list[str] = []
    own = os.dup(1)
    kept = os.memfd_create("printed")
    os.dup2(kept, 1)
    try:
        yield heard
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(own, 1)
        os.close(own)
        heard.append(os.pread(kept, _HEARD, 0).decode(errors="replace"))
        os.close(kept)


def _complaint(printed: str) -> str:
    lines = [line.strip(" *") for line in _COLOURS.sub("", printed).splitlines() if "ERR" in line]
    return f"{lines[0][:_LONGEST]}{f', and {len(lines) - 1} more' if len(lines) > 1 else ''}" if lines else ""

"""Facts and findings of a mesh."""

from dataclasses import dataclass

import numpy as np

from slicer_bridge.errors import BadFile
from slicer_bridge.facts import Finding, MeshFacts, Severity
from slicer_bridge.meshes.mesh import (
    Facets,
    Topology,
    body_labels,
    close_seams,
    normals_and_areas,
    topology,
    volume_mm3,
)
from slicer_bridge.meshes.orientation import orientations

SEAM_MM = 1e-3
"""Corners closer than this were one before the export rounded them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`facets` (n, 3, 3) mm: what was measured and is to be written; low corner at the origin."""

    facets: Facets
    facts: MeshFacts
    findings: tuple[Finding, ...]


def measure_solid(facets: Facets, name: str) -> Measured:
    """Facts of facets (n, 3, 3) in mm. Raises BadFile if nothing is left that has an extent."""
    facets = facets - facets.reshape(-1, 3).min(axis=0)
    shape, findings = _sound(topology(facets))
    if not len(shape.faces):
        raise BadFile(f"{name}: every facet is a line or a point: nothing to make; export it again")
    solid = shape.facets - shape.vertices[shape.faces].reshape(-1, 3).min(axis=0)
    volume = volume_mm3(solid)
    if shape.watertight and volume < 0:
        solid, volume = solid[:, ::-1], -volume
        findings.append(Finding("inside-out", Severity.NOTE, "all facets looked inwards: they were turned round"))
    bodies, _ = body_labels(shape)
    if bodies > 1:
        findings.append(
            Finding("bodies", Severity.NOTE, f"the file holds {bodies} separate bodies", float(bodies), 1.0)
        )
    size = solid.reshape(-1, 3).max(axis=0)
    facts = MeshFacts(
        triangles=len(solid),
        bodies=bodies,
        watertight=shape.watertight,
        volume_mm3=abs(volume),
        area_mm2=float(normals_and_areas(solid)[1].sum()),
        size_mm=(float(size[0]), float(size[1]), float(size[2])),
        orientations=orientations(solid, watertight=shape.watertight),
    )
    return Measured(solid, facts, tuple(findings))


def _sound(shape: Topology) -> tuple[Topology, list[Finding]]:
    """Leave out collapsed facets and close seams of rounding; list what was changed and what is still wrong."""
    findings = []
    if shape.collapsed:
        severity = Severity.REVIEW if shape.edges_in_file else Severity.NOTE
        text = (
            f"{shape.collapsed} facets without area were left out; as it stands the file has {shape.edges_in_file} "
            f"edges that don't join exactly two facets"
        )
        findings.append(Finding("collapsed-facets", severity, text, float(shape.edges_in_file), 0.0))
    if shape.bad_edges:
        closed = close_seams(shape, SEAM_MM)
        if closed.bad_edges == 0:
            text = f"{shape.bad_edges} edges stood up to {SEAM_MM * 1000:g} µm apart: their ends were joined"
            findings.append(Finding("seams", Severity.NOTE, text, float(shape.bad_edges), 0.0, shape.open_at))
            shape = closed
    if shape.bad_edges:
        text = (
            f"the mesh is open or folded: {shape.bad_edges} edges don't join exactly two facets; "
            "its volume is a guess, and a slicer may close it in its own way: repair it in your CAD"
        )
        findings.append(Finding("open-mesh", Severity.REVIEW, text, float(shape.bad_edges), 0.0, shape.open_at))
    if shape.turned_edges:
        text = f"at {shape.turned_edges} edges neighbouring facets disagree on which side is out: recompute the normals"
        findings.append(Finding("mixed-normals", Severity.REVIEW, text, float(shape.turned_edges), 0.0))
    return shape, findings


def extent_mm(facets: Facets) -> float:
    return float(np.ptp(facets.reshape(-1, 3), axis=0).max())

"""Facts and findings of a mesh."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile
from slicer_bridge.facts import Finding, MeshFacts, Severity
from slicer_bridge.meshes.defects import GRID_MM, Defects, defects_of, needles
from slicer_bridge.meshes.mesh import Facets, Integrals, Topology, close_seams, integrals, topology, with_turned
from slicer_bridge.meshes.overlap import Union, union_of
from slicer_bridge.meshes.shells import Shells, shells
from slicer_bridge.meshes.welding import Corners, bounds

SEAM_MM = 1e-3
"""Corners closer than this were one before the export rounded them."""
LONGEST_MM = 1e5
"""Nothing longer is made in any shop; float32 keeps 0.01 mm there."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A mesh as it is measured and written: mm, low corner at the origin, outside out.

    `findings`: what was done to it, and what is wrong with its surface.
    """

    shape: Topology
    per_body: Integrals
    shells: Shells
    defects: Defects
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    shape: Topology
    facts: MeshFacts
    findings: tuple[Finding, ...]

    @property
    def facets(self) -> Facets:
        """(n, 3, 3) mm: what is to be written."""
        return self.shape.facets


def measure_solid(facets: Corners, name: str, scale: float = 1.0) -> Measured:
    """Facts of facets (n, 3, 3) times `scale`, in mm. Raises BadFile if nothing is left that has an extent."""
    solid = solid_of(facets, name, scale)
    return measured(solid)


def solid_of(facets: Corners, name: str, scale: float = 1.0) -> Solid:
    """Of facets (n, 3, 3) times `scale`. Raises BadFile if nothing is left that has an extent.

    Facets without area are left out, seams of rounding are closed, bodies that are inside out are turned.
    """
    low, high = bounds(facets)
    longest = float((high - low).max()) * scale
    if not longest <= LONGEST_MM:
        raise BadFile(f"{name} would be {longest / 1e6:.3g} km long: a coordinate is garbled; export it again")
    welded = topology(facets, scale, low * scale)
    if not len(welded.faces):
        raise BadFile(f"{name}: every facet is a line or a point: nothing to make; export it again")
    shape, found = _sound(welded)
    per_body = integrals(shape)
    if not per_body.area_mm2.sum() > 0:
        raise BadFile(f"{name}: no facet has an area: nothing to make; export it again")
    if welded.collapsed or per_body.shortest_mm < 2 * GRID_MM:
        found = _needles(facets, scale, welded.collapsed) + found
    hulls = shells(shape, per_body)
    if hulls.inverted.any():
        found.append(_inside_out(hulls))
        shape = with_turned(shape, hulls.inverted)
        per_body = integrals(shape)
        hulls = shells(shape, per_body)
    wrong = defects_of(shape)
    return Solid(shape, per_body, hulls, wrong, (*found, *_surface(shape, wrong)))


def _sound(shape: Topology) -> tuple[Topology, list[Finding]]:
    """Close seams of rounding; only if nothing stays open."""
    if not shape.bad_edges:
        return shape, []
    closed = close_seams(shape, SEAM_MM)
    if closed.bad_edges:
        return shape, []
    text = f"{shape.bad_edges} edges stood up to {SEAM_MM * 1000:g} µm apart: their ends were joined"
    if lost := len(shape.faces) - len(closed.faces):
        text += f", and {lost} facets without area between them left out"
    return closed, [Finding("seams", Severity.NOTE, text, float(shape.bad_edges), 0.0, shape.open_at)]


def _needles(facets: Corners, scale: float, left_out: int) -> list[Finding]:
    thin = needles(facets, scale)
    if not thin.facets and not left_out:
        return []
    text = (
        f"{thin.facets} facets are thinner than {GRID_MM * 1000:g} µm: in a program that welds corners so "
        f"close they vanish, and {thin.edges} edges don't join exactly two facets; exactly as the file stands "
        f"{thin.exact_edges} don't"
    )
    if left_out:
        text += f"; {left_out} that are mere lines or points were left out"
    severity = Severity.REVIEW if thin.edges else Severity.NOTE
    return [Finding("collapsed-facets", severity, text, float(thin.edges), 0.0)]


def _inside_out(hulls: Shells) -> Finding:
    count, bodies = int(hulls.inverted.sum()), len(hulls.inverted)
    if count == bodies:
        return Finding("inside-out", Severity.NOTE, "all facets looked inwards: they were turned round")
    text = f"{count} of {bodies} bodies looked inwards and lie in no other: they were turned round"
    return Finding("inside-out", Severity.REVIEW, text, float(count), 0.0)


def _surface(shape: Topology, wrong: Defects) -> list[Finding]:
    """What is wrong with the surface and stays so."""
    found: list[Finding] = []
    if wrong.open_edges:
        place = wrong.longest[0].place if wrong.longest else shape.open_at
        text = f"the mesh is open: {wrong.open_edges} edges have one facet only"
        if wrong.longest:
            text += f", round {wrong.holes} holes, the longest of {wrong.longest[0].length_mm:.1f} mm"
        text += "; its volume is a guess, and a slicer may close it in its own way: repair it"
        found.append(Finding("open-mesh", Severity.REVIEW, text, float(wrong.open_edges), 0.0, place))
    if wrong.crowded_edges:
        how = "bodies touch along them" if wrong.touching else "the surface is folded or doubled there: repair it"
        text = f"{wrong.crowded_edges} edges join three facets or more: {how}"
        severity = Severity.NOTE if wrong.touching else Severity.REVIEW
        found.append(Finding("non-manifold", severity, text, float(wrong.crowded_edges), 0.0, wrong.crowded_at))
    if double := wrong.duplicate_facets:
        text = f"{double} facets lie on the corners of another: the surface is doubled there"
        found.append(Finding("duplicate-facets", Severity.REVIEW, text, float(double), 0.0, wrong.duplicate_at))
    if shape.turned_edges:
        text = (
            f"{wrong.turned_facets} facets are turned round: at {shape.turned_edges} edges neighbours disagree on the "
            "outside: recompute the normals, or repair it"
        )
        found.append(Finding("mixed-normals", Severity.REVIEW, text, float(shape.turned_edges), 0.0, wrong.turned_at))
    return found


def measured(solid: Solid) -> Measured:
    from slicer_bridge.meshes.orientation import orientations  # shapely starts meanwhile: see the child process

    shape, per_body = solid.shape, solid.per_body
    union = union_of(shape, per_body, solid.shells)
    volume, area = abs(float(per_body.volume_mm3.sum())), float(per_body.area_mm2.sum())
    size = (per_body.high.max(axis=0) - per_body.low.min(axis=0)).tolist()
    facts = MeshFacts(
        triangles=len(shape.faces),
        bodies=shape.edges.bodies,
        watertight=shape.watertight,
        volume_mm3=volume - union.volume_mm3,
        area_mm2=area - union.area_mm2,
        size_mm=(size[0], size[1], size[2]),
        orientations=orientations(shape, area, _centre(shape, per_body)),
        open_edges=solid.defects.open_edges,
        nonmanifold_edges=solid.defects.crowded_edges,
        turned_facets=solid.defects.turned_facets,
        duplicate_facets=solid.defects.duplicate_facets,
        holes=solid.defects.longest,
        overlap_mm3=union.volume_mm3,
    )
    return Measured(shape, facts, (*solid.findings, *_bodies(facts, union, volume)))


def _centre(shape: Topology, per_body: Integrals) -> NDArray[np.float64]:
    """Centre of mass, (3,) mm; of an open mesh the middle of its corners."""
    volume = float(per_body.volume_mm3.sum())
    middle = (per_body.low.min(axis=0) + per_body.high.max(axis=0)) / 2
    if shape.closed and volume > 0:
        centre: NDArray[np.float64] = middle + per_body.moment_mm4.sum(axis=0) / volume
        return centre
    used = shape.vertices[np.unique(shape.faces)] if shape.collapsed else shape.vertices
    return np.asarray(used.mean(axis=0))


def _bodies(facts: MeshFacts, union: Union, added_mm3: float) -> list[Finding]:
    found = []
    if not facts.volume_mm3 > 0 or not min(facts.size_mm) > 0:
        text = "the mesh is flat or encloses nothing: it has no volume that could be made; model it with a thickness"
        found.append(Finding("no-volume", Severity.REFUSE, text, facts.volume_mm3, 0.0))
    if facts.bodies > 1:
        text = f"the file holds {facts.bodies} separate bodies"
        found.append(Finding("bodies", Severity.NOTE, text, float(facts.bodies), 1.0))
    if union.volume_mm3:
        text = (
            f"{union.bodies} bodies overlap: added up they have {added_mm3 / 1000:.3f} cm³, counted once "
            f"{facts.volume_mm3 / 1000:.3f} cm³; a slicer may leave walls where they meet: unite them in your CAD"
        )
        found.append(Finding("overlapping-bodies", Severity.NOTE, text, union.volume_mm3, 0.0, union.place))
    elif union.bodies:
        text = f"bodies touch on {union.area_mm2 / 2:.1f} mm² of their surface, which is not counted"
        found.append(Finding("touching-bodies", Severity.NOTE, text, union.area_mm2 / 2, 0.0, union.place))
    if union.untested:
        text = f"{union.untested} bodies may overlap, which was not looked into: their volumes are added up"
        found.append(Finding("overlap-untested", Severity.REVIEW, text, float(union.untested), 0.0))
    return found

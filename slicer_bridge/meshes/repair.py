"""Repair of a mesh, for those who ask for it: every step is counted, and what changes too much is refused.

In order: facets without area and doubled facets go; facets and bodies that are turned round are turned back; seams are
joined; holes are filled (pymeshfix, which adds facets and moves nothing); scraps that stay open go; bodies that overlap
are united (manifold3d). Nothing is smoothed, and nothing is moved further than a seam is wide.
"""

from dataclasses import dataclass, replace

import numpy as np

from slicer_bridge.errors import BadFile, RepairRefused
from slicer_bridge.facts import Repair
from slicer_bridge.meshes.defects import defects_of, turned_patches
from slicer_bridge.meshes.mesh import Topology, close_seams, indexed, integrals, topology, with_turned
from slicer_bridge.meshes.overlap import union_of, united
from slicer_bridge.meshes.shells import closed_bodies, shells
from slicer_bridge.meshes.welding import Corners, bounds

SEAM_MM = 0.01
MAX_ADDED = 0.2
"""Of the surface that was there: more is invention, not repair."""
MAX_DROPPED = 0.02
_SCRAP = 0.01
"""Of the surface: an open body that is smaller is a scrap."""


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    shape: Topology
    done: Repair


def repair_mesh(facets: Corners, name: str, scale: float = 1.0) -> Repaired:
    """Of facets (n, 3, 3) times `scale`, in mm. Raises BadFile, RepairRefused."""
    low, _ = bounds(facets)
    before = topology(facets, scale, low * scale)
    if not len(before.faces):
        raise BadFile(f"{name}: every facet is a line or a point: there is nothing to repair")
    shape, doubled = _without_doubles(before)
    shape, turned = _turned(shape)
    seams = shape.bad_edges
    joined = close_seams(shape, SEAM_MM) if shape.bad_edges else shape
    shape = joined if joined.bad_edges < shape.bad_edges else shape
    seams -= shape.bad_edges
    holes = defects_of(shape).holes
    shape = _filled(shape) if shape.bad_edges else shape
    holes -= defects_of(shape).holes
    shape, scraps, dropped = _without_scraps(shape)
    shape, bodies_turned = _outside_out(shape)
    per_body = integrals(shape)
    union = union_of(shape, per_body, shells(shape, per_body))
    merged = union.bodies if union.volume_mm3 else 0
    if merged:
        shape = united(shape, per_body, shells(shape, per_body))
    done = _told(before, shape, turned + bodies_turned, doubled, max(seams, 0), max(holes, 0), scraps, merged)
    _check(name, before, shape, done, dropped)
    low, _ = bounds(shape.facets)
    return Repaired(replace(shape, vertices=shape.vertices - low), done)


def _without_doubles(shape: Topology) -> tuple[Topology, int]:
    """Of facets on the same corners one is kept; none of two that look opposite ways."""
    if not shape.bad_edges:
        return shape, 0
    order = np.argsort(shape.faces, axis=1)
    corners = np.take_along_axis(shape.faces, order, axis=1)
    # An even permutation of the sorted corners looks one way, an odd one the other.
    even = ((order[:, 1] - order[:, 0]) % 3 == 1).astype(np.int64)
    _, first, same = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    same = same.reshape(-1)
    up = np.bincount(same, weights=even)
    total = np.bincount(same)
    keep = np.zeros(len(shape.faces), np.bool_)
    keep[first[2 * up != total]] = True
    # Of an odd crowd the way that is in the majority stays.
    wrong = keep & (even != (2 * up > total)[same])
    faces = shape.faces.copy()
    faces[wrong] = faces[wrong][:, ::-1]
    return indexed(shape.vertices, faces[keep]), int((~keep).sum())


def _turned(shape: Topology) -> tuple[Topology, int]:
    wrong = turned_patches(shape)
    if not wrong.any():
        return shape, 0
    faces = shape.faces.copy()
    faces[wrong] = faces[wrong][:, ::-1]
    return indexed(shape.vertices, faces), int(wrong.sum())


def _filled(shape: Topology) -> Topology:
    """Closed bodies stay as they are; MeshFix sees only the open ones."""
    import pymeshfix

    closed = closed_bodies(shape)[shape.edges.body]
    opened = shape.faces[~closed]
    if not len(opened):
        return shape
    used, index = np.unique(opened, return_inverse=True)
    mesh = pymeshfix.PyTMesh()
    mesh.set_quiet(True)
    mesh.load_array(shape.vertices[used], index.reshape(-1, 3).astype(np.int32))
    mesh.fill_small_boundaries(0, False)
    vertices, faces = (np.asarray(one) for one in mesh.return_arrays())
    return topology(np.concatenate([shape.vertices[shape.faces[closed]], vertices[faces]]))


def _without_scraps(shape: Topology) -> tuple[Topology, int, float]:
    """Open bodies of less than a hundredth of the surface; how many and how many mm²."""
    area = integrals(shape).area_mm2
    scrap = ~closed_bodies(shape) & (area < _SCRAP * area.sum())
    if not scrap.any():
        return shape, 0, 0.0
    kept = shape.faces[~scrap[shape.edges.body]]
    return indexed(shape.vertices, kept), int(scrap.sum()), float(area[scrap].sum())


def _outside_out(shape: Topology) -> tuple[Topology, int]:
    inverted = shells(shape, integrals(shape)).inverted
    return (with_turned(shape, inverted), int(inverted[shape.edges.body].sum())) if inverted.any() else (shape, 0)


def _told(
    before: Topology, after: Topology, turned: int, doubled: int, seams: int, holes: int, scraps: int, merged: int
) -> Repair:
    old, new = _facets(before), _facets(after)
    start, end = integrals(before), integrals(after)
    return Repair(
        facets_before=len(before.faces) + before.collapsed,
        facets_after=len(after.faces),
        facets_removed=before.collapsed + len(old - new),
        facets_added=len(new - old),
        facets_turned=turned,
        doubles_removed=doubled,
        seam_edges_joined=seams,
        holes_closed=holes,
        scraps_dropped=scraps,
        bodies_united=merged,
        volume_before_mm3=abs(float(start.volume_mm3.sum())),
        volume_after_mm3=float(end.volume_mm3.sum()),
        area_before_mm2=float(start.area_mm2.sum()),
        area_after_mm2=float(end.area_mm2.sum()),
        moved_mm=_moved(before, after),
        watertight=after.closed,
    )


def _facets(shape: Topology) -> set[bytes]:
    """Each facet by its corners, whichever way it looks."""
    facets = shape.facets.astype(np.float32)
    order = np.lexsort((facets[:, :, 2], facets[:, :, 1], facets[:, :, 0]), axis=1)
    rows = np.take_along_axis(facets, order[:, :, None], axis=1).reshape(len(facets), -1)
    return {row.tobytes() for row in rows}


def _moved(before: Topology, after: Topology) -> float:
    """Furthest that a corner which is gone lies from the nearest that is there now, mm."""
    from scipy.spatial import cKDTree

    old, new = before.vertices[np.unique(before.faces)], after.vertices[np.unique(after.faces)]
    if not len(new):
        return float("inf")
    distance, _ = cKDTree(new).query(old)
    return float(np.max(distance))


def _check(name: str, before: Topology, after: Topology, done: Repair, dropped_mm2: float) -> None:
    if not len(after.faces) or not done.watertight or not done.volume_after_mm3 > 0:
        raise RepairRefused(
            f"{name} can't be repaired: {after.bad_edges} edges still don't join two facets: mend it in your CAD"
        )
    if dropped_mm2 > MAX_DROPPED * done.area_before_mm2:
        raise RepairRefused(
            f"{name}: {done.scraps_dropped} open scraps of {dropped_mm2:.0f} mm² would have to go, over "
            f"{MAX_DROPPED:.0%} of the surface: mend it in your CAD"
        )
    added = done.area_after_mm2 - done.area_before_mm2
    if added > MAX_ADDED * done.area_before_mm2:
        raise RepairRefused(
            f"{name}: closing it would invent {added:.0f} mm² of surface, over {MAX_ADDED:.0%} of what is there: "
            "nobody can know what belongs there; mend it in your CAD"
        )
    was, now = bounds(before.facets), bounds(after.facets)
    grown = max(float(np.abs(one - other).max()) for one, other in zip(was, now, strict=True))
    if grown > SEAM_MM and not done.scraps_dropped:
        raise RepairRefused(f"{name}: the repair would change its size: mend it in your CAD")

"""All measured features of a mesh."""

import numpy as np

from slicer_bridge.facts import Rotation
from slicer_bridge.features import MeshFeatures
from slicer_bridge.meshes.crossings import caster
from slicer_bridge.meshes.holes import edges_of, holes, sharp_corners
from slicer_bridge.meshes.mesh import Facets, Topology, normals_and_areas, topology
from slicer_bridge.meshes.overhangs import overhangs
from slicer_bridge.meshes.reach import milling
from slicer_bridge.meshes.voids import Voids, voids
from slicer_bridge.meshes.walls import measure_walls, sample


def mesh_features(facets: Facets, rotation: Rotation) -> MeshFeatures:
    """Of facets (n, 3, 3), mm, as they are written; `rotation` lays them on the bed."""
    shape = topology(facets)
    solid, turn = shape.facets, np.array(rotation).reshape(3, 3)
    normals, areas = normals_and_areas(solid)
    rays, closed = caster(solid, normals), bounds_a_solid(shape)
    measured = measure_walls(rays, sample(solid, normals, areas), closed=closed)
    edges = edges_of(shape)
    round_holes = holes(shape, edges)
    inner = voids(shape, turn) if closed else Voids((), None, 0.0, None)
    return MeshFeatures(
        walls=measured.walls,
        gaps=measured.gaps,
        holes=round_holes,
        corners=sharp_corners(shape, edges),
        cavities=inner.cavities,
        drains_known_from_mm=inner.known_from_mm,
        cups_mm3=inner.cups_mm3,
        cup=inner.cup,
        overhangs=overhangs(shape, edges, turn),
        milling=milling(rays, measured, round_holes) if closed else None,
    )


def bounds_a_solid(shape: Topology) -> bool:
    """Whether each edge is run through as often one way as the other: then inside and outside are told apart.

    So it is with watertight meshes, and with bodies that touch along edges, which belong to four facets there.
    """
    start, end = shape.faces.reshape(-1), np.roll(shape.faces, -1, axis=1).reshape(-1)
    key = np.minimum(start, end) * np.int64(len(shape.vertices)) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.concatenate([[True], np.diff(key[order]) != 0]))
    ways = np.where(start < end, 1, -1)[order]
    return bool((np.add.reduceat(ways, first) == 0).all())

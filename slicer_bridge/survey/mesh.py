"""All measured features of a mesh."""

import numpy as np

from slicer_bridge.facts import Rotation
from slicer_bridge.features import MeshFeatures
from slicer_bridge.meshes.crossings import caster
from slicer_bridge.meshes.holes import edges_of, holes, sharp_corners
from slicer_bridge.meshes.mesh import Topology, normals_and_areas
from slicer_bridge.meshes.overhangs import overhangs
from slicer_bridge.meshes.reach import milling
from slicer_bridge.meshes.voids import Voids, fill_columns, voids
from slicer_bridge.meshes.walls import measure_walls, sample

MOST_FACETS = 2_000_000
"""Some 1 kB each while they are measured."""


def warm_up() -> None:
    """Load the compiled loops, or compile and keep them, while that is allowed."""
    facets = np.eye(3)[None]
    normals, _ = normals_and_areas(facets)
    caster(facets, normals).cross(np.zeros((1, 3)), normals)
    fill_columns(facets, np.zeros(3), 1.0, np.zeros((2, 2, 3), np.int16))


def mesh_features(shape: Topology, rotation: Rotation) -> MeshFeatures:
    """Of a mesh as it is written; `rotation` lays it on the bed."""
    solid, turn = shape.facets, np.array(rotation).reshape(3, 3)
    normals, areas = normals_and_areas(solid)
    rays, closed = caster(solid, normals), shape.closed
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

"""Solids with known walls, holes and cavities, made by manifold3d: the code under test makes none of them."""

import numpy as np
from manifold3d import Manifold
from numpy.typing import NDArray

from slicer_bridge.features import Hole, Milling, Overhang, SharpCorners
from slicer_bridge.meshes.crossings import caster
from slicer_bridge.meshes.holes import edges_of, holes, sharp_corners
from slicer_bridge.meshes.mesh import Topology, normals_and_areas, topology
from slicer_bridge.meshes.overhangs import overhangs
from slicer_bridge.meshes.reach import milling
from slicer_bridge.meshes.voids import Voids, voids
from slicer_bridge.meshes.walls import Measured, measure_walls, sample

Size = tuple[float, float, float]


def block(size: Size, at: Size = (0, 0, 0)) -> Manifold:
    return Manifold.cube(size).translate(at)


def rod(diameter: float, length: float, at: Size = (0, 0, 0), sides: int = 64) -> Manifold:
    """Upright, from `at` upwards; its corners lie on the circle."""
    return Manifold.cylinder(length, diameter / 2, diameter / 2, sides).translate(at)


def facets_of(solid: Manifold) -> NDArray[np.float64]:
    mesh = solid.to_mesh()
    corners: NDArray[np.float64] = np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    facets: NDArray[np.float64] = corners[np.asarray(mesh.tri_verts)]
    return facets


def shape_of(*solids: Manifold) -> Topology:
    """Of all of them as the bodies of one file, with the low corner at the origin."""
    facets = np.concatenate([facets_of(solid) for solid in solids])
    return topology(facets - facets.reshape(-1, 3).min(axis=0))


def walls_of(facets: NDArray[np.float64], *, closed: bool = True) -> Measured:
    normals, areas = normals_and_areas(facets)
    return measure_walls(caster(facets, normals), sample(facets, normals, areas), closed=closed)


def holes_of(*solids: Manifold) -> tuple[Hole, ...]:
    shape = shape_of(*solids)
    return holes(shape, edges_of(shape))


def corners_of(shape: Topology) -> tuple[SharpCorners, ...]:
    return sharp_corners(shape, edges_of(shape))


def voids_of(*solids: Manifold) -> Voids:
    return voids(shape_of(*solids), np.eye(3))


def hangs_of(*solids: Manifold) -> tuple[Overhang, ...]:
    shape = shape_of(*solids)
    return overhangs(shape, edges_of(shape), np.eye(3))


def milled(*solids: Manifold) -> Milling:
    shape = shape_of(*solids)
    found = milling(
        caster(shape.facets, normals_and_areas(shape.facets)[0]),
        walls_of(shape.facets),
        holes(shape, edges_of(shape)),
    )
    assert found is not None
    return found

"""What a mesh covers on the bed, seen from above."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint
from shapely.geometry.base import BaseGeometry

_MAX_FACETS = 200_000


def shadow(facets: NDArray[np.float64], normals_z: NDArray[np.float64], watertight: bool) -> BaseGeometry:
    """Union of the projected facets.

    Of a closed mesh the facets that look down cover the same ground as all of them: half the work.
    Meshes of over 200,000 facets get their convex hull.

    Parameters
    ----------
    facets : (n, 3, 3) mm
    normals_z : (n,) z of the unit normals
    """
    chosen = normals_z < -1e-6 if watertight else np.abs(normals_z) > 1e-6
    flat = facets[:, :, :2]
    if chosen.sum() == 0 or len(facets) > _MAX_FACETS:
        return MultiPoint(flat.reshape(-1, 2)).convex_hull
    triangles = np.asarray(shapely.polygons(flat[chosen]))
    return shapely.union_all(triangles[shapely.is_valid(triangles)])

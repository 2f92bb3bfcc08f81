"""Corners of facets to vertices and indices: corners are one if their float32 numbers are equal."""

import os

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes import loops

Corners = NDArray[np.float32] | NDArray[np.float64]


_ROW = 1024
"""Points a row: numpy is slow at the least of many short rows, and quick at that of few long ones."""


def bounds(facets: Corners) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high corner, (3,), of facets (n, 3, 3)."""
    points = facets.reshape(-1, 3)
    whole = len(points) // _ROW * _ROW
    rows = points[:whole].reshape(-1, 3 * _ROW)
    low, high = points[whole:], points[whole:]
    if whole:
        low = np.concatenate([low, rows.min(axis=0).reshape(-1, 3)])
        high = np.concatenate([high, rows.max(axis=0).reshape(-1, 3)])
    return low.min(axis=0).astype(np.float64), high.max(axis=0).astype(np.float64)


def weld(facets: Corners) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (k, 3), in order of appearance, and faces (n, 3) of facets (n, 3, 3)."""
    return weld_scaled(facets, 1.0, np.zeros(3))


def weld_scaled(
    facets: Corners, scale: float, low: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """As `weld`, of corners times `scale`, less `low` (3,)."""
    vertices, index = weld_points(facets.reshape(-1, 3), scale, low)
    return vertices, index.reshape(-1, 3)


def weld_points(
    points: Corners, scale: float = 1.0, low: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (k, 3), in order of appearance, and the vertex of each point (p,) of points (p, 3)."""
    low = np.zeros(3) if low is None else low
    if loops.worth(len(points) // 3):
        from slicer_bridge.meshes import kernels

        found, index = kernels.weld(points, scale, low, int.from_bytes(os.urandom(4)))
    else:
        found, index = _weld((points.astype(np.float64) * scale - low).astype(np.float32) + np.float32(0.0))
    return found.astype(np.float64), index


def _weld(corners: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    bits = corners.view(np.uint32).astype(np.uint64)
    key = bits[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    key ^= (bits[:, 1] + np.uint64(0x7F4A7C15)) * np.uint64(0xC2B2AE3D27D4EB4F)
    key ^= (bits[:, 2] + np.uint64(0x165667B1)) * np.uint64(0x165667B19E3779F9)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(corners[first][inverse], corners):  # two corners share a hash: compare in full
        _, first, inverse = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return corners[first[order]], place[inverse.reshape(-1)]

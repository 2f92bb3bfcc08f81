"""Small pictures as SVG, with attributes only and no styles: a mesh seen at an angle, a drawing as it will be cut."""

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.facts import DrawingFacts, Polygon
from slicer_bridge.meshes.mesh import Facets, normals_and_areas, weld

MAX_FACETS = 3000
_LIGHT = np.array([0.35, -0.55, 0.76])
_COLOUR = np.array([70.0, 130.0, 180.0])
_EDGE = 0.04
"""Of the picture's width, left free on each side."""


def mesh_svg(facets: Facets, width_px: int = 320) -> str:
    """Painter's algorithm, isometric, from the front right; at most 3,000 facets (finer meshes are coarsened).

    Parameters
    ----------
    facets : (n, 3, 3) mm, n >= 1
    """
    seen = _projection()
    shown = _coarse(facets)
    normals, areas = normals_and_areas(shown)
    facing = (normals @ seen[2] > 1e-6) & (areas > 0)
    flat = shown[facing] @ seen.T
    order = np.argsort(flat[:, :, 2].mean(axis=1), kind="stable")
    places = _fit(flat[:, :, :2], width_px)
    shade = 0.45 + 0.55 * np.clip(normals[facing] @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)
    drawn = [_triangle(places[one], float(shade[one])) for one in order]
    return _frame(width_px, "".join(drawn))


def _projection() -> NDArray[np.float64]:
    """Rows: to the right, up, towards the eye."""
    eye = np.array([1.0, -1.0, 1.0]) / np.sqrt(3.0)
    right = np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0)
    return np.stack([right, np.cross(eye, right), eye])


def _coarse(facets: Facets) -> Facets:
    """Corners moved onto ever coarser grids until few enough facets are left."""
    cells = 256
    shown = facets
    span = float(np.ptp(facets.reshape(-1, 3), axis=0).max()) or 1.0
    while len(shown) > MAX_FACETS and cells >= 8:
        step = span / cells
        _, faces = weld(np.round(facets / step) * step)
        corners = (np.round(facets / step) * step)[
            (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
        ]
        shown = np.unique(corners.reshape(len(corners), 9), axis=0).reshape(-1, 3, 3)
        cells //= 2
    return shown if len(shown) else facets[:MAX_FACETS]


def drawing_svg(drawing: DrawingFacts, width_px: int = 320) -> str:
    """The outline filled, its holes left out."""
    rings = [np.array(ring) for ring in (drawing.outline, *drawing.holes)]
    everything = _fit(np.concatenate(rings)[None], width_px)[0]
    ends = np.cumsum([len(ring) for ring in rings])[:-1]
    path = " ".join(_closed(tuple(map(tuple, ring.tolist()))) for ring in np.split(everything, ends))
    return _frame(width_px, f'<path fill-rule="evenodd" fill="#4682b4" stroke="#234" stroke-width="1" d="{path}"/>')


def _fit(points: NDArray[np.float64], width_px: int) -> NDArray[np.float64]:
    """Points (..., 2), y up, into a square picture, y down."""
    low, high = points.reshape(-1, 2).min(axis=0), points.reshape(-1, 2).max(axis=0)
    scale = width_px * (1 - 2 * _EDGE) / (float((high - low).max()) or 1.0)
    out: NDArray[np.float64] = (points - (low + high) / 2) * [scale, -scale] + width_px / 2
    return out


def _triangle(corners: NDArray[np.float64], shade: float) -> str:
    red, green, blue = (int(value) for value in _COLOUR * shade)
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon fill="{colour}" stroke="{colour}" stroke-width="0.4" points="{points}"/>'


def _closed(ring: Polygon) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in ring) + " Z"


def _frame(width_px: int, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {width_px}" '
        f'width="{width_px}" height="{width_px}">{inside}</svg>'
    )

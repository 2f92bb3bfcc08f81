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
    shown = coarse(facets, MAX_FACETS)
    normals, areas = normals_and_areas(shown)
    facing = (normals @ seen[2] > 1e-6) & (areas > 0)
    flat = shown[facing] @ seen.T
    order = np.argsort(flat[:, :, 2].mean(axis=1), kind="stable")
    places = fit(flat[:, :, :2], width_px, width_px)
    shade = 0.45 + 0.55 * np.clip(normals[facing] @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)
    drawn = [triangle(places[one], _COLOUR * shade[one]) for one in order]
    return _frame(width_px, "".join(drawn))


def _projection() -> NDArray[np.float64]:
    """Rows: to the right, up, towards the eye."""
    eye = np.array([1.0, -1.0, 1.0]) / np.sqrt(3.0)
    right = np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0)
    return np.stack([right, np.cross(eye, right), eye])


def shaded(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Brightness (n,) of facets with these normals (n, 3), seen along z: light from over the left shoulder."""
    light = np.array([-0.3, 0.2, 0.93])
    bright: NDArray[np.float64] = 0.55 + 0.45 * np.clip(normals @ (light / np.linalg.norm(light)), 0, 1)
    return bright


def coarse(facets: Facets, most: int) -> Facets:
    """Corners that share a cell of an ever coarser grid become one, until at most `most` facets are left."""
    vertices, faces = weld(facets)
    span = float(np.ptp(vertices, axis=0).max()) or 1.0
    shown, cells = facets, 512
    while len(shown) > most and cells >= 8:
        _, cell = np.unique(np.floor(vertices * (cells / span)).astype(np.int64), axis=0, return_inverse=True)
        counts = np.bincount(cell)
        means = np.stack([np.bincount(cell, weights=vertices[:, axis]) / counts for axis in range(3)], axis=1)
        joined = cell[faces]
        kept = (joined[:, 0] != joined[:, 1]) & (joined[:, 1] != joined[:, 2]) & (joined[:, 2] != joined[:, 0])
        first = np.unique(np.sort(joined[kept], axis=1), axis=0, return_index=True)[1]
        shown = means[joined[kept][first]]
        cells = cells * 3 // 4
    return shown if len(shown) else facets[:most]


def split(facets: Facets, longest_mm: float, most: int) -> Facets:
    """Facets cut in halves until none has a longer side, or there are `most`: small ones sort better by depth."""
    done = facets
    while len(done) < most:
        sides = np.linalg.norm(done - np.roll(done, -1, axis=1), axis=2)
        long = np.flatnonzero(sides.max(axis=1) > longest_mm)[: most - len(done)]
        if not len(long):
            break
        start = sides[long].argmax(axis=1)
        a, b, c = (done[long, (start + step) % 3] for step in range(3))
        middle = (a + b) / 2
        halves = [np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)]
        done = np.concatenate([np.delete(done, long, axis=0), *halves])
    return done


def drawing_svg(drawing: DrawingFacts, width_px: int = 320) -> str:
    """The outline filled, its holes left out."""
    rings = [np.array(ring) for ring in (drawing.outline, *drawing.holes)]
    everything = fit(np.concatenate(rings), width_px, width_px)
    ends = np.cumsum([len(ring) for ring in rings])[:-1]
    return _frame(width_px, rings_svg(np.split(everything, ends), "#4682b4", "#234"))


def rings_svg(rings: list[NDArray[np.float64]], fill: str, stroke: str) -> str:
    """Closed rings (n, 2), pixels; those inside others are left out of the fill."""
    path = " ".join(_closed(tuple(map(tuple, ring.tolist()))) for ring in rings)
    return f'<path fill-rule="evenodd" fill="{fill}" stroke="{stroke}" stroke-width="1" d="{path}"/>'


def fit(
    points: NDArray[np.float64], width_px: int, height_px: int, *, frame: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Points (..., 2), y up, into a picture, y down; what fills it is `frame` (..., 2), or all of them."""
    filling = (points if frame is None else frame).reshape(-1, 2)
    low, high = filling.min(axis=0), filling.max(axis=0)
    across, upright = np.maximum(high - low, 1e-9)
    scale = (1 - 2 * _EDGE) * min(width_px / across, height_px / upright)
    middle = np.array([width_px, height_px]) / 2
    out: NDArray[np.float64] = (points - (low + high) / 2) * [scale, -scale] + middle
    return out


def triangle(corners: NDArray[np.float64], tint: NDArray[np.float64]) -> str:
    """Corners (3, 2), pixels; `tint` (3,) red, green, blue up to 255."""
    red, green, blue = (int(value) for value in tint)
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

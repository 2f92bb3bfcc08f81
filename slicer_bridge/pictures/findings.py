"""Pictures that show where the findings are: a mesh from above and from below, or a drawing, with a numbered list.

SVG with attributes only. Each finding has a number and the colour of its severity; each of its places has a dot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.facts import DrawingFacts, Finding, MeshFacts, Severity
from slicer_bridge.meshes.mesh import Facets, normals_and_areas
from slicer_bridge.pictures.marks import Mark, marks_svg
from slicer_bridge.pictures.picture import coarse, fit, rings_svg, shaded, split, triangle

VIEW_PX = 480
_TRIANGLES = 5000
_PIECES = 20
_COLOURS = {
    Severity.REFUSE: "#c62828",
    Severity.REVIEW: "#d9730d",
    Severity.NOTE: "#1565c0",
}
_STEEL = np.array([130.0, 160.0, 190.0])
_TINTS = {
    Severity.REFUSE: np.array([230.0, 110.0, 110.0]),
    Severity.REVIEW: np.array([245.0, 180.0, 100.0]),
    Severity.NOTE: np.array([150.0, 190.0, 240.0]),
}
_UNDERSIDES = ("overhang", "bridge", "floating")
_SURFACES = ("thin-wall", "lost-wall", "unreachable", "undercut")
_LEANS = -0.71
_BED_MM = 0.15
_SPREAD = 1 / 45
"""Of the part's length: what is nearer than this to a place of a surface's finding is tinted."""
_LINE_PX = 17
_CHARACTERS = 128

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _View:
    """`axes` (3, 3): rows to the right, up, towards the eye."""

    name: str
    axes: Points


def _view(name: str, eye: tuple[float, float, float]) -> _View:
    towards = np.array(eye) / np.linalg.norm(eye)
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    return _View(name, np.stack([right, np.cross(towards, right), towards]))


_VIEWS = (_view("from above", (1.0, -1.0, 1.0)), _view("from below", (1.0, -1.0, -1.0)))


def mesh_findings_svg(facets: Facets, mesh: MeshFacts, findings: Sequence[Finding]) -> str:
    """Two views, as it lies on the bed.

    Parameters
    ----------
    facets : (n, 3, 3) mm, n >= 1, of the normalised file: the frame of the findings' places
    """
    turn = np.array(mesh.orientations[0].rotation).reshape(3, 3)
    turned = facets @ turn.T
    low = turned.reshape(-1, 3).min(axis=0)
    shown = coarse(turned - low, _TRIANGLES)
    shown = split(shown, float(np.ptp(shown.reshape(-1, 3), axis=0).max()) / _PIECES, _TRIANGLES)
    normals, areas = normals_and_areas(shown)
    shown, normals = shown[areas > 0], normals[areas > 0]
    marks = [_turned(mark, turn, low) for mark in _marks(findings)]
    colours = _tinted(shown, normals, findings, marks)
    faces_up = _faces_up(shown, normals, marks)
    drawn = []
    for number, view in enumerate(_VIEWS):
        seen = [mark.only(up if number == 0 else ~up) for mark, up in zip(marks, faces_up, strict=True)]
        inside = _solid(shown, normals, colours, view, seen)
        drawn.append(f'<g transform="translate({number * VIEW_PX} 0)">{inside}{_caption(view.name)}</g>')
    return _page("".join(drawn), 2 * VIEW_PX, findings)


def drawing_findings_svg(drawing: DrawingFacts, findings: Sequence[Finding], lines: Sequence[Points] = ()) -> str:
    """The sheet with its holes; `lines` (n, 2), mm, are drawn over it: those that are open, too."""
    width, height = 2 * VIEW_PX, VIEW_PX + 120
    rings = [np.array(ring) for ring in (drawing.outline, *drawing.holes)]
    marks = _marks(findings)
    everything = [*rings, *lines, *(mark.places[:, :2] for mark in marks)]
    scaled = fit(np.concatenate(everything), width, height)
    pieces = np.split(scaled, np.cumsum([len(one) for one in everything])[:-1])
    plan = rings_svg(pieces[: len(rings)], "#cfdcea", "#456")
    plan += "".join(_line(piece) for piece in pieces[len(rings) : len(rings) + len(lines)])
    dots = pieces[len(rings) + len(lines) :]
    placed = [Mark(mark.number, mark.colour, piece) for mark, piece in zip(marks, dots, strict=True)]
    return _page(plan + marks_svg(placed, (width, height)), width, findings, height)


def _line(points: Points) -> str:
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline fill="none" stroke="#456" stroke-width="0.8" points="{corners}"/>'


def _marks(findings: Sequence[Finding]) -> list[Mark]:
    """Of findings that have a place, numbered as in the list."""
    marks = []
    for number, finding in enumerate(findings, start=1):
        places = finding.places or ((finding.place,) if finding.place else ())
        if places:
            marks.append(Mark(number, _COLOURS[finding.severity], np.array(places, dtype=np.float64)))
    return marks


def _turned(mark: Mark, turn: Points, low: Points) -> Mark:
    return Mark(mark.number, mark.colour, mark.places @ turn.T - low)


def _faces_up(shown: Facets, normals: Points, marks: list[Mark]) -> list[NDArray[np.bool_]]:
    """Whether each place of each mark is better seen from above: the nearest facet tells."""
    from scipy.spatial import cKDTree

    tree = cKDTree(shown.mean(axis=1))
    above, below = (normals @ view.axes[2] for view in _VIEWS)
    return [(above >= below)[tree.query(mark.places)[1]] for mark in marks]


def _tinted(shown: Facets, normals: Points, findings: Sequence[Finding], marks: list[Mark]) -> Points:
    """Colour (n, 3) of each facet: undersides that hang out, and surfaces near a place that is named."""
    from scipy.spatial import cKDTree

    colours = np.tile(_STEEL, (len(shown), 1))
    middles = shown.mean(axis=1)
    near = float(np.linalg.norm(np.ptp(shown.reshape(-1, 3), axis=0))) * _SPREAD
    for mark in reversed(marks):
        finding = findings[mark.number - 1]
        if finding.rule in _UNDERSIDES:
            chosen = (normals[:, 2] < _LEANS) & (middles[:, 2] > _BED_MM)
        elif finding.rule in _SURFACES:
            chosen = cKDTree(mark.places).query(middles)[0] < near
        else:
            continue
        colours[chosen] = _TINTS[finding.severity]
    return colours


def _solid(shown: Facets, normals: Points, colours: Points, view: _View, marks: list[Mark]) -> str:
    facing = normals @ view.axes[2] > 1e-6
    flat = shown @ view.axes.T
    corners = flat[:, :, :2].reshape(-1, 2)
    placed = [mark.places @ view.axes[:2].T for mark in marks]
    scaled = fit(np.concatenate([corners, *placed]), VIEW_PX, VIEW_PX, frame=corners)
    triangles = scaled[: len(corners)].reshape(-1, 3, 2)
    order = np.flatnonzero(facing)[np.argsort(flat[facing][:, :, 2].mean(axis=1), kind="stable")]
    shades = shaded(normals @ view.axes.T)
    drawn = "".join(triangle(triangles[one], colours[one] * shades[one]) for one in order)
    ends = np.cumsum([len(places) for places in placed])[:-1]
    pieces = np.split(scaled[len(corners) :], ends) if placed else []
    dots = [Mark(mark.number, mark.colour, piece) for mark, piece in zip(marks, pieces, strict=True)]
    return drawn + marks_svg(dots, (VIEW_PX, VIEW_PX))


def _caption(words: str) -> str:
    return f'<text x="12" y="22" font-family="sans-serif" font-size="13" fill="#555">{words}</text>'


def _page(inside: str, width: int, findings: Sequence[Finding], height: int = VIEW_PX) -> str:
    lines = _listed(findings)
    full = height + 12 + _LINE_PX * (len(lines) + 1)
    text = "".join(
        f'<text x="{x}" y="{height + 12 + _LINE_PX * row}" font-family="sans-serif" font-size="13" '
        f'fill="{colour}">{escape(words)}</text>'
        for row, (x, colour, words) in enumerate(lines, start=0)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {full}" width="{width}" height="{full}">'
        f'<rect width="{width}" height="{full}" fill="#fff"/>{inside}{text}</svg>'
    )


def _listed(findings: Sequence[Finding]) -> list[tuple[int, str, str]]:
    """Lines of the list: indent, colour, words."""
    if not findings:
        return [(12, "#2e7d32", "nothing speaks against it")]
    lines = []
    for number, finding in enumerate(findings, start=1):
        words = f"{number} {finding.severity}: {finding.rule}: {finding.message}".split(" ")
        row = ""
        indent = 12
        for word in words:
            if len(row) + len(word) > _CHARACTERS:
                lines.append((indent, _COLOURS[finding.severity], row))
                row, indent = "", 28
            row += word + " "
        lines.append((indent, _COLOURS[finding.severity], row))
    return lines

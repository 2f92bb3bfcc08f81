"""Does a part fit a machine: lying, on another side, or only turned."""

from dataclasses import dataclass

import numpy as np

from slicer_bridge.facts import DrawingFacts, Finding, MeshFacts, Polygon, Severity

_SOURCE = "the machine's size"
_ANGLES = np.arange(0, 180)
_SLACK_MM = 1e-6

Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Shape:
    outline: Polygon
    height_mm: float


def fit(mesh: MeshFacts, machine_mm: Size) -> list[Finding]:
    """Nothing if the part fits as it lies; else how it does, or a refusal."""
    ways = [_Shape(way.outline, way.size_mm[2]) for way in mesh.orientations]
    return _fit(ways, max(mesh.size_mm), machine_mm)


def sheet_fit(drawing: DrawingFacts, machine_mm: Size) -> list[Finding]:
    return _fit([_Shape(drawing.outline, 0.0)], max(drawing.size_mm), machine_mm)


def _fit(ways: list[_Shape], longest_mm: float, machine_mm: Size) -> list[Finding]:
    words = " × ".join(f"{length:g}" for length in machine_mm)
    for number, way in enumerate(ways):
        angle = _turned(way, machine_mm)
        if angle is None:
            continue
        other = "" if number == 0 else f"only on another of its sides (number {number + 1}), "
        if not other and angle in (0, 90):
            return []
        turned = "" if angle in (0, 90) else f"only turned by {angle}° about the vertical, "
        text = f"{longest_mm:.1f} mm long: it fits {words} mm {other}{turned}".rstrip(", ")
        return [_finding(Severity.NOTE, text, longest_mm, machine_mm)]
    text = f"{longest_mm:.1f} mm long: it doesn't fit {words} mm, however it is laid and turned: split it"
    return [_finding(Severity.REFUSE, text, longest_mm, machine_mm)]


def _finding(severity: Severity, text: str, longest_mm: float, machine_mm: Size) -> Finding:
    return Finding("build-volume", severity, text, round(longest_mm, 3), max(machine_mm), source=_SOURCE)


def _turned(way: _Shape, machine_mm: Size) -> int | None:
    """The smallest turn, degrees, that lets the outline fit; 0 and 90 first."""
    width, depth, height = machine_mm
    if way.height_mm > height + _SLACK_MM:
        return None
    points = np.array(way.outline)
    angles = np.radians(_ANGLES)
    x = points @ np.stack([np.cos(angles), -np.sin(angles)])
    y = points @ np.stack([np.sin(angles), np.cos(angles)])
    fits = (np.ptp(x, axis=0) <= width + _SLACK_MM) & (np.ptp(y, axis=0) <= depth + _SLACK_MM)
    for angle in (0, 90, *np.flatnonzero(fits)):
        if fits[angle]:
            return int(angle)
    return None

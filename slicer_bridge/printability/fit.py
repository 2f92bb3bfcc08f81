"""Does a part fit a machine: lying, on another side, or only turned."""

from dataclasses import dataclass

from slicer_bridge.facts import DrawingFacts, Finding, MeshFacts, Polygon, Severity
from slicer_bridge.plates.turning import least_turn

_SOURCE = "the machine's size"
_SLACK = 1e-6

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
    fills = [_fill(way, machine_mm) for way in ways]
    for number, (angle, share) in enumerate(fills):
        if share > 1 + _SLACK:
            continue
        turns = [f"on another of its sides (number {number + 1})"] if number else []
        turns += [] if angle in (0, 90) else [f"turned by {angle}° about the vertical"]
        if not turns:
            return []
        return [_finding(Severity.NOTE, f"{longest_mm:.1f} mm long: it fits {words} mm only {', '.join(turns)}", share)]
    share = min(share for _, share in fills)
    text = (
        f"{longest_mm:.1f} mm long: it doesn't fit {words} mm, however it is laid and turned: split it, "
        f"or scale it to {100 / share:.0f} %"
    )
    return [_finding(Severity.REFUSE, text, share)]


def _finding(severity: Severity, text: str, share: float) -> Finding:
    """Measured and limit are shares of the machine's tightest length."""
    return Finding("build-volume", severity, text, round(share, 4), 1.0, source=_SOURCE)


def _fill(way: _Shape, machine_mm: Size) -> tuple[int, float]:
    """The turn, degrees, at which the outline takes least of the machine, and that share; 0 and 90 if they do."""
    width, depth, height = machine_mm
    angle, share = least_turn(way.outline, (width, depth))
    return angle, max(share, way.height_mm / height)

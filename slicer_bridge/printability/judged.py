"""Can this part be made this way, and how well: findings from its facts against thresholds that are data."""

from dataclasses import dataclass
from enum import StrEnum

from slicer_bridge.facts import DrawingFacts, Finding, MeshFacts, PartFacts, Severity
from slicer_bridge.outline import outline_area


class Way(StrEnum):
    FDM = "fdm"
    CUT2D = "cut2d"


@dataclass(frozen=True, slots=True)
class Threshold:
    rule: str
    limit: float
    severity: Severity
    source: str


THIN_WALL = Threshold("thin-wall", 1.2, Severity.REVIEW, "cifproto: FDM walls of 1.2 mm or more")
NO_WALL = Threshold("too-thin", 0.3, Severity.REFUSE, "rule of thumb: nothing is left of less than a line")
OVERHANG = Threshold("overhang", 0.05, Severity.REVIEW, "rule of thumb: share of the area beyond 45°")
CONTACT = Threshold("contact", 0.05, Severity.REVIEW, "rule of thumb: share of the footprint on the bed")
SLENDER = Threshold("slender", 10.0, Severity.REVIEW, "rule of thumb: height over the narrower side of the footprint")
CORNER = Threshold("inside-corner", 0.0, Severity.NOTE, "an end mill leaves its own radius in corners")
WEB = Threshold("web", 1.0, Severity.REVIEW, "rule of thumb: a drawing at least as wide as the sheet is thick")


def printability(facts: PartFacts, *, tool_mm: float, thickness_mm: float = 0.0) -> tuple[Finding, ...]:
    """What speaks against making the part; empty if nothing. `tool_mm`: nozzle or cutter diameter."""
    if facts.mesh is not None:
        return tuple(_printed(facts.mesh))
    if facts.drawing is not None:
        return tuple(_cut(facts.drawing, tool_mm, thickness_mm))
    return ()


def _found(threshold: Threshold, measured: float, text: str) -> Finding:
    return Finding(
        threshold.rule, threshold.severity, f"{text} ({threshold.source})", round(measured, 4), threshold.limit
    )


def _printed(mesh: MeshFacts) -> list[Finding]:
    way, findings = mesh.orientations[0], []
    thickness = 2 * mesh.volume_mm3 / mesh.area_mm2 if mesh.area_mm2 else 0.0
    smallest = min(mesh.size_mm)
    if smallest < NO_WALL.limit:
        findings.append(_found(NO_WALL, smallest, f"the part is only {smallest:.2f} mm thick"))
    elif thickness < THIN_WALL.limit:
        text = f"walls are {thickness:.2f} mm thick on average (volume over area): some may be lost"
        findings.append(_found(THIN_WALL, thickness, text))
    hangs = way.overhang_mm2 / mesh.area_mm2 if mesh.area_mm2 else 0.0
    if hangs > OVERHANG.limit:
        text = f"{way.overhang_mm2:.0f} mm² hang out by over 45°: printed without support they may sag"
        findings.append(_found(OVERHANG, hangs, text))
    footprint = outline_area(way.outline)
    if footprint and way.contact_mm2 / footprint < CONTACT.limit:
        text = f"only {way.contact_mm2:.0f} mm² touch the bed: it may come loose"
        findings.append(_found(CONTACT, way.contact_mm2 / footprint, text))
    slender = way.size_mm[2] / max(min(way.size_mm[:2]), 1e-6)
    if slender > SLENDER.limit:
        findings.append(_found(SLENDER, slender, f"{slender:.0f} times as high as wide: it may break off"))
    return findings


def _cut(drawing: DrawingFacts, tool_mm: float, thickness_mm: float) -> list[Finding]:
    findings = []
    radius = drawing.smallest_inside_radius_mm
    if radius is not None and radius < tool_mm / 2:
        text = f"the smallest hole has a radius of {radius:.2f} mm; a cutter of {tool_mm:g} mm does not fit"
        findings.append(Finding("tool-too-large", Severity.REFUSE, text, radius, tool_mm / 2))
    if drawing.open_contours:
        text = f"{drawing.open_contours} contours are open: nobody can say what is inside; join their ends"
        findings.append(Finding("open-contour", Severity.REFUSE, text, float(drawing.open_contours), 0.0))
    if min(drawing.size_mm) < WEB.limit * thickness_mm:
        text = f"{min(drawing.size_mm):.1f} mm wide in a sheet of {thickness_mm:g} mm: it may break or fly off"
        findings.append(_found(WEB, min(drawing.size_mm), text))
    if drawing.holes:
        text = f"inside corners come out with a radius of {tool_mm / 2:g} mm"
        findings.append(_found(CORNER, tool_mm / 2, text))
    return findings

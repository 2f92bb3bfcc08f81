"""Findings for drawings that are cut out of a sheet, by a cutter or by a laser."""

from slicer_bridge.facts import DrawingFacts, Finding, Severity
from slicer_bridge.features import DrawingFeatures, Drawn
from slicer_bridge.printability.order import Wanted, found
from slicer_bridge.printability.thresholds import Process, Threshold, Unit

_CUTTER_MM = 3.0
_NAMED = 6
_ROUNDING_MM = 0.02
"""Of arcs drawn as lines, twice."""
_CUTTER = Threshold(limit=0.0, unit=Unit.MM, severity=Severity.REFUSE, source="the cutter's diameter")
_LEFT = Threshold(limit=0.0, unit=Unit.MM, severity=Severity.NOTE, source="a cutter leaves its own radius in corners")


def cut_out(drawing: DrawingFacts, features: DrawingFeatures | None, wanted: Wanted) -> list[Finding]:
    if features is None:
        return _known(drawing, wanted)
    by_beam = wanted.process is Process.LASER
    return [
        *_lines(features, wanted),
        *(_beam(features, wanted) if by_beam else _cutter(features, wanted)),
        *_thickness(features, wanted),
    ]


def _known(drawing: DrawingFacts, wanted: Wanted) -> list[Finding]:
    """All that is known without measuring features."""
    findings = []
    holes = [(one.circle[2], one) for one in drawing.closed if one.depth % 2 and one.circle]
    tool = wanted.tool_mm or 0.0
    small = [
        Drawn((one.circle[0], one.circle[1], 0.0), width, one.handles)
        for width, one in sorted(holes, key=lambda hole: hole[0])
        if one.circle and width < tool - _ROUNDING_MM
    ]
    if wanted.process is Process.MILL and small:
        findings.append(_too_large(small[0].width_mm, tool, tuple(small)))
    if drawing.open_contours:
        threshold = wanted.limit("open-contour")
        text = f"{drawing.open_contours} contours are open: join their ends"
        findings.append(found("open-contour", threshold, float(drawing.open_contours), text))
    web = wanted.limit("web")
    limit = web.limit * wanted.thickness_mm
    if min(drawing.size_mm) < limit:
        text = f"{min(drawing.size_mm):.1f} mm wide in a sheet of {wanted.thickness_mm:g} mm: it may break or fly off"
        findings.append(found("web", web, min(drawing.size_mm), text, limit=limit))
    return findings


def _lines(features: DrawingFeatures, wanted: Wanted) -> list[Finding]:
    findings = []
    for rule, lines, words in (
        ("open-contour", features.open_lines, "are open: join their ends"),
        ("crossing-contour", features.crossing, "cross themselves or others: trim them"),
        ("duplicate-contour", features.duplicates, "are drawn twice: delete one of each"),
    ):
        if lines:
            text = f"{len(lines)} lines {words} ({named(lines)})"
            findings.append(_drawn(rule, wanted.limit(rule), float(len(lines)), text, lines, 0.0))
    return findings


def _cutter(features: DrawingFeatures, wanted: Wanted) -> list[Finding]:
    tool, findings = wanted.tool_mm or _CUTTER_MM, []
    small = [hole for hole in features.openings if hole.width_mm < tool - _ROUNDING_MM]
    if small:
        findings.append(_too_large(small[0].width_mm, tool, tuple(small)))
    narrow = [slot for slot in features.slots if slot.width_mm < tool - _ROUNDING_MM]
    if narrow and not small:
        width = narrow[0].width_mm
        text = f"{len(narrow)} places down to {width:.2f} mm wide are too narrow for a cutter of {tool:g} mm"
        findings.append(_drawn("slot", wanted.limit("slot"), width, text, tuple(narrow), tool))
    rounded = features.rounded
    sharp = features.corners if rounded is None or rounded.width_mm >= tool / 2 else (*features.corners, rounded)
    if sharp:
        text = f"{len(sharp)} inside corners come out with a radius of {tool / 2:g} mm"
        findings.append(_drawn("inside-corner", _LEFT, 0.0, text, sharp, tool / 2))
    return findings


def _too_large(width_mm: float, tool_mm: float, lines: tuple[Drawn, ...]) -> Finding:
    where = f" ({named(lines)})" if lines else ""
    text = f"a hole {width_mm:.2f} mm wide{where}: a cutter of {tool_mm:g} mm does not fit"
    return _drawn("tool-too-large", _CUTTER, width_mm, text, lines, tool_mm)


def _beam(features: DrawingFeatures, wanted: Wanted) -> list[Finding]:
    findings = []
    kerf = wanted.limit("kerf")
    burnt = [hole for hole in features.openings if hole.width_mm < kerf.limit]
    if burnt:
        text = f"{len(burnt)} holes are narrower than the kerf of {kerf.limit:g} mm ({named(tuple(burnt))})"
        findings.append(_drawn("kerf", kerf, burnt[0].width_mm, text, tuple(burnt), kerf.limit))
    gap = wanted.limit("gap")
    near = tuple(slot for slot in features.slots if slot.width_mm < gap.limit)
    if near and not burnt:
        text = f"{len(near)} gaps down to {near[0].width_mm:.2f} mm wide are narrower than a kerf"
        findings.append(_drawn("gap", gap, near[0].width_mm, text, near, gap.limit))
    hole = wanted.limit("hole")
    limit = hole.limit * wanted.thickness_mm
    small = tuple(one for one in features.openings if kerf.limit <= one.width_mm < limit - _ROUNDING_MM)
    if small:
        text = f"{len(small)} holes down to {small[0].width_mm:.2f} mm wide in a sheet of {wanted.thickness_mm:g} mm"
        findings.append(_drawn("hole", hole, small[0].width_mm, f"{text}: they come out ragged", small, limit))
    return findings


def _thickness(features: DrawingFeatures, wanted: Wanted) -> list[Finding]:
    threshold = wanted.limit("web")
    limit = threshold.limit * wanted.thickness_mm
    if not wanted.thickness_mm:
        text = "the sheet's thickness is unknown: webs and holes are not judged by it"
        return [Finding("thickness-unknown", Severity.NOTE, text)]
    thin = tuple(web for web in features.webs if web.width_mm < limit - _ROUNDING_MM)
    if not thin:
        return []
    text = f"{len(thin)} webs down to {thin[0].width_mm:.2f} mm wide in a sheet of {wanted.thickness_mm:g} mm"
    return [_drawn("web", threshold, thin[0].width_mm, f"{text}: they burn or break", thin, limit)]


def _drawn(
    rule: str, threshold: Threshold, measured: float, text: str, lines: tuple[Drawn, ...], limit: float
) -> Finding:
    names = tuple(dict.fromkeys(name for one in lines for name in one.entities))
    return found(rule, threshold, measured, text, [one.place for one in lines], limit=limit, entities=names[:200])


def named(lines: tuple[Drawn, ...]) -> str:
    shown = [one.entities[0] if len(one.entities) == 1 else f"{one.entities[0]} to {one.entities[-1]}" for one in lines]
    few = list(dict.fromkeys(shown))
    return "entities " + ", ".join(few[:_NAMED]) + (" and more" if len(few) > _NAMED else "")

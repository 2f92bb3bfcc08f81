"""What measuring found out about a file, for its owner."""

from broker.pages.controls import Drawing, Text, box
from broker.pages.sketch import sketch
from broker.pages.wording import area, sizes, volume
from broker.parts.suitability import findings_for, usual_process
from slicer_bridge.facts import Finding, PartFacts, Severity

_CLASSES = {Severity.REFUSE: "fault", Severity.REVIEW: "warn", Severity.NOTE: "quiet"}


def draw_sketch(name: str, facts: PartFacts) -> None:
    Drawing(sketch(name, facts), "drawing sketch")


def draw_facts(facts: PartFacts) -> None:
    with box("div", "facts"):
        for words in _words(facts):
            Text("span", words)
    told = findings_for(facts, usual_process(facts))
    if told:
        with box("ul", "findings") as findings:
            findings.props["aria-label"] = "Findings"
            for finding in told:
                Text("li", _finding(finding), _CLASSES[finding.severity])


def _words(facts: PartFacts) -> list[str]:
    words = [f"{facts.format.upper()} in {facts.unit}"]
    if facts.mesh is not None:
        mesh = facts.mesh
        bodies = "" if mesh.bodies == 1 else f"{mesh.bodies} bodies"
        words += [sizes(mesh.size_mm), volume(mesh.volume_mm3), f"{mesh.triangles:,} triangles", bodies]
        words.append("watertight" if mesh.watertight else "not watertight")
    if facts.drawing is not None:
        drawing = facts.drawing
        words += [sizes(drawing.size_mm), area(drawing.area_mm2), f"{drawing.cut_length_mm / 1000:.2f} m to cut"]
        words.append("1 contour" if drawing.contours == 1 else f"{drawing.contours} contours")
        if drawing.open_contours:
            words.append(f"{drawing.open_contours} open")
    return [word for word in words if word]


def _finding(finding: Finding) -> str:
    if finding.measured is None or finding.limit is None:
        return finding.message
    return f"{finding.message} (measured {finding.measured:g}, limit {finding.limit:g})"

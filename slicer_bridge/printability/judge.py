"""Can this part be made this way, and how well: findings from its facts against thresholds that are data.

Pure: what it knows of the part stands in `PartFacts`; `features` in it are measured on demand, and without them only
little is judged.
"""

from slicer_bridge.facts import DrawingFacts, Finding, MeshFacts, PartFacts, Severity
from slicer_bridge.features import DrawingFeatures, MeshFeatures
from slicer_bridge.printability.fit import fit, sheet_fit
from slicer_bridge.printability.milled import milled
from slicer_bridge.printability.order import Wanted
from slicer_bridge.printability.printed import printed
from slicer_bridge.printability.sheets import cut_out
from slicer_bridge.printability.thresholds import Process, Thresholds, default_thresholds

_ORDER = (Severity.REFUSE, Severity.REVIEW, Severity.NOTE)
_SHEET = (Process.MILL, Process.LASER)


def printability(
    facts: PartFacts,
    process: Process,
    *,
    thresholds: Thresholds | None = None,
    material: str = "",
    tool_mm: float | None = None,
    thickness_mm: float = 0.0,
    machine_mm: tuple[float, float, float] | None = None,
) -> tuple[Finding, ...]:
    """What speaks against making the part, worst first; empty if nothing.

    Parameters
    ----------
    thresholds : the package's own, or those with a shop's or an order's changes
    tool_mm : nozzle or cutter; None: the usual one
    thickness_mm : of the sheet; 0: unknown
    machine_mm : usable travel in x, y, z; None: unknown
    """
    wanted = Wanted(process, thresholds or default_thresholds(), material, tool_mm, thickness_mm, machine_mm)
    return tuple(sorted(_findings(facts, wanted), key=lambda finding: _ORDER.index(finding.severity)))


def _findings(facts: PartFacts, wanted: Wanted) -> list[Finding]:
    measured = facts.features
    if facts.drawing is not None:
        return _flat(facts.drawing, measured.drawing if measured else None, wanted)
    if facts.mesh is not None:
        too_fine = measured is not None and measured.mesh is None
        return _solid(facts.mesh, measured.mesh if measured else None, wanted, too_fine=too_fine)
    return []


def _flat(drawing: DrawingFacts, features: DrawingFeatures | None, wanted: Wanted) -> list[Finding]:
    if wanted.process not in _SHEET:
        return [_wrong("a drawing has no height: give a solid (STL, 3MF, STEP) to print it")]
    room = sheet_fit(drawing, wanted.machine_mm) if wanted.machine_mm else []
    return [*room, *cut_out(drawing, features, wanted)]


def _solid(mesh: MeshFacts, features: MeshFeatures | None, wanted: Wanted, *, too_fine: bool) -> list[Finding]:
    if wanted.process is Process.LASER:
        return [_wrong("a laser cuts drawings: give the outline of the sheet as DXF or SVG")]
    room = fit(mesh, wanted.machine_mm) if wanted.machine_mm else []
    if wanted.process is not Process.MILL:
        return [*room, *printed(mesh, features, wanted), *([_too_fine()] if too_fine else [])]
    if features is None or features.milling is None:
        text = "the mesh is open or was not measured in full: nobody can say what a cutter reaches"
        return [*room, Finding("not-measured", Severity.REVIEW, text)]
    return [*room, *milled(mesh, features, wanted)]


def _too_fine() -> Finding:
    text = "the mesh is too fine: walls, gaps, holes and overhangs were not measured; simplify it"
    return Finding("not-measured", Severity.REVIEW, text)


def _wrong(text: str) -> Finding:
    return Finding("wrong-process", Severity.REFUSE, text, source="the process")

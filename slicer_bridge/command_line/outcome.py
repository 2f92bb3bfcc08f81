"""What came of one file, as every verb says it: in words, and exactly what `--json` prints."""

from dataclasses import dataclass

from slicer_bridge.cutting.made import CutResult
from slicer_bridge.facts import Finding, PartFacts, Repair
from slicer_bridge.motion.estimated import Estimate
from slicer_bridge.programs.check import Verdict
from slicer_bridge.slicing.contract import SliceResult

DONE, REFUSED, BAD_INPUT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """One entry of the list that `--json` prints."""

    file: str
    exit: int
    reason: str = ""
    facts: PartFacts | None = None
    findings: tuple[Finding, ...] = ()
    sliced: SliceResult | None = None
    cut: CutResult | None = None
    verdict: Verdict | None = None
    estimate: Estimate | None = None
    picture: str | None = None
    repair: Repair | None = None


def in_words(outcome: Outcome) -> list[str]:
    lines = [f"{outcome.file}: {('done', 'refused', 'bad input')[outcome.exit]}"]
    lines += [f"  {reason}" for reason in outcome.reason.split("; ") if reason]
    if outcome.facts and outcome.facts.mesh:
        mesh = outcome.facts.mesh
        size = " × ".join(f"{value:.2f}" for value in mesh.size_mm)
        closed = "closed" if mesh.watertight else "open"
        lines.append(f"  {size} mm, {mesh.volume_mm3 / 1000:.2f} cm³, {mesh.triangles} triangles, {closed}")
    if outcome.facts and outcome.facts.drawing:
        drawing = outcome.facts.drawing
        size = " × ".join(f"{value:.2f}" for value in drawing.size_mm)
        lines.append(f"  {size} mm, {drawing.contours} contours, {drawing.cut_length_mm:.0f} mm to cut")
    lines += [f"  {finding.severity}: {finding.rule}: {finding.message}" for finding in outcome.findings]
    if outcome.repair:
        lines += [f"  {line}" for line in _repaired(outcome.repair)]
    for made in (outcome.sliced, outcome.cut):
        if made:
            lines.append(f"  {made.program}: {made.lines} lines, {made.estimate_s:.0f} s, by {made.made_by}")
    if outcome.cut and len(outcome.cut.programs) > 1:
        lines += [f"  {one.path.name}: {one.tools}, {one.lines} lines" for one in outcome.cut.programs]
    if outcome.sliced:
        sliced = outcome.sliced
        lines.append(f"  {len(sliced.objects)} objects, {sliced.layers.count} layers, {sliced.filament_g:.2f} g")
        lines += [f"  note: {note}" for note in sliced.notes]
    if outcome.verdict:
        verdict = outcome.verdict
        lines.append(f"  {verdict.lines} lines, {verdict.refused} refused, moves take {verdict.moves_s:.0f} s at least")
    if outcome.estimate:
        lines += [f"  {line}" for line in _estimated(outcome.estimate)]
    if outcome.picture:
        lines.append(f"  {outcome.picture}")
    return lines


def _repaired(repair: Repair) -> list[str]:
    counts = (
        (repair.doubles_removed, "doubled facets removed"),
        (repair.facets_turned, "facets turned round"),
        (repair.seam_edges_joined, "edges of seams joined"),
        (repair.holes_closed, "holes closed"),
        (repair.scraps_dropped, "open scraps dropped"),
        (repair.bodies_united, "overlapping bodies united"),
    )
    done = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing to mend"
    return [
        f"repaired: {done}",
        f"{repair.facets_removed} facets gone, {repair.facets_added} new, corners moved {repair.moved_mm:.4f} mm at "
        f"most, {repair.volume_before_mm3 / 1000:.3f} cm³ before, {repair.volume_after_mm3 / 1000:.3f} after",
    ]


def _estimated(estimate: Estimate) -> list[str]:
    lines = [
        f"{estimate.total_s:.0f} s by {estimate.planner}'s rules: moving {estimate.moving_s:.0f}, "
        f"waiting {estimate.waiting_s:.0f}, heating {estimate.heating_s:.0f}",
        f"{estimate.moves} moves, {estimate.work_mm:.0f} mm of work, {estimate.travel_mm:.0f} mm of travel, "
        f"{len(estimate.layers)} layers",
    ]
    lines += [f"waits {estimate.stops} times for a person"] if estimate.stops else []
    for used in estimate.filament:
        mass = f", {used.mass_g:.1f} g" if used.mass_g is not None else ""
        lines.append(f"T{used.tool}: {used.length_mm:.0f} mm of filament, {used.volume_mm3 / 1000:.2f} cm³{mass}")
    lines += [f"{one.name}: {one.seconds:.0f} s" for one in estimate.objects]
    lines += [f"{estimate.unread} lines say nothing known"] if estimate.unread else []
    return lines

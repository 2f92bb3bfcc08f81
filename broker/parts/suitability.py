"""What speaks against making a part in one of the network's ways, from its facts alone."""

from broker.wire.shop import Process
from slicer_bridge.facts import Finding, PartFacts
from slicer_bridge.printability import thresholds
from slicer_bridge.printability.judge import printability

_WAYS = {Process.FDM: thresholds.Process.FDM, Process.CUT2D: thresholds.Process.MILL}


def findings_for(facts: PartFacts, process: Process, material: str = "") -> tuple[Finding, ...]:
    """Those of its file, and those of the process that the file's don't tell already."""
    known = {finding.rule for finding in facts.findings}
    judged = printability(facts, _WAYS[process], material=material)
    return (*facts.findings, *(finding for finding in judged if finding.rule not in known))


def usual_process(facts: PartFacts) -> Process:
    return Process.FDM if facts.mesh is not None else Process.CUT2D

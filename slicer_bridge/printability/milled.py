"""Findings for solids that are milled out of a block, 2.5D: an upright cutter, one or more sides."""

import numpy as np

from slicer_bridge.facts import Finding, MeshFacts
from slicer_bridge.features import Hole, MeshFeatures
from slicer_bridge.printability.order import Wanted, found
from slicer_bridge.printability.printed import holes, walls

_ALONG = 0.999
_AXES = "xyz"


def milled(mesh: MeshFacts, features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    return [
        *_sides(mesh, features, wanted),
        *walls(features, wanted),
        *holes(features, wanted),
        *_pockets(features, wanted),
        *_corners(features, wanted),
    ]


def _sides(mesh: MeshFacts, features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    milling = features.milling
    if milling is None or mesh.area_mm2 == 0:
        return []
    findings = []
    for rule, area, places, words in (
        ("unreachable", milling.unreachable_mm2, milling.unreachable, "are reached from no side: no cutter gets there"),
        ("undercut", milling.hidden_mm2, milling.hidden, f"are not reached from {milling.side}: turn the part over"),
        ("sloped", milling.sloped_mm2, (), "are neither level nor upright: they come out in steps"),
    ):
        threshold, share = wanted.limit(rule), area / mesh.area_mm2
        if share > threshold.limit:
            findings.append(found(rule, threshold, share, f"{area:.0f} mm² {words}", places))
    return findings


def _pockets(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    milling, findings = features.milling, []
    if milling is None:
        return []
    threshold = wanted.limit("slot")
    limit = wanted.tool_mm or threshold.limit
    if milling.narrowest and milling.narrowest.value_mm < limit:
        width = milling.narrowest.value_mm
        text = f"a slot {width:.2f} mm wide: no usual cutter fits"
        findings.append(found("slot", threshold, width, text, [milling.narrowest.place], limit=limit))
    threshold = wanted.limit("pocket")
    if milling.deepest and milling.deepest.value_mm > threshold.limit:
        ratio = milling.deepest.value_mm
        text = f"a pocket {ratio:.1f} times as deep as wide: the cutter bends"
        findings.append(found("pocket", threshold, ratio, text, [milling.deepest.place]))
    return findings


def _corners(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    milling, findings = features.milling, []
    if milling is None:
        return []
    axis = _AXES.index(milling.side[1])
    threshold = wanted.limit("inside-corner")
    limit = wanted.tool_mm / 2 if wanted.tool_mm else threshold.limit
    tight = [arc for arc in features.holes if _corner(arc, axis) and arc.diameter_mm < 2 * limit]
    if tight:
        radius = tight[0].diameter_mm / 2
        text = f"{len(tight)} upright inside corners with a radius down to {radius:.2f} mm: a thin cutter is needed"
        places = [arc.place for arc in tight]
        findings.append(found("inside-corner", threshold, radius, text, places, limit=limit))
    threshold = wanted.limit("sharp-corner")
    for sharp in features.corners:
        if sharp.axis == axis and sharp.length_mm > threshold.limit:
            text = f"{sharp.length_mm:.0f} mm of upright inside corners without a radius: a round cutter leaves its own"
            findings.append(found("sharp-corner", threshold, sharp.length_mm, text, sharp.places))
    return findings


def _corner(arc: Hole, axis: int) -> bool:
    return not arc.round and arc.depth_mm > 0.5 and arc.span_deg > 40 and bool(np.abs(arc.axis[axis]) > _ALONG)

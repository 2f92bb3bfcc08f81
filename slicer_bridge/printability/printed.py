"""Findings for parts that are built up: of filament, resin or powder."""

from slicer_bridge.facts import Finding, MeshFacts
from slicer_bridge.features import MeshFeatures, Overhang
from slicer_bridge.outline import outline_area
from slicer_bridge.printability.order import Wanted, below, found
from slicer_bridge.printability.thresholds import Process

_STANDS = ("contact", "slender")


def printed(mesh: MeshFacts, features: MeshFeatures | None, wanted: Wanted) -> list[Finding]:
    findings = _standing(mesh, wanted) if wanted.process is Process.FDM else []
    if features is None:
        return [*_size(mesh, wanted), *findings]
    return [
        *walls(features, wanted),
        *holes(features, wanted),
        *_clearance(features, wanted),
        *_cavities(features, wanted),
        *_hanging(features, wanted),
        *findings,
    ]


def _size(mesh: MeshFacts, wanted: Wanted) -> list[Finding]:
    """All that is known of walls without measuring them."""
    threshold, smallest = wanted.limit("lost-wall"), min(mesh.size_mm)
    if smallest >= threshold.limit:
        return []
    return [found("lost-wall", threshold, smallest, f"the part is only {smallest:.2f} mm thick")]


def walls(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    """One finding: the worst that holds."""
    smallest = features.walls.smallest_mm
    for rule, words in (("lost-wall", "are too thin to be made"), ("thin-wall", "may be lost or break")):
        if smallest is None or rule not in wanted.thresholds[wanted.process]:
            continue
        threshold = wanted.limit(rule)
        limit = wanted.tool_mm if rule == "lost-wall" and wanted.tool_mm else threshold.limit
        if smallest < limit:
            share = features.walls.share_below(limit)
            text = (
                f"walls down to {smallest:.2f} mm {words}: {_percent(share)} of the surface is under {limit:g} mm thick"
            )
            places = below(features.walls.spots, limit)
            return [found(rule, threshold, smallest, text, places, limit=limit, affected=share)]
    return []


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "less than 0.1 %"


def holes(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    threshold = wanted.limit("hole")
    small = [hole for hole in features.holes if hole.round and hole.diameter_mm < threshold.limit]
    if not small:
        return []
    text = f"{_counted(len(small), 'hole')} down to {small[0].diameter_mm:.2f} mm across may close up: drill them after"
    return [found("hole", threshold, small[0].diameter_mm, text, [hole.place for hole in small])]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _clearance(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    threshold, smallest = wanted.limit("clearance"), features.gaps.smallest_mm
    if smallest is None or smallest >= threshold.limit:
        return []
    text = f"gaps down to {smallest:.2f} mm between walls may fuse"
    places = below(features.gaps.spots, threshold.limit)
    share = features.gaps.share_below(threshold.limit)
    return [found("clearance", threshold, smallest, text, places, affected=share)]


def _cavities(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    findings = []
    inside = {Process.FDM: "air", Process.SLA: "liquid resin"}.get(wanted.process, "powder")
    closed = [one for one in features.cavities if one.opening_mm == 0.0]
    volume = sum(one.volume_mm3 for one in closed)
    threshold = wanted.limit("trapped")
    if closed and volume > threshold.limit:
        text = f"{_counted(len(closed), 'closed hollow')}, {volume / 1000:.3g} cm³: {inside} stays in; add holes"
        findings.append(found("trapped", threshold, volume, text, [one.place for one in closed]))
    if "drain" in wanted.thresholds[wanted.process]:
        threshold = wanted.limit("drain")
        narrow = [one for one in features.cavities if 0.0 < one.opening_mm < threshold.limit]
        if narrow:
            least = min(one.opening_mm for one in narrow)
            text = f"hollows drain through openings of some {least:g} mm only: {inside} stays in; widen them"
            findings.append(found("drain", threshold, least, text, [one.place for one in narrow]))
    if "cup" in wanted.thresholds[wanted.process] and features.cups_mm3 > wanted.limit("cup").limit:
        text = f"{features.cups_mm3 / 1000:.3g} cm³ can't drain downwards, as it lies: a cup; tilt it or add a hole"
        places = [features.cup] if features.cup else []
        findings.append(found("cup", wanted.limit("cup"), features.cups_mm3, text, places))
    return findings


def _hanging(features: MeshFeatures, wanted: Wanted) -> list[Finding]:
    if wanted.process is not Process.FDM:
        return []
    findings = []
    bridge, threshold = wanted.limit("bridge"), wanted.limit("overhang")
    long = [one for one in features.overhangs if one.carried and one.flat and one.span_mm > bridge.limit]
    if long:
        longest = max(one.span_mm for one in long)
        text = f"{_counted(len(long), 'level underside')} up to {longest:.1f} mm from end to end may sag: support them"
        findings.append(found("bridge", bridge, longest, text, [one.place for one in _widest(long)]))
    leaning = [one for one in features.overhangs if one.carried and not one.flat and one.span_mm > bridge.limit]
    area = sum(one.area_mm2 for one in leaning)
    if area > threshold.limit:
        text = f"{area:.0f} mm² lean out by over 45°: printed without support they may sag"
        findings.append(found("overhang", threshold, area, text, [one.place for one in leaning]))
    floating = [one for one in features.overhangs if not one.carried]
    area = sum(one.area_mm2 for one in floating)
    if area > wanted.limit("floating").limit:
        text = f"{area:.0f} mm² begin in the air: they need support"
        findings.append(found("floating", wanted.limit("floating"), area, text, [one.place for one in floating]))
    return findings


def _widest(overhangs: list[Overhang]) -> list[Overhang]:
    return sorted(overhangs, key=lambda one: -one.span_mm)


def _standing(mesh: MeshFacts, wanted: Wanted) -> list[Finding]:
    way, findings = mesh.orientations[0], []
    footprint, threshold = outline_area(way.outline), wanted.limit("contact")
    if footprint and way.contact_mm2 / footprint < threshold.limit:
        text = f"only {way.contact_mm2:.0f} mm² touch the bed: it may come loose"
        findings.append(found("contact", threshold, way.contact_mm2 / footprint, text))
    slender, threshold = way.size_mm[2] / max(min(way.size_mm[:2]), 1e-6), wanted.limit("slender")
    if slender > threshold.limit:
        text = f"{slender:.0f} times as high as wide: it may break off"
        findings.append(found("slender", threshold, slender, text))
    return findings

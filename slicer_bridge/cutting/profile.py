"""Once round a closed way, down to its depth: ramps, passes, tabs, and ways in and out from the waste's side."""

from dataclasses import dataclass
from itertools import pairwise

from shapely.geometry import LineString
from shapely.geometry import Point as Place
from shapely.geometry.base import BaseGeometry
from shapely.prepared import prep

from slicer_bridge.cutting.job import Cut, Strand, down
from slicer_bridge.cutting.tabs import Held
from slicer_bridge.cutting.way import Point, Segment, Way

_LEAST_LEAD = 0.3
"""Of the wanted radius: with less room the cutter ramps in along the way itself."""
_STEP = 1e-6
_NEAR_MM = 0.01


@dataclass(frozen=True, slots=True)
class Descent:
    """How deep each pass goes (mm, positive, the last is the deepest), and along how much way it ramps down."""

    depths: tuple[float, ...]
    ramp_mm: float


def round_way(
    way: Way, descent: Descent, tabs: list[Held], room: BaseGeometry | None, lead_mm: float, *, out: bool = True
) -> Strand:
    """From Z 0 down and round. Each pass ramps down along the way, then goes on until the ramp is cut flat
    (a ramp all round is a helix: only its last turn is).

    Of the tabs only those parts that lie above a pass are felt. `room`: where the cutter's centre may be; with it an
    arc leads in from the waste and, with `out`, away from the wall at the end.
    """
    lead = lead_in(way, room, lead_mm) if room else None
    cuts: list[Cut] = []
    before, at = 0.0, 0.0
    if lead is not None:
        before = -descent.depths[0] * lead.length / (lead.length + descent.ramp_mm)
        cuts.append(Cut(lead, before))
    for depth in descent.depths:
        cuts += stretch(way, tabs, (at, at + descent.ramp_mm), (before, -depth))
        at, before = at + descent.ramp_mm, -depth
        if descent.ramp_mm < way.length or depth == descent.depths[-1]:
            cuts += stretch(way, tabs, (at, at + way.length), (-depth, -depth))
    leave = lead_out(way, at, room, lead_mm) if room and out and cuts[-1].z <= -descent.depths[-1] + _STEP else None
    cuts += [Cut(leave, cuts[-1].z)] if leave else []
    return Strand(lead.start if lead else way.start, tuple(cuts))


def stretch(way: Way, tabs: list[Held], span: tuple[float, float], depth: tuple[float, float]) -> list[Cut]:
    """Along the way from Z `depth[0]` to `depth[1]`, over the tabs: up before one, and down behind it."""
    (start, end), (above, below) = span, depth
    if end - start < _STEP:
        return []
    tabs = [tab for tab in tabs if max(tab.low, tab.high) > min(depth)]
    cuts: list[Cut] = []
    z = above
    for low, high in pairwise([start, *_edges(way.length, tabs, start, end), end]):
        first = max(_between(span, depth, low), _floor(way.length, tabs, (low, high), low))
        last = max(_between(span, depth, high), _floor(way.length, tabs, (low, high), high))
        if abs(first - z) > _STEP:
            cuts.append(down(way.at(low), first))
        cuts += _sloped(way.part(low, high), first, last)
        z = last
    if abs(z - below) > _STEP:
        cuts.append(down(way.at(end), below))
    return cuts


def _sloped(segments: list[Segment], first: float, last: float) -> list[Cut]:
    """The segments from height `first` to `last`, evenly."""
    length = sum(segment.length for segment in segments)
    cuts, gone = [], 0.0
    for segment in segments:
        gone += segment.length
        cuts.append(Cut(segment, first + (last - first) * gone / length))
    return cuts


def _between(span: tuple[float, float], depth: tuple[float, float], s: float) -> float:
    return depth[0] + (depth[1] - depth[0]) * (s - span[0]) / (span[1] - span[0])


def _edges(length: float, tabs: list[Held], start: float, end: float) -> list[float]:
    """Distances between `start` and `end` at which a tab begins, ends or turns, on every lap."""
    laps = range(int(start // length) - 1, int(end // length) + 1)
    every = {edge + lap * length for tab in tabs for edge in (tab.begin, tab.end) for lap in laps}
    return sorted(edge for edge in every if start + _STEP < edge < end - _STEP)


def _floor(length: float, tabs: list[Held], piece: tuple[float, float], s: float) -> float:
    """What the tab that covers all of `piece` asks for at its end `s`; without one, no more than any depth."""
    middle = (piece[0] + piece[1]) / 2
    for tab in tabs:
        lap = (middle - tab.begin) // length * length
        if tab.begin <= middle - lap <= tab.end:
            return tab.height(s - lap)
    return float("-inf")


def lead_in(way: Way, room: BaseGeometry, lead_mm: float) -> Segment | None:
    """A quarter of a circle that meets the start of the way in its direction, from its left; None without room.

    With climb milling the wall is on the right of every way, the waste on its left.
    """
    return _quarter(way.start, way.heading(0.0), room, lead_mm, behind=True)


def lead_out(way: Way, s: float, room: BaseGeometry, lead_mm: float) -> Segment | None:
    """A quarter of a circle away from the way at distance `s`."""
    return _quarter(way.at(s), way.heading(s), room, lead_mm, behind=False)


def _quarter(at: Point, heading: Point, room: BaseGeometry, lead_mm: float, *, behind: bool) -> Segment | None:
    allowed = prep(room.buffer(1e-3))
    radius = lead_mm
    while radius > _LEAST_LEAD * lead_mm:
        arc = _arc(at, heading, radius, behind=behind)
        if allowed.covers(LineString([arc.start, *arc.flat(0.01)])):
            return arc
        radius /= 1.5
    return None


def _arc(at: Point, heading: Point, radius: float, *, behind: bool) -> Segment:
    """Round a centre on the left, counter-clockwise."""
    (hx, hy) = heading
    centre = (at[0] - hy * radius, at[1] + hx * radius)
    ahead = (centre[0] + hx * radius, centre[1] + hy * radius)
    back = (centre[0] - hx * radius, centre[1] - hy * radius)
    return Segment(back, at, centre) if behind else Segment(at, ahead, centre)


def calm_start(way: Way) -> Way:
    """Begun in the middle of its longest straight segment, or of its longest arc: no corner is marked twice."""
    straight = [number for number, one in enumerate(way.segments) if one.centre is None]
    numbers = straight or list(range(len(way.segments)))
    best = max(numbers, key=lambda number: way.segments[number].length)
    return way.starting_at(float(way.marks[best]) + way.segments[best].length / 2)


def nearest_start(way: Way, point: Point) -> Way:
    """Begun at the place that is nearest to `point`."""
    line = LineString(way.flat(_NEAR_MM))
    return way.starting_at(line.project(Place(point), normalized=True) * way.length)

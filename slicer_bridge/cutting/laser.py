"""A beam's ways: no depth, but passes, a lead from the waste, a little more than once round, and tiny bridges."""

from itertools import pairwise

from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.feeds import Laser
from slicer_bridge.cutting.job import Cut, Job, Strand
from slicer_bridge.cutting.profile import lead_in
from slicer_bridge.cutting.tabs import Tabs
from slicer_bridge.cutting.way import Point, Way
from slicer_bridge.cutting.writer import GrblWriter, beam


def burnt_round(way: Way, laser: Laser, room: BaseGeometry | None, tabs: Tabs | None) -> Strand:
    """In from the waste, round as often as the sheet needs, and on over the beginning."""
    lead = lead_in(way, room, laser.lead_mm) if room and laser.lead_mm > 0 else None
    cuts = [] if lead is None else [Cut(lead, 0.0)]
    dark = _bridges(way, laser, tabs) if tabs and laser.micro_tab_mm > 0 else []
    over = min(laser.overcut_mm, way.length / 4)
    for number in range(laser.passes):
        end = way.length + (over if number == laser.passes - 1 else 0.0)
        edges = sorted({0.0, end, *(edge for pair in dark for edge in pair)})
        for low, high in pairwise(edges):
            lit = not any(begin < (low + high) / 2 < stop for begin, stop in dark)
            cuts += [Cut(segment, 0.0, lit) for segment in way.part(low, high)]
    return Strand(lead.start if lead else way.start, tuple(cuts))


def burnt_along(way: Way) -> Strand:
    return Strand(way.start, tuple(Cut(segment, 0.0) for segment in way.segments))


def _bridges(way: Way, laser: Laser, tabs: Tabs) -> list[tuple[float, float]]:
    if way.length < tabs.smallest_mm:
        return []
    count = min(max(round(way.length / tabs.every_mm), tabs.least), tabs.most)
    width = laser.micro_tab_mm + laser.kerf_mm
    return [
        ((n + 0.5) * way.length / count - width / 2, (n + 0.5) * way.length / count + width / 2) for n in range(count)
    ]


class BeamWriter(GrblWriter):
    """M4: power follows speed, and the beam is off while the machine stands and in G0 (GRBL 1.1, $32=1)."""

    def focus(self, laser: Laser) -> None:
        """To the focus's height, if one is given."""
        if laser.focus_mm is not None:
            self.lift(laser.focus_mm)

    def end(self) -> None:
        self.lines.append("M5")
        self._cross((0.0, 0.0))
        self.lines.append("M30")

    def burn(self, job: Job, laser: Laser) -> None:
        engraves = job.kind == "engrave"
        power, feed = (laser.engrave_power, laser.engrave_mm_s) if engraves else (laser.power, laser.feed_mm_s)
        for strand in job.strands:
            self._cross(strand.start)
            if laser.pierce_s > 0 and not engraves:
                self._pierce(laser)
            state = ""
            for cut in strand.cuts:
                wanted = beam(laser, power if cut.lit else 0.0)
                self.along(cut.segment, None, feed, "" if wanted == state else wanted)
                state = wanted

    def _cross(self, end: Point) -> None:
        """Across with the beam off; a head has no height to lift, so it goes round what is in the way."""
        route = [end] if self._at is None else self.zones.route(self._at, end)[0]
        for point in route:
            self.jump(point)

    def _pierce(self, laser: Laser) -> None:
        """M3 burns on the spot once a cutting motion is in force."""
        self.lines += [
            f"M3 {beam(laser, laser.power)}",
            f"G1 F{laser.feed_mm_s * 60:.0f}",
            f"G4 P{laser.pierce_s:g}",
            "M4",
        ]
        self.seconds += laser.pierce_s

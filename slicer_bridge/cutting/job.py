"""What a tool does at one place: strands of cutting moves, between which it comes up."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.way import Point, Segment, moved, moved_point
from slicer_bridge.plates.plate import Placement


@dataclass(frozen=True, slots=True)
class Cut:
    """Along `segment` (start = end: straight up or down) to height `z`, mm; Z 0 is the sheet's upper surface."""

    segment: Segment
    z: float
    lit: bool = True
    """A beam that is off passes over a micro tab."""


@dataclass(frozen=True, slots=True)
class Strand:
    """Cuts in one go, from `start` at Z 0."""

    start: Point
    cuts: tuple[Cut, ...]

    @property
    def end(self) -> Point:
        return self.cuts[-1].segment.end if self.cuts else self.start

    def flat(self) -> NDArray[np.float64]:
        """Corners (n, 2) mm, n >= 2."""
        points = [self.start, *(point for cut in self.cuts for point in cut.segment.flat(0.01))]
        return np.array(points if len(points) > 1 else points * 2)

    def placed(self, place: Placement) -> "Strand":
        (segments, start) = (moved((cut.segment for cut in self.cuts), place), moved_point(self.start, place))
        cuts = (replace(cut, segment=segment) for cut, segment in zip(self.cuts, segments, strict=True))
        return Strand(start, tuple(cuts))


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One operation at one contour."""

    kind: str
    """drill, bore, pocket, profile, engrave."""
    handles: tuple[str, ...]
    strands: tuple[Strand, ...]
    depth_mm: float
    tool: int
    """Number of the tool, in the order of their programs."""
    rank: int
    """Lower ones of one piece come first."""
    piece: int = 0
    """Number of the outermost contour that it belongs to."""

    @property
    def start(self) -> Point:
        return self.strands[0].start

    @property
    def end(self) -> Point:
        return self.strands[-1].end

    def placed(self, place: Placement) -> "Job":
        return replace(self, strands=tuple(strand.placed(place) for strand in self.strands))

    def centre_line(self) -> BaseGeometry:
        """Where the tool's centre goes while it cuts."""
        ways = [shapely.LineString(strand.flat()) for strand in self.strands]
        return shapely.union_all([*ways, *(shapely.Point(strand.start) for strand in self.strands)])

    def footprint(self, radius: float) -> BaseGeometry:
        """What a tool of this radius goes over."""
        ways: list[BaseGeometry] = [shapely.LineString(strand.flat()) for strand in self.strands]
        spots = [shapely.Point(strand.start) for strand in self.strands]
        return shapely.union_all(shapely.buffer([*ways, *spots], radius))


def down(at: Point, z: float) -> Cut:
    """Straight up or down."""
    return Cut(Segment(at, at), z)

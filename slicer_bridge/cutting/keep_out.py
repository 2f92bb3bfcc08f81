"""Places that belong to clamps and screws: nothing is cut there, and rapid moves go over them or round them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from pathlib import Path

import shapely
from pydantic import BaseModel, ValidationError
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.way import Point, gap
from slicer_bridge.errors import BadFile, CutRefused

CLEARANCE_MM = 2.0
"""Between the tool and what it passes, sideways and above."""


@dataclass(frozen=True, slots=True)
class KeepOut:
    """A polygon on the sheet: at least three corners, mm."""

    name: str
    corners: tuple[Point, ...]
    height_mm: float | None = None
    """Above the sheet's surface; None: nothing passes over it."""
    machine: bool = False
    """Corners are machine coordinates, not the work's."""


class _Keys(BaseModel, frozen=True, extra="forbid"):
    corners: tuple[Point, ...]
    height_mm: float | None = None
    machine: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Zone:
    name: str
    body: BaseGeometry
    wide: BaseGeometry
    """With the tool's radius and clearance all round."""
    height_mm: float | None


class Zones:
    """All keep-out zones of a sheet, as the centre of a tool of `radius` sees them."""

    def __init__(
        self,
        zones: tuple[KeepOut, ...],
        radius: float,
        *,
        safe_mm: float,
        highest_mm: float,
        offset: tuple[float, float, float] | None,
    ) -> None:
        """Raises CutRefused for zones that are no polygons, or in machine coordinates without `offset`."""
        self._safe, self._highest = safe_mm, highest_mm
        self._zones = [_zone(one, radius, offset) for one in zones]

    @property
    def any(self) -> bool:
        return bool(self._zones)

    @property
    def start_mm(self) -> float:
        """Height at which a tool that comes from anywhere hits nothing that can be passed over."""
        heights = [one.height_mm + CLEARANCE_MM for one in self._zones if one.height_mm is not None]
        return min(max([self._safe, *heights]), max(self._highest, self._safe))

    def check(self, name: str, cover: BaseGeometry, way: BaseGeometry) -> None:
        """`cover`: where a part lies; `way`: where the tool's centre goes. Raises CutRefused."""
        for zone in self._zones:
            if cover.intersects(zone.body):
                raise CutRefused(f"{name} lies in the keep-out zone {zone.name}: move the clamp or the part")
            if way.intersects(zone.wide):
                near = way.intersection(zone.wide).representative_point()
                raise CutRefused(
                    f"{name}: at {near.x:.1f}, {near.y:.1f} mm the tool comes within {CLEARANCE_MM:g} mm of the "
                    f"keep-out zone {zone.name}: move the clamp or the part"
                )

    def route(self, start: Point, end: Point) -> tuple[list[Point], float]:
        """Places to pass on a rapid move, the last is `end`, and the height. Raises CutRefused."""
        straight = LineString([start, end])
        met = [zone for zone in self._zones if zone.wide.intersects(straight)]
        low = [zone for zone in met if zone.height_mm is not None and zone.height_mm + CLEARANCE_MM <= self._safe]
        over = max((zone.height_mm + CLEARANCE_MM if zone.height_mm is not None else inf for zone in met), default=0.0)
        if len(low) == len(met):
            return [end], self._safe
        if over <= self._highest:
            return [end], over
        return self._round(start, end), self._safe

    def free(self, way: BaseGeometry) -> bool:
        return not any(way.intersects(zone.wide) for zone in self._zones)

    def _round(self, start: Point, end: Point) -> list[Point]:
        """The shortest way between the corners of the zones that are too high (Dijkstra)."""
        high = [zone.wide for zone in self._zones if (zone.height_mm or inf) + CLEARANCE_MM > self._safe]
        blocked = shapely.union_all(high)
        corners = [
            (float(x), float(y))
            for wide in high
            for x, y in shapely.get_coordinates(wide.buffer(0.1, join_style="mitre").simplify(0.05))[:-1]
        ]
        places = [start, end, *corners]
        done: set[int] = set()
        queue: list[tuple[float, int, tuple[int, ...]]] = [(0.0, 0, ())]
        while queue:
            far, number, before = heappop(queue)
            if number == 1:
                return [*(places[one] for one in before[1:]), end]
            if number in done:
                continue
            done.add(number)
            for other, place in enumerate(places):
                if other not in done and not blocked.intersects(LineString([places[number], place])):
                    heappush(queue, (far + gap(places[number], place), other, (*before, number)))
        raise CutRefused(f"no rapid move from {start} to {end} gets round the keep-out zones: move a clamp")


def _zone(zone: KeepOut, radius: float, offset: tuple[float, float, float] | None) -> _Zone:
    if zone.machine and offset is None:
        raise CutRefused(f"keep-out zone {zone.name} is in machine coordinates: the work offset is needed")
    dx, dy = (offset[0], offset[1]) if zone.machine and offset is not None else (0.0, 0.0)
    if len(zone.corners) < 3:
        raise CutRefused(f"keep-out zone {zone.name} has {len(zone.corners)} corners: it needs three or more")
    body = Polygon([(x - dx, y - dy) for x, y in zone.corners])
    if not body.is_valid or body.area <= 0:
        raise CutRefused(f"keep-out zone {zone.name} is no simple polygon")
    wide = body.buffer(radius + CLEARANCE_MM, quad_segs=4)
    return _Zone(zone.name, body, wide, zone.height_mm)


def load_keep_out(path: Path) -> tuple[KeepOut, ...]:
    """Zones of a TOML file: `[NAME]` with `corners`, and where wanted `height_mm` and `machine`. Raises BadFile."""
    try:
        return keep_out_of(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except OSError as error:
        raise BadFile(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadFile(f"{path}: can't be read as TOML: {error}") from error


def keep_out_of(tables: Mapping[str, object], where: str) -> tuple[KeepOut, ...]:
    """Zones of tables by name. Raises BadFile, naming zone and key."""
    zones = []
    for name, table in tables.items():
        try:
            zones.append(KeepOut(name, **_Keys.model_validate(table).model_dump()))
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise BadFile(f"{where}: zone [{name}]: {reasons}") from error
    return tuple(zones)

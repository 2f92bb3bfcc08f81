"""Plates whose slices are known: recorded by `python -m tests.slicer_bridge.slicing.golden`, kept in golden.json.

Figures belong to one version of one engine. A new one is recorded beside the old; look at what changed before.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.reading.stl import write_stl
from slicer_bridge.slicing.profile import FILAMENTS, Recipe
from slicer_bridge.slicing.slice import Engine, SliceResult, slice_plate
from tests.slicer_bridge.shapes import box, l_shape
from tests.slicer_bridge.slicing.plates import PRINTER

Facets = NDArray[np.float64]
Point = tuple[float, float]
FILE = Path(__file__).with_name("golden.json")


@dataclass(frozen=True, slots=True)
class Golden:
    made_by: str
    estimate_s: float
    filament_mm: float
    low_mm: tuple[float, float, float]
    high_mm: tuple[float, float, float]
    layers: int


RECORDS = TypeAdapter(dict[str, list[Golden]])
"""Plate → one entry for each engine and version."""


def gear(teeth: int = 18, radius: float = 15.0, bore: float = 4.0, height: float = 6.0) -> Facets:
    """Straight teeth round a bore, outside out."""
    count = 4 * teeth
    angles = [k * 2 * pi / count for k in range(count)]
    radii = [radius if k % 4 in {0, 1} else 0.86 * radius for k in range(count)]
    outer = [(r * cos(a), r * sin(a)) for a, r in zip(angles, radii, strict=True)]
    inner = [(bore * cos(a), bore * sin(a)) for a in angles]
    sides: list[tuple[Point, Point, Point, Point, float, float]] = []
    for k in range(count):
        a, b, c, d = outer[k - 1], outer[k], inner[k], inner[k - 1]
        sides += [(a, b, c, d, height, height), (d, c, b, a, 0.0, 0.0)]
        sides += [(a, b, b, a, 0.0, height), (c, d, d, c, 0.0, height)]
    return np.array([facet for side in sides for facet in _side(*side)])


def cone(radius: float = 10.0, height: float = 6.0, steps: int = 48) -> Facets:
    """Every layer another; outside out."""
    rim = [(radius * cos(2 * pi * k / steps), radius * sin(2 * pi * k / steps), 0.0) for k in range(steps)]
    sides = [(rim[k - 1], rim[k], (0.0, 0.0, height)) for k in range(steps)]
    floor = [(rim[k], rim[k - 1], (0.0, 0.0, 0.0)) for k in range(steps)]
    return np.array(sides + floor)


def shelf() -> Facets:
    """A beam that sticks out from a post."""
    return np.concatenate([box((4, 10, 12)), box((30, 10, 3), (0, 0, 12))])


def _side(a: Point, b: Point, c: Point, d: Point, low: float, high: float) -> list[list[tuple[float, float, float]]]:
    corners = [(*a, low), (*b, low), (*c, high), (*d, high)]
    return [[corners[0], corners[1], corners[2]], [corners[0], corners[2], corners[3]]]


def _part(folder: Path, name: str, facets: Facets, *places: Placement) -> PlacedPart:
    write_stl(folder / f"{name}.stl", facets)
    return PlacedPart(folder / f"{name}.stl", name, places)


PLATES: dict[str, Callable[[Path], tuple[tuple[PlacedPart, ...], Recipe]]] = {
    "gear": lambda folder: ((_part(folder, "gear", gear(), Placement(75, 75)),), Recipe(0.2, 2, 0.2)),
    "cone and bracket": lambda folder: (
        (
            _part(folder, "cone", cone(), Placement(20, 20), Placement(140, 140)),
            _part(folder, "bracket", l_shape(), Placement(60, 60), Placement(100, 60, 90)),
        ),
        Recipe(0.15, 3, 0.4),
    ),
    "shelf with supports and brim": lambda folder: (
        (_part(folder, "shelf", shelf(), Placement(60, 60)),),
        Recipe(0.3, 2, 0.15, supports=True, brim_mm=4.0),
    ),
}
CASES = tuple(
    (plate, engine)
    for plate in PLATES
    for engine in Engine
    if engine is not Engine.EMBEDDED or plate != "shelf with supports and brim"  # it makes none
)


def slice_golden(plate: str, engine: Engine, folder: Path) -> SliceResult:
    parts, recipe = PLATES[plate](folder)
    return slice_plate(parts, PRINTER, recipe, FILAMENTS["PLA"], folder / "out.gcode", engine)


def golden(result: SliceResult) -> Golden:
    return Golden(
        made_by=result.made_by,
        estimate_s=round(result.estimate_s, 1),
        filament_mm=round(result.filament_mm, 2),
        low_mm=result.bounds.low,
        high_mm=result.bounds.high,
        layers=result.layers.count,
    )


def main() -> None:
    records = RECORDS.validate_json(FILE.read_bytes()) if FILE.exists() else {}
    for plate, engine in CASES:
        with tempfile.TemporaryDirectory() as folder:
            new = golden(slice_golden(plate, engine, Path(folder)))
        others = [one for one in records.get(plate, []) if one.made_by != new.made_by]
        records[plate] = sorted([*others, new], key=lambda one: one.made_by)
    FILE.write_bytes(RECORDS.dump_json(records, indent=1) + b"\n")


if __name__ == "__main__":
    main()

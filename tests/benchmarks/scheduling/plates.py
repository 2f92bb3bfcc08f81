"""Real additive-manufacturing plates, beside libnest2d: outlines of real parts as the broker lays them.

Both may turn parts by quarter turns and keep the same spacing. libnest2d (its NFP placer in two threads, first fit) is
asked twice: with the true outlines, and with their convex hulls, which is how Cura and PrusaSlicer use it. Its no-fit
polygons are those of convex parts, so that with true outlines parts of its plates lie in each other: where a plate
fails the exact check that ours pass, the answer for hulls counts.
"""

import json
import math
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.packing import packed
from broker.scheduling.shapes import Floats, Pose, Shape
from broker.scheduling.stopping import AfterSeconds
from slicer_bridge.intake.measure import measure_file
from tests.benchmarks.rows import Row
from tests.peers.environments import environment

SECONDS = 25.0
CASES = (
    (250, 50, 2.0),
    (300, 50, 5.0),
    (350, 50, 3.0),
    (400, 50, 4.0),
    (250, 200, 3.0),
    (300, 200, 2.0),
    (350, 200, 5.0),
    (400, 200, 4.0),
)
"""Side of the plate, pieces, spacing, mm."""
POSES_PER_PART = 2
SAME_AREA = 0.05
TALLEST_MM = 250.0
MADE_PARTS = 24
TOUCHING_MM = 0.01
_MODELS = Path(__file__).parents[4] / "shared" / "data" / "models"
_PEER = """
import json, math, sys, time
import pynest2d as nest
asked = json.load(open(sys.argv[1]))
unit = 1000
items = []
for outline, quantity in asked["parts"]:
    corners = [nest.Point(round(x * unit), round(y * unit)) for x, y in reversed(outline)]
    items += [nest.Item(corners) for _ in range(quantity)]
config = nest.NfpConfig()
config.rotations = [math.pi / 2 * k for k in range(4)]
config.accuracy, config.parallel = 1.0, True
began, used = time.perf_counter(), time.process_time()
bins = nest.nest(items, nest.Box(*[round(asked["side"] * unit)] * 2), round(asked["spacing"] * unit), config)
took = [time.process_time() - used, time.perf_counter() - began]
laid = [(item.binId(), [(p.x() / unit, p.y() / unit) for p in item.transformedContour()]) for item in items]
print(json.dumps({"bins": bins, "laid": laid, "took": took}))
"""


@dataclass(frozen=True, slots=True)
class Case:
    side: int
    spacing: float
    outlines: list[Floats]
    quantities: list[int]

    @property
    def name(self) -> str:
        return f"{sum(self.quantities)} of {len(self.outlines)} outlines on {self.side} mm, {self.spacing:g} mm apart"


@dataclass(frozen=True, slots=True)
class Theirs:
    plates: int
    sound: bool
    cpu_s: float
    wall_s: float


def rows(seconds: float | None) -> list[Row]:
    """Plates of each case and of all, ours over libnest2d's; seconds a case takes at most."""
    outlines = real_outlines() or made_outlines(np.random.default_rng(5))
    found: list[Row] = []
    total = [0, 0]
    slowest = 0.0
    _ours(_case(outlines, *CASES[0]), 1.0)  # compiles
    for side, pieces, spacing in CASES:
        case = _case(outlines, side, pieces, spacing)
        mine, own = _ours(case, seconds or SECONDS)
        theirs = _theirs(case)
        total[0] += int(mine.ours)
        total[1] += theirs.plates
        slowest = max(slowest, mine.wall_s)
        found += [_beside(mine, theirs), own]
    ratio = total[0] / total[1]
    found.append(Row("plates", "all", "plates", "1", total[0], "libnest2d", total[1], ratio, goal="<= 0.9"))
    found.append(Row("plates", "all", "time of the slowest", "s", slowest, goal="<= 30"))
    return found


def real_outlines() -> list[Floats]:
    """Shadows of the shared meshes in their best ways to lie; a part's second way only where it differs."""
    found: list[Floats] = []
    for path in sorted([*_MODELS.glob("stl/*.stl"), *_MODELS.glob("step/*.step")]):
        with tempfile.TemporaryDirectory(prefix="llagar-bench-") as folder:
            mesh = measure_file(path, Path(folder), unit="mm").mesh
        poses = [pose for pose in mesh.orientations if pose.size_mm[2] <= TALLEST_MM] if mesh else []
        areas: list[float] = []
        for pose in poses:
            area = shapely.Polygon(pose.outline).area
            if len(areas) < POSES_PER_PART and all(abs(area - other) > SAME_AREA * area for other in areas):
                areas.append(area)
                found.append(np.array(pose.outline))
    return found


def made_outlines(dice: np.random.Generator) -> list[Floats]:
    """Rings, brackets, forks, plates with a corner cut off and gears, of the sizes that parts have."""
    found = []
    for number in range(MADE_PARTS):
        long, wide = np.exp(dice.uniform(np.log(20), np.log(160))), dice.uniform(0.2, 1.0)
        found.append(long * _KINDS[number % len(_KINDS)](float(wide), dice))
    return found


def _round(wide: float, dice: np.random.Generator) -> Floats:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = 0.5 + 0.08 * (1 - wide) * np.sign(np.sin(angle * dice.integers(4, 9)))
    outline: Floats = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return outline


def _bracket(wide: float, dice: np.random.Generator) -> Floats:
    thick = float(dice.uniform(0.15, 0.4)) * wide
    return np.array([[0, 0], [1, 0], [1, thick], [thick, thick], [thick, wide], [0, wide]])


def _fork(wide: float, dice: np.random.Generator) -> Floats:
    web, arm = float(dice.uniform(0.2, 0.4)), 0.28 * wide
    return np.array([[0, 0], [1, 0], [1, arm], [web, arm], [web, wide - arm], [1, wide - arm], [1, wide], [0, wide]])


def _cut_plate(wide: float, dice: np.random.Generator) -> Floats:
    cut = float(dice.uniform(0.0, 0.6)) * wide
    return np.array([[0, 0], [1, 0], [1, wide - cut], [1 - cut, wide], [0, wide]])


_KINDS = (_round, _bracket, _fork, _cut_plate)


def _case(outlines: list[Floats], side: int, pieces: int, spacing: float) -> Case:
    """About as many of each outline that the plate holds at a quarter turn, drawn by chance."""
    fitting = [outline for outline in outlines if np.ptp(outline, axis=0).max() <= side]
    quantities = np.full(len(fitting), pieces // len(fitting))
    quantities[np.random.default_rng(1).permutation(len(fitting))[: pieces % len(fitting)]] += 1
    some = [(outline, number) for outline, number in zip(fitting, quantities.tolist(), strict=True) if number]
    return Case(side, spacing, [outline for outline, _ in some], [number for _, number in some])


def _ours(case: Case, seconds: float) -> tuple[Row, Row]:
    began, used = time.perf_counter(), time.process_time()
    stop = AfterSeconds(seconds, time.perf_counter)
    shapes = [Shape((Pose(outline - outline.min(axis=0), 1.0),)) for outline in case.outlines]
    bed = Bed(case.side, case.side, 1.0, case.spacing)
    nester = Nester(shapes, (0.0, 90.0, 180.0, 270.0))
    found = packed(nester, bed, dict(enumerate(case.quantities)), stop)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - used
    plates = len(found.nests)
    return (
        Row("plates", case.name, "plates", "1", plates, cpu_s=cpu_s, wall_s=wall_s),
        Row("plates", case.name, "plates", "1", plates, "bound", found.bound, plates / found.bound),
    )


def _beside(mine: Row, theirs: Theirs) -> Row:
    peer = "libnest2d" if theirs.sound else "libnest2d, hulls"
    ratio = mine.ours / theirs.plates
    return Row(
        mine.group,
        mine.case,
        mine.metric,
        mine.unit,
        mine.ours,
        peer,
        theirs.plates,
        ratio,
        goal="<= 1.0",
        cpu_s=mine.cpu_s,
        wall_s=mine.wall_s,
    )


def _theirs(case: Case) -> Theirs:
    """With true outlines, if what it makes of them is sound; else with hulls."""
    told = _asked(case, case.outlines)
    if told.sound:
        return told
    hulls = [shapely.get_coordinates(shapely.MultiPoint(outline).convex_hull)[:-1] for outline in case.outlines]
    told = _asked(case, [hull if shapely.LinearRing(hull).is_ccw else hull[::-1] for hull in hulls])
    return Theirs(told.plates, False, told.cpu_s, told.wall_s)


def _asked(case: Case, outlines: list[Floats]) -> Theirs:
    parts = [[outline.tolist(), number] for outline, number in zip(outlines, case.quantities, strict=True)]
    asked = {"side": case.side, "spacing": case.spacing, "parts": parts}
    python = environment("planning") / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="llagar-bench-") as folder:
        file = Path(folder) / "asked.json"
        file.write_text(json.dumps(asked))
        command = [str(python), "-c", _PEER, str(file)]
        done = subprocess.run(command, capture_output=True, check=True, timeout=1200, text=True)
    told = json.loads(done.stdout)
    cpu_s, wall_s = told["took"]
    return Theirs(told["bins"], _sound(told["laid"], case.spacing), cpu_s, wall_s)


def _sound(laid: list[tuple[int, list[tuple[float, float]]]], spacing: float) -> bool:
    """Whether parts of each plate keep their spacing, to what its integers can hold."""
    for plate in {number for number, _ in laid}:
        parts = np.array([shapely.Polygon(corners) for number, corners in laid if number == plate], dtype=object)
        one, other = np.triu_indices(len(parts), 1)
        if plate < 0 or shapely.distance(parts[one], parts[other]).min(initial=math.inf) < spacing - TOUCHING_MM:
            return False
    return True

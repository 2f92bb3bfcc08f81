"""Parts of several lots on sheets of several sizes and offcuts: what they cost, over the least that they can cost."""

import time

import numpy as np
import shapely

from broker.scheduling.sheets.check import check
from broker.scheduling.sheets.problem import Cutting, Floats, Lots, Problem, Stock
from broker.scheduling.sheets.solve import solve
from broker.scheduling.stopping import AfterSeconds
from tests.benchmarks.rows import Row

SECONDS = 20.0
SEEDS = (1, 2, 3)
SHEETS = ((2500, 1250, 4, 6000.0), (3000, 1500, 3, 8600.0), (1250, 1250, 6, 3300.0))
"""Width, depth, number, price."""
OFFCUTS = ((1200, 400, 700.0), (900, 620, 900.0), (1250, 500, 1000.0))


def rows(seconds: float | None) -> list[Row]:
    return [row for seed in SEEDS for row in _judged(seed, seconds or SECONDS)]


def _judged(seed: int, seconds: float) -> list[Row]:
    problem = _instance(seed)
    _warm(problem)
    cpu, wall = time.process_time(), time.perf_counter()
    result = solve(problem, AfterSeconds(seconds, time.process_time), seed)
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    check(problem, result)
    case, figures = f"seed {seed}", result.figures
    left = float(sum(one.pieces for one in result.left_out))
    return [
        Row("sheets", case, "cost over the bound", "", figures.cost / result.bound, cpu_s=cpu_s, wall_s=wall_s),
        Row("sheets", case, "part area of what is taken", "", figures.use, cpu_s=cpu_s, wall_s=wall_s),
        Row("sheets", case, "pieces left out", "", left, goal="<= 0", cpu_s=cpu_s, wall_s=wall_s),
    ]


def _warm(problem: Problem) -> None:
    """Loops are compiled before the clock starts."""
    solve(problem, AfterSeconds(0.5, time.process_time), 0)


def _instance(seed: int) -> Problem:
    """Panels, and parts of some corners; a third bound to the grain, on two materials."""
    rng = np.random.default_rng(seed)
    outlines = [_panel(rng) if k % 2 else _cornered(rng) for k in range(16)]
    number = len(outlines)
    lots = Lots(
        outlines=tuple(outlines),
        quantity=rng.integers(2, 10, number),
        material=rng.integers(0, 2, number),
        grained=rng.random(number) < 0.35,
        worth=np.ones(number),
    )
    return Problem(lots, _stock(), Cutting(kerf_mm=6.0, gap_mm=2.0, margin_mm=10.0, clamp_gap_mm=8.0))


def _stock() -> Stock:
    """The same of both materials; whole sheets are clamped in two corners, the first material has grain."""
    whole = [(_box(w, d), n, price, (_box(60, 40), _box(60, 40, w - 60, d - 40))) for w, d, n, price in SHEETS]
    kept = [(_box(w, d), 1, price, ()) for w, d, price in OFFCUTS]
    kinds = (whole + kept) * 2
    half = len(kinds) // 2
    return Stock(
        outlines=tuple(outline for outline, *_ in kinds),
        number=np.array([n for _, n, *_ in kinds], dtype=np.int64),
        price=np.array([price for _, _, price, _ in kinds]),
        material=np.repeat(np.array([0, 1], dtype=np.int64), half),
        grain=np.repeat(np.array([1, 0], dtype=np.int64), half),
        clamps=tuple(clamps for *_, clamps in kinds),
    )


def _panel(rng: np.random.Generator) -> Floats:
    width, depth = rng.uniform(80, 620, 2)
    return _box(width, depth)


def _cornered(rng: np.random.Generator) -> Floats:
    while True:
        corners = int(rng.integers(4, 9))
        angle, radius = np.sort(rng.uniform(0, 2 * np.pi, corners)), rng.uniform(60, 250, corners)
        outline = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        if shapely.Polygon(outline).is_valid:
            return outline


def _box(width: float, depth: float, x: float = 0.0, y: float = 0.0) -> Floats:
    return np.array([[x, y], [x + width, y], [x + width, y + depth], [x, y + depth]], dtype=np.float64)

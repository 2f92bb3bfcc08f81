"""Small problems of sheets."""

import numpy as np

from broker.scheduling.sheets.problem import Cutting, Floats, Lots, Problem, Stock

CUTTING = Cutting(kerf_mm=6.0, gap_mm=2.0, margin_mm=10.0, clamp_gap_mm=10.0, least_mm=(200.0, 300.0))


def box(width: float, depth: float, x: float = 0.0, y: float = 0.0) -> Floats:
    return np.array([[x, y], [x + width, y], [x + width, y + depth], [x, y + depth]], dtype=np.float64)


def corner(long: float, wide: float) -> Floats:
    """An L, with its reflex corner at half of both."""
    points = [[0, 0], [long, 0], [long, wide / 2], [long / 2, wide / 2], [long / 2, wide], [0, wide]]
    return np.array(points, dtype=np.float64)


def lots(*parts: tuple[Floats, int], grained: tuple[bool, ...] = (), worth: tuple[float, ...] = ()) -> Lots:
    number = len(parts)
    return Lots(
        outlines=tuple(outline for outline, _ in parts),
        quantity=np.array([quantity for _, quantity in parts], dtype=np.int64),
        material=np.zeros(number, dtype=np.int64),
        grained=np.array(grained or (False,) * number, dtype=np.bool_),
        worth=np.array(worth or (1.0,) * number, dtype=np.float64),
    )


def stock(
    *sheets: tuple[Floats, int, float], grain: int = 0, clamps: tuple[tuple[Floats, ...], ...] | None = None
) -> Stock:
    """Outline, number, price."""
    return Stock(
        outlines=tuple(outline for outline, _, _ in sheets),
        number=np.array([number for _, number, _ in sheets], dtype=np.int64),
        price=np.array([price for _, _, price in sheets], dtype=np.float64),
        material=np.zeros(len(sheets), dtype=np.int64),
        grain=np.full(len(sheets), grain, dtype=np.int64),
        clamps=clamps or ((),) * len(sheets),
    )


def problem(lots: Lots, stock: Stock, cutting: Cutting = CUTTING) -> Problem:
    return Problem(lots, stock, cutting)

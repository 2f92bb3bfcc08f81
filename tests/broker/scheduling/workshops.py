"""Three workshops as in the demo: printers of 250×210×210 and 180×180×180, a printer of 220×220×250, a router."""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.problem import Pose, Problem, Shape

WORKSHOPS = (0, 0, 1, 2)
USABLE = ((3.0, 3.0, 247.0, 207.0), (3.0, 3.0, 177.0, 177.0), (3.0, 3.0, 217.0, 217.0), (5.0, 5.0, 595.0, 395.0))


@dataclass(frozen=True, slots=True)
class Line:
    shape: Shape
    quantity: int
    family: int
    piece_s: float
    sheet: bool = False
    due_s: float = np.inf
    release_s: float = 0.0


def box(width: float, depth: float, height: float) -> Shape:
    return Shape((Pose(np.array([[0.0, 0.0], [width, 0.0], [width, depth], [0.0, depth]]), height),))


def ring(diameter: float, height: float) -> Shape:
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    outline = diameter / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Shape((Pose(outline - outline.min(axis=0), height),))


def angle_bracket(long: float, wide: float, thick: float) -> Shape:
    corners = [[0, 0], [long, 0], [long, thick], [thick, thick], [thick, wide], [0, wide]]
    return Shape((Pose(np.array(corners, dtype=np.float64), 10.0),))


DEMO = (
    Line(box(40, 30, 20), 20, 0, 600),
    Line(ring(30, 12), 12, 1, 900),
    Line(box(100, 80, 3), 6, 2, 240, sheet=True),
)
REAL = (
    Line(box(15, 34, 31.5), 12, 0, 2700),
    Line(ring(45, 6), 40, 0, 720),
    Line(box(150, 120, 3), 3, 1, 500, sheet=True),
)


def problem(
    lines: tuple[Line, ...],
    *,
    orders: tuple[int, ...] | None = None,
    ready_s: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0),
    ship_cost: float = 600.0,
) -> Problem:
    piece_s = [[np.inf] * 3 + [x.piece_s] if x.sheet else [x.piece_s] * 3 + [np.inf] for x in lines]
    words = [["prints only"] * 3 + [""] if x.sheet else [""] * 3 + ["cuts sheet only"] for x in lines]
    return Problem(
        line_shape=np.arange(len(lines), dtype=np.int64),
        line_quantity=np.array([x.quantity for x in lines], dtype=np.int64),
        line_family=np.array([x.family for x in lines], dtype=np.int64),
        line_release_s=np.array([x.release_s for x in lines], dtype=np.float64),
        line_due_s=np.array([x.due_s for x in lines], dtype=np.float64),
        line_weight=np.ones(len(lines)),
        piece_s=np.array(piece_s, dtype=np.float64).reshape(len(lines), 4),
        exclusion=tuple(tuple(row) for row in words),
        shapes=tuple(x.shape for x in lines),
        machine_workshop=np.array(WORKSHOPS, dtype=np.int64),
        machine_usable_mm=np.array(USABLE),
        machine_height_mm=np.array([210.0, 180.0, 250.0, 30.0]),
        machine_spacing_mm=np.array([6.0, 6.0, 6.0, 8.0]),
        machine_ready_s=np.array(ready_s, dtype=np.float64),
        machine_family=np.full(4, -1, dtype=np.int64),
        plate_s=np.full(4, 360.0),
        change_s=np.full(4, 300.0),
        clear_s=np.full(4, 240.0),
        machine_cost_per_s=np.full(4, 0.04),
        ship_s=np.full(3, 3600.0),
        ship_cost=np.full(3, ship_cost, dtype=np.float64),
        line_order=None if orders is None else np.array(orders, dtype=np.int64),
    )


def never() -> bool:
    return False

"""`Situation` → `scheduling.Problem`: arrays, and what their indices stand for.

A machine that cuts has a column for every size of sheet that the lines ask for, because a bed is a column's own;
`apply` puts what its columns were given one behind the other again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from broker.planning.estimates import CHANGE_S, CLEAR_S, CUT_PLATE_S, PRINT_PLATE_S, cut_s, print_s
from broker.planning.situation import OpenLine, Situation, Station
from broker.scheduling.problem import Floats, Pose, Problem, Shape
from broker.wire.shop import Process
from slicer_bridge.facts import PartFacts

_FLAT_MM = 0.1
"""The scheduling core knows no part without height."""
SHIPPING_S = 24 * 3600.0
"""A parcel's way to the buyer, whichever shop it is from."""
Sheet = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Column:
    """A machine with one size of bed."""

    station: Station
    sheet: Sheet | None
    """None for a printer, and for a machine that no line has a sheet for."""

    @property
    def size_mm(self) -> tuple[float, float]:
        width, depth, _ = self.station.spec.volume_mm
        return (min(width, self.sheet[0]), min(depth, self.sheet[1])) if self.sheet else (width, depth)

    @property
    def usable_mm(self) -> tuple[float, float, float, float]:
        (width, depth), margin = self.size_mm, self.station.spec.margin_mm
        return margin, margin, width - margin, depth - margin


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem and what its indices mean."""

    lines: tuple[OpenLine, ...]
    columns: tuple[Column, ...]
    problem: Problem


def pose(situation: Situation, *, later_s: float | None = None) -> Posed | None:
    """The problem of a situation; None if there are no lines or no machines.

    `later_s`: a machine that takes no work now is ready after so long; None: it is left out with its reason.
    """
    lines = situation.lines
    columns = tuple(_columns(situation))
    if not lines or not columns:
        return None
    workshops = list(dict.fromkeys(column.station.workshop_id for column in columns))
    families = _families(lines)
    reasons = tuple(tuple(_reason(line, column, later_s) for column in columns) for line in lines)
    rates = [column.station.inventory.rates for column in columns]
    shipping = {column.station.workshop_id: column.station.inventory.rates.shipping for column in columns}
    orders = list(dict.fromkeys(line.order_id for line in lines))
    prints = [column.station.spec.process is Process.FDM for column in columns]
    problem = Problem(
        line_shape=np.arange(len(lines), dtype=np.int64),
        line_quantity=_ints(line.pieces for line in lines),
        line_family=_ints(families),
        line_release_s=np.zeros(len(lines)),
        line_due_s=_floats(_due_s(line.due_at, situation.taken_at) for line in lines),
        line_weight=np.ones(len(lines)),
        piece_s=_piece_s(lines, columns, reasons),
        exclusion=reasons,
        shapes=tuple(shape(line.facts) for line in lines),
        machine_workshop=_ints(workshops.index(column.station.workshop_id) for column in columns),
        machine_usable_mm=np.array([column.usable_mm for column in columns], dtype=np.float64),
        machine_height_mm=_floats(column.station.spec.volume_mm[2] for column in columns),
        machine_spacing_mm=_floats(column.station.spec.spacing_mm for column in columns),
        machine_ready_s=_floats(_ready_s(column.station, later_s) for column in columns),
        machine_family=_ints(_loaded(column.station, lines, families) for column in columns),
        plate_s=_floats(PRINT_PLATE_S if printer else CUT_PLATE_S for printer in prints),
        change_s=np.full(len(columns), CHANGE_S),
        clear_s=np.full(len(columns), CLEAR_S),
        machine_cost_per_s=_floats(rate.machine_per_h / 3600 for rate in rates),
        ship_s=np.full(len(workshops), SHIPPING_S),
        ship_cost=_floats(shipping[workshop] for workshop in workshops),
        line_order=_ints(orders.index(line.order_id) for line in lines),
    )
    return Posed(lines, columns, problem)


def shape(facts: PartFacts) -> Shape:
    """The ways to lay a part down; a drawing lies flat, and the sheet's thickness is checked with its stock."""
    if facts.mesh is not None:
        ways = facts.mesh.orientations
        return Shape(tuple(Pose(np.array(way.outline, dtype=np.float64), way.size_mm[2]) for way in ways))
    assert facts.drawing is not None  # a part is a mesh or a drawing
    return Shape((Pose(np.array(facts.drawing.outline, dtype=np.float64), _FLAT_MM),))


def _columns(situation: Situation) -> Iterable[Column]:
    for station in situation.stations:
        found: dict[Sheet | None, Column] = {}
        if station.spec.process is Process.CUT2D:
            stocks = [station.stock(line.material) for line in situation.lines if line.process is Process.CUT2D]
            found = {stock.sheet_mm: Column(station, stock.sheet_mm) for stock in stocks if stock and stock.sheet_mm}
        for column in found.values() or [Column(station, None)]:
            x0, y0, x1, y1 = column.usable_mm
            if x1 > x0 and y1 > y0:
                yield column


def _families(lines: Sequence[OpenLine]) -> list[int]:
    """What may share a plate: process, material and recipe; a sheet's thickness is its material's."""
    keys = [(line.process, line.material.casefold(), line.recipe) for line in lines]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return [numbers[key] for key in keys]


def _loaded(station: Station, lines: Sequence[OpenLine], families: Sequence[int]) -> int:
    """A family that needs no change of material; -1 if there is none."""
    if station.loaded is None:
        return -1
    loaded = station.loaded.casefold()
    fitting = (
        family
        for line, family in zip(lines, families, strict=True)
        if line.process is station.spec.process and line.material.casefold() == loaded
    )
    return next(fitting, -1)


def _reason(line: OpenLine, column: Column, later_s: float | None) -> str:
    """Why the machine can't make the line, shape aside; "" if it can."""
    station = column.station
    spec = station.spec
    if spec.process is not line.process:
        return f"machine does {spec.process}, the part needs {line.process}"
    stock = station.stock(line.material)
    if stock is None:
        return f"no {line.material} for this machine: it takes {', '.join(spec.materials) or 'nothing'}"
    if line.process is Process.CUT2D and (stock.sheet_mm is None or stock.sheet_mm != column.sheet):
        return f"{line.material} comes in sheets of another size" if stock.sheet_mm else f"{line.material} is no sheet"
    if column.sheet is not None and column.sheet[2] > spec.volume_mm[2]:
        return f"sheet is {column.sheet[2]:g} mm thick, machine takes {spec.volume_mm[2]:g} mm"
    barred = line.barred_workshops.get(station.workshop_id) or line.barred_machines.get(station.machine_id)
    return barred or (station.idle_because if later_s is None else "")


def _piece_s(lines: Sequence[OpenLine], columns: Sequence[Column], reasons: Sequence[Sequence[str]]) -> Floats:
    seconds = np.full((len(lines), len(columns)), np.inf)
    for row, line in enumerate(lines):
        for place, column in enumerate(columns):
            if not reasons[row][place]:
                seconds[row, place] = _seconds(line, column)
    return seconds


def _seconds(line: OpenLine, column: Column) -> float:
    if line.facts.mesh is not None:
        return print_s(line.facts.mesh, line.recipe)
    assert line.facts.drawing is not None  # a part is a mesh or a drawing
    thickness = column.sheet[2] if column.sheet else 0.0
    return cut_s(line.facts.drawing, line.material, thickness, column.station.spec.tool_mm)


def _ready_s(station: Station, later_s: float | None) -> float:
    return station.ready_s + (later_s or 0.0 if station.idle_because else 0.0)


def _due_s(due_at: datetime | None, now: datetime) -> float:
    return float("inf") if due_at is None else (due_at - now).total_seconds()


def _ints(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(list(values), dtype=np.int64)


def _floats(values: Iterable[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(list(values), dtype=np.float64)

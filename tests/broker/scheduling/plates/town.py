"""Two workshops: two printers of one kind and a small one, and a router with two sheets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from broker.scheduling.network.export import plan_of as told
from broker.scheduling.network.load import load
from broker.scheduling.network.problem import Classes, Ints, Lots, Machines, Plan, Problem, Workshops
from broker.scheduling.network.state import empty_state
from broker.scheduling.network.world import world
from broker.scheduling.plates.geometry import Geometry, Table
from broker.scheduling.shapes import Pose, Shape

LARGE, SMALL, ROUTER = range(3)
PRINTERS = Table((3.0, 3.0, 247.0, 207.0), 210.0, 6.0)
LITTLE = Table((3.0, 3.0, 117.0, 117.0), 100.0, 6.0)
PLYWOOD = Table((5.0, 5.0, 595.0, 395.0), 30.0, 8.0)
ACRYLIC = Table((5.0, 5.0, 295.0, 195.0), 30.0, 8.0)
TABLES = (PRINTERS, LITTLE, PLYWOOD, ACRYLIC)
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Part:
    shape: Shape
    quantity: int
    family: int = 0
    """0 and 1 are printed, 2 is cut from plywood, 3 from acrylic."""
    piece_s: float = 600.0
    share: int = 0
    due_s: float = np.inf


def box(width: float, depth: float, height: float = 20.0) -> Shape:
    return Shape((Pose(np.array([[0.0, 0.0], [width, 0.0], [width, depth], [0.0, depth]]), height),))


def problem(parts: Sequence[Part]) -> Problem:
    number = len(parts)
    prints = np.array([part.family < 2 for part in parts], dtype=np.bool_).reshape(number, 1)
    able = np.concatenate([prints, prints, ~prints], axis=1)
    zeros = np.zeros(number)
    lots = Lots(
        quantity=_ints(part.quantity for part in parts),
        family=_ints(part.family for part in parts),
        release_s=zeros,
        due_s=np.array([part.due_s for part in parts], dtype=np.float64),
        deadline_s=np.full(number, np.inf),
        weight=np.ones(number),
        rejection=np.full(number, 1e9),
        waiting_cost=np.ones(number),
        order=np.arange(number, dtype=np.int64),
        place=np.zeros(number, dtype=np.int64),
        share=_ints(part.share for part in parts),
        material=np.full(number, -1, dtype=np.int64),
        use=zeros,
        piece_s=np.where(able, np.array([[part.piece_s] for part in parts]).reshape(number, 1), np.inf),
        per_plate=np.where(able, 1000, 0).astype(np.int64),
        reason=np.where(able, 0, 1).astype(np.int64),
    )
    return Problem(
        lots=lots,
        classes=Classes(
            unattended=np.array([True, True, False]),
            overhead_s=np.full(3, 240.0),
            clear_s=np.full(3, 180.0),
            count_s=np.full(3, 60.0),
            watch_s=np.array([120.0, 120.0, 0.0]),
            cost_per_s=np.full(3, 0.1),
        ),
        machines=Machines(
            workshop=_ints([0, 0, 1, 1]),
            kind=_ints([LARGE, LARGE, SMALL, ROUTER]),
            ready_s=np.zeros(4),
            family=np.full(4, 4, dtype=np.int64),
            block_machine=np.zeros(0, dtype=np.int64),
            block_s=np.zeros((0, 2)),
        ),
        workshops=Workshops(
            operators=_ints([1, 1]),
            shift_first=_ints([0, 1, 2]),
            shift_s=np.array([[0.0, 16 * DAY_S], [0.0, 16 * DAY_S]]),
            ship_s=np.full((1, 2), 3600.0),
            ship_cost=np.full((1, 2), 500.0),
            operator_cost_per_s=np.full(2, 0.5),
            stock=np.zeros((2, 0)),
        ),
        setup_s=np.where(np.eye(5, 4, dtype=np.bool_), 0.0, 300.0),
        horizon_s=14 * DAY_S,
        reasons=("", "the machine does something else"),
    )


def geometry(parts: Sequence[Part]) -> Geometry:
    table = [[0, 1, -1] if part.family < 2 else [-1, -1, part.family] for part in parts]
    return Geometry(
        shapes=tuple(part.shape for part in parts),
        lot_shape=np.arange(len(parts), dtype=np.int64),
        tables=TABLES,
        lot_table=np.array(table, dtype=np.int64).reshape(len(parts), 3),
        alone=np.zeros(4, dtype=np.bool_),
    )


def plan_of(machine: int, *entries: tuple[int, int]) -> Plan:
    """One run, whose times nobody looks at."""
    return Plan(
        machine=_ints([machine]),
        begin_s=np.zeros(1),
        start_s=np.full(1, 240.0),
        end_s=np.full(1, 9999.0),
        entry_first=_ints([0, len(entries)]),
        entry_lot=_ints(lot for lot, _ in entries),
        entry_pieces=_ints(pieces for _, pieces in entries),
    )


def planned(asked: Problem, *runs: tuple[int, *tuple[tuple[int, int], ...]]) -> Plan:
    """Runs (machine, then lot and pieces of each entry), as soon as machines and people let them."""
    rows = [
        (machine if first else -1, lot, pieces)
        for machine, *entries in runs
        for first, (lot, pieces) in zip((True, *[False] * (len(entries) - 1)), entries, strict=True)
    ]
    state = empty_state(world(asked), len(rows) + 1, 1)
    load(world(asked), state, np.array(rows, dtype=np.int64))
    return told(state)


def with_zone(one: Geometry, number: int, *forbidden: tuple[float, float, float, float]) -> Geometry:
    tables = list(one.tables)
    tables[number] = replace(tables[number], forbidden_mm=forbidden)
    return replace(one, tables=tuple(tables))


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)

"""The scheduling core's compiled loops, made ready once: `python -m broker.scheduling.heating [PART…]`.

Whoever plans first waits for it otherwise. A planning worker loads what is kept on disk as it starts.
"""

import sys

import numpy as np

from broker.scheduling.assignment.solve import solve as assign
from broker.scheduling.makespan.solve import solve as sequence
from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.packing import packed
from broker.scheduling.network.bound import bounds
from broker.scheduling.network.events import MachineTaken, Reconsidered, Request, RushOrder, Tier, TimeGoesOn
from broker.scheduling.network.fortnight import FORTNIGHT_S, fortnight
from broker.scheduling.network.live import live_plan
from broker.scheduling.network.load import load
from broker.scheduling.network.problem import Problem
from broker.scheduling.network.replan import replan
from broker.scheduling.network.solve import solve as plan
from broker.scheduling.network.state import empty_state
from broker.scheduling.network.whatif import what_if
from broker.scheduling.network.world import world
from broker.scheduling.plates.geometry import Geometry, Table
from broker.scheduling.plates.solve import solve_plates
from broker.scheduling.plates.walk import part
from broker.scheduling.rectangles.problem import Rectangles
from broker.scheduling.rectangles.solve import pack
from broker.scheduling.shapes import Pose, Shape
from broker.scheduling.sheets.problem import Cutting, Lots, Stock
from broker.scheduling.sheets.problem import Problem as SheetProblem
from broker.scheduling.sheets.solve import solve as cut
from broker.scheduling.stopping import AfterIterations
from broker.scheduling.unrelated import UnrelatedMachines

_LOTS, _SHOPS, _CHUNKS = 12, 2, 8


def heat_plans() -> None:
    """Whatever `network.solve` compiles."""
    rng = np.random.default_rng(1)
    days = np.arange(14)[None, :, None] * 86_400.0 + np.array([8, 17])[None, None, :] * 3_600.0
    arrays = {
        "attended_s": np.repeat(days, _SHOPS, axis=0),
        "operators": np.ones(_SHOPS, dtype=np.int64),
        "machine_shop": np.array([0, 0, 1]),
        "machine_class": np.array([0, 1, 0]),
        "unattended": np.array([True, False]),
        "setup_s": np.full((3, 2), 600.0),
        "clear_s": np.array(300.0),
        "overhead_s": np.full(2, 300.0),
        "family": rng.integers(0, 2, _LOTS),
        "quantity": rng.integers(1, 9, _LOTS),
        "weight": np.ones(_LOTS),
        "piece_s": rng.uniform(600, 6_000, (_LOTS, 2)),
        "per_plate": rng.integers(1, 4, (_LOTS, 2)),
        "release_s": rng.uniform(0, 86_400, _LOTS),
        "due_s": rng.uniform(0, FORTNIGHT_S / 7, _LOTS),
        "ship_s": np.full((_LOTS, _SHOPS), 86_400.0),
    }
    problem = fortnight(arrays)
    found = plan(problem, AfterIterations(_CHUNKS), seed=1)
    bounds(problem)
    _heat_shared(problem)
    live = live_plan(problem, found.plan, np.full(_LOTS, np.inf), seed=1)
    asked = Request(
        family=0,
        quantity=2,
        piece_s=problem.lots.piece_s[0],
        per_plate=problem.lots.per_plate[0],
        ship_s=problem.workshops.ship_s[0],
        ship_cost=problem.workshops.ship_cost[0],
        release_s=0.0,
        due_s=FORTNIGHT_S / 2,
        weight=1.0,
        rejection=FORTNIGHT_S,
    )
    what_if(live, asked, tuple(Tier))
    for event in (
        TimeGoesOn(86_400.0),
        RushOrder(asked),
        MachineTaken(0, 86_400.0, 2 * 86_400.0),
        Reconsidered((0,)),
    ):
        replan(live, event, AfterIterations(1), seed=1)


def _heat_shared(problem: Problem) -> None:
    """Whatever `plates.search` compiles."""
    laid, lots = world(problem), len(problem.lots.quantity)
    state = empty_state(laid, lots, seed=1)
    load(laid, state, np.array([[0, 0, 1], [-1, 1, 1]]))
    part(laid, state, 0, 1, 1)
    square = Shape((Pose(np.array([[0, 0], [20, 0], [20, 20], [0, 20]], dtype=np.float64), 10.0),))
    geometry = Geometry(
        shapes=(square,),
        lot_shape=np.zeros(lots, dtype=np.int64),
        tables=(Table((0.0, 0.0, 100.0, 100.0), 50.0, 2.0),),
        lot_table=np.zeros(problem.lots.per_plate.shape, dtype=np.int64),
        alone=np.zeros(len(problem.machines.kind), dtype=np.bool_),
    )
    solve_plates(problem, geometry, AfterIterations(1), seed=1, finish=AfterIterations(2))


def heat_sequences() -> None:
    """Whatever `makespan.solve` and `assignment.solve` compile."""
    rng = np.random.default_rng(1)
    time = rng.integers(1, 99, (_LOTS, 2)).astype(np.float64)
    setup = rng.integers(1, 9, (2, _LOTS, _LOTS)).astype(np.float64)
    sequence(UnrelatedMachines(time, setup), AfterIterations(_CHUNKS), seed=1)
    assign(UnrelatedMachines(time), AfterIterations(_CHUNKS), seed=1)


def heat_plates() -> None:
    """Whatever `nesting`, `rectangles` and `sheets` compile."""
    sizes = np.array([[30.0, 20.0], [50.0, 10.0]])
    pack(Rectangles(sizes, np.array([9, 9]), (100.0, 100.0), spacing=2.0, rotate=True), AfterIterations(_CHUNKS), 1)
    corner = np.array([[0, 0], [60, 0], [60, 20], [20, 20], [20, 60], [0, 60]], dtype=np.float64)
    bracket = Shape((Pose(corner, 10.0),))
    packed(Nester([bracket]), Bed(150.0, 150.0, 100.0, 5.0), {0: 9}, AfterIterations(_CHUNKS))
    heat_sheets()


def heat_sheets() -> None:
    """Whatever `sheets` compile."""
    panel, sheet = (np.array([[0, 0], [w, 0], [w, d], [0, d]], dtype=np.float64) for w, d in ((300, 200), (900, 600)))
    one, zero, worth = np.ones(1, np.int64), np.zeros(1, np.int64), np.ones(1)
    lots = Lots((panel,), 3 * one, zero, np.zeros(1, np.bool_), worth)
    stock = Stock((sheet,), one, worth, zero, zero, ((),))
    cut(SheetProblem(lots, stock, Cutting(kerf_mm=6.0)), AfterIterations(_CHUNKS), 1)


def heat_planning() -> None:
    """What the broker plans with."""
    heat_plans()
    heat_plates()


PARTS = {"plans": heat_plans, "plates": heat_plates, "sequences": heat_sequences}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()

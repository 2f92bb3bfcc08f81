"""Rows of an order that is under way, as the planner and an agent's events leave them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.clock import SystemClock
from broker.database import new_id
from broker.orders.models import Line, Lot, LotState
from broker.orders.repository import lines_of
from broker.quotes.repository import market
from broker.runs.models import PlateLot, PlateRow, Run, RunStep
from broker.wire.plates import Plate, PlatedPart
from broker.wire.states import Actor, RunState
from broker.workshops.models import Machine

STRANGER = "somebody-else's secret.stl"
_SQUARE = ((0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0))
_PASSED = (
    (RunState.PLANNED, Actor.PLANNER),
    (RunState.OFFERED, Actor.PLANNER),
    (RunState.CLAIMED, Actor.AGENT),
    (RunState.STAGED, Actor.AGENT),
    (RunState.ARMED, Actor.PERSON),
    (RunState.PERMITTED, Actor.BROKER),
    (RunState.STARTING, Actor.AGENT),
    (RunState.RUNNING, Actor.AGENT),
)


async def start(session: AsyncSession, order_id: str) -> str:
    """The order's first line on a plate of `prusa`, a quarter of the program done; gives the run's id.

    A stranger's part lies on the same plate.
    """
    line = (await lines_of(session, [order_id]))[0]
    machine = await _machine(session)
    lot = Lot(
        id=new_id("lot"), line_id=line.id, workshop_id=machine.workshop_id, state=LotState.ACCEPTED, reason="",
        quantity=line.quantity, accepted_quantity=line.quantity, good=0, scrap=0,
    )  # fmt: skip
    session.add(lot)
    await session.flush()
    plate = _plate(line, lot)
    row = PlateRow(id=new_id("plt"), sha256="0" * 64, document=plate.model_dump_json(), created_at=SystemClock().now())
    session.add(row)
    await session.flush()
    session.add(PlateLot(plate_id=row.id, lot_id=lot.id, pieces=line.quantity))
    return await _run(session, row, machine)


async def _machine(session: AsyncSession) -> Machine:
    known = (await session.scalars(select(Machine).where(Machine.name == "prusa"))).one_or_none()
    if known is not None:
        return known
    shop = (await market(session)).shops[-1]
    spec = shop.inventory.machines[0]
    machine = Machine(
        id=new_id("mch"), workshop_id=shop.id, name=spec.name, driver=spec.driver, process=spec.process,
        spec=spec.model_dump_json(),
    )  # fmt: skip
    session.add(machine)
    await session.flush()
    return machine


def _plate(line: Line, lot: Lot) -> Plate:
    def part(name: str, of_lot: str, placements: tuple[tuple[float, float, float], ...]) -> PlatedPart:
        return PlatedPart(
            part_sha256="0" * 64, name=name, lot=of_lot, height_mm=5, outline=_SQUARE, placements=placements
        )

    mine = tuple((10.0 + 30.0 * number, 10.0, 0.0) for number in range(line.quantity))
    return Plate(
        process=line.process,
        material=line.material,
        size_mm=(250, 210),
        usable_mm=(3, 3, 247, 207),
        parts=(part("cube.stl", lot.id, mine), part(STRANGER, "lot_of_another", ((10.0, 100.0, 45.0),))),
    )


async def _run(session: AsyncSession, plate: PlateRow, machine: Machine) -> str:
    now = SystemClock().now()
    run = Run(
        id=new_id("run"), plate_id=plate.id, machine_id=machine.id, workshop_id=machine.workshop_id,
        state=RunState.RUNNING, version=len(_PASSED), fence=1, planned_start=now, planned_end=now,
        lines_done=250, lines_total=1000,
    )  # fmt: skip
    session.add(run)
    await session.flush()
    for version, (state, actor) in enumerate(_PASSED, start=1):
        session.add(RunStep(run_id=run.id, version=version, state=state, actor=actor, at=now))
    await session.flush()
    return run.id

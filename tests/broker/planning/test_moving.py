"""Runs that nobody was offered yet move when something happens; the planner is called by hand, no agent is there."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from broker.database import Database
from broker.orders.models import Order
from broker.planning.solving import Solver
from broker.planning.tick import KEEPS_ITS_RUNS, Planner
from broker.runs.models import Run
from broker.scheduling.plates.underway import Change, Underway
from broker.wire.messages import Availability
from broker.wire.shop import Window
from broker.wire.states import RunState
from broker.wire.tiers import Tier
from broker.workshops.models import Machine, Workshop
from tests.broker.conftest import Town
from tests.broker.planning.floor import Floor
from tests.broker.quotes.towns import UNO
from tests.broker.runs.conftest import KeptSolver

HOUR = timedelta(hours=1)


async def test_what_was_planned_on_a_machine_that_breaks_moves_at_once(quiet: Town, floor: Floor) -> None:
    await floor.order(quiet, 4)
    [before] = await floor.runs()
    await floor.set("tres", Availability.FREE)
    await floor.set("uno", Availability.QUARANTINED, "smoke")
    await floor.planner.tick()
    [after] = await floor.runs()
    assert (before.machine_id, after.machine_id, await floor.pieces()) == ("uno", "tres", 4)
    [gone] = await floor.runs(RunState.WITHDRAWN)
    assert (gone.id, gone.note) == (before.id, "machine is quarantined: smoke")
    words = "moved from prusa of Taller Uno: machine is quarantined: smoke"
    assert (after.note, await floor.notes(after)) == (words, [words])


async def test_what_nobody_else_can_make_stays_a_while_where_it_is(quiet: Town, floor: Floor) -> None:
    await floor.order(quiet, 4)
    [before] = await floor.runs()
    await floor.set("uno", Availability.QUARANTINED, "smoke")
    await floor.planner.tick()
    assert [run.id for run in await floor.runs()] == [before.id]
    await floor.set("uno", Availability.FREE)
    await floor.planner.tick()
    assert [(run.id, run.version) for run in await floor.runs()] == [(before.id, 1)]


@pytest.mark.parametrize("put_back", [timedelta(0), timedelta(days=1)])
async def test_a_machine_that_is_offline_keeps_its_runs_a_while(quiet: Town, floor: Floor, put_back: timedelta) -> None:
    await floor.order(quiet, 4)
    [before] = await floor.runs()
    await floor.set("tres", Availability.FREE)
    await floor.set("uno", Availability.OFFLINE)
    await floor.planner.tick()
    assert [run.id for run in await floor.runs()] == [before.id]
    floor.clock.forward(seconds=-put_back.total_seconds())
    await floor.planner.tick()
    assert [run.id for run in await floor.runs()] == [before.id]
    floor.clock.forward(seconds=KEEPS_ITS_RUNS.total_seconds())
    await floor.planner.tick()
    [after] = await floor.runs()
    assert (after.machine_id, after.note) == ("tres", "moved from prusa of Taller Uno: machine is offline")


async def test_who_would_be_late_goes_before_who_can_wait(quiet: Town, floor: Floor) -> None:
    long, short = await floor.order(quiet, 60), await floor.order(quiet, 1)
    await floor.due(long, 20 * 24 * HOUR)
    last = (await floor.runs())[-1]
    lasts = last.planned_end - last.planned_start
    await floor.due(short, lasts + 25 * HOUR)
    await floor.set("tres", Availability.QUARANTINED)
    await floor.planner.tick()
    first, *others = await floor.runs()
    assert (first.id, await floor.pieces()) == (last.id, 61)
    assert all(run.planned_start >= first.planned_end for run in others)
    assert all("later: so that others arrive as they were promised" in run.note for run in others)
    assert await floor.runs(RunState.WITHDRAWN) == []


async def test_who_would_be_late_goes_to_a_machine_that_comes_back(quiet: Town, floor: Floor) -> None:
    await floor.order(quiet, 60)
    short = await floor.order(quiet, 1)
    long = (await floor.runs())[0]
    last = (await floor.runs())[-1]
    await floor.due(short, last.planned_end - last.planned_start + 25 * HOUR)
    async with floor.database.writing() as session:
        for order in await session.scalars(select(Order).where(Order.id != short)):
            order.due_at = long.planned_end + 24 * HOUR + timedelta(minutes=5)
    await floor.set("tres", Availability.FREE)
    await floor.planner.tick()
    machines = {run.machine_id for run in await floor.runs()}
    assert (machines, await floor.pieces()) == ({"uno", "tres"}, 61)
    assert [run.note for run in await floor.runs(RunState.WITHDRAWN)] == ["so that others arrive as they were promised"]


async def test_who_would_be_late_by_a_shops_new_hours_goes_to_another(quiet: Town, floor: Floor) -> None:
    order = await floor.order(quiet, 4)
    [before] = await floor.runs()
    await floor.set("tres", Availability.FREE)
    await floor.planner.tick()
    assert [run.id for run in await floor.runs()] == [before.id]
    await floor.due(order, 30 * HOUR)
    closed = UNO.model_copy(update={"attended": (Window(weekday=5, start_min=8 * 60, end_min=12 * 60),)})
    async with floor.database.writing() as session:
        (await session.get_one(Workshop, "wsh_uno")).inventory = closed.model_dump_json()
    await floor.planner.tick()
    assert [run.machine_id for run in await floor.runs()] == ["tres"]


async def test_what_its_shop_has_no_material_for_any_more_is_made_elsewhere(quiet: Town, floor: Floor) -> None:
    await floor.order(quiet, 4)
    await floor.set("tres", Availability.FREE)
    await floor.planner.tick()
    async with floor.database.writing() as session:
        row = await session.get_one(Machine, "uno")
        row.spec = UNO.machines[0].model_copy(update={"materials": ("PETG",)}).model_dump_json()
        shop = await session.get_one(Workshop, "wsh_uno")
        shop.inventory = UNO.model_copy(update={"stock": UNO.stock[1:]}).model_dump_json()
    await floor.planner.tick()
    assert [run.machine_id for run in await floor.runs()] == ["tres"]
    assert [run.note for run in await floor.runs(RunState.WITHDRAWN)] == ["the machine can't make it any more"]


async def test_an_express_order_goes_before_what_can_wait(quiet: Town, floor: Floor) -> None:
    long = await floor.order(quiet, 60)
    [before] = await floor.runs()
    await floor.due(long, 20 * 24 * HOUR)
    await floor.order(quiet, 2, Tier.EXPRESS)
    first, second = await floor.runs()
    assert (second.id, second.version) == (before.id, 1)
    assert first.planned_end <= second.planned_start
    assert "later: more urgent work goes first" in second.note
    await floor.order(quiet, 2)
    assert [run.id for run in await floor.runs()][:2] == [first.id, second.id]


class Overtaking(KeptSolver):
    """While it plans, the run that it would move is offered."""

    def __init__(self, solver: Solver, database: Database) -> None:
        self._solver = solver
        self._database = database

    async def solve(
        self, plan: Underway, hurried: Sequence[int], within_s: float, seed: int = 1, *, still: bool = False
    ) -> Change:
        found = await self._solver.solve(plan, hurried, within_s, seed, still=still)
        async with self._database.writing() as session:
            for run in await session.scalars(select(Run)):
                run.state = RunState.OFFERED
        return found


async def test_nothing_moves_where_a_run_has_gone_its_way_meanwhile(
    quiet: Town, floor: Floor, solver: KeptSolver
) -> None:
    await floor.order(quiet, 4)
    [before] = await floor.runs()
    await floor.set("tres", Availability.FREE)
    await floor.set("uno", Availability.QUARANTINED, "smoke")
    await Planner(floor.database, floor.clock, Overtaking(solver, floor.database)).tick()
    assert [run.id for run in await floor.runs(RunState.OFFERED)] == [before.id]
    assert (await floor.runs(), await floor.runs(RunState.WITHDRAWN)) == ([], [])

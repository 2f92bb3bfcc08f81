"""What nobody makes is planned anew: after a refusal, a decline, a fault, a scrapped plate."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from broker.planning.snapshot import SITS_OUT
from broker.wire.messages import (
    Availability,
    Claimed,
    Faulted,
    LotAccepted,
    LotDeclined,
    LotOffer,
    MachineChanged,
    Rejected,
    RunOffer,
    Scrap,
    ScrapReason,
    Settled,
)

from broker.wire.messages import LotCount  # isort: skip
from broker.wire.states import RunState
from tests.broker.conftest import HandClock, Town
from tests.broker.parts.shapes import box_stl
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run, order_boxes

TRES = UNO.model_copy(update={"workshop": "Taller Tres"})


@contextlib.asynccontextmanager
async def _second_shop(network: Network, town: Town) -> AsyncIterator[WireAgent]:
    agent = await network.enrolled(town, TRES)
    async with agent.connected():
        await agent.say(TRES)
        await agent.free("prusa")
        yield agent


@pytest.fixture
async def other(network: Network, town: Town, agent: WireAgent) -> AsyncIterator[WireAgent]:
    """A second workshop with the same printer."""
    async with _second_shop(network, town) as other:
        yield other


async def test_a_lot_that_is_declined_goes_to_another_shop(network: Network, town: Town, agent: WireAgent) -> None:
    order = await order_boxes(town, 4)
    offer = await agent.next(LotOffer)
    async with _second_shop(network, town) as other:
        await agent.say(LotDeclined(lot=offer.lot, reason="no time"))
        while (await other.next(LotOffer)).quantity != 4:
            continue
    lots = {lot.id: lot for lot in await Reader(town, network.ana).lots(order)}
    assert (lots[offer.lot].state, lots[offer.lot].quantity, lots[offer.lot].reason) == ("declined", 0, "no time")
    assert await Reader(town, network.ana).excluded(order) == []


async def test_a_machine_that_refuses_sits_out_and_is_asked_again(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    order, hand = await offered_run(town, agent)
    await agent.say(Rejected(reason="bed too hot"), hand)
    [run] = await Reader(town, network.ana).runs(order)
    assert (run.state, run.note) == (RunState.REJECTED, "bed too hot")
    assert await Reader(town, network.ana).excluded(order) == []
    clock.forward(seconds=SITS_OUT.total_seconds())
    await agent.free("prusa")
    anew = await agent.next(RunOffer)
    assert anew.run != hand.run


async def test_a_faulted_plate_is_settled_and_made_again(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    await agent.say(Faulted(reason="thermal runaway", lines=300, safe=True), hand)
    [workshop] = await Reader(town, network.admin).workshops()
    assert workshop.machines[0].availability is Availability.QUARANTINED
    [lot] = await Reader(town, network.ana).lots(order)
    scrap = LotCount(lot=lot.id, good=1, scrap=(Scrap(reason=ScrapReason.LAYER_SHIFT, pieces=2),))
    await agent.say(Settled(operator="eva", note="top layers missing", counts=(scrap,)), hand)
    await agent.say(MachineChanged(machine="prusa", availability=Availability.FREE))
    again = await agent.offered()
    assert [len(part.placements) for part in (await agent.plate(again)).parts] == [3]
    [first] = [run for run in await Reader(town, network.ana).runs(order) if run.id == hand.run]
    assert first.states[-3:] == (RunState.FAULTED, RunState.FINISHED, RunState.ACCEPTED)
    [lot] = await Reader(town, network.ana).lots(order)
    assert (lot.quantity, lot.good, lot.scrap) == (4, 1, 2)


async def test_a_quarantined_machine_is_not_planned_on(
    network: Network, town: Town, agent: WireAgent, other: WireAgent
) -> None:
    await agent.say(MachineChanged(machine="prusa", availability=Availability.QUARANTINED, reason="smoke"))
    order = await order_boxes(town, 4)
    offer = await other.next(LotOffer)
    assert offer.quantity == 4
    assert [lot.workshop for lot in await Reader(town, network.ana).lots(order)] == ["Taller Tres"]


async def test_one_machine_gets_one_run_at_a_time(network: Network, town: Town, agent: WireAgent) -> None:
    first, hand = await offered_run(town, agent, quantity=2)
    await agent.say(Claimed(), hand)
    second = await order_boxes(town, 2)
    offer = await agent.next(LotOffer)
    await agent.say(LotAccepted(lot=offer.lot, quantity=2))
    await agent.free("prusa")
    reader = Reader(town, network.ana)
    states = [run.state for order in (first, second) for run in await reader.runs(order)]
    assert states == [RunState.CLAIMED, RunState.PLANNED]


async def test_a_price_says_who_is_left_out(network: Network, town: Town, agent: WireAgent) -> None:
    part = await town.upload("tower.stl", box_stl(20, 20, 400))
    answer = await town.ask({"part_id": part, "quantity": 1, "material": "PLA"})
    assert answer.status_code == 422
    assert "Taller Uno prusa: in none of 6 poses" in answer.json()["detail"]


async def test_what_was_planned_on_a_machine_that_the_shop_no_longer_has_is_made_elsewhere(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order = await order_boxes(town, 4)
    await agent.next(LotOffer)
    spare = UNO.machines[0].model_copy(update={"name": "spare", "materials": ("PETG",)})
    async with _second_shop(network, town) as other:
        await agent.say(UNO.model_copy(update={"machines": (spare,)}))
        while (await other.next(LotOffer)).quantity != 4:
            continue
    live = [run for run in await Reader(town, network.ana).runs(order) if run.state is not RunState.WITHDRAWN]
    assert {run.workshop for run in live} == {"Taller Tres"}
    assert sum(lot.pieces for run in live for lot in run.lots) == 4

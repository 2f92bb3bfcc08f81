"""One batch in terms of the wire: from an offer to money released, with a piece scrapped on the way."""

import hashlib

import httpx

from broker.ledger.service import balance, order_sums
from broker.wire.messages import (
    HandedOver,
    LotAccepted,
    LotCount,
    LotOffer,
    LotReady,
    Scrap,
    ScrapReason,
    Stopped,
    StopRequest,
)
from broker.wire.states import RunState
from tests.broker.conftest import Town
from tests.broker.runs.agent import WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run, order_boxes


async def test_a_batch_ends_with_exactly_what_was_ordered_and_everybody_paid(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order = await order_boxes(town, 4)
    lot = await agent.next(LotOffer)
    assert (lot.quantity, lot.order, lot.part, lot.currency) == (4, order, "box.stl", "EUR")
    await agent.say(LotAccepted(lot=lot.lot, quantity=4))

    first = await agent.offered()
    plate = await agent.plate(first)
    assert [len(part.placements) for part in plate.parts] == [4]
    part = await agent.fetch(plate.parts[0].part_sha256)
    assert hashlib.sha256(part.content).hexdigest() == plate.parts[0].part_sha256
    await agent.start(first)
    scrap = (Scrap(reason=ScrapReason.WARP, pieces=1),)
    await agent.finish(first, LotCount(lot=lot.lot, good=3, scrap=scrap))

    await agent.free("prusa")
    second = await agent.offered()
    assert [len(part.placements) for part in (await agent.plate(second)).parts] == [1]
    await agent.start(second)
    await agent.finish(second, LotCount(lot=lot.lot, good=1))

    ready = await agent.next(LotReady)
    assert (ready.lot, ready.pieces, ready.ship_to) == (lot.lot, 4, "ana, Calle Uría 1, Oviedo")
    await agent.say(HandedOver(lot=lot.lot, operator="eva"))

    reader = Reader(town, network.ana)
    shown = await reader.order(order)
    assert (shown.state, shown.lines[0].good, shown.lines[0].scrap) == ("delivered", 4, 1)
    [seen] = await reader.lots(order)
    assert (seen.quantity, seen.good, seen.scrap, seen.state) == (4, 4, 1, "delivered")
    assert [(scrap.reason, scrap.pieces) for scrap in seen.scrap_by_reason] == [("warp", 1)]
    async with town.database.reading() as session:
        sums = await order_sums(session, order)
        [workshop] = await Reader(town, network.admin).workshops()
        assert (sums.balance, sums.held, sums.paid) == (0, 0, shown.quote.total)
        fee = sum(line.amount for line in shown.quote.lines if line.kind == "fee")
        assert await balance(session, workshop.id) == shown.quote.total - fee


async def test_every_state_of_a_run_is_seen(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    [run] = await Reader(town, network.ana).runs(order)
    assert run.states == (
        RunState.PLANNED,
        RunState.OFFERED,
        RunState.CLAIMED,
        RunState.STAGED,
        RunState.ARMED,
        RunState.PERMITTED,
        RunState.STARTING,
        RunState.RUNNING,
    )
    assert (run.workshop, run.machine, run.driver, run.estimate_s) == ("Taller Uno", "prusa", "marlin", 600.0)
    assert [(lot.pieces) for lot in run.lots] == [4]
    [plate] = await Reader(town, network.ana).plates(order)
    assert (plate.run, plate.machine_volume_mm) == (run.id, (250, 210, 210))
    assert [live.id for live in await Reader(town, network.admin).live_runs()] == [run.id]


async def test_a_stop_request_reaches_the_agent_and_is_final_when_it_confirms(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order, hand = await offered_run(town, agent)
    assert (await _stop(network, town, hand.run)).status_code == 409
    await agent.start(hand)
    assert (await _stop(network, town, hand.run)).status_code == 202
    assert (await agent.next(StopRequest)).run == hand.run
    [run] = await Reader(town, network.ana).runs(order)
    assert (run.state, run.stop_requested) == (RunState.RUNNING, "wrong colour")
    await agent.say(Stopped(reason="asked to", lines=400), hand)
    [run] = await Reader(town, network.ana).runs(order)
    assert (run.state, run.lines_done, run.note) == (RunState.STOPPED, 400, "asked to")


async def _stop(network: Network, town: Town, run: str) -> httpx.Response:
    async with network.ana.client(town.url) as client:
        return await client.post(f"/runs/{run}/stop", json={"reason": "wrong colour"})

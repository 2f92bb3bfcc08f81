"""An express order, from its quote to its run, past work that can wait: over REST, planned by the broker itself."""

from datetime import timedelta

from broker.orders.models import Order
from broker.wire.messages import Claimed, LotAccepted, LotOffer
from broker.wire.rest import OrderView
from broker.wire.states import RunState
from broker.wire.tiers import Tier
from tests.broker.conftest import HandClock, Town
from tests.broker.parts.shapes import box_stl
from tests.broker.runs.agent import WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run, order_boxes


async def test_an_express_order_is_sooner_as_it_was_quoted(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    _, hand = await offered_run(town, agent, quantity=2)
    await agent.say(Claimed(), hand)
    long = await order_boxes(town, 60)
    await agent.say(LotAccepted(lot=(await agent.next(LotOffer)).lot, quantity=60))
    async with town.database.writing() as session:
        (await session.get_one(Order, long)).due_at = clock.now() + timedelta(days=20)

    part = await town.upload("box.stl", box_stl(20, 10, 5))
    quote = await town.quote({"part_id": part, "quantity": 2, "material": "PLA"})
    express, standard = quote.tiers[:2]
    assert (express.tier, standard.tier) == (Tier.EXPRESS, Tier.STANDARD)
    assert express.arrival_at is not None
    assert standard.arrival_at is not None
    assert express.arrival_at < standard.arrival_at - timedelta(hours=1)

    async with network.ana.client(town.url) as client:
        answer = await client.post(f"/quotes/{quote.id}/accept", json={"tier": "express"})
    assert answer.status_code == 201, answer.text
    urgent = OrderView.model_validate_json(answer.content).id
    await agent.next(LotOffer)
    reader = Reader(town, network.ana)
    [run], [waiting] = await reader.runs(urgent), await reader.runs(long)
    assert (run.state, waiting.state) == (RunState.PLANNED, RunState.PLANNED)
    assert run.planned_end <= waiting.planned_start
    assert run.planned_end + timedelta(days=1) <= express.arrival_at + timedelta(minutes=1)
    assert "later: more urgent work goes first" in waiting.note

"""Who shares a plate or a workshop sees and moves nothing that is another's."""

from dataclasses import replace

from broker.wire.messages import Armed, Availability, Conflict, Lapsed, LotOffer, MachineChanged, PermitRequest
from broker.wire.rest import OrderView
from broker.wire.states import RunState
from tests.broker.conftest import Town, person
from tests.broker.parts.shapes import box_stl
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import Key, WireAgent, enrol
from tests.broker.runs.conftest import Network, Reader, offered_run, order_boxes


async def test_a_shared_plate_tells_a_buyer_nothing_of_the_others_parts(
    network: Network, town: Town, agent: WireAgent
) -> None:
    blanca = await person(town.database, "blanca", network.clock.now(), balance=100_000)
    hers = replace(town, ana=blanca)
    await agent.say(MachineChanged(machine="prusa", availability=Availability.QUARANTINED, reason="smoke"))
    part = await hers.upload("secret.stl", box_stl(30, 12, 5))
    quote = await hers.quote({"part_id": part, "quantity": 1, "material": "PLA"})
    theirs = OrderView.model_validate_json((await hers.accept(quote.id)).content).id
    order = await order_boxes(town, 1)
    await agent.say(MachineChanged(machine="prusa", availability=Availability.FREE))
    await agent.next(LotOffer)
    reader = Reader(town, network.ana)
    [plate] = await reader.plates(order)
    assert [part.name for part in plate.document.parts if part.lot] == ["box.stl"]
    [hidden] = [part for part in plate.document.parts if not part.lot]
    assert ("secret" not in plate.model_dump_json(), hidden.part_sha256, len(hidden.placements)) == (True, "", 1)
    [run] = await reader.runs(order)
    assert (run.order_ids, [lot.pieces for lot in run.lots]) == ((order,), [1])
    async with town.ana.client(town.url) as client:
        answer = await client.post(f"/runs/{run.id}/stop", json={"reason": "wrong"})
    assert (answer.status_code, theirs in answer.text) == (404, False)


async def test_an_agent_that_was_replaced_is_cut_off(network: Network, town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    record = await agent.arm(hand)
    assert (await enrol(town.url, await network.code(UNO.workshop), Key())).status_code == 201
    request = PermitRequest(run=hand.run, fence=hand.fence, version=hand.version, record=record.id, request="late")
    await agent.send(request)
    assert "enrolled anew" in await agent.closed()
    [run] = await Reader(town, network.admin).live_runs()
    assert run.state is RunState.ARMED


async def test_a_setup_record_that_lapsed_never_arms_again(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    first = await agent.arm(hand)
    await agent.say(Lapsed(reason="door opened"), hand)
    second = agent.record(await agent.plate(hand))
    await agent.say(Armed(record=second), hand)
    await agent.say(Lapsed(reason="door opened"), hand)
    await agent.say(Armed(record=first), hand)
    conflict = await agent.next(Conflict)
    assert (conflict.state, "was used before" in conflict.reason) == (RunState.STAGED, True)

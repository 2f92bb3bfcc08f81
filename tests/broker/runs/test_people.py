"""What people at the machines say reaches the plan: skipped pieces, failed first layers, counts put right."""

from broker.wire.messages import (
    Availability,
    Corrected,
    Counted,
    Faulted,
    LotCount,
    MachineChanged,
    Scrap,
    ScrapReason,
    Settled,
    Skipped,
)
from broker.wire.states import RunState
from tests.broker.conftest import Town
from tests.broker.runs.agent import FINISHED, RunHand, WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run

FREE = MachineChanged(machine="prusa", availability=Availability.FREE)


async def settle(agent: WireAgent, hand: RunHand) -> None:
    await agent.say(Faulted(reason="the first layer failed", safe=True, first_layer=True), hand)
    await agent.say(Settled(operator="eva", note="it came off", counts=(), first_layer=True), hand)
    await agent.say(FREE)


async def test_a_skipped_piece_is_planned_again_while_the_others_go_on(
    network: Network, town: Town, agent: WireAgent
) -> None:
    reader = Reader(town, network.ana)
    order, hand = await offered_run(town, agent)
    [lot] = await reader.lots(order)
    await agent.start(hand)
    skipped = Skipped(lot=lot.id, object="box copy 3", reason=ScrapReason.ADHESION, operator="eva")
    await agent.say(skipped, hand)
    await agent.say(FINISHED, hand)
    await agent.say(FREE)
    again = await agent.offered()
    assert again.run != hand.run
    await agent.say(Counted(operator="eva", counts=(LotCount(lot=lot.id, good=3),)), hand)
    runs = {run.id: run for run in await reader.runs(order)}
    assert runs[hand.run].state is RunState.ACCEPTED
    assert [pieces.pieces for pieces in runs[again.run].lots] == [1]
    [lot] = await reader.lots(order)
    assert (lot.good, lot.scrap, lot.quantity) == (3, 1, 4)
    assert [(one.reason, one.pieces) for one in lot.scrap_by_reason] == [(ScrapReason.ADHESION, 1)]


async def test_a_plate_whose_first_layer_failed_is_offered_to_its_machine_again(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    await settle(agent, hand)
    again = await agent.offered()
    assert (again.run != hand.run, again.plate, again.machine) == (True, hand.plate, hand.machine)
    runs = {run.id: run for run in await Reader(town, network.ana).runs(order)}
    assert runs[hand.run].state is RunState.SCRAPPED
    assert runs[again.run].note == f"the first layer of run {hand.run} failed"


async def test_what_a_corrected_count_lacks_is_made_and_all_see_the_correction(
    network: Network, town: Town, agent: WireAgent
) -> None:
    reader = Reader(town, network.ana)
    order, hand = await offered_run(town, agent)
    [lot] = await reader.lots(order)
    await agent.start(hand)
    await agent.say(FINISHED, hand)
    await agent.say(Counted(operator="eva", counts=(LotCount(lot=lot.id, good=4),)), hand)
    await agent.say(FREE)
    warped = (LotCount(lot=lot.id, good=3, scrap=(Scrap(reason=ScrapReason.WARP, pieces=1),)),)
    await agent.say(Corrected(operator="ana", note="one is warped", counts=warped), hand)
    again = await agent.offered()
    assert again.run != hand.run
    [lot] = await reader.lots(order)
    assert (lot.good, lot.scrap, lot.quantity) == (3, 1, 4)
    [one] = lot.corrections
    assert (one.run, one.note, one.good_before, one.good_after) == (hand.run, "one is warped", 4, 3)

"""Durable events: signed, in order, once, and judged by version and fence."""

import pytest

from broker.database import Database
from broker.runs.models import InboxEvent
from broker.wire.messages import (
    Ack,
    Armed,
    Availability,
    Claimed,
    Conflict,
    Counted,
    Events,
    Finished,
    LotCount,
    MachineChanged,
    Signed,
    Staged,
    Starting,
)
from broker.wire.rolled_back import RolledBack
from broker.wire.states import RunState
from tests.broker.conftest import Town
from tests.broker.runs.agent import FINISHED, STAGED, Key, RunHand, WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run

BUSY = MachineChanged(machine="prusa", availability=Availability.OWN_WORK)
FREE = MachineChanged(machine="prusa", availability=Availability.FREE)


async def _stored(database: Database, agent: WireAgent, seq: int) -> InboxEvent | None:
    async with database.reading() as session:
        return await session.get(InboxEvent, (agent.agent, agent.epoch, seq))


async def _availability(network: Network, town: Town) -> Availability:
    [workshop] = await Reader(town, network.admin).workshops()
    return workshop.machines[0].availability


async def test_a_forged_event_is_refused_and_ends_the_connection(
    network: Network, town: Town, agent: WireAgent
) -> None:
    true = agent.signed(BUSY)
    forged = Signed(payload=true.payload, signature=Key().sign(true.payload))
    await agent.send(Events(events=(forged,)))
    assert "signature" in await agent.closed()
    assert await _stored(town.database, agent, agent.seq) is None
    assert await _availability(network, town) is Availability.FREE


async def test_a_changed_payload_is_refused(town: Town, agent: WireAgent) -> None:
    true = agent.signed(BUSY)
    changed = Signed(payload=true.payload.replace("own work", "quarantined"), signature=true.signature)
    await agent.send(Events(events=(changed,)))
    assert "signature" in await agent.closed()


async def test_an_event_in_another_agents_name_is_refused(town: Town, agent: WireAgent) -> None:
    await agent.send(Events(events=(agent.signed(BUSY, agent="agt_other"),)))
    assert "another agent" in await agent.closed()


async def test_a_replay_is_acknowledged_and_changes_nothing(network: Network, town: Town, agent: WireAgent) -> None:
    once = agent.signed(BUSY)
    await agent.send(Events(events=(once,)))
    assert (await agent.next(Ack)).seq == agent.seq
    await agent.say(FREE)
    await agent.send(Events(events=(once,)))
    assert (await agent.next(Ack)).seq == agent.seq
    assert await _availability(network, town) is Availability.FREE


async def test_another_content_under_a_known_seq_is_a_journal_rolled_back(town: Town, agent: WireAgent) -> None:
    await agent.say(BUSY)
    agent.seq -= 1
    await agent.send(Events(events=(agent.signed(FREE),)))
    assert "said something else before" in (await agent.next(RolledBack)).reason


async def test_a_gap_is_parked_until_it_is_filled(network: Network, town: Town, agent: WireAgent) -> None:
    before = agent.seq
    missing, late = agent.signed(FREE), agent.signed(BUSY)
    await agent.send(Events(events=(late,)))
    assert (await agent.next(Ack)).seq == before
    assert await _stored(town.database, agent, agent.seq) is None
    await agent.send(Events(events=(missing,)))
    assert (await agent.next(Ack)).seq == agent.seq
    assert await _availability(network, town) is Availability.OWN_WORK


async def test_a_stale_version_changes_nothing_and_is_told_the_state(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order, hand = await offered_run(town, agent)
    await agent.say(Claimed(), hand)
    await agent.say(STAGED, RunHand(hand.run, hand.fence, hand.version - 1, hand.plate, hand.machine))
    conflict = await agent.next(Conflict)
    assert (conflict.run, conflict.state, conflict.version) == (hand.run, RunState.CLAIMED, hand.version)
    kept = await _stored(town.database, agent, conflict.seq)
    assert kept is not None
    assert (kept.applied, "version" in kept.note) == (False, True)
    [run] = await Reader(town, network.ana).runs(order)
    assert run.state is RunState.CLAIMED


async def test_a_stale_fence_changes_nothing(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    await agent.say(Claimed(), RunHand(hand.run, hand.fence - 1, hand.version, hand.plate, hand.machine))
    assert (await agent.next(Conflict)).state is RunState.OFFERED


async def test_a_step_that_cannot_follow_changes_nothing(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    await agent.say(Starting(), hand)
    conflict = await agent.next(Conflict)
    assert "from offered to starting" in conflict.reason


async def test_counts_must_add_up_to_the_plate(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    await agent.say(FINISHED, hand)
    [lot] = await Reader(town, network.ana).lots(order)
    await agent.say(Counted(operator="eva", counts=(LotCount(lot=lot.id, good=5),)), hand)
    conflict = await agent.next(Conflict)
    assert (conflict.state, "holds 4 pieces" in conflict.reason) == (RunState.FINISHED, True)
    hand.version = conflict.version
    await agent.say(Counted(operator="eva", counts=(LotCount(lot=lot.id, good=4),)), hand)
    [run] = await Reader(town, network.ana).runs(order)
    assert run.state is RunState.ACCEPTED


async def test_a_setup_record_is_used_once_and_says_what_the_plate_asks_for(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    record = agent.record(await agent.plate(hand))
    await agent.say(Claimed(), hand)
    await agent.say(STAGED, hand)
    await agent.say(Armed(record=record.model_copy(update={"material": "ABS"})), hand)
    conflict = await agent.next(Conflict)
    assert conflict.reason == "the plate needs PLA; loaded is ABS"
    hand.version = conflict.version
    await agent.say(Armed(record=record), hand)
    await agent.say(Staged(program_sha256="0" * 64, lines=1, estimate_s=1, made_by="x"), hand)
    assert (await agent.next(Conflict)).state is RunState.ARMED


async def test_what_an_offline_agent_did_arrives_in_order(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    [lot] = await Reader(town, network.ana).lots(order)
    finished = agent.signed(Finished(lines=10, seconds=5.0), hand)
    hand.version += 1
    counted = agent.signed(Counted(operator="eva", counts=(LotCount(lot=lot.id, good=4),)), hand)
    await agent.send(Events(events=(counted, finished)))
    assert (await agent.next(Ack)).seq == agent.seq
    [run] = await Reader(town, network.ana).runs(order)
    assert run.state is RunState.ACCEPTED


@pytest.mark.parametrize("text", ["", "{}", '{"type":"welcome"}', "[" * 100_000])
async def test_what_is_no_frame_ends_the_connection(agent: WireAgent, text: str) -> None:
    assert agent.socket is not None
    await agent.socket.send(text)
    assert "no frame" in await agent.closed()

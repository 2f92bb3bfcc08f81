"""A permit is granted once a request; a stale one never."""

from dataclasses import replace

from broker.wire.messages import Lapsed, NotStarted, Permit, PermitRefused
from broker.wire.states import RunState
from tests.broker.conftest import Town
from tests.broker.runs.agent import WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run


async def test_the_same_request_gets_the_same_permit_and_another_is_refused(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    record = await agent.arm(hand)
    first = await agent.ask(hand, record, "r1")
    again = await agent.ask(hand, record, "r1")
    other = await agent.ask(hand, record, "r2")
    assert isinstance(first, Permit)
    assert (first.version, first.life_s) == (hand.version + 1, 30.0)
    assert again == first
    assert isinstance(other, PermitRefused)
    assert other.reason == "the run is permitted, not armed"


async def test_another_fence_version_or_record_is_refused(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    record = await agent.arm(hand)
    for wrong in (replace(hand, fence=hand.fence - 1), replace(hand, version=hand.version - 1)):
        answer = await agent.ask(wrong, record)
        assert isinstance(answer, PermitRefused)
        assert "fence" in answer.reason
    answer = await agent.ask(hand, record.model_copy(update={"id": "another"}))
    assert isinstance(answer, PermitRefused)
    assert "another setup record" in answer.reason


async def test_a_lapsed_record_gives_no_permit(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    record = await agent.arm(hand)
    await agent.say(Lapsed(reason="door opened"), hand)
    answer = await agent.ask(hand, record)
    assert isinstance(answer, PermitRefused)
    assert answer.reason == "the run is staged, not armed"


async def test_a_permit_that_was_not_used_is_signed_so_and_the_pieces_are_planned_anew(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order, hand = await offered_run(town, agent)
    permit = await agent.ask(hand, await agent.arm(hand))
    assert isinstance(permit, Permit)
    hand.version = permit.version
    await agent.say(NotStarted(reason="the permit lapsed"), hand)
    await agent.free("prusa")
    anew = await agent.offered()
    assert anew.run != hand.run
    states = [run.state for run in await Reader(town, network.ana).runs(order)]
    assert sorted(states) == [RunState.CANCELLED, RunState.OFFERED]

"""Two broker processes on the same rows: an agent has one connection at both together, and an offer one answer."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from broker.app.factory import create_app
from broker.wire.messages import Ack, Claimed, Conflict, Events, Permit
from broker.wire.states import RunState
from tests.broker.conftest import Town, served
from tests.broker.quotes.firstfit import FirstFit
from tests.broker.runs.agent import WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run


@pytest.fixture
async def elsewhere(network: Network) -> AsyncIterator[str]:
    """Another process, that doesn't plan."""
    async with served(create_app(network.settings, network.clock, FirstFit(network.database))) as url:
        yield url


def _twin(agent: WireAgent, url: str) -> WireAgent:
    """The same agent, journal and all."""
    return replace(agent, url=url, socket=None, heard=[])


async def test_a_connection_elsewhere_ends_the_first_and_what_it_still_says(
    network: Network, town: Town, agent: WireAgent, elsewhere: str
) -> None:
    order, hand = await offered_run(town, agent)
    twin = _twin(agent, elsewhere)
    async with twin.connected() as welcome:
        assert welcome.acked == agent.seq
        await agent.send(Events(events=(agent.signed(Claimed(), hand),)))
        assert "another connection" in await agent.closed()
        [run] = await Reader(town, network.ana).runs(order)
        assert run.state is RunState.OFFERED
        await twin.say(Claimed(), hand)
        [run] = await Reader(town, network.ana).runs(order)
        assert run.state is RunState.CLAIMED


async def test_an_offer_is_told_and_accepted_at_whichever_process(
    network: Network, town: Town, agent: WireAgent, elsewhere: str
) -> None:
    """The second answer, with a number of its own, finds the run taken."""
    order, hand = await offered_run(town, agent)
    twin = _twin(agent, elsewhere)
    async with twin.connected():
        again = await twin.offered()
        assert (again.run, again.fence, again.version) == (hand.run, hand.fence, hand.version)
        await twin.say(Claimed(), again)
        await twin.send(Events(events=(twin.signed(Claimed(), hand),)))
        conflict = await twin.next(Conflict)
        assert (conflict.run, conflict.state) == (hand.run, RunState.CLAIMED)
        await twin.next(Ack)
    [run] = await Reader(town, network.ana).runs(order)
    assert run.state is RunState.CLAIMED


async def test_a_permit_asked_for_at_two_processes_is_given_once(
    network: Network, town: Town, agent: WireAgent, elsewhere: str
) -> None:
    _, hand = await offered_run(town, agent)
    record = await agent.arm(hand)
    twin = _twin(agent, elsewhere)
    async with twin.connected():
        await agent.send(Events(events=()))
        await agent.closed()
        first = await twin.ask(hand, record, "request-1")
        assert isinstance(first, Permit)
        assert await twin.ask(hand, record, "request-1") == first
        assert not isinstance(await twin.ask(hand, record, "request-2"), Permit)

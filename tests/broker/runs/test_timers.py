"""What silence does, by a clock that the test moves."""

import pytest

from broker.database import Database
from broker.runs.sql_book import SqlBooks
from broker.runs.timers import RESTART_GRACE, Timers
from broker.wire.messages import (
    Availability,
    Claimed,
    Counted,
    LotCount,
    Permit,
    Running,
    RunOffer,
    Starting,
    Withdrawn,
)
from broker.wire.states import RunState
from tests.broker.conftest import HandClock, Town
from tests.broker.runs.agent import FINISHED, WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run

pytestmark = pytest.mark.usefixtures("timers_at_rest")


async def _timers(database: Database, clock: HandClock, agent: WireAgent) -> Timers:
    """As they are a while after the broker's start; the agent has been heard just now."""
    timers = Timers(SqlBooks(database), clock)
    clock.forward(seconds=RESTART_GRACE.total_seconds())
    await agent.free("prusa")
    return timers


async def _states(network: Network, town: Town, order: str) -> list[RunState]:
    return sorted(run.state for run in await Reader(town, network.ana).runs(order))


async def test_an_offer_expires_and_is_planned_anew(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    timers = await _timers(town.database, clock, agent)
    order, hand = await offered_run(town, agent)
    clock.forward(seconds=119)
    assert await timers.run_due() == 0
    clock.forward(seconds=1)
    await agent.free("prusa")
    assert await timers.run_due() == 1
    withdrawn = await agent.next(Withdrawn)
    assert (withdrawn.run, withdrawn.fence) == (hand.run, hand.fence + 1)
    anew = await agent.next(RunOffer)
    assert anew.run != hand.run
    assert await _states(network, town, order) == [RunState.EXPIRED, RunState.OFFERED]


async def test_a_clock_that_is_put_back_after_the_start_keeps_no_timer_from_acting(
    town: Town, agent: WireAgent, clock: HandClock
) -> None:
    clock.forward(days=1)
    timers = Timers(SqlBooks(town.database), clock)
    clock.forward(days=-1)
    assert await timers.run_due() == 0
    await offered_run(town, agent)
    clock.forward(seconds=120)
    await agent.free("prusa")
    assert await timers.run_due() == 1


async def test_a_lease_lives_on_heartbeats(network: Network, town: Town, agent: WireAgent, clock: HandClock) -> None:
    timers = await _timers(town.database, clock, agent)
    order, hand = await offered_run(town, agent)
    await agent.say(Claimed(), hand)
    clock.forward(minutes=9)
    await agent.hold(hand)
    clock.forward(minutes=9)
    assert await timers.run_due() == 0
    clock.forward(minutes=1)
    assert await timers.run_due() == 1
    assert RunState.RELEASED in await _states(network, town, order)


async def test_a_permit_in_silence_is_unknown_and_the_journal_corrects_it(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    timers = await _timers(town.database, clock, agent)
    order, hand = await offered_run(town, agent)
    permit = await agent.ask(hand, await agent.arm(hand))
    assert isinstance(permit, Permit)
    hand.version = permit.version
    clock.forward(seconds=90)
    assert await timers.run_due() == 1
    assert await _states(network, town, order) == [RunState.UNKNOWN]
    await agent.say(Starting(), hand)
    await agent.say(Running(evidence="M73 P1"), hand)
    await agent.say(FINISHED, hand)
    assert await _states(network, town, order) == [RunState.FINISHED]


async def test_nothing_lapses_right_after_a_start_of_the_broker(town: Town, agent: WireAgent, clock: HandClock) -> None:
    await offered_run(town, agent)
    clock.forward(hours=1)
    timers = Timers(SqlBooks(town.database), clock)
    assert await timers.run_due() == 0
    clock.forward(seconds=RESTART_GRACE.total_seconds())
    assert await timers.run_due() == 1


async def test_machines_of_a_silent_agent_are_offline(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    timers = await _timers(town.database, clock, agent)
    reader = Reader(town, network.admin)
    clock.forward(seconds=61)
    assert (await reader.workshops())[0].link == "suspect"
    clock.forward(seconds=120)
    await timers.run_due()
    [workshop] = await reader.workshops()
    assert (workshop.link, workshop.machines[0].availability) == ("disconnected", Availability.OFFLINE)


async def test_a_person_is_called_again_and_again_until_they_have_counted(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    timers = await _timers(town.database, clock, agent)
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    await agent.say(FINISHED, hand)
    reader = Reader(town, network.ana)
    clock.forward(minutes=29)
    await timers.run_due()
    [run] = await reader.runs(order)
    assert (run.state, run.waits_for, run.overdue) == (RunState.FINISHED, "person: count good and scrap", False)
    for _ in range(2):
        clock.forward(minutes=30)
        assert await timers.run_due() == 0
        [run] = await reader.runs(order)
        assert (run.state, run.overdue) == (RunState.FINISHED, True)
    [lot] = run.lots
    await agent.say(Counted(operator="eva", counts=(LotCount(lot=lot.lot, good=lot.pieces),)), hand)
    [run] = await reader.runs(order)
    assert (run.state, run.waits_for, run.overdue) == (RunState.ACCEPTED, "", False)

"""Hello, epochs, restarts of the broker: what was said stays said."""

from sqlalchemy import text

from broker.database import Database
from broker.wire.messages import (
    Ack,
    Availability,
    Claimed,
    Conflict,
    Counted,
    Events,
    Heartbeat,
    Hello,
    LotCount,
    MachineChanged,
    MachineReport,
    PermitRefused,
    RunOffer,
    RunUnsettled,
    Settled,
    Starting,
    Withdrawn,
)
from broker.wire.signing import hello_text
from broker.wire.states import RunState
from tests.broker.conftest import Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import FINISHED, Key, WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run


async def test_a_wrong_key_is_refused(network: Network, town: Town) -> None:
    agent = await network.enrolled(town)
    agent.key = Key()
    async with agent.dialled() as challenge:
        await agent.send(_hello(agent, challenge.nonce))
        assert "enrol" in await agent.closed()


async def test_a_hello_signed_for_another_nonce_is_refused(network: Network, town: Town) -> None:
    agent = await network.enrolled(town)
    async with agent.dialled():
        await agent.send(_hello(agent, "0" * 32))
        assert "enrol" in await agent.closed()


async def test_a_second_connection_ends_the_first(town: Town, agent: WireAgent) -> None:
    twin = WireAgent(agent.url, agent.key, agent.agent, agent.at, agent.epoch, agent.seq)
    async with twin.connected() as welcome:
        assert welcome.acked == agent.seq
        assert "took over" in await agent.closed()
        await twin.say(MachineChanged(machine="prusa", availability=Availability.FREE))


async def test_who_comes_while_the_database_is_away_is_asked_to_come_again(
    network: Network, town: Town, agent: WireAgent
) -> None:
    database = Database(network.settings.url)
    await _rename(database, "inbox", "away")
    await agent.send(Events(events=(agent.signed(MachineChanged(machine="prusa", availability=Availability.FREE)),)))
    assert await agent.closed() == "the broker's database failed; come again"
    await _rename(database, "away", "inbox")
    await database.close()
    agent.seq -= 1
    async with agent.connected() as welcome:
        assert welcome.acked == agent.seq
        await agent.free("prusa")


async def _rename(database: Database, before: str, after: str) -> None:
    async with database.writing() as session:
        await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


async def test_a_broker_that_restarts_has_forgotten_nothing(network: Network) -> None:
    async with network.broker() as town:
        agent = await network.enrolled(town)
        async with agent.connected():
            await agent.say(UNO)
            await agent.free("prusa")
            order, hand = await offered_run(town, agent)
    async with network.broker() as town:
        agent.url = town.url
        async with agent.connected() as welcome:
            assert welcome.acked == agent.seq
            again = await agent.next(RunOffer)
            assert (again.run, again.fence, again.version) == (hand.run, hand.fence, hand.version)
            await agent.start(hand)
    finished = agent.signed(FINISHED, hand)
    hand.version += 1
    async with network.broker() as town:
        agent.url = town.url
        async with agent.connected() as welcome:
            assert welcome.acked == agent.seq - 1
            await agent.send(Events(events=(finished,)))
            await agent.next(Ack)
            [lot] = await Reader(town, network.ana).lots(order)
            await agent.say(Counted(operator="eva", counts=(LotCount(lot=lot.id, good=4),)), hand)
        [run] = await Reader(town, network.ana).runs(order)
        assert run.state is RunState.ACCEPTED


async def test_a_new_epoch_turns_running_work_into_unknown(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    newer = WireAgent(agent.url, agent.key, agent.agent, agent.at)
    async with newer.connected() as welcome:
        assert welcome.acked == 0
        [run] = await Reader(town, network.ana).runs(order)
        assert run.state is RunState.UNKNOWN
        await newer.free("prusa")
        await newer.say(FINISHED, hand)
        conflict = await newer.next(Conflict)
        assert conflict.state is RunState.UNKNOWN
        [workshop] = await Reader(town, network.admin).workshops()
        assert workshop.machines[0].availability is Availability.QUARANTINED


async def test_a_new_journal_is_told_of_runs_that_people_must_settle(
    network: Network, town: Town, agent: WireAgent
) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    newer = WireAgent(agent.url, agent.key, agent.agent, agent.at)
    async with newer.connected():
        told = await newer.next(RunUnsettled)
        assert (told.run, told.state, told.machine) == (hand.run, RunState.UNKNOWN, "prusa")
        hand.version = told.version
        [(lot, pieces)] = told.pieces
        counts = (LotCount(lot=lot, good=pieces),)
        await newer.say(Settled(operator="eva", note="they were done", counts=counts), hand)
        [run] = await Reader(town, network.ana).runs(order)
        assert run.state is RunState.ACCEPTED


async def test_an_epoch_that_ended_does_not_come_back(town: Town, agent: WireAgent) -> None:
    newer = WireAgent(agent.url, agent.key, agent.agent, agent.at)
    async with newer.connected():
        pass
    async with agent.connected() as welcome:
        assert welcome.acked > agent.seq + 10**6
        await agent.send(
            Events(events=(agent.signed(MachineChanged(machine="prusa", availability=Availability.FREE)),))
        )
        assert "began anew" in await agent.closed()


async def test_a_lease_that_is_lost_is_withdrawn(network: Network, town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    await agent.say(Claimed(), hand)
    newer = WireAgent(agent.url, agent.key, agent.agent, agent.at)
    async with newer.connected():
        await newer.send(
            Heartbeat(machines=(MachineReport(machine="prusa", availability=Availability.FREE),), leases=(hand.run,))
        )
        withdrawn = await newer.next(Withdrawn)
        assert (withdrawn.run, withdrawn.fence > hand.fence) == (hand.run, True)


async def test_nobody_touches_anothers_run(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    stranger = await network.enrolled(town, UNO.model_copy(update={"workshop": "Taller Tres"}))
    async with stranger.connected():
        await stranger.say(Starting(), hand)
        hand.version -= 1
        refused = await stranger.ask(hand, stranger.record(await agent.plate(hand)))
        assert isinstance(refused, PermitRefused)
        assert (await stranger.fetch(hand.plate)).status_code == 404
    [run] = await Reader(town, network.ana).runs(order)
    assert run.state is RunState.OFFERED


def _hello(agent: WireAgent, nonce: str) -> Hello:
    signature = agent.key.sign(hello_text(nonce, agent.agent, agent.epoch))
    return Hello(agent=agent.agent, epoch=agent.epoch, software="test", signature=signature)

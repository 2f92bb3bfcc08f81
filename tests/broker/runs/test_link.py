"""Many agents on one process: who is told what, who is shut out, and the link over plain HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from broker.runs.link import watch
from broker.wire.messages import (
    Ack,
    AgentFrame,
    Availability,
    BrokerFrame,
    Challenge,
    Claimed,
    Events,
    Heartbeat,
    Hello,
    LotAccepted,
    LotOffer,
    MachineChanged,
    MachineReport,
    Progress,
    RunOffer,
    Welcome,
)
from broker.wire.polling import HEAR_S, Hearing, Opened, Said, Told
from broker.wire.shop import NextKey
from broker.wire.signing import hello_text, key_text
from broker.workshops.models import Agent
from broker.workshops.service import revoke
from tests.broker.conftest import Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import Key, WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run, order_boxes

_FREE = MachineChanged(machine="prusa", availability=Availability.FREE)


async def _revoke(town: Town) -> None:
    """As an administrator's own process does: nobody rings."""
    async with town.database.writing() as session:
        await revoke(session, UNO.workshop, town.clock.now())


async def test_a_revoked_agents_socket_is_closed(town: Town, agent: WireAgent) -> None:
    await _revoke(town)
    assert "revoked" in await agent.closed()
    assert watch.LOOK_EVERY_S <= 2.5, "it must be closed within 5 s"


async def test_a_revoked_agent_is_not_believed(town: Town, agent: WireAgent) -> None:
    acked = agent.seq
    await _revoke(town)
    await agent.send(Events(events=(agent.signed(_FREE),)))
    assert await agent.closed()
    async with town.database.reading() as session:
        assert (await session.get_one(Agent, agent.agent)).acked_seq == acked
    async with agent.dialled() as challenge:
        await agent.send(_hello(agent, challenge))
        assert "enrol" in await agent.closed()


async def test_heartbeats_that_change_nothing_are_written_before_the_next_event(town: Town, agent: WireAgent) -> None:
    _, hand = await offered_run(town, agent)
    await agent.say(Claimed(), hand)
    report = MachineReport(machine="prusa", availability=Availability.FREE)
    for minutes in (5, 8, 8):
        town.clock.forward(minutes=minutes)
        await agent.beat(report, leases=(hand.run,))
    async with town.database.reading() as session:
        row = await session.get_one(Agent, agent.agent)
        assert row.last_seen_at == town.clock.now()


async def test_progress_is_gathered_and_written(network: Network, town: Town, agent: WireAgent) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    for lines in (100, 300):
        town.clock.forward(seconds=2)
        await agent.send(Progress(run=hand.run, machine="prusa", lines_done=lines, lines_total=1000))
        await agent.hold(hand)
    [run] = await Reader(town, network.ana).runs(order)
    assert run.lines_done == 300


async def test_two_keys_sign_while_one_follows_the_other(town: Town, agent: WireAgent) -> None:
    old, new = agent.key, Key()
    await _register(agent, old, new)
    await agent.say(_FREE)
    earlier = agent.signed(_FREE)
    agent.key = new
    async with agent.connected():
        await agent.send(Events(events=(earlier, agent.signed(_FREE))))
        assert (await agent.next(Ack)).seq == agent.seq
    agent.key = old
    async with agent.dialled() as challenge:
        await agent.send(_hello(agent, challenge))
        assert "enrol" in await agent.closed()


async def _register(agent: WireAgent, old: Key, new: Key) -> None:
    time = agent.at.isoformat()
    text = key_text(agent.agent, time, new.public)
    body = NextKey(
        agent=agent.agent, time=time, public_key=new.public, signature=old.sign(text), possession=new.sign(text)
    )
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(f"{agent.url}/api/v1/agents/keys", json=body.model_dump())
        assert answer.status_code == 204, answer.text


def _hello(agent: WireAgent, challenge: Challenge) -> Hello:
    signature = agent.key.sign(hello_text(challenge.nonce, agent.agent, agent.epoch))
    return Hello(agent=agent.agent, epoch=agent.epoch, software="test", signature=signature)


# Plain HTTP -----------------------------------------------------------------------------------------


@dataclass
class Session:
    """An agent that speaks by requests."""

    agent: WireAgent
    client: httpx.AsyncClient
    token: str = ""
    heard: list[BrokerFrame] = field(default_factory=list)

    async def post(self, verb: str, content: str | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return await self.client.post(f"/api/v1/agents/link/{verb}", content=content, headers=headers)

    async def open(self) -> Challenge:
        opened = Opened.model_validate_json((await self.post("open")).content)
        self.token = opened.session
        [challenge] = opened.frames
        assert isinstance(challenge, Challenge)
        return challenge

    async def say(self, *frames: AgentFrame) -> tuple[BrokerFrame, ...]:
        answer = await self.post("say", Said(session=self.token, frames=frames).model_dump_json())
        assert answer.status_code == 200, answer.text
        return Told.model_validate_json(answer.content).frames

    async def hear(self) -> httpx.Response:
        return await self.post("hear", Hearing(session=self.token).model_dump_json())

    async def until(self, kind: type[BrokerFrame]) -> BrokerFrame:
        while True:
            for frame in self.heard:
                if isinstance(frame, kind):
                    self.heard.remove(frame)
                    return frame
            answer = await self.hear()
            assert answer.status_code == 200, answer.text
            self.heard += Told.model_validate_json(answer.content).frames


@contextlib.asynccontextmanager
async def _session(agent: WireAgent) -> AsyncIterator[Session]:
    async with httpx.AsyncClient(base_url=agent.url, trust_env=False, timeout=60) as client:
        session = Session(agent, client)
        [welcome] = await session.say(_hello(agent, await session.open()))
        assert isinstance(welcome, Welcome)
        assert welcome.acked == agent.seq
        yield session


async def test_a_batch_begins_by_requests_alone(network: Network, town: Town) -> None:
    agent = await network.enrolled(town)
    async with _session(agent) as session:
        free = Heartbeat(machines=(MachineReport(machine="prusa", availability=Availability.FREE),))
        [ack] = await session.say(Events(events=(agent.signed(UNO),)), free)
        assert ack == Ack(epoch=agent.epoch, seq=1)
        await order_boxes(town, 4)
        offer = await session.until(LotOffer)
        assert isinstance(offer, LotOffer)
        accepted = agent.signed(LotAccepted(lot=offer.lot, quantity=offer.quantity))
        assert await session.say(Events(events=(accepted,))) == (Ack(epoch=agent.epoch, seq=2),)
        assert isinstance(await session.until(RunOffer), RunOffer)


async def test_a_session_ends_a_socket_and_a_socket_a_session(town: Town, agent: WireAgent) -> None:
    async with _session(agent) as session:
        assert "took over" in await agent.closed()
        twin = WireAgent(agent.url, agent.key, agent.agent, agent.at, agent.epoch, agent.seq)
        async with twin.connected():
            over = await session.hear()
            assert (over.status_code, "took over" in over.json()["detail"]) == (410, True)
            assert (
                await session.post("say", Said(session=session.token, frames=()).model_dump_json())
            ).status_code == 410
            await twin.say(_FREE)


async def test_a_revoked_agents_session_ends_while_it_hears(town: Town, agent: WireAgent) -> None:
    async with _session(agent) as session:
        hearing = asyncio.create_task(session.hear())
        await _revoke(town)
        over = await hearing
        assert (over.status_code, "revoked" in over.json()["detail"]) == (410, True)


async def test_a_forged_hello_and_a_strangers_session_are_refused(network: Network, town: Town) -> None:
    agent = await network.enrolled(town)
    agent.key = Key()
    async with httpx.AsyncClient(base_url=agent.url, trust_env=False, timeout=60) as client:
        session = Session(agent, client)
        said = Said(session="nobody's", frames=()).model_dump_json()
        assert (await session.post("say", said)).status_code == 410
        challenge = await session.open()
        hello = Said(session=session.token, frames=(_hello(agent, challenge),)).model_dump_json()
        refused = await session.post("say", hello)
        assert (refused.status_code, "enrol" in refused.json()["detail"]) == (410, True)
        assert (await session.post("say", hello)).status_code == 410


async def test_a_second_request_to_hear_lets_the_first_return(town: Town, agent: WireAgent) -> None:
    async with _session(agent) as session:
        first = asyncio.create_task(session.hear())
        second = asyncio.create_task(session.hear())
        done, _ = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        assert Told.model_validate_json(done.pop().result().content).frames == ()
        await _revoke(town)
        await asyncio.gather(first, second)


def test_a_request_to_hear_ends_before_proxies_do() -> None:
    assert HEAR_S <= 30

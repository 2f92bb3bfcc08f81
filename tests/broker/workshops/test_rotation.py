"""A second key follows an agent's first; a revoked agent is out."""

from datetime import UTC, timedelta

import httpx
import pytest

from broker.errors import NotFound
from broker.runs.sql_book import SqlBook
from broker.wire.messages import Availability
from broker.wire.shop import Enrolled, NextKey
from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text, hello_text, key_text
from broker.workshops import repository, rotation
from broker.workshops.models import Agent
from broker.workshops.service import invite, revoke, take_inventory
from tests.broker.conftest import HandClock, Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import Key, enrol


async def _enrolled(town: Town, key: Key, name: str = "Taller Nuevo") -> str:
    async with town.database.writing() as session:
        code = await invite(session, name, town.clock.now())
    return Enrolled.model_validate_json((await enrol(town.url, code, key)).content).agent


def _request(town: Town, agent: str, old: Key, new: Key, *, minutes: float = 0, possession: str = "") -> NextKey:
    time = (town.clock.now() + timedelta(minutes=minutes)).astimezone(UTC).isoformat()
    text = key_text(agent, time, new.public)
    return NextKey(
        agent=agent,
        time=time,
        public_key=new.public,
        signature=old.sign(text),
        possession=possession or new.sign(text),
    )


async def _register(town: Town, request: NextKey) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"{town.url}/api/v1", trust_env=False) as client:
        return await client.post("/agents/keys", json=request.model_dump())


async def _agent(town: Town, agent: str) -> Agent:
    async with town.database.reading() as session:
        found = await repository.agent(session, agent)
        assert found is not None
        return found


async def _greet(town: Town, agent: str, key: Key) -> bool:
    text = hello_text("nonce", agent, "epoch")
    async with town.database.writing() as session:
        row = await repository.locked_agent(session, agent)
        return rotation.greeted(row, text, key.sign(text), town.clock.now())


async def test_a_registered_key_follows_with_its_first_hello(town: Town, clock: HandClock) -> None:
    old, new = Key(), Key()
    agent = await _enrolled(town, old)
    assert not await _greet(town, agent, new)
    for _ in range(2):
        assert (await _register(town, _request(town, agent, old, new))).status_code == 204
    assert await _greet(town, agent, old)
    assert rotation.event_keys(await _agent(town, agent), clock.now()) == (old.public, new.public)
    assert await _greet(town, agent, new)
    assert not await _greet(town, agent, old)
    assert rotation.event_keys(await _agent(town, agent), clock.now()) == (new.public, old.public)
    assert (await _register(town, _request(town, agent, old, new))).status_code == 204
    clock.forward(days=30)
    assert rotation.event_keys(await _agent(town, agent), clock.now()) == (new.public,)


async def test_a_third_key_waits_until_the_first_is_done_with(town: Town, clock: HandClock) -> None:
    first, second, third = Key(), Key(), Key()
    agent = await _enrolled(town, first)
    await _register(town, _request(town, agent, first, second))
    await _greet(town, agent, second)
    refused = await _register(town, _request(town, agent, second, third))
    assert (refused.status_code, refused.json()["fix"][:10]) == (409, "wait until")
    clock.forward(days=30)
    assert (await _register(town, _request(town, agent, second, third))).status_code == 204


@pytest.mark.parametrize("fault", ["stranger", "not its own", "late", "no key"])
async def test_what_the_present_key_did_not_sign_changes_nothing(town: Town, fault: str) -> None:
    old, new, other = Key(), Key(), Key()
    agent = await _enrolled(town, old)
    request = {
        "stranger": _request(town, agent, other, new),
        "not its own": _request(town, agent, old, new, possession=other.sign("something")),
        "late": _request(town, agent, old, new, minutes=-6),
        "no key": _request(town, agent, old, new).model_copy(update={"public_key": "c2hvcnQ="}),
    }[fault]
    refused = await _register(town, request)
    assert refused.status_code == (400 if fault == "no key" else 401)
    assert (await _agent(town, agent)).next_public_key is None


async def test_either_key_signs_a_get_until_the_new_one_has_said_hello(town: Town) -> None:
    old, new = Key(), Key()
    agent = await _enrolled(town, old)
    assert [await _get(town, agent, key) for key in (old, new)] == [404, 401]
    await _register(town, _request(town, agent, old, new))
    assert [await _get(town, agent, key) for key in (old, new)] == [404, 404]
    await _greet(town, agent, new)
    assert [await _get(town, agent, key) for key in (old, new)] == [401, 404]


async def _get(town: Town, agent: str, key: Key) -> int:
    time, path = town.clock.now().astimezone(UTC).isoformat(), "/api/v1/agents/blobs/00"
    headers = {AGENT_HEADER: agent, TIME_HEADER: time, SIGNATURE_HEADER: key.sign(get_text(agent, time, path))}
    async with httpx.AsyncClient(base_url=town.url, trust_env=False) as client:
        return (await client.get(path, headers=headers)).status_code


async def test_a_revoked_agents_machines_take_no_work(town: Town) -> None:
    agent = await _enrolled(town, Key(), UNO.workshop)
    async with town.database.writing() as session:
        row = await repository.locked_agent(session, agent)
        await take_inventory(SqlBook(session), row.workshop_id, UNO, town.clock.now())
        [machine] = await repository.all_machines_of(session, row.workshop_id)
        machine.availability = Availability.FREE
    async with town.database.writing() as session:
        assert await revoke(session, UNO.workshop, town.clock.now()) == 1
        assert await revoke(session, UNO.workshop, town.clock.now()) == 0
        with pytest.raises(NotFound, match="nowhere"):
            await revoke(session, "nowhere", town.clock.now())
    async with town.database.reading() as session:
        [machine] = await repository.all_machines_of(session, row.workshop_id)
        assert (machine.availability, "enrol" in machine.reason) == (Availability.OFFLINE, True)
        assert await repository.agent(session, agent) is None

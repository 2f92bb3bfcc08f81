"""A workshop joins by a code that works once."""

import asyncio
from datetime import UTC, timedelta

import httpx
import pytest

from broker.runs.sql_book import SqlBook
from broker.wire.shop import Enrolled
from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text
from broker.workshops.service import invite, take_inventory
from tests.broker.conftest import HandClock, Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import Key, enrol


async def _code(town: Town, name: str = "Taller Nuevo") -> str:
    async with town.database.writing() as session:
        return await invite(session, name, town.clock.now())


async def test_a_code_makes_an_agent_once(town: Town) -> None:
    code = await _code(town)
    first, second = await enrol(town.url, code, Key()), await enrol(town.url, code, Key())
    assert first.status_code == 201
    assert Enrolled.model_validate_json(first.content).workshop == "Taller Nuevo"
    assert (second.status_code, second.json()["where"]) == (409, "code")
    assert "used already" in second.json()["detail"]


async def test_of_many_at_once_one_gets_in(town: Town) -> None:
    code = await _code(town)
    answers = await asyncio.gather(*(enrol(town.url, code, Key()) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_wrong_code_is_refused(town: Town) -> None:
    answer = await enrol(town.url, "no such code", Key())
    assert (answer.status_code, "invite" in answer.json()["fix"]) == (401, True)


async def test_a_code_ends_after_a_day(town: Town, clock: HandClock) -> None:
    code = await _code(town)
    clock.forward(hours=24)
    answer = await enrol(town.url, code, Key())
    assert (answer.status_code, "expired" in answer.json()["detail"]) == (401, True)


@pytest.mark.parametrize("public_key", ["", "not base64!", "c2hvcnQ="])
async def test_what_is_no_key_leaves_the_code_unused(town: Town, public_key: str) -> None:
    code = await _code(town)
    async with httpx.AsyncClient(base_url=f"{town.url}/api/v1", trust_env=False) as client:
        refused = await client.post("/agents/enroll", json={"code": code, "public_key": public_key})
    assert (refused.status_code, refused.json()["where"]) == (400, "public_key")
    assert (await enrol(town.url, code, Key())).status_code == 201


async def test_machines_that_are_no_longer_named_are_retired_and_may_come_back(town: Town) -> None:
    await _code(town)
    now = town.clock.now()
    renamed = UNO.model_copy(
        update={"machines": tuple(machine.model_copy(update={"name": "mk4"}) for machine in UNO.machines)}
    )
    names = []
    for inventory in (UNO, renamed, UNO):
        async with town.database.writing() as session:
            await take_inventory(SqlBook(session), "wsh_1", inventory, now)
        names.append(await _machine_names(town))
    assert names == [["prusa"], ["mk4"], ["prusa"]]


async def _machine_names(town: Town) -> list[str]:
    from broker.workshops.repository import machines

    async with town.database.reading() as session:
        return [machine.name for machine in await machines(session)]


@pytest.mark.parametrize(
    ("minutes", "path", "status"),
    [(0, "/api/v1/agents/blobs/00", 404), (6, "/api/v1/agents/blobs/00", 401), (0, "/api/v1/agents/blobs/11", 401)],
)
async def test_a_get_is_signed_for_its_path_and_time(town: Town, minutes: int, path: str, status: int) -> None:
    key = Key()
    enrolled = Enrolled.model_validate_json((await enrol(town.url, await _code(town), key)).content)
    time = (town.clock.now() + timedelta(minutes=minutes)).astimezone(UTC).isoformat()
    signature = key.sign(get_text(enrolled.agent, time, path))
    headers = {AGENT_HEADER: enrolled.agent, TIME_HEADER: time, SIGNATURE_HEADER: signature}
    async with httpx.AsyncClient(base_url=town.url, trust_env=False) as client:
        assert (await client.get("/api/v1/agents/blobs/00", headers=headers)).status_code == status

"""The bench's door: loopback, token, clear words."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from shop_agent.bench import schemas
from shop_agent.bench.api import ADDRESS_FILE, BenchServer
from shop_agent.bench.client import BenchClient, NoBench
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state.records import MachineView, Mode
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.terminal import Ended, screen, terminal
from tests.shop_agent.test_link import make_agent


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[tuple[schemas.Address, BenchClient]]:
    agent = make_agent(tmp_path, FakeBroker("", port=9))
    agent.apply(ev.MachineSeen("printer", MachineView(True, "b/0")))
    agent.apply(ev.LotIsReady("lot1", 5, "Oviedo", ()))
    server = BenchServer(agent.config, agent)
    task = asyncio.create_task(server.serve())
    client = BenchClient(agent.config.data)
    try:
        yield schemas.Address.model_validate_json((agent.config.data / ADDRESS_FILE).read_bytes()), client
    finally:
        client.close()
        server.stop()
        await task
        await agent.close()


async def test_without_the_token_nothing_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path) as (address, _):
        assert stat.S_IMODE((tmp_path / "data" / ADDRESS_FILE).stat().st_mode) == 0o600
        assert address.url.startswith("http://127.0.0.1:")
        async with httpx.AsyncClient(base_url=address.url, trust_env=False) as stranger:
            for token in (b"", b"Bearer no", b"Bearer \xf1"):
                answer = await stranger.get("/tasks", headers={b"Authorization": token})
                assert answer.status_code == 401
                assert answer.headers["content-type"] == "application/problem+json"


async def test_answers_are_taken_once_and_only_by_the_right_kind(tmp_path: Path) -> None:
    async with bench(tmp_path) as (_, client):
        (task,) = await asyncio.to_thread(client.tasks)
        assert (task.kind, task.quantity, task.ship_to) == ("handover", 5, "Oviedo")
        with pytest.raises(Refused, match="not clear"):
            await asyncio.to_thread(client.answer, task.id, schemas.ClearAnswer(operator="Ana"))
        with pytest.raises(Refused, match="operator"):
            await asyncio.to_thread(client.answer, task.id, schemas.HandoverAnswer(operator=" "))
        good = schemas.HandoverAnswer(operator="Ana", reference="P1")
        assert not (await asyncio.to_thread(client.answer, task.id, good)).repeated
        assert (await asyncio.to_thread(client.answer, task.id, good)).repeated
        with pytest.raises(Refused, match="another answer"):
            await asyncio.to_thread(client.answer, task.id, schemas.HandoverAnswer(operator="Bea"))
        with pytest.raises(Refused, match="no task"):
            await asyncio.to_thread(client.answer, "setup-9", good)


async def test_modes_and_verbs(tmp_path: Path) -> None:
    async with bench(tmp_path) as (_, client):
        await asyncio.to_thread(client.act, "printer", "mode", schemas.ModeChange(mode=Mode.MINE_NOW))
        (machine,) = await asyncio.to_thread(client.machines)
        assert (machine.standing, machine.mode) == ("own work", "mine-now")
        for name, verb, reason in (
            ("lathe", "hold", "no machine lathe"),
            ("printer", "jump", "no verb jump"),
            ("printer", "resume", "operator"),
            ("printer", "hold", "no streamer"),
        ):
            with pytest.raises(Refused, match=reason):
                await asyncio.to_thread(client.act, name, verb, schemas.Act())


def test_without_an_agent_the_terminal_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoBench, match="llagar-agent run"):
        BenchClient(tmp_path)


async def test_a_person_answers_in_the_terminal(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"

    async def at_terminal(*arguments: str, typed: str = "") -> Ended:
        return await asyncio.to_thread(terminal, config, *arguments, typed=typed)

    async with bench(tmp_path) as (_, client):
        listed = await at_terminal("bench", "--list", "--json")
        assert [task["kind"] for task in json.loads(listed.stdout)] == ["handover"]
        put_off = await at_terminal("bench", "--once", typed="n\n")
        assert "taken" not in put_off.stdout
        answered = await at_terminal("bench", "--once", "--operator", "Ana", typed="y\nP1\n")
        assert "taken" in answered.stdout
        assert await asyncio.to_thread(client.tasks) == []
        shown = await at_terminal("machines", "--json")
        assert json.loads(shown.stdout)[0]["standing"] == "free"
        for answer in ("{}", '{"kind": "clear"}', "no"):
            refused = await at_terminal("bench", "--answer", "x", answer)
            assert refused.code == 2
            assert refused.stderr.startswith("llagar-agent: the answer is not understood")
    gone = await at_terminal("bench", "--list")
    assert gone.code == 2
    assert "does not answer" in gone.stderr


async def test_a_person_acts_on_a_machine_in_the_terminal(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    async with bench(tmp_path):
        mine = await asyncio.to_thread(terminal, config, "machine", "mode", "printer", "mine-after")
        assert mine.stdout == "printer is mine-after now: own work\n"
        normal = await asyncio.to_thread(terminal, config, "machine", "mode", "printer", "normal")
        assert normal.stdout == "printer is normal now: free\n"
        assert (await asyncio.to_thread(terminal, config, "machine", "mode", "printer", "yours")).code == 2
        for verb in ("hold", "resume", "cancel", "stop", "presence", "home"):
            refused = await asyncio.to_thread(terminal, config, "machine", verb, "printer")
            assert refused.code == 2
            assert refused.stderr.startswith("llagar-agent: no streamer answers")
        for more in (
            ("skip", "printer", "cube"),
            ("override", "printer", "--feed", "80"),
            ("probe", "printer", "--plate", "20"),
        ):
            refused = await asyncio.to_thread(terminal, config, "machine", *more)
            assert refused.code == 2
            assert refused.stderr.startswith("llagar-agent: no streamer answers")
        for wrong in (("override", "printer", "--feed", "500"), ("probe", "printer", "--plate", "-1")):
            refused = await asyncio.to_thread(terminal, config, "machine", *wrong)
            assert (refused.code, "Invalid value" in refused.stderr) == (2, True)
        fetched = tmp_path / "out.gcode"
        none = await asyncio.to_thread(terminal, config, "machine", "program", "printer", "--to", str(fetched))
        assert (none.code, none.stderr) == (2, "llagar-agent: no program is ready for printer\n")
        assert not fetched.exists()
        lathe = await asyncio.to_thread(terminal, config, "machine", "zero", "lathe", "-590", "-390.5", "-60")
        assert (lathe.code, lathe.stderr) == (2, "llagar-agent: no machine lathe; there are: printer\n")


async def test_the_bench_at_a_terminal_asks_waits_and_asks_what_comes(tmp_path: Path) -> None:
    async with bench(tmp_path) as (_, client):
        with screen(tmp_path / "agent.toml", "bench", "--operator", "Ana") as shown:
            await asyncio.to_thread(shown.until, "Answer this now?")
            shown.press("n\n")
            await asyncio.to_thread(shown.until, "press Enter to answer")
            shown.press("x1\n")
            await asyncio.to_thread(shown.until, "Answer this now?")
            shown.press("y\nP1\n")
            await asyncio.to_thread(shown.until, "taken")
            assert await asyncio.to_thread(client.tasks) == []

"""What people at the bench are asked and say: spools, counts put right, the shop's own work, alarms."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.wire.messages import LotCount, Scrap, ScrapReason
from broker.wire.states import RunState
from drivers.base import State
from shop_agent.agent import Agent
from shop_agent.bench import schemas
from shop_agent.bench.api import BenchServer
from shop_agent.bench.client import BenchClient
from shop_agent.bench.today import end_of_today
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.records import Count, MachineView, Mode
from shop_agent.streamer.wire import MachineStatus
from tests.shop_agent.core import BOOT, NEEDS, PROGRAM
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.terminal import Ended, screen, terminal
from tests.shop_agent.test_link import make_agent
from tests.shop_agent.test_policy import written

COUNTED: tuple[ev.Event, ...] = (
    ev.StreamerOpened("printer", "j1", 0),
    ev.Connected(),
    ev.LotOffered("lot1", "cube", "PLA", 2, 500, "EUR"),
    ev.RunOffered("run_k3v9abc123", 1, 2, "printer", "ab", ("lot1",), False, "PLA"),
    ev.ProgramMade("run_k3v9abc123", 1, PROGRAM, NEEDS),
)


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[tuple[Agent, BenchClient]]:
    agent = make_agent(tmp_path, FakeBroker("", port=9))
    agent.apply(ev.MachineSeen("printer", MachineView(True, BOOT)))
    server = BenchServer(agent.config, agent)
    task = asyncio.create_task(server.serve())
    client = BenchClient(agent.config.data)
    try:
        yield agent, client
    finally:
        client.close()
        server.stop()
        await task
        await agent.close()


def counted(agent: Agent) -> str:
    """A run of two cubes whose pieces were counted good."""
    run = "run_k3v9abc123"
    for event in COUNTED:
        agent.apply(event)
    memory = agent.memory
    memory.keep_run(replace(memory.runs[run], phase=RunState.FINISHED))
    agent.apply(ev.CountGiven(run, "Ana", (Count("lot1", 2),), cleared=True))
    return run


async def at_terminal(tmp_path: Path, *arguments: str, typed: str = "") -> Ended:
    return await asyncio.to_thread(terminal, tmp_path / "agent.toml", *arguments, typed=typed)


async def test_spools_are_kept_shown_and_put_away(tmp_path: Path) -> None:
    async with bench(tmp_path) as (_, client):
        put = await at_terminal(tmp_path, "spools", "put", "--material", "PLA", "--grams", "640", "--colour", "white")
        assert put.stdout == "spool 1: white PLA, 640 g\n"
        again = await at_terminal(tmp_path, "spools", "put", "--material", "PLA", "--grams", "12", "--spool", "1")
        assert again.stdout == "spool 1: PLA, 12 g\n"
        shown = await at_terminal(tmp_path, "spools", "--json")
        assert json.loads(shown.stdout) == [{"id": "1", "material": "PLA", "colour": "", "left_g": 12.0, "machine": ""}]
        assert "12 g" in (await at_terminal(tmp_path, "spools")).stdout
        away = await at_terminal(tmp_path, "spools", "away", "1")
        assert away.stdout == "spool 1 is put away\n"
        assert await asyncio.to_thread(client.spools) == []
        missing = await at_terminal(tmp_path, "spools", "away", "7")
        assert (missing.code, "keeps no spool 7" in missing.stderr) == (2, True)
        wrong = await at_terminal(tmp_path, "spools", "put", "--material", "PLA", "--grams", "1", "--spool", "a b")
        assert wrong.code == 2


async def test_a_count_is_put_right_from_the_command_line(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        assert "nothing was counted" in (await at_terminal(tmp_path, "runs")).stdout
        run = counted(agent)
        (shown,) = json.loads((await at_terminal(tmp_path, "runs", "--json")).stdout)
        assert (shown["run"], shown["label"], shown["counts"][0]["good"]) == (run, "ABC123", 2)
        counts = json.dumps([{"lot": "lot1", "good": 1, "scrap": [{"reason": "warp", "pieces": 1}]}])
        correct = ("runs", "correct", run, counts, "--note", "one is warped", "--operator", "Eva")
        done = await at_terminal(tmp_path, *correct)
        assert done.stdout == f"{run}: lot1: 1 good, 1 warp\n"
        assert (await at_terminal(tmp_path, *correct)).stdout == done.stdout
        kept = [event for _, event in agent.journal.events_after(0) if '"kind":"corrected"' in event.payload]
        assert len(kept) == 1
        for wrong in ("no", "[]", '[{"lot": "lot9", "good": 2}]'):
            refused = await at_terminal(tmp_path, "runs", "correct", run, wrong, "--note", "x", "--operator", "Eva")
            assert refused.code == 2
        with pytest.raises(Refused, match="no run run9"):
            await asyncio.to_thread(client.correct, "run9", schemas.Correction(operator="Eva", note="x", counts=()))


async def test_the_whole_shop_is_taken_with_one_call_and_today_ends_by_itself(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        today = await at_terminal(tmp_path, "mode", "nothing-new")
        assert "printer is nothing-new, until" in today.stdout
        (machine,) = await asyncio.to_thread(client.machines)
        assert machine.mode_until == end_of_today(datetime.now(UTC), agent.zone)
        assert (await at_terminal(tmp_path, "mode", "normal")).stdout == "printer is normal now: free\n"
        (machine,) = await asyncio.to_thread(client.machines)
        assert (machine.mode, machine.mode_until) == (Mode.NORMAL, None)


@settings(deadline=None)
@given(st.integers(0, 500_000_000))
def test_today_ends_at_the_shops_next_midnight(seconds: int) -> None:
    now = datetime.fromtimestamp(1_600_000_000 + seconds, UTC)
    zone = ZoneInfo("Europe/Madrid")
    end = end_of_today(now, zone).astimezone(zone)
    assert (end.hour, end.minute, end.second) == (0, 0, 0)
    assert (end.date() - now.astimezone(zone).date()).days == 1
    assert end > now


async def test_a_broken_policy_is_an_alarm_at_the_bench(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        policy = agent.config.policy
        good = policy.read_text()
        written(policy, "record_life_s = 5\n" + good)
        agent.follow_policy()
        assert "record_life_s" in (await asyncio.to_thread(client.shop)).alarm
        listed = await at_terminal(tmp_path, "bench", "--list")
        assert "NOTHING NEW STARTS" in listed.stdout
        assert agent.policy.record_life_s == 3600.0
        written(policy, "record_life_s = 900\n" + good)
        agent.follow_policy()
        assert (await asyncio.to_thread(client.shop)).alarm == ""
        assert agent.memory.rules.record_life_s == agent.policy.record_life_s == 900.0


async def test_one_key_takes_the_machines_and_another_puts_a_count_right(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        run = counted(agent)
        with screen(tmp_path / "agent.toml", "bench", "--operator", "Eva") as shown:
            await asyncio.to_thread(shown.until, "m mine now")
            shown.press("m")
            await asyncio.to_thread(shown.until, "printer: mine-now")
            await asyncio.to_thread(shown.until, "m mine now")
            shown.press("c")
            await asyncio.to_thread(shown.until, "Which box?")
            shown.press("ABC123\n1\n1\nwarp\nit is warped\n")
            await asyncio.to_thread(shown.until, "taken")
            await asyncio.to_thread(shown.until, "m mine now")
            shown.press("f")
            await asyncio.to_thread(shown.until, "no run is under way")
        (view,) = [one for one in await asyncio.to_thread(client.runs) if one.run == run]
        assert view.counts == (LotCount(lot="lot1", good=1, scrap=(Scrap(reason=ScrapReason.WARP, pieces=1),)),)


async def test_a_setup_is_asked_for_with_all_that_the_plate_needs(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        for event in COUNTED:
            agent.apply(event)
        typed = "y\ny\ny\n\n500\n"
        asked = await at_terminal(tmp_path, "bench", "--once", "--operator", "Ana", typed=typed)
        assert "run ABC123: 2 × cube" in asked.stdout
        assert "needs: PLA, nozzle 0.4 mm" in asked.stdout
        assert "takes: 2 g" in asked.stdout
        assert "it is spool 1 from now on" in asked.stdout
        assert "not taken: no streamer" in " ".join(asked.stdout.split())
        (spool,) = await asyncio.to_thread(client.spools)
        assert (spool.id, spool.left_g) == ("1", 500.0)
        await asyncio.to_thread(client.put_spool, schemas.SpoolNow(id="1", material="PLA", left_g=1.0))
        typed = "y\ny\ny\n\n\nnone\n"
        light = await at_terminal(tmp_path, "bench", "--once", "--operator", "Ana", typed=typed)
        assert "spool 1 holds 1 g, the program takes 2 g" in light.stdout


async def test_a_machine_is_released_by_somebody_who_has_looked(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        for event in COUNTED[:2]:
            agent.apply(event)
        agent.apply(ev.StreamerWrote("printer", "j1", 1, "stranger", say.Starting()))
        (task,) = await asyncio.to_thread(client.tasks)
        assert task.kind == "release"
        put_off = await at_terminal(tmp_path, "bench", "--once", "--operator", "Ana", typed="y\nn\n")
        assert "say so once you have" in put_off.stdout


class Homed:
    """What the agent sees of a machine whose work zero is known, read at a moment when its run is taken back."""

    def __init__(self, agent: Agent, run: str) -> None:
        self._agent = agent
        self._run = run

    async def refresh(self) -> MachineStatus:
        self._agent.apply(ev.RunWithdrawn(self._run, 2, "replanned"))
        return MachineStatus(
            machine="printer",
            journal_id="j1",
            last_seq=0,
            state=State.READY,
            reason="",
            quarantine="",
            boot_id=BOOT,
            run=None,
            attended=True,
            zeroed=True,
            work_offset_mm=(0.0, 0.0, 0.0),
            pid=1,
        )


async def test_a_run_that_is_taken_back_while_it_is_set_up_is_refused_in_words(tmp_path: Path) -> None:
    async with bench(tmp_path) as (agent, client):
        for event in COUNTED:
            agent.apply(event)
        agent.watches["printer"] = Homed(agent, "run_k3v9abc123")  # type: ignore[assignment]
        tasks = await asyncio.to_thread(client.tasks)
        [task] = [one for one in tasks if one.kind == "setup"]
        answer = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PLA", tool_mm=0.4)
        with pytest.raises(Refused, match="the run was taken back"):
            await asyncio.to_thread(client.answer, task.id, answer)

"""A streamer as its own process, with a simulated machine at its port."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.wire.messages import SetupRecord
from drivers.base import State
from shop_agent.errors import StreamerGone, StreamerSaidNo
from shop_agent.settings import AgentConfig, load_config
from shop_agent.streamer import wire
from shop_agent.streamer.client import StreamerClient
from shop_agent.streamer.run_log import ENDS
from tests.shop_agent.machines import SimMachine, machine
from tests.shop_agent.shops import write_shop

PRINT = "G28\nM104 S200\nM109 S200\nG92 E0\nM83\nG1 X10 Y10 Z0.2 F3000\n{moves}M104 S0\nM140 S0\nM84\n"
CUT = "G21 G90 G94 G17 G54\nG0 Z5\nM3 S12000\nG4 P0.1\n{moves}G0 Z5\nM5\nM30\n"


def print_program(moves: int) -> str:
    lines = "".join(f"G1 X{10 + 40 * (i % 2)} Y{10 + i % 100} E0.5 F1200\n" for i in range(moves))
    return PRINT.format(moves=lines)


def cut_program(moves: int) -> str:
    return CUT.format(moves="".join(f"G1 X{10 + 40 * (i % 2)} Y{10 + i % 50} Z-1 F1200\n" for i in range(moves)))


class Streamer:
    def __init__(self, config_path: Path, name: str) -> None:
        self.config: AgentConfig = load_config(config_path)
        self.config_path = config_path
        self.name = name
        self.client = StreamerClient(self.config.socket(name))
        self.process = self.launch()

    def launch(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "shop_agent", "stream", "--config", str(self.config_path)]
        return subprocess.Popen([*command, "--machine", self.name], start_new_session=True)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    async def status(self) -> wire.MachineStatus:
        return await self.client.ask(wire.AskStatus(), wire.MachineStatus)

    async def until(self, reached: Callable[[wire.MachineStatus], bool], timeout_s: float = 30) -> wire.MachineStatus:
        deadline = time.monotonic() + timeout_s
        status = None
        while time.monotonic() < deadline:
            try:
                status = await self.status()
                if reached(status):
                    return status
            except StreamerGone:
                status = None
            assert self.process.poll() is None
            await asyncio.sleep(0.05)
        raise AssertionError(f"not reached: {status}")

    async def kinds(self, after: int = 0) -> list[str]:
        return [entry.report.kind for entry in await self.entries(after)]

    async def entries(self, after: int = 0) -> tuple[wire.Entry, ...]:
        return (await self.client.ask(wire.AskEvents(after=after, wait_s=0), wire.Entries)).entries

    async def ended(self, run: str, timeout_s: float = 40) -> list[str]:
        """The run's entries once its end is among them."""
        deadline = time.monotonic() + timeout_s
        kinds: list[str] = []
        while time.monotonic() < deadline:
            entries = await self.client.ask(wire.AskEvents(after=0, wait_s=0.5), wire.Entries)
            kinds = [entry.report.kind for entry in entries.entries if entry.run == run]
            if kinds and kinds[-1] in ENDS:
                return kinds
        raise AssertionError(f"{run} has not ended: {kinds}")

    def order(self, status: wire.MachineStatus, run: str, text: str, **changes: object) -> wire.Start:
        path = self.config.data / f"{run}.gcode"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        record = SetupRecord(
            id=f"record-{run}",
            operator="Ana",
            boot_id=status.boot_id,
            at=datetime.now(UTC),
            bed_clear=True,
            material="PLA",
            tool_mm=0.4,
            work_zero_mm=status.work_offset_mm,
        )
        order = wire.Start(
            run=run,
            fence=1,
            program=str(path),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            record=record,
            deadline_s=time.monotonic() + 30,
        )
        return order.model_copy(update=changes)

    async def start(self, order: wire.Start) -> wire.StartAnswer:
        return await self.client.ask(order, wire.StartAnswer)


@asynccontextmanager
async def streaming(config_path: Path, name: str) -> AsyncIterator[Streamer]:
    streamer = Streamer(config_path, name)
    try:
        yield streamer
    finally:
        streamer.client.close()
        await asyncio.to_thread(streamer.end)


@asynccontextmanager
async def printer(short: Path, tmp_path: Path) -> AsyncIterator[tuple[Streamer, SimMachine]]:
    with machine(short, "p", "marlin") as sim:
        async with streaming(write_shop(tmp_path, short / "run", printer=sim.port), "printer") as streamer:
            await streamer.until(lambda status: status.state is State.READY)
            yield streamer, sim


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streamer]:
    """A printer for the tests that leave it as they found it; their runs have names of their own."""
    short = Path(tempfile.mkdtemp(prefix="la"))
    with machine(short, "p", "marlin") as sim:
        streamer = Streamer(write_shop(tmp_path_factory.mktemp("shop"), short / "run", printer=sim.port), "printer")
        yield streamer
        streamer.end()
    shutil.rmtree(short)


@asynccontextmanager
async def at_rest(streamer: Streamer) -> AsyncIterator[int]:
    """The last entry before; the conversation is this test's own."""
    await streamer.until(lambda status: status.state is State.READY)
    try:
        yield (await streamer.status()).last_seq
    finally:
        streamer.client.close()


@asynccontextmanager
async def router(short: Path, tmp_path: Path, policy: str = "") -> AsyncIterator[tuple[Streamer, SimMachine]]:
    with machine(short, "r", "grbl") as sim:
        config = write_shop(tmp_path, short / "run", router=sim.port, policy=policy)
        async with streaming(config, "router") as streamer:
            await streamer.until(lambda status: status.state is State.NOT_READY)
            yield streamer, sim


async def test_a_print_from_start_to_finish_and_no_second_start(shared: Streamer) -> None:
    streamer = shared
    async with at_rest(streamer) as before:
        order = streamer.order(await streamer.status(), "print1", print_program(60))
        assert (await streamer.start(order)).started
        assert await streamer.ended("print1") == ["starting", "running", "finished"]
        again = await streamer.start(order)
        assert again.started
        assert "before" in again.reason
        assert await streamer.kinds(before) == ["starting", "running", "finished"]


async def test_what_may_not_start_never_starts(shared: Streamer) -> None:
    streamer = shared
    async with at_rest(streamer) as before:
        good, hot = print_program(5), "M109 S290\n"
        bad: list[tuple[dict[str, object], str, str]] = [
            ({"deadline_s": 0.0}, good, "permit has lapsed"),
            ({"sha256": "0" * 64}, good, "SHA-256"),
            ({}, hot, "line 1"),
        ]
        for number, (changes, text, reason) in enumerate(bad):
            order = streamer.order(await streamer.status(), f"never{number}", text, **changes)
            answer = await streamer.start(order)
            assert not answer.started
            assert reason in answer.reason
            again = streamer.order(await streamer.status(), f"never{number}", good)
            assert not (await streamer.start(again)).started
        forbid = wire.Forbid(run="never8", fence=1, reason="too late")
        assert not (await streamer.client.ask(forbid, wire.StartAnswer)).started
        order = streamer.order(await streamer.status(), "never8", good)
        assert "too late" in (await streamer.start(order)).reason
        assert await streamer.kinds(before) == []
        first = streamer.order(await streamer.status(), "never9", good)
        assert (await streamer.start(first)).started
        await streamer.ended("never9")
        second = streamer.order(await streamer.status(), "never10", good, record=first.record)
        assert "record" in (await streamer.start(second)).reason


async def test_a_broken_policy_refuses_a_start_and_ends_no_streamer(short: Path, tmp_path: Path) -> None:
    async with printer(short, tmp_path) as (streamer, _):
        (tmp_path / "policy.toml").write_text("machines = 7")
        answer = await streamer.start(streamer.order(await streamer.status(), "run1", print_program(5)))
        assert not answer.started
        assert "policy.toml" in answer.reason
        assert (await streamer.status()).state is State.READY


async def test_cancel_stops_in_order_and_hold_can_be_resumed(shared: Streamer) -> None:
    streamer = shared
    async with at_rest(streamer):
        order = streamer.order(await streamer.status(), "held1", print_program(4000))
        await streamer.start(order)
        await streamer.until(lambda status: status.lines_done > 150)
        await streamer.client.ask(wire.Hold(reason="look"), wire.Done)
        await streamer.until(lambda status: status.state is State.HELD)
        await streamer.client.ask(wire.Resume(operator="Ana"), wire.Done)
        await streamer.until(lambda status: status.state is State.RUNNING)
        await streamer.client.ask(wire.Cancel(reason="enough", run="held1"), wire.Done)
        assert await streamer.ended("held1") == ["starting", "running", "paused", "resumed", "stopped"]


async def test_a_killed_streamer_leaves_unknown_and_never_restarts(short: Path, tmp_path: Path) -> None:
    async with printer(short, tmp_path) as (streamer, _):
        order = streamer.order(await streamer.status(), "run1", print_program(4000))
        await streamer.start(order)
        await streamer.until(lambda status: status.lines_done > 150)
        streamer.kill()
        streamer.client.close()
        streamer.process = streamer.launch()
        status = await streamer.until(lambda status: status.state is not State.CLOSED)
        assert (await streamer.kinds())[-1] == "unknown"
        assert status.quarantine
        fresh = streamer.order(status, "run2", print_program(5))
        assert "local reset" in (await streamer.start(fresh)).reason
        await streamer.client.ask(wire.LocalReset(operator="Ana"), wire.Done)
        status = await streamer.until(lambda status: status.state is State.READY)
        assert (await streamer.start(streamer.order(status, "run3", print_program(5)))).started
        assert (await streamer.ended("run3"))[-1] == "finished"


async def test_a_fault_quarantines_until_a_local_reset(short: Path, tmp_path: Path) -> None:
    async with printer(short, tmp_path) as (streamer, sim):
        fault = {"kind": "thermal_runaway", "after": "moves", "at": 10}
        sim.command(command="fault", fault=fault)
        order = streamer.order(await streamer.status(), "run1", print_program(3000))
        await streamer.start(order)
        assert (await streamer.ended("run1"))[-1] == "faulted"
        status = await streamer.until(lambda status: status.run is None)
        assert status.quarantine
        assert not (await streamer.start(streamer.order(status, "run2", print_program(5)))).started
        sim.command(command="reset")
        await streamer.client.ask(wire.LocalReset(operator="Ana"), wire.Done)
        await streamer.until(lambda status: status.state is State.READY and not status.quarantine)


async def test_only_one_streamer_lives_and_sigterm_cancels_in_order(short: Path, tmp_path: Path) -> None:
    async with printer(short, tmp_path) as (streamer, _):
        second = streamer.launch()
        assert await asyncio.to_thread(second.wait, 30) == 2
        await streamer.start(streamer.order(await streamer.status(), "run1", print_program(4000)))
        await streamer.until(lambda status: status.lines_done > 150)
        with pytest.raises(StreamerSaidNo):
            await streamer.client.ask(wire.Shutdown(), wire.Done)
        os.kill(streamer.process.pid, signal.SIGTERM)
        assert await asyncio.to_thread(streamer.process.wait, 30) == 0
        streamer.client.close()
        streamer.process = streamer.launch()
        await streamer.until(lambda status: status.state is State.READY)
        assert (await streamer.kinds())[-1] == "stopped"
        await streamer.client.ask(wire.Shutdown(), wire.Done)
        assert await asyncio.to_thread(streamer.process.wait, 30) == 0


async def test_a_router_needs_homing_and_its_own_work_zero(short: Path, tmp_path: Path) -> None:
    async with router(short, tmp_path) as (streamer, sim):
        sim.command(command="load_sheet", x=-580, y=-380, z_top=-60, width=500, depth=300, thickness=3)
        await streamer.client.ask(wire.Home(), wire.Done, 60)
        status = await streamer.until(lambda status: status.state is State.READY)
        before = status.boot_id
        zero = wire.SetWorkZero(machine_mm=(-580.0, -380.0, -60.0))
        offset = (await streamer.client.ask(zero, wire.WorkOffset)).work_offset_mm
        assert offset == pytest.approx((-580, -380, -60))
        status = await streamer.status()
        assert status.boot_id != before
        assert status.attended
        order = streamer.order(status, "run1", cut_program(40))
        stale = order.record.model_copy(update={"boot_id": before, "id": "stale"})
        refused = await streamer.start(order.model_copy(update={"record": stale, "run": "run0"}))
        assert "void" in refused.reason
        assert (await streamer.start(order)).started
        assert await streamer.ended("run1") == ["starting", "running", "finished"]


async def test_after_a_lapse_of_presence_only_the_machines_own_control_goes_on(short: Path, tmp_path: Path) -> None:
    async with router(short, tmp_path, "presence_interval_s = 5.0\n") as (streamer, sim):
        await streamer.client.ask(wire.Home(), wire.Done, 60)
        await streamer.client.ask(wire.SetWorkZero(machine_mm=(-580.0, -380.0, -60.0)), wire.WorkOffset)
        status = await streamer.until(lambda status: status.state is State.READY)
        assert (status.homed, status.zeroed, status.probed) == (True, True, False)
        left = streamer.order(status, "run0", cut_program(3000), present_until_s=time.monotonic() - 1.0)
        with pytest.raises(StreamerSaidNo, match="nobody has said for too long"):
            await streamer.start(left)
        assert (await streamer.start(streamer.order(status, "run1", cut_program(3000)))).started
        held = await streamer.until(lambda status: status.state is State.HELD)
        assert ("presence" in held.reason, held.lapsed) == (True, True)
        with pytest.raises(StreamerSaidNo, match="press cycle start"):
            await streamer.client.ask(wire.Resume(operator="Ana"), wire.Done)
        sim.command(command="press_button")
        await streamer.until(lambda status: status.state is State.RUNNING)
        await streamer.until(lambda status: status.state is State.HELD and status.presence_left_s == 0.0)
        await streamer.client.ask(wire.Presence(operator="Ana"), wire.Done)
        assert (await streamer.status()).state is State.HELD
        sim.command(command="press_button")
        on = await streamer.until(lambda status: status.state is State.RUNNING and not status.lapsed)
        assert on.present == "Ana"
        await streamer.client.ask(wire.Cancel(reason="enough"), wire.Done)
        assert (await streamer.ended("run1"))[-1] == "stopped"

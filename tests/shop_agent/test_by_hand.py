"""Machines without a link: the operator downloads the program, and attests what became of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.wire.messages import Running
from broker.wire.states import RunState
from drivers.base import State
from shop_agent.bench import schemas
from shop_agent.errors import Refused, StreamerSaidNo
from shop_agent.streamer import wire
from tests.shop_agent.shops import write_shop
from tests.shop_agent.terminal import terminal
from tests.shop_agent.test_streamer import Streamer, print_program, streaming
from tests.shop_agent.workshops import needs_slicer, offer_cubes, workshop_by_hand


@asynccontextmanager
async def started(short: Path, tmp_path: Path, run: str = "run1") -> AsyncIterator[Streamer]:
    async with streaming(write_shop(tmp_path, short / "run", printer=""), "printer") as streamer:
        status = await streamer.until(lambda status: status.state is State.READY)
        assert status.attested
        assert "no link" in status.lost_link
        assert (await streamer.start(streamer.order(status, run, print_program(5)))).started
        yield streamer


async def test_a_run_is_what_a_person_says_of_it(short: Path, tmp_path: Path) -> None:
    async with started(short, tmp_path) as streamer:
        status = await streamer.until(lambda status: bool(status.prompt))
        assert "download" in status.prompt
        with pytest.raises(StreamerSaidNo, match="run1 is under way"):
            await streamer.client.ask(wire.AttestStarted(run="run0", operator="Eva"), wire.Done)
        with pytest.raises(StreamerSaidNo, match="no overrides"):
            await streamer.client.ask(wire.Override(feed_percent=50), wire.Done)
        with pytest.raises(StreamerSaidNo, match="skip"):
            await streamer.client.ask(wire.SkipObject(name="cube"), wire.Done)
        with pytest.raises(StreamerSaidNo, match="no probe"):
            await streamer.client.ask(wire.Probe(travel_mm=10, feed_mm_s=1, plate_mm=20), wire.WorkOffset)
        for _ in range(2):
            await streamer.client.ask(wire.AttestStarted(run="run1", operator="Eva"), wire.Done)
        await streamer.client.ask(wire.AttestEnded(run="run1", operator="Eva", finished=True), wire.Done)
        assert await streamer.ended("run1") == ["starting", "running", "finished"]
        entries = await streamer.client.ask(wire.AskEvents(after=0, wait_s=0), wire.Entries)
        evidence = next(one.report.evidence for one in entries.entries if isinstance(one.report, Running))
        assert evidence == "attested by Eva"


async def test_a_run_that_is_not_started_or_stopped_early_ends(short: Path, tmp_path: Path) -> None:
    async with started(short, tmp_path) as streamer:
        await streamer.client.ask(wire.Cancel(reason="the buyer asks", run="run1"), wire.Done)
        status = await streamer.until(lambda status: "stop" in status.prompt)
        assert status.run == "run1"
        ended = wire.AttestEnded(run="run1", operator="Eva", finished=False, note="resin ran out")
        await streamer.client.ask(ended, wire.Done)
        assert await streamer.ended("run1") == ["starting", "stopped"]
        with pytest.raises(StreamerSaidNo, match="no run"):
            await streamer.client.ask(ended, wire.Done)


@needs_slicer
async def test_a_plate_by_hand_from_offer_to_count(short: Path, tmp_path: Path) -> None:
    async with workshop_by_hand(short, tmp_path) as (shop, broker):
        await offer_cubes(broker, "run1", tmp_path)
        assert (await shop.task("setup")).attested
        await shop.set_up_printer()
        begin = await shop.task("started")
        fetched = tmp_path / "out.gcode"
        fetch = ("machine", "program", "printer", "--to", str(fetched))
        done = await asyncio.to_thread(terminal, shop.config_path, *fetch)
        assert done.code == 0, done.stderr
        assert "G28" in fetched.read_text()
        assert (await asyncio.to_thread(terminal, shop.config_path, *fetch)).code == 2
        with pytest.raises(Refused, match="operator"):
            await shop.answer(begin, schemas.StartedAnswer(operator=" "))
        await shop.answer(begin, schemas.StartedAnswer(operator="Eva"))
        await broker.until_state("run1", RunState.RUNNING)
        shown = await asyncio.to_thread(terminal, shop.config_path, "machines", "--json")
        assert json.loads(shown.stdout)[0]["attested"]
        table = await asyncio.to_thread(terminal, shop.config_path, "machines")
        assert "by hand" in table.stdout
        assert "when its link is lost: has no link" in " ".join(table.stdout.split())
        await shop.task("ended")
        typed = "y\ny\ny\n"
        await asyncio.to_thread(terminal, shop.config_path, "bench", "--once", "--operator", "Eva", typed=typed)
        await broker.until_state("run1", RunState.FINISHED)
        await shop.count(2)
        await broker.until_state("run1", RunState.ACCEPTED)


@needs_slicer
async def test_a_machine_that_does_not_start_gives_the_run_back(short: Path, tmp_path: Path) -> None:
    async with workshop_by_hand(short, tmp_path) as (shop, broker):
        await offer_cubes(broker, "run1", tmp_path)
        await shop.set_up_printer()
        begin = await shop.task("started")
        await shop.answer(begin, schemas.StartedAnswer(operator="Eva", started=False, note="the lamp is dead"))
        await broker.until_state("run1", RunState.STOPPED)
        await shop.task("settle")

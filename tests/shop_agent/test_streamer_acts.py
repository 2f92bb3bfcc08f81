"""What people do to a run under way, and what the streamer tells them of it."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.base import State
from shop_agent.agent import now
from shop_agent.errors import StreamerSaidNo
from shop_agent.streamer import wire
from shop_agent.streamers import StreamerWatch
from tests.shop_agent.core import follower
from tests.shop_agent.machines import machine
from tests.shop_agent.shops import write_shop
from tests.shop_agent.test_streamer import PRINT, cut_program, print_program, router, streaming


def labelled(moves: int) -> str:
    """Two objects, layer by layer."""
    lines = []
    for layer in range(moves // 20):
        for number in (0, 1):
            lines += [f"M486 S{number}", f"G1 X{20 + 80 * number} Y19 Z{0.2 + layer * 0.2:.1f} F6000"]
            lines += [
                f"G1 X{20 + 80 * number + i % 2 * 30} Y{20 + i} Z{0.2 + layer * 0.2:.1f} E0.5 F1200" for i in range(10)
            ]
    return PRINT.format(moves="\n".join([*lines, "M486 S-1"]) + "\n")


async def test_one_object_is_left_out(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin", printer={"cancel_objects": True}) as sim:
        config = write_shop(tmp_path, short / "run", printer=sim.port)
        limits = tmp_path / "printer.limits.toml"
        limits.write_text('allow = ["M486"]\n' + limits.read_text())
        async with streaming(config, "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            answer = await streamer.start(streamer.order(status, "run1", labelled(4000)))
            assert answer.started, answer.reason
            status = await streamer.until(lambda status: status.lines_done > 100)
            assert status.objects == ("0", "1")
            with pytest.raises(StreamerSaidNo, match="three"):
                await streamer.client.ask(wire.SkipObject(name="three"), wire.Done)
            skip = wire.SkipObject(name="1", operator="Ana", reason="adhesion")
            await streamer.client.ask(skip, wire.Done)
            await streamer.until(lambda status: status.skipped == ("1",))
            told = [one.report for one in await streamer.entries() if isinstance(one.report, wire.ObjectSkipped)]
            assert told == [wire.ObjectSkipped(object="1", operator="Ana", reason="adhesion")]
            await streamer.client.ask(wire.Cancel(reason="seen"), wire.Done)
            assert (await streamer.ended("run1"))[-1] == "stopped"


async def test_a_first_layer_that_failed_ends_in_order_and_needs_no_reset(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin") as sim:
        async with streaming(write_shop(tmp_path, short / "run", printer=sim.port), "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            await streamer.start(streamer.order(status, "run1", print_program(4000)))
            await streamer.until(lambda status: status.lines_done > 150)
            await streamer.client.ask(wire.FailFirstLayer(operator="Ana", note="it came off"), wire.Done)
            assert (await streamer.ended("run1"))[-1] == "first_layer_failed"
            last = (await streamer.entries())[-1].report
            assert isinstance(last, wire.FirstLayerFailed)
            assert (last.operator, last.note, last.lines > 150) == ("Ana", "it came off", True)
            status = await streamer.until(lambda status: status.state is State.READY)
            assert status.quarantine == ""
            assert (await streamer.start(streamer.order(status, "run2", print_program(2)))).started
            # Lines that are told with a run are of its own program.
            assert (await streamer.status()).lines_done < 100
            assert (await streamer.ended("run2"))[-1] == "finished"


async def test_who_promised_to_change_the_spool_says_that_they_are_there(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin") as sim:
        config = write_shop(tmp_path, short / "run", printer=sim.port, policy="presence_interval_s = 1.5\n")
        async with streaming(config, "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            assert not status.attended
            order = streamer.order(status, "run1", print_program(4000))
            record = order.record.model_copy(update={"spools": ("1", "2"), "stays": True})
            assert (await streamer.start(order.model_copy(update={"record": record}))).started
            held = await streamer.until(lambda status: status.state is State.HELD)
            assert (held.attended, held.lapsed, "presence" in held.reason) == (True, False, True)
            await streamer.client.ask(wire.Resume(operator="Ana"), wire.Done)
            on = await streamer.until(lambda status: status.state is State.RUNNING)
            assert on.present == "Ana"
            await streamer.client.ask(wire.Cancel(reason="seen"), wire.Done)
            assert (await streamer.ended("run1"))[-1] == "stopped"


async def test_the_end_of_a_heat_up_is_told_once(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin", speed=20.0) as sim:
        async with streaming(write_shop(tmp_path, short / "run", printer=sim.port), "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            assert not status.heating
            await streamer.start(streamer.order(status, "run1", print_program(4000)))
            await streamer.until(lambda status: status.run == "run1" and status.heating)
            status = await streamer.until(lambda status: not status.heating)
            assert status.run == "run1"
            assert status.state is State.RUNNING
            await streamer.client.ask(wire.Cancel(reason="warm"), wire.Done)
            assert (await streamer.ended("run1"))[-1] == "stopped"


async def test_a_cut_is_slowed_down_and_never_sped_up(short: Path, tmp_path: Path) -> None:
    async with router(short, tmp_path, "presence_interval_s = 600.0\n") as (streamer, _):
        await streamer.client.ask(wire.Home(), wire.Done, 60)
        await streamer.client.ask(wire.SetWorkZero(machine_mm=(-580.0, -380.0, -60.0)), wire.WorkOffset)
        status = await streamer.until(lambda status: status.state is State.READY)
        assert (await streamer.start(streamer.order(status, "run1", cut_program(3000)))).started
        await streamer.until(lambda status: status.lines_done > 20)
        await streamer.client.ask(wire.Override(feed_percent=50), wire.Done)
        status = await streamer.until(lambda status: "feed 50 %" in status.details.get("overrides", ""))
        assert status.run == "run1"
        with pytest.raises(ValidationError, match="less than or equal to 100"):
            wire.Override(feed_percent=110)
        await streamer.client.ask(wire.Cancel(reason="seen"), wire.Done)
        assert (await streamer.ended("run1"))[-1] == "stopped"


async def test_a_plate_is_probed_between_runs_and_voids_the_setup(short: Path, tmp_path: Path) -> None:
    async with router(short, tmp_path) as (streamer, sim):
        await streamer.client.ask(wire.Home(), wire.Done, 60)
        await streamer.client.ask(wire.SetWorkZero(machine_mm=(-580.0, -380.0, -60.0)), wire.WorkOffset)
        before = await streamer.until(lambda status: status.state is State.READY)
        sim.command(command="lay_probe_plate", thickness_mm=10.0)
        probe = wire.Probe(travel_mm=100, feed_mm_s=5, plate_mm=10)
        offset = (await streamer.client.ask(probe, wire.WorkOffset, 60)).work_offset_mm
        # Without a sheet the plate lies on the table.
        assert offset == pytest.approx((-580.0, -380.0, -80.0), abs=0.1)
        assert (await streamer.status()).boot_id != before.boot_id


async def test_what_a_machine_can_not_do_is_said(short: Path, tmp_path: Path) -> None:
    async with router(short, tmp_path) as (streamer, _):
        for request in (wire.SkipObject(name="one"), wire.Override(feed_percent=50)):
            with pytest.raises(StreamerSaidNo, match="no run is under way"):
                await streamer.client.ask(request, wire.Done)
        with pytest.raises(StreamerSaidNo):
            await streamer.client.ask(wire.Probe(travel_mm=5, feed_mm_s=1, plate_mm=10), wire.WorkOffset)
        assert not (await streamer.status()).heating


async def test_a_stop_waits_for_no_homing(short: Path, tmp_path: Path) -> None:
    with machine(short, "r", "grbl", speed=1.0) as sim:
        path = write_shop(tmp_path, short / "run", router=sim.port)
        async with streaming(path, "router") as streamer:
            await streamer.until(lambda status: status.state is State.NOT_READY)
            watch = StreamerWatch(streamer.config, path, follower("router"), lambda _: None, now)
            homing = asyncio.create_task(watch.ask(wire.Home(), wire.Done))
            async with asyncio.timeout(20):
                while not sim.episodes():  # noqa: ASYNC110 - the machine is another process
                    await asyncio.sleep(0.05)
            await watch.ask(wire.StopNow(reason="a hand is in it"), wire.Done)
            with pytest.raises(StreamerSaidNo):
                await homing
            watch.close()

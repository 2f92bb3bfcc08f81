"""A workshop's own code through simulated hours: permits that lapse, presence that lapses, a run without broker."""

import asyncio
from pathlib import Path

import pytest

from broker.wire import messages as wire
from shop_agent.streamer import wire as streamer
from tests.virtual_time.loop import VirtualLoop, run
from tests.virtual_time.workshop import workshop

MINUTE_S = 60.0
INTERVAL_S = 600.0


@pytest.mark.parametrize(("late_s", "starts"), [(0.0, True), (28.5, True), (29.5, False), (45.0, False)])
def test_a_permit_lives_from_when_it_was_asked_for(short: Path, tmp_path: Path, late_s: float, starts: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with workshop(loop, tmp_path, short / "run", attended=False) as shop:
            first = await shop.arm()
            await asyncio.sleep(late_s)
            await shop.grant(first)
            await shop.until(lambda: shop.phase() in ("starting", "gone"))
            assert shop.phase() == ("starting" if starts else "gone")
            await shop.until(lambda: shop.kinds()[-1] == ("starting" if starts else "not_started"))

    run(main)


def test_a_request_without_answer_is_repeated_and_then_made_anew(short: Path, tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with workshop(loop, tmp_path, short / "run", attended=False) as shop:
            await shop.arm()
            await asyncio.sleep(2 * MINUTE_S)
            names = [request.request for request in shop.requests()]
            at_s = shop.broker.times(wire.PermitRequest)
            assert len(set(names)) >= 5
            for name in set(names):
                sent_s = [when for when, one in zip(at_s, names, strict=True) if one == name]
                assert sent_s[-1] - sent_s[0] <= 15.0
            assert shop.phase() == "armed"

    run(main)


def test_who_confirms_in_time_is_left_alone_and_a_lapse_holds_at_that_moment(short: Path, tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with workshop(loop, tmp_path, short / "run", attended=True) as shop:
            await shop.start()
            for _ in range(2):
                await asyncio.sleep(INTERVAL_S - MINUTE_S)
                await shop.bench.ask(streamer.Presence(operator="Ana"), streamer.Done)
            assert (await shop.status()).presence_left_s == pytest.approx(INTERVAL_S)
            confirmed_s = loop.time()
            await asyncio.sleep(INTERVAL_S - 0.001)
            assert "presence" not in (await shop.status()).prompt
            await asyncio.sleep(0.002)
            await shop.until_asked("nobody confirmed presence")
            assert loop.time() <= confirmed_s + INTERVAL_S + 0.0011
            await asyncio.sleep(MINUTE_S)
            await shop.bench.ask(streamer.Resume(operator="Ana"), streamer.Done)
            assert (await shop.status()).presence_left_s == pytest.approx(INTERVAL_S)
            await asyncio.sleep(INTERVAL_S - 0.001)
            await shop.bench.ask(streamer.Presence(operator="Ana"), streamer.Done)

    run(main)


def test_a_run_goes_on_without_broker_and_is_told_within_seconds(short: Path, tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with workshop(loop, tmp_path, short / "run", attended=False) as shop:
            await shop.start()
            await shop.until(lambda: shop.kinds()[-1] == "running")
            loop.network.cut()
            await asyncio.sleep(20 * MINUTE_S)
            ended = streamer.AttestEnded(run="run1", operator="Ana", finished=True)
            await shop.bench.ask(ended, streamer.Done)
            await shop.until(lambda: shop.phase() == "finished")
            assert shop.kinds()[-1] == "running"
            await asyncio.sleep(MINUTE_S)
            loop.network.mend()
            await asyncio.sleep(MINUTE_S)
            assert shop.kinds() == ["claimed", "staged", "armed", "starting", "running", "finished"]
            finished_s = max(at_s for at_s, frame in shop.broker.heard if isinstance(frame, wire.Events))
            assert finished_s - shop.broker.welcomed_s[-1] <= 5.0

    run(main)

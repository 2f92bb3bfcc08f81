"""The link's own code through simulated hours and days: heartbeats, reconnects, silence, and what is sent after it."""

import asyncio
from itertools import pairwise

import pytest

from broker.wire import messages as wire
from shop_agent.link.conversation import HELLO_S, RESEND_S
from shop_agent.state import events as ev
from shop_agent.state.records import Mode
from tests.virtual_time.loop import VirtualLoop, run
from tests.virtual_time.shops import shop_and_broker

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0
KEEPALIVE_S = 20.0
"""Of WebSockets: a ping so often, and its answer is waited for as long."""


def gaps(times_s: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times_s)]


@pytest.mark.parametrize("seed", range(3))
def test_heartbeats_come_every_twenty_seconds_a_fifth_more_or_less(seed: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop, seed) as (_, broker):
            await asyncio.sleep(2 * HOUR_S)
            between_s = gaps(broker.times(wire.Heartbeat))
            assert all(16.0 <= gap_s <= 24.0 for gap_s in between_s)
            assert 300 <= len(between_s) <= 450
            assert max(between_s) - min(between_s) > 6.0
            assert len(broker.welcomed_s) == 1

    run(main)


def test_a_change_is_told_at_once_and_the_beat_goes_on_from_there() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop) as (shop, broker):
            shop.see()
            await asyncio.sleep(MINUTE_S)
            shop.apply(ev.ModeSet("printer", Mode.MINE_NOW))
            changed_s = loop.time()
            await asyncio.sleep(MINUTE_S)
            beats = [(at_s, beat) for at_s, beat in broker.heard if isinstance(beat, wire.Heartbeat)]
            told = [(at_s, beat.machines[0].availability) for at_s, beat in beats if at_s >= changed_s]
            assert told[0] == (changed_s, wire.Availability.OWN_WORK)
            assert 16.0 <= told[1][0] - changed_s <= 24.0
            kinds = [type(frame).__name__ for at_s, frame in broker.heard if at_s == changed_s]
            assert kinds == ["Events", "Heartbeat"]

    run(main)


def test_progress_is_told_twice_a_minute() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop) as (shop, broker):
            shop.progress = [wire.Progress(run="run1", machine="printer", lines_done=1, lines_total=2)]
            await asyncio.sleep(HOUR_S)
            assert gaps(broker.times(wire.Progress)) == pytest.approx([30.0] * 118, abs=1e-6)

    run(main)


@pytest.mark.parametrize("seed", range(3))
def test_a_day_without_broker_is_made_up_for_within_a_minute(seed: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop, seed, tick_s=MINUTE_S) as (shop, broker):
            shop.see()
            await asyncio.sleep(MINUTE_S)
            before = len(broker.inbox)
            loop.network.cut()
            cut_s = loop.time()
            for _ in range(24):
                await asyncio.sleep(HOUR_S)
                shop.apply(ev.ModeSet("printer", Mode.MINE_NOW))
                shop.apply(ev.ModeSet("printer", Mode.NORMAL))
            attempts_s = [at_s for at_s in loop.network.attempts_s if at_s > cut_s]
            waits_s = [attempts_s[0] - cut_s, *gaps(attempts_s)]
            for failures, wait_s in enumerate(waits_s):
                assert 1.0 <= wait_s <= min(60.0, 2.0 ** min(failures + 1, 6)) + 1e-6
            assert DAY_S / 40 < len(attempts_s) < DAY_S / 20
            loop.network.mend()
            mended_s = loop.time()
            await asyncio.sleep(MINUTE_S + 5.0)
            assert len(broker.welcomed_s) == 2
            assert broker.welcomed_s[-1] - mended_s <= 60.0
            assert len(broker.inbox) == before + 48 == shop.journal.last_seq
            events_s = [at_s for at_s in broker.times(wire.Events) if at_s > mended_s]
            assert events_s[-1] - broker.welcomed_s[-1] <= 5.0
            assert [envelope.seq for envelope in broker.inbox.values()] == list(range(1, before + 49))

    run(main)


def test_a_network_that_swallows_everything_is_noticed() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop) as (shop, broker):
            await asyncio.sleep(MINUTE_S)
            loop.network.swallow()
            await asyncio.sleep(5.0)
            shop.see()
            sent_s = loop.time()
            await asyncio.sleep(10 * MINUTE_S)
            assert loop.network.attempts_s[1] - sent_s <= 2 * KEEPALIVE_S + 60.0
            assert len(loop.network.attempts_s) > 5
            loop.network.mend()
            mended_s = loop.time()
            await asyncio.sleep(2 * MINUTE_S)
            assert broker.welcomed_s[-1] - mended_s <= HELLO_S + 60.0
            assert [envelope.body.kind for envelope in broker.inbox.values()] == ["inventory", "machine"]

    run(main)


def test_a_broker_that_says_nothing_is_left_and_tried_again() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop) as (_, broker):
            broker.challenges = False
            loop.network.cut()
            loop.network.mend()
            await asyncio.sleep(10 * MINUTE_S)
            tries_s = gaps(loop.network.attempts_s[1:])
            assert all(HELLO_S + 1.0 <= gap_s <= HELLO_S + 60.0 + 1e-6 for gap_s in tries_s)
            assert broker.heard == []
            broker.challenges = True
            await asyncio.sleep(2 * MINUTE_S)
            assert len(broker.welcomed_s) == 1

    run(main)


def test_what_is_not_acknowledged_is_sent_again_on_the_same_connection() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop) as (shop, broker):
            await asyncio.sleep(MINUTE_S)
            broker.acknowledges = False
            shop.see()
            first_s = loop.time()
            await asyncio.sleep(10.0)
            shop.apply(ev.ModeSet("printer", Mode.MINE_NOW))
            await asyncio.sleep(2.5 * RESEND_S)
            frames = [(at_s, len(one.events)) for at_s, one in broker.heard if isinstance(one, wire.Events)][1:]
            assert frames == [(first_s, 1), (first_s + 10, 1), (first_s + RESEND_S, 2), (first_s + 2 * RESEND_S, 2)]
            broker.acknowledges = True
            await asyncio.sleep(10 * MINUTE_S)
            assert len(broker.times(wire.Events)) == 6
            assert len(broker.welcomed_s) == 1

    run(main)


def test_a_journal_that_was_rolled_back_and_written_on_begins_a_new_epoch() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with shop_and_broker(loop) as (shop, broker):
            shop.see()
            await asyncio.sleep(MINUTE_S)
            old, last = shop.journal.epoch, len(broker.inbox)
            forgotten = broker.inbox[last].model_copy(update={"at": loop.now().at})
            broker.inbox[last] = forgotten
            loop.network.cut()
            loop.network.mend()
            await asyncio.sleep(5.0)
            assert shop.journal.epoch != old
            assert shop.mind.memory.machines["printer"].quarantine
            broker.inbox.clear()
            await asyncio.sleep(MINUTE_S)
            assert {envelope.epoch for envelope in broker.inbox.values()} == {shop.journal.epoch}
            assert [envelope.body.kind for envelope in broker.inbox.values()] == ["inventory", "machine"]

    run(main)

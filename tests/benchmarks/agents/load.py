"""The load generator, a process of its own: many agents on one loop, with everything that can be made beforehand made.

`python -m tests.benchmarks.agents.load events|paced|hold|storm URL --agents N …` prints "connected" once every agent
has been welcomed, waits for a line on its standard input, and prints its result as JSON.

* events: each agent sends one event, waits for its acknowledgement, sends the next.
* paced: each sends an event a second, whatever the others do; what an event waits for the one before it counts too.
* hold: each sends a heartbeat every 20 s ± 20 %, until the next line on standard input.
* storm: each has events waiting; they are told on the connection after the one that the broker's end has cut.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from broker.wire.messages import Events
from shop_agent.link.conversation import reconnect_s
from tests.benchmarks.agents.population import Member, member
from tests.benchmarks.agents.wire import Heard, Link, dial, framed

_DIALLING_AT_ONCE = 200
_HEARTBEAT_S = 20.0
PACE_S = 1.0
WAITING = 2
"""Events of each agent in a storm."""


@dataclass(slots=True)
class Tally:
    """What all agents together have seen."""

    latencies_s: list[float] = field(default_factory=list)
    acknowledged: int = 0
    welcomes: int = 0
    last_ack_s: float = 0.0
    refused: int = 0

    def result(self, began_s: float, cpu_s: float) -> dict[str, float]:
        ordered = sorted(self.latencies_s) or [0.0]
        return {
            "acknowledged": self.acknowledged,
            "welcomes": self.welcomes,
            "refused": self.refused,
            "wall_s": self.last_ack_s - began_s,
            "last_ack_s": self.last_ack_s,
            "p50_s": ordered[len(ordered) // 2],
            "p99_s": ordered[int(len(ordered) * 0.99)],
            "cpu_s": time.process_time() - cpu_s,
        }


@dataclass(slots=True)
class Bundle:
    """A frame of events, and the number of the last one in it."""

    last: int
    frame: bytes


class Speaker:
    """One agent: it keeps a link, and tells its bundles in order, each when the one before is acknowledged."""

    def __init__(self, url: str, who: Member, epoch: str, bundles: Sequence[Bundle], tally: Tally) -> None:
        self._url = url
        self._who = who
        self._epoch = epoch
        self._bundles = bundles
        self._tally = tally
        self._link: Link | None = None
        self._acked = 0
        self._sent_s = 0.0
        self._news = asyncio.Event()
        self.welcomed = False
        self.speaks = False

    @property
    def done(self) -> bool:
        return not self._bundles

    async def connect(self) -> None:
        """Until it is welcomed, however often it takes."""
        failures = 0
        while True:
            self._news.clear()
            try:
                self._link = await dial(self._url, lambda: Link(self._who, self._epoch, self._hear, self._gone))
                await self._news.wait()
            except OSError:
                pass
            if self.welcomed:
                return
            failures += 1
            self._tally.refused += 1
            await asyncio.sleep(reconnect_s(failures, random.uniform))

    async def parted(self) -> None:
        """Until its link is gone, or it has nothing left to tell."""
        while self.welcomed and not self.done:
            self._news.clear()
            await self._news.wait()

    async def all_told(self) -> None:
        while not self.done:
            self._require_link()
            self._news.clear()
            await self._news.wait()

    def _require_link(self) -> None:
        """Where nobody connects again."""
        if not self.welcomed:
            raise RuntimeError(f"the broker ended the connection of {self._who.agent}")

    def speak(self) -> None:
        self.speaks = True
        self._next()

    async def tell_one(self, due_s: float) -> None:
        """The next bundle, which should have been sent at `due_s`; until it is acknowledged."""
        bundle, self._bundles = self._bundles[0], self._bundles[1:]
        self._sent_s = due_s
        if self._link is not None:
            self._link.send(bundle.frame)
        while self._acked < bundle.last:
            self._require_link()
            self._news.clear()
            await self._news.wait()

    async def beat_for_ever(self) -> None:
        await asyncio.sleep(random.uniform(0.0, _HEARTBEAT_S))
        while True:
            if self._link is not None and self.welcomed:
                self._link.send(framed(self._who.heartbeat(self._acked)))
            await asyncio.sleep(_HEARTBEAT_S * random.uniform(0.8, 1.2))

    def _gone(self) -> None:
        self.welcomed = False
        self._news.set()

    def _hear(self, frame: Heard) -> None:
        if frame["type"] == "welcome":
            self.welcomed = True
            self._tally.welcomes += 1
            self._heed(int(str(frame["acked"])))
            self._news.set()
        elif frame["type"] == "ack":
            self._heed(int(str(frame["seq"])))

    def _heed(self, acked: int) -> None:
        if acked > self._acked:
            now_s = time.monotonic()
            self._tally.acknowledged += acked - self._acked
            self._tally.last_ack_s = now_s
            self._tally.latencies_s.append(now_s - self._sent_s)
            self._acked = acked
        if self.speaks:
            self._next()
        else:
            self._news.set()

    def _next(self) -> None:
        while self._bundles and self._bundles[0].last <= self._acked:
            self._bundles = self._bundles[1:]
        if not self._bundles:
            self._news.set()
        elif self._link is not None:
            self._sent_s = time.monotonic()
            self._link.send(self._bundles[0].frame)


def _bundles(who: Member, epoch: str, count: int, size: int) -> list[Bundle]:
    seqs = range(1, count * size + 1)
    events = [who.event(epoch, seq) for seq in seqs]
    return [
        Bundle(at + size, framed(Events(events=tuple(events[at : at + size])))) for at in range(0, count * size, size)
    ]


async def _connected(speakers: Sequence[Speaker]) -> list[asyncio.Task[None]]:
    """The heartbeats of all, from each one's welcome on."""
    beats = []
    for at in range(0, len(speakers), _DIALLING_AT_ONCE):
        some = speakers[at : at + _DIALLING_AT_ONCE]
        await asyncio.gather(*(one.connect() for one in some))
        beats += [asyncio.create_task(one.beat_for_ever()) for one in some]
    return beats


async def _line() -> None:
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def _say(text: str) -> None:
    print(text, flush=True)


async def _events(speakers: Sequence[Speaker], tally: Tally) -> dict[str, float]:
    await _line()
    began_s, cpu_s = time.monotonic(), time.process_time()
    for one in speakers:
        one.speak()
    await asyncio.gather(*(one.all_told() for one in speakers))
    return tally.result(began_s, cpu_s)


async def _paced(speakers: Sequence[Speaker], tally: Tally) -> dict[str, float]:
    await _line()
    began_s, cpu_s = time.monotonic(), time.process_time()
    await asyncio.gather(*(_at_its_pace(one, began_s + random.uniform(0.0, PACE_S)) for one in speakers))
    return tally.result(began_s, cpu_s)


async def _at_its_pace(one: Speaker, due_s: float) -> None:
    while not one.done:
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        await one.tell_one(due_s)
        due_s += PACE_S


async def _hold(speakers: Sequence[Speaker], tally: Tally) -> dict[str, float]:
    began_s, cpu_s = time.monotonic(), time.process_time()
    await _line()
    return tally.result(began_s, cpu_s) | {"held": sum(one.welcomed for one in speakers)}


async def _storm(speakers: Sequence[Speaker], tally: Tally) -> dict[str, float]:
    began_s, cpu_s = time.monotonic(), time.process_time()
    tally.welcomes = tally.refused = 0
    for one in speakers:
        one.speaks = True
    await asyncio.gather(*(_come_back(one) for one in speakers))
    return tally.result(began_s, cpu_s)


async def _come_back(one: Speaker) -> None:
    while not one.done:
        await one.parted()
        if not one.done:
            await one.connect()


_SCENES: dict[str, Callable[[Sequence[Speaker], Tally], Awaitable[dict[str, float]]]] = {
    "events": _events,
    "paced": _paced,
    "hold": _hold,
    "storm": _storm,
}


async def _run(given: argparse.Namespace) -> None:
    tally = Tally()
    size = WAITING if given.scene == "storm" else 1
    speakers = []
    for number in range(given.agents):
        who = member(number)
        speakers.append(Speaker(given.url, who, given.epoch, _bundles(who, given.epoch, given.each, size), tally))
    beats = await _connected(speakers)
    _say("connected")
    _say(json.dumps(await _SCENES[given.scene](speakers, tally)))
    for beat in beats:
        beat.cancel()
    await asyncio.gather(*beats, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.agents.load")
    parser.add_argument("scene", choices=sorted(_SCENES))
    parser.add_argument("url")
    parser.add_argument("--agents", type=int, required=True)
    parser.add_argument("--each", type=int, default=0, help="bundles of events of each agent")
    parser.add_argument("--epoch", default="e1")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()

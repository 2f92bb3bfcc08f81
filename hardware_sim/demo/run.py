"""`llagar-rig demo`: one batch through the whole network, watched, broken on purpose, and accounted for."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
from rich.console import Console
from rich.live import Live

from hardware_sim.demo import screen, summary
from hardware_sim.demo.kills import Kill
from hardware_sim.demo.order import own_wishes, place
from hardware_sim.demo.result import Ending, document, starts_of, write
from hardware_sim.demo.view import BatchView
from hardware_sim.demo.watch import Look, look, view
from hardware_sim.errors import RigError
from hardware_sim.network.api import Broker, ExcludedSeen
from hardware_sim.network.network import Network, running

LOOK_S = 0.5
SAY_S = 5.0


class BatchStuck(RigError):
    """The order was not delivered within its time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command's options. `parts`: FILE:QUANTITY[:MATERIAL]; none given: the demo's own."""

    headless: bool
    json: Path | None
    seed: int
    speed: float
    kills: tuple[Kill, ...]
    parts: tuple[str, ...]
    timeout_s: float
    agents_from: Path | None


class Show(Protocol):
    def __call__(self, shown: BatchView) -> None: ...


def run(wanted: Wanted, console: Console) -> None:
    """Raises ProcessEnded, WaitedTooLong, OrderRefused, BatchStuck, and what ended an operator."""
    console.print("starting a broker, three workshops and four machines …")
    with running(wanted.speed, wanted.seed, wanted.agents_from, breaks=True) as network:
        begun = time.monotonic()
        wishes = wanted.parts or own_wishes(network.folder / "parts").words
        network.mishaps.expect(any(not wish.lower().split(":")[0].endswith(".dxf") for wish in wishes))
        order = place(network, wishes)
        console.print(
            f"ordered {', '.join(Path(wish).name for wish in wishes)} as {order}; pages at {network.url}",
            soft_wrap=True,
        )
        broker = network.broker()
        excluded = broker.excluded(order)
        _follow(wanted, network, broker, order, console)
        ending = _ending(wanted, network, look(broker, order), excluded, time.monotonic() - begun)
        starts = starts_of(ending)
        if wanted.json is not None:
            write(wanted.json, document(ending, starts))
        summary.show(console, ending, starts)
        if not wanted.headless:
            _stay(network, order, console)


def _follow(wanted: Wanted, network: Network, broker: Broker, order: str, console: Console) -> None:
    """Until the order is delivered."""
    begun = time.monotonic()
    with _showing(wanted, console) as live:
        show = _live_show(live) if live is not None else _Saying(console)
        while True:
            network.require_sound()
            seen = _look(broker, order)
            wall_s = time.monotonic() - begun
            if seen is not None:
                show(view(seen, network, wall_s))
                if seen.order.state != "accepted" and all(kill.done for kill in wanted.kills):
                    return
                _kill(wanted.kills, network, seen, wall_s)
            if wall_s > wanted.timeout_s:
                raise BatchStuck(f"{order} was not delivered in {wanted.timeout_s:.0f} s; see {network.processes.logs}")
            time.sleep(LOOK_S)


def _kill(kills: Sequence[Kill], network: Network, seen: Look, wall_s: float) -> None:
    """One at most: after it the look is an old one."""
    for kill in kills:
        runs = kill.due(seen.runs, wall_s, delivered=seen.order.state != "accepted")
        if runs is not None:
            kill.carry_out(network, runs)
            return


def _look(broker: Broker, order: str) -> Look | None:
    try:
        return look(broker, order)
    except httpx.TransportError:
        # It was killed and is coming back; `require_sound` notices if it isn't.
        return None


def _ending(wanted: Wanted, network: Network, seen: Look, excluded: tuple[ExcludedSeen, ...], wall_s: float) -> Ending:
    for machine in network.machines.values():
        machine.summary()
    return Ending(
        look=seen,
        plates=network.broker().plates(seen.order.id),
        excluded=excluded,
        machines=tuple(network.machines.values()),
        counted={run: good for operator in network.operators for run, good in operator.counted.items()},
        mishaps=network.mishaps.happened,
        kills=[kill.done for kill in wanted.kills if kill.done is not None],
        seed=wanted.seed,
        speed=wanted.speed,
        wall_s=wall_s,
    )


def _showing(wanted: Wanted, console: Console) -> AbstractContextManager[Live | None]:
    if wanted.headless or not console.is_terminal:
        return nullcontext()
    return Live(console=console, auto_refresh=False)


def _live_show(live: Live) -> Show:
    return lambda shown: live.update(screen.batch(shown), refresh=True)


class _Saying:
    """Where nobody can draw: a line now and then, and every piece of news once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = 0.0
        self._said: tuple[str, ...] = ()

    def __call__(self, shown: BatchView) -> None:
        fresh = [news for news in shown.news if news not in self._said]
        self._said = shown.news
        for news in fresh:
            self._console.print(f"  {news}", soft_wrap=True, markup=False)
        if shown.wall_s >= self._next_s:
            self._next_s = shown.wall_s + SAY_S
            lines = ", ".join(f"{line.part} {line.good}/{line.ordered}" for line in shown.lines)
            busy = ", ".join(f"{one.machine} {one.doing}" for one in shown.machines if one.doing != "idle")
            self._console.print(f"{shown.wall_s:4.0f} s  {lines}  ({busy or 'all idle'})", soft_wrap=True, markup=False)


def _stay(network: Network, order: str, console: Console) -> None:
    console.print(f"\nLook at {network.url}/?token={network.producer_token}&follow=/orders/{order}", soft_wrap=True)
    console.print("Everything stays up until Ctrl-C.")
    while True:
        network.require_sound()
        time.sleep(1.0)

"""The agent's side of its streamers: keep them alive, read their journals, pass on what is asked of them."""

import asyncio
import logging
import subprocess
import time
from pathlib import Path
from typing import Protocol

from drivers.base import State
from shop_agent.errors import StreamerGone, StreamerSaidNo
from shop_agent.settings import AgentConfig
from shop_agent.state import events as ev
from shop_agent.state.records import MachineRecord, MachineView
from shop_agent.streamer import wire
from shop_agent.streamer.client import LONG_S, Answer, StreamerClient, start_streamer
from shop_agent.translate import machine_report, view

GONE_S = 10.0
"""A machine without link for longer than this is offline."""
RESTART_S = 1.0
"""A streamer that ends at once is started no more often than this."""
_LOOK_S = 0.1
_WAIT_S = 1.0
_LOG = logging.getLogger("llagar.streamers")


class Mind(Protocol):
    """What a watch needs of the agent."""

    def apply(self, event: ev.Event) -> None: ...

    def record(self, machine: str) -> MachineRecord: ...

    def status_changed(self) -> None: ...


class StreamerWatch:
    """One machine's streamer. `status` is its last word, None while it says nothing."""

    def __init__(self, config: AgentConfig, config_path: Path, machine: str, mind: Mind) -> None:
        self._config = config
        self._config_path = config_path
        self._machine = machine
        self._mind = mind
        socket = config.socket(machine)
        self._ears = StreamerClient(socket)
        self._voice = StreamerClient(socket)
        self._alarm = StreamerClient(socket)
        """For what must not wait behind a homing, a probing or a start."""
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = float("-inf")
        self._linked_s = time.monotonic()
        self._seen: MachineView | None = None
        self.status: wire.MachineStatus | None = None

    async def run(self) -> None:
        """Follow the streamer for ever, starting it where there is none."""
        try:
            while True:
                try:
                    await self._follow()
                except (StreamerGone, StreamerSaidNo) as error:
                    self.status = None
                    self._missing(str(error))
                    self._revive()
                    await asyncio.sleep(_LOOK_S)
        finally:
            self.close()

    def close(self) -> None:
        for client in (self._ears, self._voice, self._alarm):
            client.close()

    async def _follow(self) -> None:
        self._see(await self._ears.ask(wire.AskStatus(), wire.MachineStatus), first=True)
        while True:
            cursor = self._mind.record(self._machine).cursor
            ask = wire.AskEvents(after=cursor, wait_s=_WAIT_S)
            entries = await self._ears.ask(ask, wire.Entries)
            for entry in entries.entries:
                report = machine_report(entry.report)
                wrote = ev.StreamerWrote(self._machine, entries.journal_id, entry.seq, entry.run, report)
                self._mind.apply(wrote)
            self._see(await self._ears.ask(wire.AskStatus(), wire.MachineStatus))

    def _see(self, status: wire.MachineStatus, *, first: bool = False) -> None:
        self.status = status
        if first:
            self._mind.apply(ev.StreamerOpened(self._machine, status.journal_id, status.last_seq))
        if status.state is State.CLOSED:
            self._missing(status.reason)
            return
        self._linked_s = time.monotonic()
        found = view(status)
        if found != self._seen and not self._is_behind(status):
            self._seen = found
            self._mind.apply(ev.MachineSeen(self._machine, found))
            self._mind.status_changed()

    def _is_behind(self, status: wire.MachineStatus) -> bool:
        """Entries come first: they say which run a quarantine is about."""
        return self._mind.record(self._machine).cursor < status.last_seq

    def _missing(self, reason: str) -> None:
        if time.monotonic() - self._linked_s > GONE_S:
            self._seen = None
            self._mind.apply(ev.MachineGone(self._machine, reason))

    def _revive(self) -> None:
        """The lock sees to it that only one lives."""
        ended = self._process is None or self._process.poll() is not None
        if ended and time.monotonic() - self._started_s >= RESTART_S:
            self._started_s = time.monotonic()
            self._process = start_streamer(self._config, self._config_path, self._machine)
            _LOG.info("started the streamer of %s as process %d", self._machine, self._process.pid)

    async def refresh(self) -> wire.MachineStatus:
        """A status asked for just now. Raises StreamerGone, StreamerSaidNo."""
        status = await self._voice.ask(wire.AskStatus(), wire.MachineStatus)
        self._see(status)
        return status

    async def ask(self, request: wire.Request, answer: type[Answer]) -> Answer:
        """Raises StreamerGone, StreamerSaidNo."""
        if isinstance(request, wire.StopNow | wire.Hold | wire.Cancel | wire.Presence):
            return await self._alarm.ask(request, answer)
        slow = isinstance(request, wire.Home | wire.SetWorkZero | wire.Probe | wire.LocalReset | wire.Start)
        return await self._voice.ask(request, answer, LONG_S if slow else 20.0)


def make_watches(config: AgentConfig, path: Path, mind: Mind) -> dict[str, StreamerWatch]:
    return {one.name: StreamerWatch(config, path, one.name, mind) for one in config.machines}

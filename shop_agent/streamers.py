"""The agent's side of its streamers: keep them alive, read their journals, pass on what is asked of them."""

import asyncio
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

from shop_agent.errors import StreamerGone, StreamerSaidNo
from shop_agent.following import Follower
from shop_agent.settings import AgentConfig
from shop_agent.state.instructions import Instruction
from shop_agent.state.records import Now
from shop_agent.streamer import wire
from shop_agent.streamer.client import LONG_S, Answer, StreamerClient, start_streamer

RESTART_S = 1.0
"""A streamer that ends at once is started no more often than this."""
_LOOK_S = 0.1
_LOG = logging.getLogger("llagar.streamers")


class StreamerWatch:
    """One machine's streamer, as its follower hears it."""

    def __init__(
        self,
        config: AgentConfig,
        config_path: Path,
        follower: Follower,
        carry_out: Callable[[list[Instruction]], None],
        clock: Callable[[], Now],
    ) -> None:
        self._config = config
        self._config_path = config_path
        self._machine = follower.machine
        self._follower = follower
        self._carry_out = carry_out
        self._clock = clock
        socket = config.socket(self._machine)
        self._ears = StreamerClient(socket)
        self._voice = StreamerClient(socket)
        self._alarm = StreamerClient(socket)
        """For what must not wait behind a homing, a probing or a start."""
        self.process: subprocess.Popen[bytes] | None = None
        """The streamer that was started last, if one was; it outlives us."""
        self._started_s = float("-inf")

    @property
    def status(self) -> wire.MachineStatus | None:
        """Its last word, None while it says nothing."""
        return self._follower.status

    async def run(self) -> None:
        """Follow the streamer for ever, starting it where there is none."""
        try:
            while True:
                try:
                    await self._follow()
                except (StreamerGone, StreamerSaidNo) as error:
                    self._carry_out(self._follower.silent(str(error), self._clock()))
                    self._revive()
                    await asyncio.sleep(_LOOK_S)
        finally:
            self.close()

    def close(self) -> None:
        for client in (self._ears, self._voice, self._alarm):
            client.close()

    async def _follow(self) -> None:
        await self._look(self._ears, first=True)
        while True:
            entries = await self._ears.ask(self._follower.ask(), wire.Entries)
            self._carry_out(self._follower.read(entries, self._clock()))
            await self._look(self._ears)
            if self._follower.renews():
                await self._renew()

    async def _renew(self) -> None:
        """Its successor is of our version. A run that began meanwhile goes on under the old one."""
        try:
            await self._voice.ask(wire.Shutdown(), wire.Done)
        except StreamerSaidNo as error:
            _LOG.warning("the streamer of %s stays, of an older version: %s", self._machine, error)
        else:
            _LOG.info("the streamer of %s ended, to be started anew with this version", self._machine)

    async def _look(self, client: StreamerClient, *, first: bool = False) -> wire.MachineStatus:
        status = await client.ask(wire.AskStatus(), wire.MachineStatus)
        self._carry_out(self._follower.see(status, self._clock(), first=first))
        return status

    def _revive(self) -> None:
        """The lock sees to it that only one lives."""
        ended = self.process is None or self.process.poll() is not None
        now_s = self._clock().mono_s
        if ended and now_s - self._started_s >= RESTART_S:
            self._started_s = now_s
            self.process = start_streamer(self._config, self._config_path, self._machine)
            _LOG.info("started the streamer of %s as process %d", self._machine, self.process.pid)

    async def refresh(self) -> wire.MachineStatus:
        """A status asked for just now. Raises StreamerGone, StreamerSaidNo."""
        return await self._look(self._voice)

    async def ask(self, request: wire.Request, answer: type[Answer]) -> Answer:
        """Raises StreamerGone, StreamerSaidNo."""
        if isinstance(request, wire.StopNow | wire.Hold | wire.Cancel | wire.Presence):
            return await self._alarm.ask(request, answer)
        slow = isinstance(request, wire.Home | wire.SetWorkZero | wire.Probe | wire.LocalReset | wire.Start)
        return await self._voice.ask(request, answer, LONG_S if slow else 20.0)

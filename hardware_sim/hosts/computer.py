"""The small computer that a printer hangs on: a thread with a clock of its own, so that it can hang, restart and lose
its network while the board goes on.
"""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from hardware_sim.addresses import LOOPBACK, port_of, publish
from hardware_sim.firmware.config import MachineConfig
from hardware_sim.hosts.control import Button, ButtonRefused
from hardware_sim.hosts.host import Host
from hardware_sim.hosts.making import install
from hardware_sim.hosts.site import Site

DONE_S = 10.0
"""Longest that anything done to the computer takes."""

Result = TypeVar("Result")


class Computer:
    """Entered: powered and reachable at `url`. Its methods are for the machine's thread."""

    def __init__(self, config: MachineConfig, serial: Path) -> None:
        self._config = config
        self._boot = install(config, serial)
        self._port = config.tcp_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"host of {config.name}")
        self._awake = threading.Event()
        self._host: Host | None = None
        self._running: asyncio.Task[None] | None = None
        self._site: Site | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._awake.set()
        self._thread.start()
        try:
            self._do(self._power_on())
            self.plug()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._awake.set()
        try:
            self._do(self._power_off())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def settled(self) -> bool:
        """The host has found its board, or given up for the time being."""
        return self._host is not None and self._host.settled

    def check(self) -> None:
        """Raises what the host's software crashed of, which is an error of ours."""
        if self._failure is not None:
            raise self._failure

    # What a person does to it.

    def plug(self) -> None:
        self._do(self._join_network())

    def unplug(self) -> None:
        self._do(self._leave_network())

    def hang(self) -> None:
        """The thread stops where it is, connections and all."""
        if self._awake.is_set():
            self._awake.clear()
            self._loop.call_soon_threadsafe(self._awake.wait)

    def restart(self) -> None:
        self._awake.set()
        self._do(self._restart())

    def press(self, button: Button, file: str, program: str | None) -> None:
        self._do(self._press(button, file, program))

    def _do(self, what: Coroutine[None, None, Result]) -> Result:
        if not self._awake.is_set():
            what.close()
            raise ButtonRefused("the host hangs: nothing helps but restart_host")
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(DONE_S)

    # In the computer's own thread.

    async def _power_on(self) -> None:
        self._host = self._boot()
        self._running = asyncio.create_task(self._host.run())
        self._running.add_done_callback(self._note_failure)

    def _note_failure(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled():
            self._failure = running.exception()

    async def _power_off(self) -> None:
        await self._leave_network()
        running, self._running, self._host = self._running, None, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running])

    async def _restart(self) -> None:
        plugged = self._site is not None
        await self._power_off()
        await self._power_on()
        if plugged:
            await self._join_network()

    async def _join_network(self) -> None:
        if self._site is not None or self._host is None:
            return
        self._site = Site(self._host.app, self._port)
        self._port = port_of(self._site.listener)
        await self._site.open()
        publish(self._config.port, self.url)

    async def _leave_network(self) -> None:
        self._config.port.unlink(missing_ok=True)
        site, self._site = self._site, None
        if site is not None:
            await site.close()

    async def _press(self, button: Button, file: str, program: str | None) -> None:
        if self._host is not None:
            self._host.press(button, file, program)

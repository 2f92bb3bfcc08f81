"""An event loop whose clock jumps: when nothing is ready, it is at once the time of the next timer.

The code under it is the real one: asyncio's timers, transports and servers, over Unix sockets, whose bytes are there
as soon as they were sent. Nothing in it may wait for another process; threads, only under `standing`.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from shop_agent.state.records import Now
from tests.virtual_time.network import Network

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENCE_S = 20.0
"""Of real time; nothing under the loop should need it."""

T = TypeVar("T")
Factory = Callable[[], asyncio.BaseProtocol]


class SleepsForEver(Exception):
    """Nothing is ready, no timer is set, and nobody outside the loop was to be waited for."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.standing = 0
        self.network = Network()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.standing:
            if not (ready := super().select(PATIENCE_S)):
                raise SleepsForEver
            return ready
        if timeout is None:
            raise SleepsForEver
        self.now_s += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """`network` carries what is sent to any host."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    def now(self) -> Now:
        """The agent's clock."""
        return Now(START + timedelta(seconds=self.time()), self.time())

    @property
    def network(self) -> Network:
        return self._jumping.network

    @contextmanager
    def standing(self) -> Iterator[None]:
        """The clock stands while something outside of the loop is waited for."""
        self._jumping.standing += 1
        try:
            yield
        finally:
            self._jumping.standing -= 1

    def let_threads_end(self) -> None:
        """From here on the clock stands."""
        self._jumping.standing += 1

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Factory, host: str, port: int, **kwargs: object
    ) -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
        path = await self.network.reach(host, port)
        transport, protocol = await self.create_unix_connection(protocol_factory, str(path))
        self.network.joined(transport)
        return transport, protocol

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Factory, host: str, port: int, **kwargs: object
    ) -> asyncio.Server:
        path = self.network.address(host, port)
        path.unlink(missing_ok=True)
        return await self.create_unix_server(self.network.watched(protocol_factory), str(path))


def run(main: Callable[[VirtualLoop], Coroutine[None, None, T]]) -> T:
    """To its end, in no time; with the loop's clock and network at hand."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        with loop.network:
            try:
                return runner.run(main(loop))
            finally:
                loop.let_threads_end()

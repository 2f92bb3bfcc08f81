"""What lies between two hosts: it may be cut, or swallow everything and say nothing."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

Factory = Callable[[], asyncio.BaseProtocol]


class Network:
    """Addresses are Unix sockets in a folder of its own."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lv"))
        self._transports: list[asyncio.Transport] = []
        self._cut = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.attempts_s: list[float] = []
        """When somebody tried to connect."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder)

    def address(self, host: str, port: int) -> Path:
        return self._folder / f"{host}-{port}"

    async def reach(self, host: str, port: int) -> Path:
        """Raises OSError at once where it is cut; waits where everything is swallowed."""
        self.attempts_s.append(asyncio.get_running_loop().time())
        if self._cut:
            raise ConnectionRefusedError(f"{host}:{port} can't be reached")
        await self._flowing.wait()
        return self.address(host, port)

    def joined(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transports.append(transport)
        if not self._flowing.is_set():
            transport.pause_reading()

    def watched(self, factory: Factory) -> Factory:
        """Of a server: its ends of connections are known here too."""

        def make() -> asyncio.BaseProtocol:
            protocol = factory()
            made = protocol.connection_made

            def connection_made(transport: asyncio.BaseTransport) -> None:
                self.joined(transport)
                made(transport)

            protocol.connection_made = connection_made  # type: ignore[method-assign]
            return protocol

        return make

    def cut(self) -> None:
        """Every connection is reset, and none can be made."""
        self._cut = True
        for transport in self._open():
            transport.abort()

    def mend(self) -> None:
        self._cut = False
        self._flowing.set()
        for transport in self._open():
            transport.resume_reading()

    def swallow(self) -> None:
        """Both ends think that they are connected, and hear nothing."""
        self._flowing.clear()
        for transport in self._open():
            transport.pause_reading()

    def _open(self) -> list[asyncio.Transport]:
        self._transports = [one for one in self._transports if not one.is_closing()]
        return self._transports

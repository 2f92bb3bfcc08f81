"""A host's web server on the loopback interface, which can be cut off from one moment to the next."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp

from hardware_sim.addresses import listen


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Site:
    """One listening server; `close` leaves no connection and no task."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        """Raises OSError where the port is taken."""
        self.listener: socket.socket = listen(port)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws_ping_interval=None)
        self._server = _Announcing(config)
        self._serving: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._serving = asyncio.create_task(self._server.serve(sockets=[self.listener]))
        await self._server.up.wait()

    async def close(self) -> None:
        """As when the network cable is pulled: no goodbyes."""
        for server in self._server.servers:
            server.close()
        self.listener.close()
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        self._server.should_exit = self._server.force_exit = True
        if self._serving is not None:
            await self._serving

"""Serve until SIGTERM or SIGINT; the address is written where others of the same machine find it."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from broker.app.agent_links import Links
from broker.app.factory import create_app
from broker.app.folder_lock import folder_lock
from broker.app.opening import opened
from broker.errors import BrokerError
from broker.planning.solving import Solver
from broker.settings import Settings

ADDRESS_NAME = "address"
_GRACE_S = 5
_NEW_OBJECTS = 50_000
"""Garbage is looked for after so many: a batch of events makes thousands that all live until it is kept."""


class NotServing(BrokerError):
    title = "The broker can't serve"


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Ends with SystemExit(0) on a signal, every task ended before.

    Raises NotServing, InUse, and what `open_database` raises.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with folder_lock(settings.data):
        asyncio.run(_open_once(settings))
        _serve(settings, announce)


def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    solver = Solver()
    app = create_app(settings, solver=solver, pages=True)
    config = uvicorn.Config(
        app,
        ws=Links,
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # agents have heartbeats, and pages their own
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
    )
    listener = _listen(settings.host, settings.port)
    address = settings.data / ADDRESS_NAME
    server = _Announcing(config, address, announce, _url(listener), solver)
    try:
        asyncio.run(server.serve(sockets=[listener]))
        if not server.started:
            raise NotServing("it did not start; the reason is above", where=str(settings.data))
    finally:
        address.unlink(missing_ok=True)
        listener.close()


async def _open_once(settings: Settings) -> None:
    """Within the application's own start what is wrong would drown in a traceback."""
    async with opened(settings):
        return


def _leave(_number: int, _frame: FrameType | None) -> None:
    """The server catches signals while it runs, ends in order, and then raises them once more to here."""
    raise SystemExit(0)


class _Announcing(uvicorn.Server):
    """Tells its address once it answers there, never before."""

    def __init__(
        self, config: uvicorn.Config, address: Path, announce: Callable[[str], None], url: str, solver: Solver
    ) -> None:
        super().__init__(config)
        self._solver = solver
        self._address = address
        self._announce = announce
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _settle_heap()
            half = self._address.with_suffix(".part")
            half.write_text(f"{self._url}\n", encoding="utf-8")
            half.replace(self._address)
            self._announce(self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Prices that somebody waits for end now too, before the connections are waited for.
        self._solver.hurry()
        await super().shutdown(sockets)


def _settle_heap() -> None:
    """What is there now stays; looking through all of it again would hold everybody up for a tenth of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise NotServing(
            f"can't listen on {host}:{port}: {error.strerror}", where="port", fix="end what uses it, or take --port 0"
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""The agent's end of a streamer's socket, and how a streamer is started."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from shop_agent.errors import StreamerGone, StreamerSaidNo
from shop_agent.settings import AgentConfig
from shop_agent.streamer import wire

ANSWER_S = 20.0
LONG_S = 330.0
"""Homing, touch-off, reset."""

Answer = TypeVar("Answer", bound=wire.Line)


class StreamerClient:
    """One conversation; requests wait for one another."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def ask(self, request: wire.Request, answer: type[Answer], timeout_s: float = ANSWER_S) -> Answer:
        """Raises StreamerGone if there is no answer, StreamerSaidNo with the streamer's reason."""
        async with self._turn:
            try:
                async with asyncio.timeout(timeout_s):
                    line = await self._exchange(request)
            except (OSError, TimeoutError, EOFError) as error:
                self.close()
                raise StreamerGone(
                    f"no streamer answers at {self._socket}: {str(error) or type(error).__name__}"
                ) from error
            except asyncio.CancelledError:
                # The answer that is still to come would be taken for the next one's.
                self.close()
                raise
        try:
            reply = wire.REPLIES.validate_json(line)
        except ValidationError as error:
            raise StreamerGone(f"the streamer at {self._socket} speaks another version") from error
        if isinstance(reply, wire.No):
            raise StreamerSaidNo(reply.reason)
        if not isinstance(reply, answer):
            raise StreamerGone(f"the streamer answered {reply.kind} to {request.verb}")
        return reply

    async def _exchange(self, request: wire.Request) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(self._socket, limit=4_000_000)
        reader, writer = self._streams
        writer.write(request.model_dump_json().encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError("it closed the socket")
        return line

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def start_streamer(config: AgentConfig, config_path: Path, machine: str) -> "subprocess.Popen[bytes]":
    """Start it detached: it outlives us. Its output goes on in the machine's folder."""
    folder = config.folder(machine)
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "shop_agent", "stream", "--config", str(config_path), "--machine", machine]
    with (folder / "streamer.log").open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )

"""The one outbound WebSocket to the broker: says hello, sends what isn't acknowledged, hears hints.

Not responsible for what anything means: frames go to `on_frame`, and correctness lives in the journal.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, Protocol
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from broker.wire.messages import (
    Ack,
    AgentFrame,
    BrokerFrame,
    Challenge,
    Events,
    Heartbeat,
    Hello,
    Progress,
    Signed,
    Welcome,
)
from broker.wire.signing import hello_text
from shop_agent.errors import LinkRefused
from shop_agent.identity import Signer
from shop_agent.settings import is_local

SHORTEST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
HELLO_S = 15.0
SOFTWARE = "llagar-agent 0.1"
MAX_FRAME_BYTES = 16_000_000
_FRAMES: TypeAdapter[BrokerFrame] = TypeAdapter(BrokerFrame)
_LOG = logging.getLogger("llagar.link")


class Outbox(Protocol):
    @property
    def epoch(self) -> str: ...

    @property
    def last_seq(self) -> int: ...

    def events_after(self, seq: int) -> list[tuple[int, Signed]]: ...

    def acknowledge(self, epoch: str, seq: int) -> None: ...


class Reports(Protocol):
    """What the link asks the agent for, and tells it."""

    def welcomed(self, welcome: Welcome) -> None: ...

    def parted(self) -> None: ...

    def on_frame(self, frame: BrokerFrame) -> None: ...

    def heartbeat(self) -> Heartbeat: ...

    def progress(self) -> Sequence[Progress]: ...


def wait_s(failures: int, dice: Callable[[float, float], float] = random.uniform) -> float:
    """Full jitter: anything between half a second and 2 to the power of `failures`, at most a minute."""
    return dice(SHORTEST_WAIT_S, max(SHORTEST_WAIT_S, min(LONGEST_WAIT_S, 2.0 ** min(failures, 10))))


class Link:
    def __init__(self, broker: str, signer: Signer, outbox: Outbox, reports: Reports) -> None:
        parts = urlsplit(broker)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._url = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/v1/agents/socket"
        self._local = is_local(broker)
        self._signer = signer
        self._outbox = outbox
        self._reports = reports
        self._frames: deque[Callable[[], AgentFrame]] = deque()
        """Made when they are sent, so that they never tell of an older state than the events before them."""
        self._wake = asyncio.Event()
        self._beat = asyncio.Event()

    def send(self, frame: AgentFrame) -> None:
        """After every event that is in the outbox by now; lost if the link is down."""
        self._queue(lambda: frame)

    def _queue(self, make: Callable[[], AgentFrame]) -> None:
        self._frames.append(make)
        self._wake.set()

    def outbox_grew(self) -> None:
        self._wake.set()

    def beat_now(self) -> None:
        """What a heartbeat tells has changed."""
        self._beat.set()

    async def run(self) -> None:
        """Connect for ever."""
        failures = 0
        while True:
            try:
                await self._connected()
                failures = 0
            except LinkRefused as error:
                failures += 1
                _LOG.warning("%s", error)
            except (OSError, WebSocketException, TimeoutError) as error:
                failures += 1
                _LOG.info("no link to %s: %s", self._url, str(error) or type(error).__name__)
            await asyncio.sleep(wait_s(failures))

    async def _connected(self) -> None:
        """One connection, from its challenge to its end; returns if it was welcomed, however it ended then."""
        proxy: Literal[True] | None = None if self._local else True
        async with connect(self._url, open_timeout=HELLO_S, max_size=MAX_FRAME_BYTES, proxy=proxy) as socket:
            try:
                async with asyncio.timeout(HELLO_S):
                    welcome = await self._greet(socket)
            except ConnectionClosed as error:
                raise LinkRefused(f"the broker refused us: {_close_reason(error)}") from error
            _LOG.info("welcomed by %s", self._url)
            self._frames.clear()
            self._reports.welcomed(welcome)
            try:
                await self._converse(socket, welcome)
            finally:
                self._reports.parted()

    async def _greet(self, socket: ClientConnection) -> Welcome:
        challenge = _parse(await socket.recv())
        if not isinstance(challenge, Challenge):
            raise LinkRefused("the broker did not begin with a challenge")
        agent, epoch = self._signer.identity.agent, self._outbox.epoch
        signature = self._signer.sign(hello_text(challenge.nonce, agent, epoch))
        hello = Hello(agent=agent, epoch=epoch, software=SOFTWARE, signature=signature)
        await socket.send(hello.model_dump_json())
        welcome = _parse(await socket.recv())
        if not isinstance(welcome, Welcome):
            raise LinkRefused("the broker did not welcome us")
        return welcome

    async def _converse(self, socket: ClientConnection, welcome: Welcome) -> None:
        epoch = self._outbox.epoch
        tasks = [
            asyncio.create_task(self._say(socket, min(welcome.acked, self._outbox.last_seq))),
            asyncio.create_task(self._pulse(welcome.heartbeat_s)),
            asyncio.create_task(self._tell_progress(welcome.progress_s)),
            asyncio.create_task(self._listen(socket)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for result in ended:
            if isinstance(result, ConnectionClosed):
                _LOG.info("the link ended: %s", _close_reason(result))
            elif isinstance(result, Exception):
                raise result
        _LOG.debug("%d of the epoch %s's tasks ended by themselves", len(done), epoch)

    async def _listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            frame = _parse(text)
            if isinstance(frame, Ack):
                self._outbox.acknowledge(frame.epoch, frame.seq)
            self._reports.on_frame(frame)

    async def _say(self, socket: ClientConnection, sent: int) -> None:
        """Events in order first, then what was waiting behind them."""
        while True:
            self._wake.clear()
            while events := self._outbox.events_after(sent):
                await socket.send(Events(events=tuple(event for _, event in events)).model_dump_json())
                sent = events[-1][0]
            while self._frames:
                await socket.send(self._frames.popleft()().model_dump_json())
                if self._outbox.last_seq > sent:
                    break
            else:
                await self._wake.wait()

    async def _pulse(self, interval_s: float) -> None:
        while True:
            self._beat.clear()
            self._queue(self._reports.heartbeat)
            try:
                # wait_for of Python 3.11 may swallow a cancellation that comes with the beat.
                async with asyncio.timeout(interval_s * random.uniform(0.8, 1.2)):
                    await self._beat.wait()
            except TimeoutError:
                continue

    async def _tell_progress(self, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            for frame in self._reports.progress():
                self.send(frame)


def _parse(text: str | bytes) -> BrokerFrame:
    """Raises LinkRefused for what is no frame of this protocol."""
    try:
        return _FRAMES.validate_json(text)
    except ValidationError as error:
        raise LinkRefused(f"the broker speaks another version: {error.errors()[0]['msg']}") from error


def _close_reason(error: ConnectionClosed) -> str:
    return error.rcvd.reason or str(error.rcvd.code) if error.rcvd else "it went away"

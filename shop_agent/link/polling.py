"""The link over plain HTTP: what is said goes out at once, and one request waits for whatever the broker has to say."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from broker.wire.base import Wire
from broker.wire.messages import AgentFrame, BrokerFrame
from broker.wire.polling import HEAR_S, Hearing, Opened, Said, Told
from shop_agent.errors import LinkRefused
from shop_agent.link.transport import Dial, Ended
from shop_agent.settings import is_local

_TIMEOUT_S = 20.0
Answer = TypeVar("Answer", bound=Wire)
_FRAME: TypeAdapter[AgentFrame] = TypeAdapter(AgentFrame)


class _Problem(BaseModel):
    detail: str = ""


class PollTransport:
    """One session; a request that fails ends it, and what was on its way comes again with the next."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._session = ""
        self._heard: deque[BrokerFrame] = deque()
        self._news = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises Ended, OSError, LinkRefused."""
        opened = await self._post("open", None, Opened)
        self._session = opened.session
        self._take(opened.frames)

    async def send(self, texts: Sequence[str]) -> None:
        said = Said(session=self._session, frames=tuple(_FRAME.validate_json(text) for text in texts))
        self._take((await self._post("say", said, Told)).frames)
        if self._hearing is None:
            # The broker has answered the hello: from now on it has something to tell.
            self._hearing = asyncio.create_task(self._hear())

    async def receive(self) -> BrokerFrame:
        while not self._heard:
            if self._hearing is not None and self._hearing.done():
                self._hearing.result()
            self._news.clear()
            await self._news.wait()
        return self._heard.popleft()

    async def close(self) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)

    async def _hear(self) -> None:
        try:
            while True:
                told = await self._post("hear", Hearing(session=self._session), Told, wait_s=HEAR_S)
                self._take(told.frames)
        finally:
            self._news.set()

    def _take(self, frames: tuple[BrokerFrame, ...]) -> None:
        self._heard.extend(frames)
        self._news.set()

    async def _post(self, verb: str, body: Wire | None, kind: type[Answer], wait_s: float = 0.0) -> Answer:
        """Raises Ended, LinkRefused, OSError."""
        content = body.model_dump_json() if body is not None else None
        headers = {"Content-Type": "application/json"}
        try:
            answer = await self._client.post(verb, content=content, headers=headers, timeout=_TIMEOUT_S + wait_s)
        except httpx.HTTPError as error:
            raise OSError(str(error) or type(error).__name__) from error
        if answer.status_code != httpx.codes.OK:
            raise Ended(_reason(answer))
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            raise LinkRefused(f"the broker speaks another version: {error.errors()[0]['msg']}") from error


def _reason(answer: httpx.Response) -> str:
    try:
        detail = _Problem.model_validate_json(answer.content).detail
    except ValidationError:
        detail = ""
    return detail or f"HTTP {answer.status_code}"


def polls(broker: str) -> Dial:
    """Sessions of the broker at this address."""

    @asynccontextmanager
    async def dial() -> AsyncIterator[PollTransport]:
        base = f"{broker.rstrip('/')}/api/v1/agents/link/"
        async with httpx.AsyncClient(base_url=base, trust_env=not is_local(broker)) as client:
            transport = PollTransport(client)
            try:
                await transport.open()
                yield transport
            finally:
                await transport.close()

    return dial

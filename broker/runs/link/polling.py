"""The link over plain HTTP: sessions that hold what their agents will hear with their next request."""

import asyncio
import logging
import secrets
from collections.abc import Callable

from fastapi import APIRouter

from broker.errors import BrokerError
from broker.runs.errors import Refused
from broker.runs.link.connection import REFUSED, SILENT, Connection, Parted
from broker.runs.link.switchboard import Switchboard
from broker.wire.messages import AgentFrame, BrokerFrame, Challenge
from broker.wire.polling import HEAR_S, Hearing, Opened, Said, Told

_log = logging.getLogger(__name__)
_HELLO_WITHIN_S = 10.0
_GONE_AFTER_S = 60.0
"""A session of which no request is under way, or has been for so long, is over."""
_MOST_STRANGERS = 1000
"""Sessions without a hello."""
_MOST_WAITING = 10_000
"""Frames that nobody fetches."""
_SWEEP_EVERY_S = 1.0


class SessionOver(BrokerError):
    status = 410
    title = "The session has ended"


class Busy(BrokerError):
    status = 503
    title = "Too many agents come at once"


def _nothing() -> None:
    return


class Mailbox:
    """The channel of one session: frames wait here for the next `hear`."""

    def __init__(self) -> None:
        self._frames: tuple[BrokerFrame, ...] = ()
        self._news = asyncio.Event()
        self.ended = ""
        """The reason, once it has."""
        self.parted: Callable[[], None] = _nothing
        """Called at its end, once or more often."""

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        """Raises Parted."""
        if len(self._frames) > _MOST_WAITING:
            await self.close(SILENT, "the agent doesn't fetch what it is told")
        if self.ended:
            raise Parted
        self._frames += frames
        self._news.set()

    async def close(self, _code: int, reason: str) -> None:
        self.ended = self.ended or reason
        self._news.set()
        self.parted()

    async def taken(self, most_s: float) -> tuple[BrokerFrame, ...]:
        """What waits, as soon as anything does. Raises SessionOver."""
        if not self._frames and not self.ended:
            self._news.set()  # whoever waits already goes away empty-handed
            self._news = asyncio.Event()
            try:
                async with asyncio.timeout(most_s):
                    await self._news.wait()
            except TimeoutError:
                return ()
        if self.ended:
            raise SessionOver(self.ended, fix="open another session")
        frames, self._frames = self._frames, ()
        return frames


class _Session:
    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self.mailbox = Mailbox()
        self.connection: Connection | None = None
        self.order = asyncio.Lock()
        """Frames of one connection come one after the other."""
        self.requests = 0
        self.seen_s = asyncio.get_running_loop().time()

    def is_over(self, at_s: float) -> bool:
        most_s = _HELLO_WITHIN_S if self.connection is None else _GONE_AFTER_S
        return bool(self.mailbox.ended) or (self.requests == 0 and at_s - self.seen_s > most_s)


class Polls:
    """All sessions of this process; nobody but it knows them."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._sessions: dict[str, _Session] = {}
        self._swept_s = 0.0

    def open(self) -> Opened:
        """Raises Busy."""
        self._sweep()
        if sum(session.connection is None for session in self._sessions.values()) >= _MOST_STRANGERS:
            raise Busy("there are too many sessions without a hello", fix="try again later")
        token = secrets.token_urlsafe(32)
        session = self._sessions[token] = _Session(self._switchboard.challenge())
        return Opened(session=token, frames=(session.challenge,))

    async def say(self, token: str, frames: tuple[AgentFrame, ...]) -> Told:
        """The answers to the frames, in order. Raises SessionOver."""
        session = self._require(token)
        session.requests += 1
        try:
            async with session.order:
                answers = [answer for frame in frames for answer in await self._hear(session, frame)]
        except Refused as error:
            _log.warning("refused %s: %s", session.connection.agent_id if session.connection else "a hello", error)
            await session.mailbox.close(REFUSED, str(error))
            raise SessionOver(str(error), fix="open another session") from error
        finally:
            session.requests -= 1
            session.seen_s = asyncio.get_running_loop().time()
        return Told(frames=tuple(answers))

    async def hear(self, token: str) -> Told:
        """What there is to tell, once there is something, or nothing after HEAR_S. Raises SessionOver."""
        session = self._require(token)
        session.requests += 1
        try:
            return Told(frames=await session.mailbox.taken(HEAR_S))
        finally:
            session.requests -= 1
            session.seen_s = asyncio.get_running_loop().time()

    async def _hear(self, session: _Session, frame: AgentFrame) -> tuple[BrokerFrame, ...]:
        if session.mailbox.ended:
            raise Refused(session.mailbox.ended)
        if session.connection is not None:
            return await self._switchboard.hear(session.connection, frame)
        connection, welcome = await self._switchboard.greet(frame, session.challenge, session.mailbox)
        session.connection = connection
        session.mailbox.parted = lambda: self._switchboard.part(connection)
        self._switchboard.begin(connection)
        return (welcome,)

    def _require(self, token: str) -> _Session:
        """Raises SessionOver."""
        session = self._sessions.get(token)
        if session is None:
            raise SessionOver("no such session", where="session", fix="open another session")
        if session.mailbox.ended:
            raise SessionOver(session.mailbox.ended, fix="open another session")
        return session

    def _sweep(self) -> None:
        """Forget sessions that are over; those that fell silent end by this, or by the watch."""
        at_s = asyncio.get_running_loop().time()
        if at_s - self._swept_s < _SWEEP_EVERY_S:
            return
        self._swept_s = at_s
        for token, session in list(self._sessions.items()):
            if session.is_over(at_s):
                del self._sessions[token]
                session.mailbox.parted()


def router(switchboard: Switchboard) -> APIRouter:
    routes = APIRouter(tags=["agents"])
    polls = Polls(switchboard)

    @routes.post("/agents/link/open")
    async def open_() -> Opened:
        """Begin a session; its first frame to say is the answer to the challenge."""
        return polls.open()

    @routes.post("/agents/link/say")
    async def say(said: Said) -> Told:
        """Frames of the agent, in order, and what answers them."""
        return await polls.say(said.session, said.frames)

    @routes.post("/agents/link/hear")
    async def hear(hearing: Hearing) -> Told:
        """What the agent should know, as soon as there is something."""
        return await polls.hear(hearing.session)

    return routes

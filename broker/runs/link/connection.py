"""One agent's connection after its welcome, whatever carries it."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from broker.runs.briefing import Told
from broker.runs.inbox import EventStream
from broker.wire.messages import BrokerFrame, LotOffer, LotReady, MachineReport

_log = logging.getLogger(__name__)
REPEAT_AFTER_S = 15.0
"""What an agent was told and hasn't acted upon is told again after so long."""


REFUSED, SUPERSEDED, SILENT, TRY_AGAIN = 4403, 4409, 4408, 1013
"""Close codes."""


class Parted(Exception):
    """The peer has gone; nothing more can be said to it."""


class Channel(Protocol):
    """Carries frames to one agent: a socket, or what waits for its next poll."""

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        """Raises Parted."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """May be repeated; whoever listens to the channel hears of it."""
        ...


@dataclass(slots=True, eq=False)
class Connection:
    """What this process knows of an agent beyond the rows; lost with it, and nothing depends on it."""

    stream: EventStream
    workshop_id: str
    channel: Channel
    heard_s: float
    """When the last frame came, on a monotonic clock."""
    welcomed: bool = False
    standing: tuple[MachineReport, ...] | None = None
    """Machines as the last heartbeat that was written had them."""
    progress_s: Mapping[str, float] = field(default_factory=dict)
    """When each run's progress was last taken."""
    told: dict[tuple[str, str], tuple[Told, float]] = field(default_factory=dict)
    _unsent: tuple[BrokerFrame, ...] = ()
    _posting: asyncio.Task[None] | None = None
    _ending: asyncio.Task[None] | None = None

    @property
    def agent_id(self) -> str:
        return self.stream.agent_id

    @property
    def may_be_told(self) -> bool:
        """It has been welcomed, and what was posted before has gone out."""
        return self.welcomed and self._posting is None

    def post(self, frames: tuple[BrokerFrame, ...]) -> None:
        """Send them, in order, without waiting for it; lost if the peer has gone."""
        self._unsent += frames
        if self._posting is None and self._unsent:
            self._posting = asyncio.create_task(self._post())

    async def _post(self) -> None:
        try:
            while frames := self._unsent:
                self._unsent = ()
                await self.channel.send(frames)
        except Parted:
            _log.debug("agent %s was gone before it was told everything", self.agent_id)
        finally:
            self._posting = None

    def end(self, code: int, reason: str) -> None:
        """Close the channel without waiting for it; may be repeated."""
        if self._ending is None:
            _log.info("agent %s: %s", self.agent_id, reason)
            self._ending = asyncio.create_task(self.channel.close(code, reason))

    def to_tell(self, briefing: tuple[Told, ...], at_s: float) -> tuple[Told, ...]:
        """What of the briefing is new, or was told long ago; it counts as told then. `at_s` on a monotonic clock."""
        fresh, told = [], {}
        for frame in briefing:
            key = _key(frame)
            before = self.told.get(key)
            if before is not None and before[0] == frame and at_s - before[1] < REPEAT_AFTER_S:
                told[key] = before
            else:
                told[key] = (frame, at_s)
                fresh.append(frame)
        self.told = told
        return tuple(fresh)


def _key(frame: Told) -> tuple[str, str]:
    return frame.type, frame.lot if isinstance(frame, LotOffer | LotReady) else frame.run

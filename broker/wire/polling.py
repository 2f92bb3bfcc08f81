"""The link over plain HTTP, for shops whose network lets no WebSocket through: the same frames in other parcels.

`open` gives a session and the challenge. `say` carries the agent's frames, one request after the other, and brings
their answers: the first is the hello. `hear` waits until there is something to tell. A session that has ended answers
410 with the reason, and the agent opens another: what was on its way then comes again, as after a socket's end.
"""

from pydantic import Field

from broker.wire.base import Wire
from broker.wire.messages import AgentFrame, BrokerFrame

HEAR_S = 25.0
"""Longest that `hear` waits: below what proxies allow a silent request."""
_MOST = 1000
"""Frames of one request."""


class Opened(Wire):
    """Answer to `POST /api/v1/agents/link/open`. Whoever has `session` speaks for its agent: it isn't logged."""

    session: str
    frames: tuple[BrokerFrame, ...]


class Said(Wire):
    """Body of `POST /api/v1/agents/link/say`."""

    session: str
    frames: tuple[AgentFrame, ...] = Field(max_length=_MOST)


class Hearing(Wire):
    """Body of `POST /api/v1/agents/link/hear`; a second one of a session lets the first return."""

    session: str


class Told(Wire):
    """Answer to `say` and `hear`."""

    frames: tuple[BrokerFrame, ...]

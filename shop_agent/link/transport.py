"""What carries a conversation: a WebSocket, or requests of plain HTTP where no WebSocket gets through."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from broker.wire.messages import BrokerFrame


class Ended(Exception):
    """The transport is gone; the message says what the broker said of it, if anything."""


class Barred(Exception):
    """Something between here and the broker lets this transport not through; another may get through."""


class Transport(Protocol):
    async def send(self, texts: Sequence[str]) -> None:
        """Frames, in order. Raises Ended, OSError."""
        ...

    async def receive(self) -> BrokerFrame:
        """Waits for the next frame. Raises Ended, LinkRefused for what is no frame of this protocol, OSError."""
        ...


Dial = Callable[[], AbstractAsyncContextManager[Transport]]
"""Opens a transport. Raises Barred, OSError, TimeoutError."""

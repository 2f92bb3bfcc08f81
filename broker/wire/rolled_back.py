from typing import Literal

from broker.wire.base import Wire


class RolledBack(Wire):
    """An event of `epoch` said something else before: the agent's journal was rolled back. It begins a new epoch and
    connects anew; nothing is kept of what it sent with that event."""

    type: Literal["rolled_back"] = "rolled_back"
    epoch: str
    reason: str

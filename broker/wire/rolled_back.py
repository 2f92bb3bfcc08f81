from typing import Literal

from broker.wire.base import Wire


class RolledBack(Wire):
    """Event `seq` of `epoch` said something else before: the agent's journal was rolled back. It begins a new epoch and
    connects anew; of what it sent here nothing is kept."""

    type: Literal["rolled_back"] = "rolled_back"
    epoch: str
    seq: int

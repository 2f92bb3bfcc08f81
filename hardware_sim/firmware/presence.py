"""Whether somebody is at the machine, as the rig's people know it. Seconds on the machine's clock."""

from math import inf


class Presence:
    """Not `known` until somebody has said so: then nothing is counted as unattended."""

    def __init__(self) -> None:
        self._until: float | None = None

    @property
    def known(self) -> bool:
        return self._until is not None

    def somebody(self, until: float = inf) -> None:
        self._until = until

    def nobody(self) -> None:
        self._until = -inf

    def alone_s(self, since: float, now: float) -> float:
        """How much of that time nobody was there; call before every change."""
        return 0.0 if self._until is None else max(0.0, now - max(since, self._until))

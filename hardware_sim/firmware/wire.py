"""The cable's delay: bytes that are on their way and come late, in order."""

from math import inf


class Wire:
    """`until` is when what was held back arrives; inf: nothing is held back."""

    def __init__(self) -> None:
        self.until = inf
        self._held = bytearray()

    def delay(self, until: float) -> None:
        """Hold back what is sent from now on, until then."""
        self.until = until

    def pass_on(self, data: bytes) -> bytes:
        """What of these bytes arrives at once."""
        if self.until == inf:
            return data
        self._held += data
        return b""

    def arrive(self) -> bytes:
        """`until` has come: everything that was held back."""
        held = bytes(self._held)
        self._held.clear()
        self.until = inf
        return held

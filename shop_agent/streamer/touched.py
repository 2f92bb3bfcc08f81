"""What was done to a router since its firmware began: what a work zero is worth."""

from dataclasses import dataclass


@dataclass(slots=True)
class Touched:
    """`times` rises with everything that voids a setup record."""

    times: int = 0
    _homed_in: str = ""
    """The firmware's boot in which it was homed."""
    _zeroed: bool = False
    _probed: bool = False

    def home(self, boot_id: str) -> None:
        """A zero from before the homing is worth nothing after it."""
        self.times += 1
        self._homed_in, self._zeroed, self._probed = boot_id, False, False

    def zero(self) -> None:
        self.times += 1
        self._zeroed, self._probed = True, False

    def probe(self) -> None:
        """A plate tells Z alone: X and Y are set before."""
        self.times += 1
        self._probed = True

    def reset(self) -> None:
        self.times += 1

    def homed(self, boot_id: str) -> bool:
        return bool(boot_id) and self._homed_in == boot_id

    def zeroed(self, boot_id: str) -> bool:
        return self.homed(boot_id) and self._zeroed

    def probed(self, boot_id: str) -> bool:
        return self.homed(boot_id) and self._probed

"""What other threads ask of the run that is under way."""

import threading

from drivers.errors import NotReady


class Cancelled(Exception):
    """Leaves the loop of a run: it is to end in order."""


class StoppedNow(Exception):
    """Leaves the loop of a run: the machine was told to stop at once."""


class Requests:
    """Set by any thread, taken by the driver's. `pending` is all that the loop of a run has to look at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.active = False
        self.pending = False
        self.hold: str | None = None
        """Why the program is to be held; None: it is to go on."""
        self._go_on = False
        self._skips: list[str] = []
        self._cancel = False
        self.stop = False
        """Everything is to stop at once: stands until the machine is opened anew."""

    def renew(self) -> None:
        """The machine is opened."""
        with self._lock:
            self.stop = False

    def begin(self) -> None:
        """A run starts: what was asked of an earlier one is forgotten, but for a stop. Raises NotReady after one."""
        with self._lock:
            if self.stop:
                raise NotReady("it was stopped at once: open anew")
            self.active = True
            self.pending = self._cancel = self._go_on = False
            self._skips.clear()
            self.hold = None

    def end(self) -> None:
        with self._lock:
            self.active = False

    def ask_hold(self, reason: str | None) -> bool:
        """Hold, or with None go on; False if no run is under way."""
        with self._lock:
            if self.active:
                self.hold = reason
                self._go_on = reason is None
                self.pending = True
            return self.active

    def take_go_on(self) -> bool:
        """Somebody has asked to go on, since this was asked last."""
        with self._lock:
            asked, self._go_on = self._go_on, False
            return asked

    def ask_skip(self, name: str) -> bool:
        """Leave out the rest of one object; False if no run is under way."""
        with self._lock:
            if self.active:
                self._skips.append(name)
                self.pending = True
            return self.active

    def take_skips(self) -> list[str]:
        """Objects that were asked to be left out, since this was asked last."""
        with self._lock:
            asked, self._skips = self._skips, []
            return asked

    def ask_cancel(self) -> bool:
        with self._lock:
            if self.active:
                self._cancel = self.pending = True
            return self.active

    def ask_stop(self) -> bool:
        """No run begins after it; False if none is under way."""
        with self._lock:
            self.stop = self.pending = True
            return self.active

    @property
    def cancelled(self) -> bool:
        return self._cancel

    def raise_ending(self) -> None:
        """Raise StoppedNow or Cancelled, if that was asked."""
        if self.stop:
            raise StoppedNow
        if self._cancel:
            raise Cancelled

"""What other threads ask of the run that is under way."""

import threading


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
        self._cancel = False
        self.stop = False
        """The emergency bytes are out."""

    def begin(self) -> None:
        """A run starts: what was asked of an earlier one is forgotten."""
        with self._lock:
            self.active = True
            self.pending = self._cancel = self.stop = False
            self.hold = None

    def end(self) -> None:
        with self._lock:
            self.active = False

    def ask_hold(self, reason: str | None) -> bool:
        """Hold, or with None go on; False if no run is under way."""
        with self._lock:
            if self.active:
                self.hold = reason
                self.pending = True
            return self.active

    def ask_cancel(self) -> bool:
        with self._lock:
            if self.active:
                self._cancel = self.pending = True
            return self.active

    def ask_stop(self) -> bool:
        with self._lock:
            if self.active:
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

"""What is asked of a run while it goes, and the presence that a run of an attended machine lives by.

Requests act on a driver's run under way; one that comes too early is lost, so they are repeated until they show.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.base import Driver, State
from shop_agent.streamer import wire
from shop_agent.streamer.execution import Execution
from shop_agent.streamer.presence import PresenceWatch
from shop_agent.streamer.worker import Unable, Worker

REPEAT_S = 0.1
"""Requests to a run are repeated so often until they show."""


class Supervision:
    """Never blocks: beside the thread that executes."""

    def __init__(self, driver: Driver, worker: Worker, presence: PresenceWatch) -> None:
        self._driver = driver
        self._worker = worker
        self.presence = presence
        self._starting = 0

    @contextmanager
    def starting(self) -> Iterator[None]:
        """While a start is on its way to the worker, somebody is there: who set the machine up."""
        self._starting += 1
        self.presence.confirm()
        try:
            yield
        finally:
            self._starting -= 1

    def look(self) -> None:
        """To be called every `wait_s`."""
        run = self._worker.execution
        if run is not None:
            self._nudge(run)
        elif not self._starting:
            self.presence.leave()

    def wait_s(self) -> float:
        """A presence that lapses holds the machine at that very moment."""
        return min(REPEAT_S, self.presence.left_s() or REPEAT_S)

    def _nudge(self, run: Execution) -> None:
        if self.presence.lapsed():
            run.hold_wanted = run.hold_wanted or "nobody confirmed presence"
        if run.end_wanted:
            self._driver.cancel()
        elif run.hold_wanted and self._worker.status.state is State.RUNNING:
            self._driver.hold(run.hold_wanted)

    def end(self, reason: str) -> None:
        """Of the run under way, if there is one."""
        run = self._worker.execution
        if run is not None:
            run.end_wanted = run.end_wanted or reason

    def request(self, request: wire.Hold | wire.Resume | wire.Cancel | wire.Presence) -> None:
        """Raises Unable without a run."""
        run = self.require_run(request.run if isinstance(request, wire.Cancel) else "")
        match request:
            case wire.Hold(reason=reason):
                run.hold_wanted = reason or "held at the bench"
            case wire.Cancel(reason=reason):
                run.end_wanted = reason or "cancelled at the bench"
            case wire.Resume():
                self.presence.confirm()
                run.hold_wanted = ""
                self._driver.resume()
            case wire.Presence():
                self.presence.confirm()

    def require_run(self, name: str) -> Execution:
        """The run under way; with a name only this one. Raises Unable."""
        run = self._worker.execution
        if run is None or name not in ("", run.run):
            raise Unable("no run is under way" if run is None else f"run {run.run} is under way, not {name}")
        return run

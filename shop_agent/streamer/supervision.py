"""What is asked of a run while it goes, and the presence that a run of an attended machine lives by.

Requests act on a driver's run under way; one that comes too early is lost, so they are repeated until they show.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.base import Driver, State
from shop_agent.streamer import wire
from shop_agent.streamer.execution import Execution, Lapse
from shop_agent.streamer.presence import PresenceWatch
from shop_agent.streamer.wire import FirstLayerFailed
from shop_agent.streamer.worker import Unable, Worker

REPEAT_S = 0.1
"""Requests to a run are repeated so often until they show."""


class Supervision:
    """Never blocks: beside the thread that executes."""

    def __init__(self, driver: Driver, worker: Worker, presence: PresenceWatch, *, own_control: bool = False) -> None:
        """`own_control`: after a lapse only a control at the machine itself goes on, as a router's cycle start."""
        self._driver = driver
        self._worker = worker
        self.presence = presence
        self._own_control = own_control
        self._starting = 0

    @contextmanager
    def starting(
        self, present_until_s: float | None = None, operator: str = "", *, stays: bool = False
    ) -> Iterator[None]:
        """While a start is on its way to the worker, somebody is there: who set the machine up.

        Raises Unable if they are believed to have left.
        """
        self.presence.begin(present_until_s, operator, stays=stays)
        if self.presence.lapsed():
            raise Unable("nobody has said for too long that they are there: set the machine up again")
        self._starting += 1
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
        state = self._worker.status.state
        if self.presence.lapsed():
            self._hold_alone(run, state)
        elif run.lapsed is Lapse.HELD and state is State.RUNNING:
            run.lapsed = Lapse.NONE
        if run.lapsed is Lapse.HOLDING and state is State.HELD:
            run.lapsed = Lapse.HELD
        if run.end_wanted:
            self._driver.cancel()
        elif run.hold_wanted and state is State.RUNNING:
            self._driver.hold(run.hold_wanted)

    def _hold_alone(self, run: Execution, state: State) -> None:
        """What somebody had held before stands already: then whoever resumes says at the bench that they are back."""
        run.hold_wanted = run.hold_wanted or "nobody confirmed presence"
        if self._own_control and state is State.RUNNING:
            run.lapsed = Lapse.HOLDING

    def end(self, reason: str) -> None:
        """Of the run under way, if there is one."""
        run = self._worker.execution
        if run is not None:
            run.end_wanted = run.end_wanted or reason

    def request(self, request: wire.Hold | wire.Resume | wire.Cancel | wire.Presence | wire.FailFirstLayer) -> None:
        """Raises Unable without a run."""
        run = self.require_run(request.run if isinstance(request, wire.Cancel) else "")
        match request:
            case wire.Hold(reason=reason):
                run.hold_wanted = reason or "held at the bench"
            case wire.Cancel(reason=reason):
                run.end_wanted = reason or "cancelled at the bench"
            case wire.FailFirstLayer(operator=operator, note=note):
                run.first_layer = FirstLayerFailed(operator=operator, note=note)
                run.end_wanted = f"the first layer failed: {note or operator}"
            case wire.Resume(operator=operator):
                self._resume(run, operator)
            case wire.Presence(operator=operator):
                self.presence.confirm(operator)
                if run.lapsed:
                    run.hold_wanted = ""

    def _resume(self, run: Execution, operator: str) -> None:
        """Raises Unable after a lapse of presence: whoever goes on stands at the machine."""
        if run.lapsed:
            raise Unable("nobody was there: say `presence`, then press cycle start at the machine itself")
        self.presence.confirm(operator)
        run.hold_wanted = ""
        self._driver.resume()

    def require_run(self, name: str) -> Execution:
        """The run under way; with a name only this one. Raises Unable."""
        run = self._worker.execution
        if run is None or name not in ("", run.run):
            raise Unable("no run is under way" if run is None else f"run {run.run} is under way, not {name}")
        return run

"""One program at one host, from its upload to what the host's history says of it.

A connection that drops ends nothing: the host goes on printing without us. It is made anew, and what the host says then
is the truth: the same job goes on, it has ended, or somebody else's stands there.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from drivers.base import EndedBy, State, Watch
from drivers.errors import FirmwareHalted, HostRefused, JobFailed, LinkLost, NoAnswer, NotReady, OtherJob
from drivers.hosting.host import ACTIVE, Ended, Outcome, Phase, View
from drivers.hosting.machine import HostedMachine
from drivers.hosting.program import HostedProgram

RETRY_S = 0.2
RETRY_LONGEST_S = 5.0
SETTLE_S = 1.0
Told = TypeVar("Told")


class Supervision:
    def __init__(self, machine: HostedMachine, name: str, program: HostedProgram, watch: Watch) -> None:
        self._machine = machine
        self._host = machine.host
        self._name = name
        self._program = program
        self._watch = watch
        self._started = False
        self._unclear_s: float | None = None
        """Since when the host tells neither that the job goes on nor how it ended."""

    def execute(self) -> EndedBy:
        """Raises Cancelled and StoppedNow as asked, UploadFailed and NotReady while nothing has begun, and what the
        machine's faults are called."""
        self._machine.requests.raise_ending()
        self._host.upload(self._name, self._program.data)
        self._machine.requests.raise_ending()
        try:
            self._host.start(self._name)
        except HostRefused as error:
            raise NotReady(f"it was not started: {error}") from error
        except (LinkLost, NoAnswer) as error:
            self._tell_lost(error)  # whether it starts is for the host to show
        return self._await_start() or self._follow()

    def _await_start(self) -> EndedBy | None:
        """None once the host prints our program; how it ended if that was quicker than we looked."""
        deadline_s = self._machine.clock() + self._machine.settings.answer_s
        while True:
            view = self._see()
            if self._is_ours(view) and view.phase in ACTIVE:
                return None
            self._require_alive(view)
            outcome = self._outcome() if view.phase is Phase.IDLE else None
            if outcome is not None:
                return self._ended(outcome)
            if self._machine.clock() >= deadline_s:
                raise JobFailed(f"{self._host.name} took {self._name}, but does not print it: {view.text}")
            self._raise_stop()  # a cancel waits: it must not leave a job that begins a moment later
            self._machine.wait(self._host.poll_s)

    def _follow(self) -> EndedBy:
        view = self._machine.view
        while True:
            ended = self._judge(view)
            if ended is not None:
                return ended
            self._tell(view)
            self._obey(view)
            self._machine.wait(self._host.poll_s)
            view = self._see()

    # What the host says -----------------------------------------------------------------------------

    def _is_ours(self, view: View) -> bool:
        return view.path == self._name

    def _judge(self, view: View) -> EndedBy | None:
        """How our job ended, None while it goes on. Raises what became of it instead."""
        self._require_alive(view)
        if view.phase is not Phase.IDLE and self._is_ours(view):
            self._unclear_s = None
            return None
        if view.phase is Phase.IDLE:
            outcome = self._outcome()
            if outcome is not None:
                return self._ended(outcome)
        now_s = self._machine.clock()
        self._unclear_s = now_s if self._unclear_s is None else self._unclear_s
        if now_s - self._unclear_s >= self._machine.settings.answer_s:
            raise JobFailed(f"{self._host.name} does not tell what became of {self._name}: {view.text}")
        return None

    def _require_alive(self, view: View) -> None:
        if view.phase is Phase.HALTED:
            raise FirmwareHalted(f"the firmware behind {self._host.name} has stopped: {view.text}")
        if view.phase is Phase.OFFLINE:
            raise LinkLost(f"{self._host.name} has lost its machine: {view.text}")
        if view.phase in ACTIVE and view.path and not self._is_ours(view):
            outcome = self._outcome()
            ours = f"{outcome.ended}: {outcome.text}" if outcome else "its history doesn't tell how it ended"
            raise OtherJob(f"{self._host.name} is at somebody else's job: {view.job}; {self._name} {ours}")

    def _outcome(self) -> Outcome | None:
        return self._through(lambda: self._host.outcome(self._name))

    def _ended(self, outcome: Outcome) -> EndedBy:
        if outcome.ended is Ended.FAILED:
            self._require_alive(self._settled())
            raise JobFailed(f"{self._host.name} says that {self._name} failed: {outcome.text}")
        if outcome.ended is Ended.CANCELLED:
            return EndedBy.CANCELLED
        self._machine.lines_done = self._program.total
        self._tell_started(f"{self._host.name} has finished {self._name}: {outcome.text}")
        self._tell_resumed()
        return EndedBy.FINISHED

    def _settled(self) -> View:
        """A host may note that a job failed before it says that its firmware has stopped."""
        deadline_s = self._machine.clock() + SETTLE_S
        while True:
            view = self._see()
            if view.phase in (Phase.HALTED, Phase.OFFLINE) or self._machine.clock() >= deadline_s:
                return view
            self._machine.wait(self._host.poll_s)

    # What we tell -------------------------------------------------------------------------------------

    def _tell_started(self, what: str) -> None:
        if not self._started:
            self._started = True
            self._watch.started(what)

    def _tell_resumed(self) -> None:
        if self._machine.state is State.HELD:
            self._machine.become(State.RUNNING)
            self._watch.resumed()

    def _tell(self, view: View) -> None:
        machine = self._machine
        if self._is_ours(view):
            machine.lines_done = max(machine.lines_done, self._program.lines_in(view.done))
        if view.phase is Phase.PRINTING:
            self._tell_started(f"{self._host.name} prints {self._name}: {view.text}")
        if view.phase in (Phase.PAUSED, Phase.ATTENTION) and machine.state is State.RUNNING:
            reason = machine.requests.hold or f"{self._host.name}: {view.text}"
            machine.become(State.HELD, reason)
            self._watch.held(reason)
        elif view.phase is Phase.PRINTING:
            self._tell_resumed()
        if view.refusal:
            machine.reason = view.refusal
        self._watch.progress(machine.snapshot())

    def _tell_lost(self, error: Exception) -> None:
        machine = self._machine
        machine.reason = f"{error}; it goes on without us, reconnecting"
        self._watch.progress(machine.snapshot())

    # What we ask --------------------------------------------------------------------------------------

    def _obey(self, view: View) -> None:
        requests = self._machine.requests
        requests.raise_ending()
        while self._machine.skips:
            self._ask(partial(self._host.skip, self._machine.skips.popleft()))
        if not requests.pending or view.phase is Phase.BUSY:
            return
        requests.pending = False
        if requests.hold is None and view.phase in (Phase.PAUSED, Phase.ATTENTION):
            self._ask(self._host.resume)
        elif requests.hold is not None and view.phase is Phase.PRINTING:
            self._ask(self._host.pause)

    def _ask(self, verb: Callable[[], None]) -> None:
        try:
            self._through(verb)
        except HostRefused as error:
            self._machine.reason = str(error)

    # A connection that drops ----------------------------------------------------------------------------

    def _see(self) -> View:
        def look() -> View:
            try:
                return self._machine.look()
            except HostRefused as error:  # a key that is revoked in mid-run hides the machine as well
                raise LinkLost(str(error)) from error

        return self._through(look)

    def _through(self, ask: Callable[[], Told]) -> Told:
        """Ask until the host answers. Raises LinkLost after `long_s`, and HostRefused."""
        lost_s: float | None = None
        pause_s, reason = RETRY_S, self._machine.reason
        while True:
            try:
                told = ask()
            except (LinkLost, NoAnswer) as error:
                lost_s = self._machine.clock() if lost_s is None else lost_s
                self._wait_for_host(error, lost_s, pause_s)
                pause_s = min(2 * pause_s, RETRY_LONGEST_S)
            else:
                if lost_s is not None:
                    self._machine.reason = reason
                return told

    def _raise_stop(self) -> None:
        if self._machine.requests.stop:
            self._machine.requests.raise_ending()

    def _wait_for_host(self, error: Exception, lost_s: float, pause_s: float) -> None:
        machine = self._machine
        self._raise_stop()
        long_s = machine.settings.long_s
        if machine.clock() - lost_s >= long_s:
            raise LinkLost(
                f"not reached for {long_s:g} s: {error}. {self._host.name} may still be printing {self._name}: "
                "heaters may be ON, go and look"
            ) from error
        self._tell_lost(error)
        machine.wait(pause_s)

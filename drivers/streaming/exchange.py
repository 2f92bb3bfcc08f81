"""The blocking loop between a sans-IO protocol and a port: windows, silences, time-outs.

Not responsible for what a line means or what is to be done about a fault: the handler raises, the loop ends.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from drivers.base import PortSettings
from drivers.errors import NoAnswer
from drivers.transports import Port

TICK_S = 0.05
QUIET_S = 0.05
"""A firmware that has said nothing for so long has said all it will about a corrupted line."""
PROBES = 3
"""Within `answer_s` of silence; each may be lost as well."""
LOOK_AHEAD = 32
"""Lines that are judged and prepared before they are sent."""

Numbered = tuple[int, str]
"""Tag and line."""

Event = TypeVar("Event")
Event_co = TypeVar("Event_co", covariant=True)
Event_contra = TypeVar("Event_contra", contravariant=True)


class LineProtocol(Protocol[Event_co]):
    """What the loop needs of a firmware's protocol. Pure: bytes, lines and counts."""

    @property
    def in_flight(self) -> int:
        """Lines offered and not yet acknowledged."""
        ...

    @property
    def alive(self) -> int:
        """Grows with every sign that the firmware works on what it was given."""
        ...

    @property
    def done(self) -> int:
        """The highest tag acknowledged."""
        ...

    def offer(self, line: str, tag: int) -> bytes | None:
        """The framed line, now in flight; None while there is no room for it."""
        ...

    def receive(self, data: bytes) -> Sequence[Event_co]: ...

    def quiet(self) -> bytes:
        """The link was silent for `QUIET_S`: what is to be sent again. Raises ResendLimit."""
        ...

    def patience_s(self, answer_s: float, long_s: float) -> tuple[float, float]:
        """With these lines in flight: the longest wait without a sign of life, and without any byte at all."""
        ...

    def probe(self) -> bytes:
        """A question whose answer tells a lost line or answer from a slow one; may be empty."""
        ...


class Handler(Protocol[Event_contra]):
    def heard(self, events: Sequence[Event_contra]) -> None:
        """Events in order; raises what ends the exchange."""
        ...

    def tick(self, now_s: float) -> None:
        """Called every `TICK_S`."""
        ...

    def requested(self) -> None:
        """Other threads have asked for something; raises what ends the exchange."""
        ...

    def has_requests(self) -> bool: ...


def ahead_of(lines: Iterable[Numbered]) -> Iterator[Numbered]:
    """The same lines, taken in stretches: preparing many at once costs less than one between two answers.

    What taking a line raises is raised in its place, after all that came before it.
    """
    source = iter(lines)
    failure: Exception | None = None
    while failure is None:
        stretch: list[Numbered] = []
        try:
            stretch.extend(islice(source, LOOK_AHEAD))
        except Exception as error:  # noqa: BLE001 - raised below, in its place
            failure = error
        yield from stretch
        if len(stretch) < LOOK_AHEAD and failure is None:
            return
    raise failure


class Exchange:
    """Owned by the thread that calls; `clock` is monotonic, s."""

    def __init__(
        self,
        port: Port,
        protocol: LineProtocol[Event],
        handler: Handler[Event],
        settings: PortSettings,
        clock: Callable[[], float],
    ) -> None:
        self._port = port
        self._protocol = protocol
        self._clock = clock
        self._answer_s = settings.answer_s
        self._long_s = settings.long_s
        self._next_tick_s = 0.0
        self._heard_s = 0.0
        self._tick_handler = handler.tick
        self._requested = handler.requested
        self._has_requests = handler.has_requests
        self._alive = -1
        self._alive_s = 0.0
        self._probes = 0

        def receive(data: bytes) -> None:
            events = protocol.receive(data)
            if events:
                handler.heard(events)

        self._receive = receive

    def stream(self, lines: Iterable[tuple[int, str]], *, listen: bool = False) -> None:
        """Send (tag, line) as the window allows; return once all are acknowledged.

        With `listen` requests of other threads are taken in between. Raises LinkLost, NoAnswer, ResendLimit, and
        whatever `lines` and the handler raise.
        """
        port, protocol, offer = self._port, self._protocol, self._protocol.offer
        self._alive = -1
        source = ahead_of(lines)
        ahead = next(source, None)
        while ahead is not None or protocol.in_flight:
            if listen and self._has_requests():
                self._requested()
            while ahead is not None:
                frame = offer(ahead[1], ahead[0])
                if frame is None:
                    break
                port.send(frame)
                ahead = next(source, None)
            self.pump()

    def anew(self) -> None:
        """What was silent before counts no more."""
        self._alive = -1

    def wait_for(self, reached: Callable[[], bool], timeout_s: float, *, listen: bool = False) -> bool:
        """Pump until `reached`, or the time-out; says which."""
        deadline_s = self._clock() + timeout_s
        while not reached():
            if self._clock() >= deadline_s:
                return False
            if listen and self._has_requests():
                self._requested()
            self.pump()
        return True

    def settle(self, timeout_s: float) -> None:
        """Pump until nothing has come for `QUIET_S`."""
        self._heard_s = self._clock()
        self.wait_for(lambda: self._clock() - self._heard_s >= QUIET_S, timeout_s)

    def pump(self) -> None:
        """One wait of at most `TICK_S`, and what follows from what came."""
        data = self._port.read(self._next_tick_s - self._clock())
        now_s = self._clock()
        if data:
            self._heard_s = now_s
            self._receive(data)
        if now_s >= self._next_tick_s:
            self._tick(now_s)

    def _tick(self, now_s: float) -> None:
        self._next_tick_s = now_s + TICK_S
        if now_s - self._heard_s >= QUIET_S:
            again = self._protocol.quiet()
            if again:
                self._port.send(again)
        self._watch_silence(now_s)
        self._tick_handler(now_s)

    def _watch_silence(self, now_s: float) -> None:
        protocol = self._protocol
        if protocol.alive != self._alive or not protocol.in_flight:
            self._alive, self._alive_s, self._probes = protocol.alive, now_s, 0
            return
        silent_s = now_s - self._alive_s
        longest_s, deaf_s = protocol.patience_s(self._answer_s, self._long_s)
        if silent_s >= longest_s:
            raise NoAnswer(f"the machine has answered nothing for {longest_s:g} s")
        if now_s - max(self._heard_s, self._alive_s) >= deaf_s:
            raise NoAnswer(f"the machine has said nothing at all for {deaf_s:g} s")
        if self._probes < PROBES and silent_s >= self._answer_s * (self._probes + 1) / (PROBES + 1):
            self._probes += 1
            self._port.send(protocol.probe())

"""What is said to the broker and heard of it, whatever carries it: frames in, frames out, time as data.

It knows no socket. A transport opens a conversation, hands in each frame that comes, sends what is `due` in that
order, asks again after `wait_s` or when something has happened, and closes it; then it may open the next.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from broker.wire.messages import Ack, AgentFrame, BrokerFrame, Challenge, Hello, Progress, Welcome
from broker.wire.rolled_back import RolledBack
from broker.wire.signing import hello_text
from shop_agent.mind import Mind
from shop_agent.shop_log import ShopLog
from shop_agent.state.instructions import Instruction
from shop_agent.state.records import Now
from shop_agent.version import VERSION

HELLO_S = 15.0
"""Longest from the opening to the welcome."""
RESEND_S = 60.0
"""Events that were sent, and not acknowledged for so long, are sent again."""
BATCH = 50
SHORTEST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
SOFTWARE = f"llagar-agent {VERSION}"

_ROLLED_BACK = "our journal was rolled back: a new epoch begins"
Sent = TypeVar("Sent")
Dice = Callable[[float, float], float]
"""A number between two others."""


def reconnect_s(failures: int, dice: Dice) -> float:
    """Full jitter: anything between a second and 2 to the power of `failures` + 1, at most a minute."""
    return dice(SHORTEST_WAIT_S, min(LONGEST_WAIT_S, 2.0 ** min(failures + 1, 10)))


@dataclass(frozen=True, slots=True)
class Batch(Generic[Sent]):
    """Events, in order, for one frame."""

    events: tuple[Sent, ...]


class Conversation(Generic[Sent]):
    def __init__(
        self,
        agent: str,
        sign: Callable[[str], str],
        log: ShopLog[Sent],
        mind: Mind,
        progress: Callable[[], Sequence[Progress]],
        dice: Dice,
    ) -> None:
        self._agent = agent
        self._sign = sign
        self._log = log
        self._mind = mind
        self._progress = progress
        self._dice = dice
        self._frames: deque[AgentFrame] = deque()
        self._welcome: Welcome | None = None
        self._sent = 0
        """Last event that was sent on this connection, or that the broker had before."""
        self._acked = 0
        self._resend_s = float("inf")
        self._next_beat_s = float("inf")
        self._next_progress_s = float("inf")
        self._welcome_by_s = float("inf")
        self.refusal = ""
        """Why this connection must end; empty: it may go on."""

    @property
    def welcomed(self) -> bool:
        return self._welcome is not None and not self.refusal

    def opened(self, now: Now) -> None:
        """A transport stands; the broker speaks first."""
        self._frames.clear()
        self._welcome = None
        self.refusal = ""
        self._welcome_by_s = now.mono_s + HELLO_S
        self._resend_s = self._next_beat_s = self._next_progress_s = float("inf")

    def closed(self, now: Now) -> list[Instruction]:
        """The transport is gone, whoever ended it; may be repeated."""
        if self._welcome is None:
            return []
        self._welcome = None
        self._frames.clear()
        return self._mind.parted(now)

    # In ---------------------------------------------------------------------------------------------

    def receive(self, frame: BrokerFrame, now: Now) -> list[Instruction]:
        """What is to be carried out. `refusal` says whether the connection may go on."""
        match frame:
            case Challenge(nonce=nonce):
                if self._welcome is None:
                    self._frames.append(self._hello(nonce))
                return []
            case Welcome():
                return self._welcomed(frame, now) if self._welcome is None else []
            case _ if self._welcome is None:
                self.refusal = "the broker did not begin with a challenge and a welcome"
                return []
            case Ack(epoch=epoch, seq=seq):
                self._log.acknowledge(epoch, seq)
                self._heard(epoch, seq, now)
                return []
            case RolledBack(epoch=epoch):
                return self._rolled_back(now) if epoch == self._log.epoch else []
            case _:
                return self._mind.on_frame(frame, now)

    def _hello(self, nonce: str) -> Hello:
        epoch = self._log.epoch
        signature = self._sign(hello_text(nonce, self._agent, epoch))
        return Hello(
            agent=self._agent, epoch=epoch, software=SOFTWARE, signature=signature, last_seq=self._log.last_seq
        )

    def _welcomed(self, welcome: Welcome, now: Now) -> list[Instruction]:
        epoch = self._log.epoch
        self.refusal = self._mind.refuses(welcome)
        if self.refusal:
            return []
        instructions = self._mind.welcomed(welcome, now)
        if self._log.epoch != epoch:
            self.refusal = _ROLLED_BACK
            return instructions
        self._welcome = welcome
        self._welcome_by_s = float("inf")
        # The last event that the broker holds is sent once more: if it holds another one, our journal was rolled back.
        self._sent, self._acked = max(0, welcome.acked - 1), welcome.acked
        self._next_beat_s = now.mono_s
        self._next_progress_s = now.mono_s + welcome.progress_s
        return instructions

    def _rolled_back(self, now: Now) -> list[Instruction]:
        self.refusal = _ROLLED_BACK
        return self._mind.rolled_back(now)

    def _heard(self, epoch: str, seq: int, now: Now) -> None:
        if epoch == self._log.epoch and seq > self._acked:
            self._acked = seq
            self._resend_s = now.mono_s + RESEND_S

    # Out --------------------------------------------------------------------------------------------

    def send(self, frame: AgentFrame) -> None:
        """After every event that is in the log by now; lost if there is no link."""
        if self._welcome is not None:
            self._frames.append(frame)

    def beat_now(self) -> None:
        """What a heartbeat tells has changed."""
        if self._welcome is not None:
            self._next_beat_s = float("-inf")

    def due(self, now: Now) -> list[Batch[Sent] | AgentFrame]:
        """What is to be sent now, in order; to be asked again once it is sent, until it is empty.

        Events come first, and what else is told is made after them: it never tells of an older state than they do.
        """
        if now.mono_s >= self._welcome_by_s:
            self.refusal = f"no welcome within {HELLO_S:.0f} s"
        if self.refusal:
            return []
        if self._welcome is None:
            return self._waiting()
        if self._sent > self._acked and now.mono_s >= self._resend_s:
            self._sent = self._acked
        events = self._log.events_after(self._sent, BATCH)
        if events:
            if self._sent <= self._acked:
                self._resend_s = now.mono_s + RESEND_S
            self._sent = events[-1][0]
        out: list[Batch[Sent] | AgentFrame] = [Batch(tuple(event for _, event in events))] if events else []
        if len(events) < BATCH:
            self._add_timed(self._welcome, now)
            out += self._waiting()
        return out

    def _waiting(self) -> list[Batch[Sent] | AgentFrame]:
        frames = [*self._frames]
        self._frames.clear()
        return [*frames]

    def _add_timed(self, welcome: Welcome, now: Now) -> None:
        if now.mono_s >= self._next_beat_s:
            self._next_beat_s = now.mono_s + welcome.heartbeat_s * self._dice(0.8, 1.2)
            self._frames.append(self._mind.heartbeat())
        if now.mono_s >= self._next_progress_s:
            self._next_progress_s = now.mono_s + welcome.progress_s
            self._frames.extend(self._progress())

    def wait_s(self, now: Now) -> float | None:
        """Seconds until something may be due by itself; None: never."""
        resend_s = self._resend_s if self._sent > self._acked else float("inf")
        next_s = min(self._welcome_by_s, resend_s, self._next_beat_s, self._next_progress_s)
        return None if next_s == float("inf") else max(0.0, next_s - now.mono_s)

"""What the agent must not forget, as its mind and its link see it: `Journal` keeps it on the disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from broker.wire.messages import Body
from shop_agent.state.memory import Changed, Memory

Sent_co = TypeVar("Sent_co", covariant=True)
"""An event as it travels: signed, where there is a key."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """An event on its way into the outbox."""

    body: Body
    run: str | None = None
    fence: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer to a task, as it came."""

    task: str
    text: str


class ShopLog(Protocol[Sent_co]):
    """Every write is one transaction, and lasts when its method returns; one that raises has kept nothing."""

    @property
    def epoch(self) -> str: ...

    @property
    def last_seq(self) -> int:
        """Highest number of this epoch; 0 before the first."""
        ...

    def begin_epoch(
        self, inventory: Body, memory: Memory, changed: Changed, unsent: Iterable[Unsent], at: datetime
    ) -> None:
        """Numbers begin at 1 again; the broker learns anew what the shop has, and after it what is told."""
        ...

    def events_after(self, seq: int, at_most: int = 50) -> Sequence[tuple[int, Sent_co]]:
        """Of this epoch, in order, acknowledged ones too: a broker restored from a backup may lack them."""
        ...

    def acknowledge(self, epoch: str, seq: int) -> None: ...

    def is_latest(self, seq: int, run: str) -> bool:
        """Whether nothing was said of the run after this event."""
        ...

    def commit(
        self, memory: Memory, changed: Changed, unsent: Iterable[Unsent], at: datetime, answer: Answer | None = None
    ) -> None:
        """What is known, what is told, and which answer of a person it came from."""
        ...

    def tell_inventory(self, body: Body, at: datetime) -> bool:
        """Once an epoch, and whenever it has changed. True if it was told."""
        ...

    def restore(self, memory: Memory) -> None:
        """Fill a fresh memory; machines that the owner has removed stay behind."""
        ...

    def answer_to(self, task: str) -> str | None:
        """What was answered to this task before."""
        ...

    def forget_old(self, now: datetime) -> None:
        """Drop what is acknowledged or settled and over 30 days old."""
        ...

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...

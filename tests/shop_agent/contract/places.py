"""Where a journal may lie: on the disk, or in memory for simulations. Whoever reads it can't tell which."""

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

from broker.wire.messages import Envelope, Signed
from shop_agent.identity import Identity, Signer, own_key
from shop_agent.journal import Journal
from shop_agent.shop_log import ShopLog, Unsent
from shop_agent.streamer.journal import RunJournal
from shop_agent.streamer.run_log import RunLog
from tests.simulation.journals import MemoryJournal, MemoryRunLog, RunDisk, ShopDisk


class Killed(BaseException):
    """The process dies here."""


def dying(unsent: Iterable[Unsent]) -> Iterator[Unsent]:
    """Events whose last is followed by the end of the process."""
    yield from unsent
    raise Killed


class ShopPlace(Protocol):
    def open(self, agent: str = "agt_1") -> ShopLog[Envelope | Signed]:
        """As a new process does; the one before is dead."""
        ...

    def close(self) -> None: ...


class MemoryShop:
    def __init__(self) -> None:
        self.disk = ShopDisk()
        self._names = count(1)

    def open(self, agent: str = "agt_1") -> ShopLog[Envelope | Signed]:
        return MemoryJournal(self.disk, agent, lambda: f"epoch{next(self._names)}")

    def close(self) -> None:
        """Memory needs no closing."""


class SqliteShop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journal: Journal | None = None

    def open(self, agent: str = "agt_1") -> ShopLog[Envelope | Signed]:
        self.close()
        identity = Identity(agent=agent, workshop="Nava", broker="http://127.0.0.1")
        self._journal = Journal(self.folder / "agent.sqlite", Signer(identity, own_key(self.folder)))
        return self._journal

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()


def envelope(event: Envelope | Signed) -> Envelope:
    return event if isinstance(event, Envelope) else Envelope.model_validate_json(event.payload)


def envelopes(log: ShopLog[Envelope | Signed], after: int = 0, at_most: int = 1000) -> list[Envelope]:
    found = log.events_after(after, at_most)
    events = [envelope(event) for _, event in found]
    assert [seq for seq, _ in found] == [event.seq for event in events]
    return events


class RunPlace(Protocol):
    def open(self) -> RunLog: ...

    def close(self) -> None: ...


class MemoryRuns:
    def __init__(self) -> None:
        self.disk = RunDisk("j1")

    def open(self) -> RunLog:
        return MemoryRunLog(self.disk)

    def close(self) -> None:
        """Memory needs no closing."""


class SqliteRuns:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journal: RunJournal | None = None

    def open(self) -> RunLog:
        self.close()
        self._journal = RunJournal(self.folder / "runs.sqlite")
        return self._journal

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

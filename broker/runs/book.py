"""The port between the rules of runs and whatever keeps the rows.

The rules await nothing but a book. `broker.runs.sql_book` is on a database; tests simulate on one in memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from broker.database import Workshops
from broker.orders.book import OrderBook
from broker.rows import Rows
from broker.runs.models import (
    BrokerEpoch,
    Count,
    InboxEvent,
    PlateLot,
    PlateRow,
    Run,
    RunStep,
    ScrapCount,
    Skip,
)
from broker.wire.states import LIVE, RunState
from broker.workshops.book import WorkshopBook


class KeptEvent(NamedTuple):
    """A durable event as the agent signed it, and what became of it."""

    agent_id: str
    epoch: str
    seq: int
    payload: str
    signature: str
    received_at: datetime
    applied: bool
    note: str
    """Why it changed nothing, where it didn't."""


class RunBook(Rows, Protocol):
    """What the rules look up of runs, their plates, steps and events."""

    async def locked_run(self, run_id: str) -> Run | None:
        """The run as it is now, held until the transaction's end."""
        ...

    async def steps(self, run_ids: Iterable[str]) -> Mapping[str, Sequence[RunStep]]:
        """Each run's steps in order."""
        ...

    async def runs_in(self, states: Iterable[RunState], workshop_id: str | None = None) -> Sequence[Run]:
        """In the order in which they are planned to start."""
        ...

    async def live_runs_with_lot(self, lot_id: str) -> Sequence[Run]: ...

    async def due_runs(self, now: datetime) -> Sequence[str]:
        """Ids of live runs whose exit timer has run out."""
        ...

    async def locked_runs(self, run_ids: Iterable[str]) -> Mapping[str, Run]:
        """As many at once as there are."""
        ...

    async def runs_of(self, among: Workshops, states: Iterable[RunState]) -> Sequence[Run]:
        """In the order in which they are planned to start."""
        ...

    async def taken_back(self, among: Workshops, since: datetime) -> Sequence[Run]:
        """Runs that the broker took back from the workshops since then, after it had offered them."""
        ...

    async def plate(self, plate_id: str) -> PlateRow: ...

    async def plates(self, plate_ids: Iterable[str]) -> Mapping[str, PlateRow]: ...

    async def plate_hashes(self, plate_ids: Iterable[str]) -> Mapping[str, str]:
        """SHA-256 of each plate's document, without the documents."""
        ...

    async def plate_lots(self, plate_ids: Iterable[str]) -> Mapping[str, Sequence[PlateLot]]: ...

    async def live_pieces(self, lot_ids: Iterable[str], states: Iterable[RunState] = LIVE) -> Mapping[str, int]:
        """Pieces of each lot on plates whose run is in one of the states, but for those that it skipped."""
        ...

    async def runs_of_plate(self, plate_id: str) -> Sequence[Run]: ...

    async def skips(self, run_id: str) -> Sequence[Skip]:
        """Pieces that were left out while the run went on."""
        ...

    async def counts(self, run_id: str) -> Sequence[Count]: ...

    async def scrap_counts(self, count_ids: Iterable[int]) -> Sequence[ScrapCount]: ...

    async def keep_events(self, events: Sequence[KeptEvent]) -> None: ...

    async def inbox_event(self, agent_id: str, epoch: str, seq: int) -> InboxEvent | None: ...

    async def latest_epoch(self) -> BrokerEpoch | None:
        """None where there was no restore yet."""
        ...

    async def record_was_used(self, record_id: str) -> bool:
        """Whether any run was ever armed with this setup record."""
        ...


class Book(WorkshopBook, OrderBook, RunBook, Protocol):
    """All that the rules of runs look up, in one transaction."""


class Books(Protocol):
    """Opens transactions, not one within another."""

    def reading(self) -> AbstractAsyncContextManager[Book]:
        """The rows as of one moment."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Book]:
        """Kept as a whole at its end, or not at all if it ends with an exception."""
        ...

    def ring(self, among: Workshops = None) -> None:
        """Whoever waits for changes, of these workshops or of any, looks again; call it after the end of `writing`."""
        ...

"""The broker's rows in memory: what `broker.runs.sql_book` keeps in a database, for the same rules.

Its coroutines never suspend. A transaction that ends with any exception leaves no trace.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from broker.accounts.models import Account
from broker.database import Base, Workshops
from broker.orders.models import Line, Lot, LotState, Order, OrderState
from broker.parts.models import Part
from broker.quotes.models import Quote
from broker.runs.book import KeptEvent
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
    UsedRecord,
)
from broker.wire.messages import Availability
from broker.wire.states import LIVE, Actor, RunState
from broker.workshops.models import Agent, Machine, Workshop
from broker.workshops.service import is_working
from tests.simulation.rows import Row, Tables, Undo

_TAKEN_BACK = frozenset({RunState.WITHDRAWN, RunState.EXPIRED, RunState.RELEASED})


class _Rows:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._undo = Undo()

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{self.tables.next_number():08}"

    def add(self, row: Base) -> None:
        self.tables.add(row, self._undo)

    async def flush(self) -> None:
        self.tables.require_one_live_run_a_plate(self._undo.runs)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        outer, self._undo = self._undo, Undo()
        for row, _ in outer.before.values():
            self._undo.saw(row)
        try:
            yield
            await self.flush()
        except BaseException:
            self._undo.go_back()
            self._undo = outer
            raise
        inner, self._undo = self._undo, outer
        outer.steps += inner.steps
        outer.runs += inner.runs
        outer.before = inner.before | outer.before

    def go_back(self) -> None:
        self._undo.go_back()

    def _out(self, row: Row) -> Row:
        self._undo.saw(row)
        return row

    def _all_out(self, rows: Iterable[Row]) -> list[Row]:
        return [self._out(row) for row in rows]

    def _one(self, kind: type[Row], *key: object) -> Row | None:
        found = self.tables.get(kind, *key)
        return None if found is None else self._out(found)

    def _those(self, kind: type[Row], keys: Iterable[str]) -> dict[str, Row]:
        found = {key: self._one(kind, key) for key in set(keys)}
        return {key: row for key, row in found.items() if row is not None}

    def _among(self, kind: type[Row], among: Workshops) -> Iterable[Row]:
        if among is None:
            return self.tables.all(kind)
        return [row for workshop_id in sorted(set(among)) for row in self.tables.by(kind, "workshop_id", workshop_id)]

    def _there(self, kind: type[Row], *key: object) -> Row:
        found = self._one(kind, *key)
        assert found is not None, f"there is no {kind.__name__} {key}"
        return found


class _Workshops(_Rows):
    async def workshop(self, workshop_id: str) -> Workshop:
        return self._there(Workshop, workshop_id)

    async def agent(self, agent_id: str) -> Agent | None:
        found = self._one(Agent, agent_id)
        return None if found is None or found.revoked_at is not None else found

    async def locked_agent(self, agent_id: str) -> Agent:
        return self._there(Agent, agent_id)

    async def locked_agents(self, agent_ids: Iterable[str]) -> Mapping[str, Agent]:
        return self._those(Agent, agent_ids)

    async def connections(self) -> Mapping[str, str | None]:
        return {agent.id: agent.connection for agent in self.tables.all(Agent) if agent.revoked_at is None}

    async def silent(self, since: datetime) -> Collection[str]:
        quiet = {one.workshop_id for one in await self.agents() if one.last_seen_at is None or one.last_seen_at < since}
        there = [machine for machine in self.tables.all(Machine) if machine.retired_at is None]
        return sorted({machine.workshop_id for machine in there if is_working(machine)} & quiet)

    async def behind(self) -> Collection[str]:
        return {agent.workshop_id for agent in await self.agents() if agent.behind}

    async def agents_in(self, among: Workshops) -> Sequence[Agent]:
        return [agent for agent in await self.agents() if among is None or agent.workshop_id in among]

    async def agents(self) -> Sequence[Agent]:
        return self._all_out(agent for agent in self.tables.all(Agent) if agent.revoked_at is None)

    async def machine(self, machine_id: str) -> Machine:
        return self._there(Machine, machine_id)

    async def machine_of(self, workshop_id: str, name: str) -> Machine | None:
        found = [row for row in self.tables.by(Machine, "workshop_id", workshop_id) if row.name == name]
        return self._out(found[0]) if found else None

    async def machines_at_rest(self) -> Mapping[str, Availability]:
        there = [machine for machine in self.tables.all(Machine) if machine.retired_at is None]
        return {machine.id: machine.availability for machine in there if not is_working(machine)}

    async def all_machines_of(self, workshop_id: str) -> Sequence[Machine]:
        return self._all_out(self.tables.by(Machine, "workshop_id", workshop_id))

    async def machines_in(self, among: Workshops) -> Sequence[Machine]:
        return self._all_out(self._among(Machine, among))

    async def retired(self, machine_ids: Iterable[str]) -> set[str]:
        rows = [self.tables.get(Machine, machine_id) for machine_id in set(machine_ids)]
        return {row.id for row in rows if row is not None and row.retired_at is not None}


class _Orders(_Rows):
    async def locked_lot(self, lot_id: str) -> Lot | None:
        return self._one(Lot, lot_id)

    async def lot_of(self, line_id: str, workshop_id: str) -> Lot | None:
        found = [lot for lot in self._here(line_id) if lot.workshop_id == workshop_id]
        return self._out(found[0]) if found else None

    def _here(self, line_id: str) -> Iterable[Lot]:
        return [lot for lot in self.tables.by(Lot, "line_id", line_id) if lot.state is not LotState.DELIVERED]

    async def lots_by_id(self, ids: Iterable[str]) -> Mapping[str, Lot]:
        return {lot_id: self._there(Lot, lot_id) for lot_id in set(ids)}

    async def lots_of_lines(self, line_ids: Iterable[str]) -> Sequence[Lot]:
        return [self._out(lot) for line_id in sorted(set(line_ids)) for lot in self.tables.by(Lot, "line_id", line_id)]

    async def lots_of_order(self, order_id: str) -> Sequence[Lot]:
        lines = await self.lines_of_order(order_id)
        lots = [(line.position, lot.id, lot) for line in lines for lot in self.tables.by(Lot, "line_id", line.id)]
        return self._all_out(lot for _, _, lot in sorted(lots, key=lambda found: found[:2]))

    async def lots_in_state(self, among: Workshops, state: LotState) -> Sequence[tuple[Lot, Line, Order]]:
        lots = [lot for lot in self._among(Lot, among) if lot.state is state]
        found = []
        for lot in sorted(lots, key=lambda lot: lot.id):
            line = self._there(Line, lot.line_id)
            order = self._there(Order, line.order_id)
            if order.state is OrderState.ACCEPTED:
                found.append((self._out(lot), line, order))
        return found

    async def line(self, line_id: str) -> Line:
        return self._there(Line, line_id)

    async def find_line(self, line_id: str) -> Line | None:
        return self._one(Line, line_id)

    async def lines_of_order(self, order_id: str) -> Sequence[Line]:
        lines = self.tables.by(Line, "order_id", order_id)
        return self._all_out(sorted(lines, key=lambda line: line.position))

    async def lines_of_lots(self, lot_ids: Iterable[str]) -> Mapping[str, Line]:
        lots = [self.tables.get(Lot, lot_id) for lot_id in set(lot_ids)]
        return {lot.id: self._there(Line, lot.line_id) for lot in lots if lot is not None}

    async def open_lines(self) -> Sequence[tuple[Line, Order]]:
        orders = [order for order in self.tables.all(Order) if order.state is OrderState.ACCEPTED]
        return [
            (line, self._out(order))
            for order in sorted(orders, key=lambda order: (order.created_at, order.id))
            for line in await self.lines_of_order(order.id)
        ]

    async def good_by_line(self, line_ids: Iterable[str]) -> Mapping[str, int]:
        lots = {line_id: self.tables.by(Lot, "line_id", line_id) for line_id in set(line_ids)}
        return {line_id: sum(lot.good for lot in rows) for line_id, rows in lots.items() if rows}

    async def locked_order(self, order_id: str) -> Order:
        return self._there(Order, order_id)

    async def parts(self, ids: Iterable[str]) -> Mapping[str, Part]:
        return self._those(Part, ids)

    async def quotes(self, ids: Iterable[str]) -> Mapping[str, Quote]:
        return self._those(Quote, ids)

    async def accounts(self, ids: Iterable[str]) -> Mapping[str, Account]:
        return self._those(Account, ids)

    async def pay_out(self, order: Order, earned: Mapping[str, int], now: datetime) -> None:
        """Money is no part of what is simulated."""


class _Runs(_Rows):
    async def locked_run(self, run_id: str) -> Run | None:
        return self._one(Run, run_id)

    async def steps(self, run_ids: Iterable[str]) -> Mapping[str, Sequence[RunStep]]:
        found: defaultdict[str, Sequence[RunStep]] = defaultdict(list)
        for run_id in set(run_ids):
            steps = sorted(self.tables.by(RunStep, "run_id", run_id), key=lambda step: step.version)
            found[run_id] = self._all_out(steps)
        return found

    async def runs_in(self, states: Iterable[RunState], workshop_id: str | None = None) -> Sequence[Run]:
        wanted = frozenset(states)
        rows = self.tables.all(Run) if workshop_id is None else self.tables.by(Run, "workshop_id", workshop_id)
        found = [run for run in rows if run.state in wanted]
        return self._all_out(sorted(found, key=lambda run: (run.planned_start, run.id)))

    async def live_runs_with_lot(self, lot_id: str) -> Sequence[Run]:
        return self._all_out(run for run, _ in self._with_lot(lot_id) if run.state in LIVE)

    async def due_runs(self, now: datetime) -> Sequence[str]:
        due = [
            (run.exit_at, run.id)
            for run in self.tables.all(Run)
            if run.exit_at is not None and run.exit_at <= now and run.state in LIVE
        ]
        return [run_id for _, run_id in sorted(due)]

    async def locked_runs(self, run_ids: Iterable[str]) -> Mapping[str, Run]:
        return self._those(Run, run_ids)

    async def runs_of(self, among: Workshops, states: Iterable[RunState]) -> Sequence[Run]:
        wanted = frozenset(states)
        found = [run for run in self._among(Run, among) if run.state in wanted]
        return self._all_out(sorted(found, key=lambda run: (run.planned_start, run.id)))

    async def taken_back(self, among: Workshops, since: datetime) -> Sequence[Run]:
        runs = sorted(self._among(Run, among), key=lambda run: run.id)
        offered = [run for run in runs if run.state in _TAKEN_BACK and run.fence > 1]
        last = [(run, self.tables.get(RunStep, run.id, run.version)) for run in offered]
        return self._all_out(
            run for run, step in last if step is not None and step.actor is Actor.BROKER and step.at >= since
        )

    async def plate(self, plate_id: str) -> PlateRow:
        return self._there(PlateRow, plate_id)

    async def plates(self, plate_ids: Iterable[str]) -> Mapping[str, PlateRow]:
        return {plate_id: self._there(PlateRow, plate_id) for plate_id in set(plate_ids)}

    async def plate_hashes(self, plate_ids: Iterable[str]) -> Mapping[str, str]:
        return {plate_id: row.sha256 for plate_id, row in self._those(PlateRow, plate_ids).items()}

    async def plate_lots(self, plate_ids: Iterable[str]) -> Mapping[str, Sequence[PlateLot]]:
        found: defaultdict[str, Sequence[PlateLot]] = defaultdict(list)
        for plate_id in set(plate_ids):
            rows = sorted(self.tables.by(PlateLot, "plate_id", plate_id), key=lambda row: row.lot_id)
            found[plate_id] = self._all_out(rows)
        return found

    async def live_pieces(self, lot_ids: Iterable[str], states: Iterable[RunState] = LIVE) -> Mapping[str, int]:
        wanted = frozenset(states)
        found: dict[str, int] = {}
        for lot_id in set(lot_ids):
            on_plates = [row.pieces for run, row in self._with_lot(lot_id) if run.state in wanted]
            if on_plates:
                found[lot_id] = sum(on_plates) - self._skipped(lot_id, wanted)
        return found

    def _skipped(self, lot_id: str, states: frozenset[RunState]) -> int:
        runs = [self.tables.get(Run, skip.run_id) for skip in self.tables.by(Skip, "lot_id", lot_id)]
        return sum(run is not None and run.state in states for run in runs)

    async def runs_of_plate(self, plate_id: str) -> Sequence[Run]:
        return self._all_out(self.tables.by(Run, "plate_id", plate_id))

    async def skips(self, run_id: str) -> Sequence[Skip]:
        return self._all_out(sorted(self.tables.by(Skip, "run_id", run_id), key=lambda skip: skip.object))

    async def counts(self, run_id: str) -> Sequence[Count]:
        return self._all_out(self.tables.by(Count, "run_id", run_id))

    async def scrap_counts(self, count_ids: Iterable[int]) -> Sequence[ScrapCount]:
        found = [row for count_id in sorted(set(count_ids)) for row in self.tables.by(ScrapCount, "count_id", count_id)]
        return self._all_out(found)

    async def keep_events(self, events: Sequence[KeptEvent]) -> None:
        for event in events:
            row = InboxEvent.__new__(InboxEvent)
            vars(row).update(event._asdict())
            self.add(row)

    async def inbox_event(self, agent_id: str, epoch: str, seq: int) -> InboxEvent | None:
        return self._one(InboxEvent, agent_id, epoch, seq)

    async def latest_epoch(self) -> BrokerEpoch | None:
        found = sorted(self.tables.all(BrokerEpoch), key=lambda epoch: epoch.number)
        return self._out(found[-1]) if found else None

    async def record_was_used(self, record_id: str) -> bool:
        return self.tables.get(UsedRecord, record_id) is not None

    def _with_lot(self, lot_id: str) -> Iterable[tuple[Run, PlateLot]]:
        for row in self.tables.by(PlateLot, "lot_id", lot_id):
            for run in self.tables.by(Run, "plate_id", row.plate_id):
                yield run, row


class MemoryBook(_Workshops, _Orders, _Runs):
    """The book of one transaction."""


def _nothing() -> None:
    return


class MemoryBooks:
    """`before_commit` may raise, and nothing is kept; `after_commit` too, and all is kept."""

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = tables or Tables()
        self.before_commit: Callable[[], None] = _nothing
        self.after_commit: Callable[[], None] = _nothing
        self.rings = 0
        self._is_open = False

    def reading(self) -> "_Reading":
        """Rows that it hands out go on changing afterwards; what it changes itself is lost."""
        return _Reading(self)

    def writing(self) -> "_Writing":
        return _Writing(self)

    def open(self) -> MemoryBook:
        assert not self._is_open, "a transaction within a transaction would wait for itself"
        self._is_open = True
        return MemoryBook(self.tables)

    def close(self) -> None:
        self._is_open = False

    def ring(self, _among: Workshops = None) -> None:
        self.rings += 1


class _Transaction:
    """Plain classes, as schedules open hundreds of them."""

    __slots__ = ("_book", "_books")

    def __init__(self, books: MemoryBooks) -> None:
        self._books = books

    async def __aenter__(self) -> MemoryBook:
        self._book = self._books.open()
        return self._book


class _Reading(_Transaction):
    __slots__ = ()

    async def __aexit__(self, *_: object) -> None:
        self._book.go_back()
        self._books.close()


class _Writing(_Transaction):
    __slots__ = ()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        book, books = self._book, self._books
        try:
            if kind is not None:
                book.go_back()
                return
            await self._commit()
        finally:
            books.close()
        books.after_commit()

    async def _commit(self) -> None:
        try:
            await self._book.flush()
            self._books.before_commit()
        except BaseException:
            self._book.go_back()
            raise

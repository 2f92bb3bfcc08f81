"""A book on a database: every look-up is a repository's."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts import repository as accounts
from broker.accounts.models import Account
from broker.database import Base, Database, Workshops, new_id
from broker.orders import lot_repository, payment
from broker.orders.models import Line, Lot, LotState, Order
from broker.parts import repository as parts
from broker.parts.models import Part
from broker.quotes import repository as quotes
from broker.quotes.models import Quote
from broker.runs import repository
from broker.runs.book import Book, KeptEvent
from broker.runs.bulk import write_changed
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
from broker.wire.messages import Availability
from broker.wire.states import LIVE, RunState
from broker.workshops import repository as workshops
from broker.workshops.models import Agent, Machine, Workshop


class _Rows:
    """Writers run one after another: what one has looked up stays as it is, but for what it changes itself."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._machines: dict[tuple[str, str], Machine] = {}
        self._locked: dict[str, Run] = {}

    def new_id(self, prefix: str) -> str:
        return new_id(prefix)

    def add(self, row: Base) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        try:
            async with self._session.begin_nested():
                yield
        except BaseException:
            # What was changed in it has to be read again.
            self._machines.clear()
            self._locked.clear()
            raise


class _Workshops(_Rows):
    async def workshop(self, workshop_id: str) -> Workshop:
        return await workshops.workshop(self._session, workshop_id)

    async def agent(self, agent_id: str) -> Agent | None:
        return await workshops.agent(self._session, agent_id)

    async def locked_agent(self, agent_id: str) -> Agent:
        return await workshops.locked_agent(self._session, agent_id)

    async def locked_agents(self, agent_ids: Iterable[str]) -> Mapping[str, Agent]:
        return await workshops.locked_agents(self._session, agent_ids)

    async def connections(self) -> Mapping[str, str | None]:
        return await workshops.connections(self._session)

    async def silent(self, since: datetime) -> Collection[str]:
        return await workshops.silent(self._session, since)

    async def behind(self) -> Collection[str]:
        return await workshops.behind(self._session)

    async def agents_in(self, among: Workshops) -> Sequence[Agent]:
        return await workshops.agents_in(self._session, among)

    async def agents(self) -> Sequence[Agent]:
        return await workshops.agents(self._session)

    async def machine(self, machine_id: str) -> Machine:
        return await workshops.machine(self._session, machine_id)

    async def machine_of(self, workshop_id: str, name: str) -> Machine | None:
        known = self._machines.get((workshop_id, name))
        return known if known is not None else await workshops.machine_of(self._session, workshop_id, name)

    async def machines_at_rest(self) -> Mapping[str, Availability]:
        return await workshops.machines_at_rest(self._session)

    async def all_machines_of(self, workshop_id: str) -> Sequence[Machine]:
        return await workshops.all_machines_of(self._session, workshop_id)

    async def machines_in(self, among: Workshops) -> Sequence[Machine]:
        found = await workshops.machines_in(self._session, among)
        self._machines.update({(machine.workshop_id, machine.name): machine for machine in found})
        return found

    async def retired(self, machine_ids: Iterable[str]) -> set[str]:
        return await workshops.retired(self._session, machine_ids)


class _Orders(_Rows):
    async def locked_lot(self, lot_id: str) -> Lot | None:
        return await lot_repository.locked_lot(self._session, lot_id)

    async def lot_of(self, line_id: str, workshop_id: str) -> Lot | None:
        return await lot_repository.lot_of(self._session, line_id, workshop_id)

    async def lots_by_id(self, ids: Iterable[str]) -> Mapping[str, Lot]:
        return await lot_repository.lots_by_id(self._session, ids)

    async def lots_of_lines(self, line_ids: Iterable[str]) -> Sequence[Lot]:
        return await lot_repository.lots_of_lines(self._session, line_ids)

    async def lots_of_order(self, order_id: str) -> Sequence[Lot]:
        return await lot_repository.lots_of_order(self._session, order_id)

    async def lots_in_state(self, among: Workshops, state: LotState) -> Sequence[tuple[Lot, Line, Order]]:
        return await lot_repository.lots_in_state(self._session, among, state)

    async def find_line(self, line_id: str) -> Line | None:
        return await lot_repository.find_line(self._session, line_id)

    async def line(self, line_id: str) -> Line:
        return await lot_repository.line(self._session, line_id)

    async def lines_of_order(self, order_id: str) -> Sequence[Line]:
        return await lot_repository.lines_of_order(self._session, order_id)

    async def lines_of_lots(self, lot_ids: Iterable[str]) -> Mapping[str, Line]:
        return await repository.lines_of_lots(self._session, lot_ids)

    async def open_lines(self) -> Sequence[tuple[Line, Order]]:
        return await lot_repository.open_lines(self._session)

    async def good_by_line(self, line_ids: Iterable[str]) -> Mapping[str, int]:
        return await lot_repository.good_by_line(self._session, line_ids)

    async def locked_order(self, order_id: str) -> Order:
        return await lot_repository.locked_order(self._session, order_id)

    async def parts(self, ids: Iterable[str]) -> Mapping[str, Part]:
        return await parts.parts_by_id(self._session, ids)

    async def quotes(self, ids: Iterable[str]) -> Mapping[str, Quote]:
        return await quotes.quotes_by_id(self._session, ids)

    async def accounts(self, ids: Iterable[str]) -> Mapping[str, Account]:
        return await accounts.accounts_by_id(self._session, ids)

    async def pay_out(self, order: Order, earned: Mapping[str, int], now: datetime) -> None:
        await payment.pay_out(self._session, order, earned, now)


class _Runs(_Rows):
    async def locked_run(self, run_id: str) -> Run | None:
        known = self._locked.get(run_id)
        return known if known is not None else await repository.locked_run(self._session, run_id)

    async def steps(self, run_ids: Iterable[str]) -> Mapping[str, Sequence[RunStep]]:
        return await repository.steps(self._session, run_ids)

    async def runs_in(self, states: Iterable[RunState], workshop_id: str | None = None) -> Sequence[Run]:
        return await repository.runs_in(self._session, states, workshop_id)

    async def live_runs_with_lot(self, lot_id: str) -> Sequence[Run]:
        return await repository.live_runs_with_lot(self._session, lot_id)

    async def due_runs(self, now: datetime) -> Sequence[str]:
        return await repository.due_runs(self._session, now)

    async def locked_runs(self, run_ids: Iterable[str]) -> Mapping[str, Run]:
        found = await repository.locked_runs(self._session, run_ids)
        self._locked.update(found)
        return found

    async def runs_of(self, among: Workshops, states: Iterable[RunState]) -> Sequence[Run]:
        return await repository.runs_of(self._session, among, states)

    async def taken_back(self, among: Workshops, since: datetime) -> Sequence[Run]:
        return await repository.taken_back(self._session, among, since)

    async def plate(self, plate_id: str) -> PlateRow:
        return await repository.plate(self._session, plate_id)

    async def plates(self, plate_ids: Iterable[str]) -> Mapping[str, PlateRow]:
        return await repository.plates(self._session, plate_ids)

    async def plate_hashes(self, plate_ids: Iterable[str]) -> Mapping[str, str]:
        return await repository.plate_hashes(self._session, plate_ids)

    async def plate_lots(self, plate_ids: Iterable[str]) -> Mapping[str, Sequence[PlateLot]]:
        return await repository.plate_lots(self._session, plate_ids)

    async def live_pieces(self, lot_ids: Iterable[str], states: Iterable[RunState] = LIVE) -> Mapping[str, int]:
        return await repository.live_pieces(self._session, lot_ids, states)

    async def runs_of_plate(self, plate_id: str) -> Sequence[Run]:
        return await repository.runs_of_plate(self._session, plate_id)

    async def skips(self, run_id: str) -> Sequence[Skip]:
        return await repository.skips(self._session, run_id)

    async def counts(self, run_id: str) -> Sequence[Count]:
        return await repository.counts(self._session, run_id)

    async def scrap_counts(self, count_ids: Iterable[int]) -> Sequence[ScrapCount]:
        return await repository.scrap_counts(self._session, count_ids)

    async def keep_events(self, events: Sequence[KeptEvent]) -> None:
        await repository.insert_events(self._session, events)

    async def inbox_event(self, agent_id: str, epoch: str, seq: int) -> InboxEvent | None:
        return await repository.inbox_event(self._session, agent_id, epoch, seq)

    async def latest_epoch(self) -> BrokerEpoch | None:
        return await repository.latest_epoch(self._session)

    async def record_was_used(self, record_id: str) -> bool:
        return await repository.record_was_used(self._session, record_id)


class SqlBook(_Workshops, _Orders, _Runs):
    """The book of one session."""


class SqlBooks:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Book]:
        async with self._database.reading() as session:
            yield SqlBook(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Book]:
        async with self._database.writing() as session:
            yield SqlBook(session)
            await write_changed(session)

    def ring(self, among: Workshops = None) -> None:
        self._database.waker.ring(among)

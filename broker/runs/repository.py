"""Selects on runs, their plates, steps, counts and the inbox."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.database import Workshops
from broker.many_rows import ManyRows, one_of
from broker.orders.models import Line, Lot
from broker.runs.book import KeptEvent
from broker.runs.models import (
    BrokerEpoch,
    Correction,
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
from broker.wire.messages import ScrapReason
from broker.wire.states import FINAL, LIVE, Actor, RunState
from broker.workshops.models import Agent, Machine, Workshop

_KEEP_EVENTS = ManyRows(insert(cast(Table, InboxEvent.__table__)), KeptEvent._fields)


async def locked_run(session: AsyncSession, run_id: str) -> Run | None:
    """The run as it is now, held until the transaction's end."""
    return await session.get(Run, run_id, with_for_update=True, populate_existing=True)


async def locked_runs(session: AsyncSession, run_ids: Iterable[str]) -> dict[str, Run]:
    """As many at once as there are, as they are now, held until the transaction's end."""
    query = select(Run).where(one_of(Run.id, run_ids)).with_for_update()
    return {row.id: row for row in await session.scalars(query.execution_options(populate_existing=True))}


async def steps(session: AsyncSession, run_ids: Iterable[str]) -> Mapping[str, Sequence[RunStep]]:
    """Each run's steps in order."""
    found = defaultdict(list)
    query = select(RunStep).where(one_of(RunStep.run_id, run_ids)).order_by(RunStep.run_id, RunStep.version)
    for step in await session.scalars(query):
        found[step.run_id].append(step)
    return found


async def runs_in(session: AsyncSession, states: Iterable[RunState], workshop_id: str | None = None) -> Sequence[Run]:
    query = select(Run).where(Run.state.in_(set(states))).order_by(Run.planned_start, Run.id)
    if workshop_id is not None:
        query = query.where(Run.workshop_id == workshop_id)
    return (await session.scalars(query)).all()


async def runs_of(session: AsyncSession, among: Workshops, states: Iterable[RunState]) -> Sequence[Run]:
    query = select(Run).where(Run.state.in_(set(states))).order_by(Run.planned_start, Run.id)
    if among is not None:
        query = query.where(one_of(Run.workshop_id, among))
    return (await session.scalars(query)).all()


async def live_runs_with_lot(session: AsyncSession, lot_id: str) -> Sequence[Run]:
    query = select(Run).join(PlateLot, PlateLot.plate_id == Run.plate_id)
    return (await session.scalars(query.where(PlateLot.lot_id == lot_id, Run.state.in_(LIVE)))).all()


async def due_runs(session: AsyncSession, now: datetime) -> Sequence[str]:
    """Ids of live runs whose exit timer has run out."""
    query = select(Run.id).where(Run.exit_at <= now, Run.state.not_in(FINAL)).order_by(Run.exit_at, Run.id)
    return (await session.scalars(query)).all()


async def plate(session: AsyncSession, plate_id: str) -> PlateRow:
    return await session.get_one(PlateRow, plate_id)


async def plates(session: AsyncSession, plate_ids: Iterable[str]) -> dict[str, PlateRow]:
    return {row.id: row for row in await session.scalars(select(PlateRow).where(one_of(PlateRow.id, plate_ids)))}


async def plate_hashes(session: AsyncSession, plate_ids: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each plate's document, without the documents."""
    query = select(PlateRow.id, PlateRow.sha256).where(one_of(PlateRow.id, plate_ids))
    return dict(iter(await session.execute(query)))


async def plate_lots(session: AsyncSession, plate_ids: Iterable[str]) -> Mapping[str, Sequence[PlateLot]]:
    found = defaultdict(list)
    query = select(PlateLot).where(one_of(PlateLot.plate_id, plate_ids)).order_by(PlateLot.plate_id, PlateLot.lot_id)
    for row in await session.scalars(query):
        found[row.plate_id].append(row)
    return found


async def live_pieces(
    session: AsyncSession, lot_ids: Iterable[str], states: Iterable[RunState] = LIVE
) -> dict[str, int]:
    """Pieces of each lot on plates whose run is in one of the states, but for those that it skipped."""
    lots, wanted = set(lot_ids), set(states)
    query = (
        select(PlateLot.lot_id, func.sum(PlateLot.pieces))
        .join(Run, Run.plate_id == PlateLot.plate_id)
        .where(PlateLot.lot_id.in_(lots), Run.state.in_(wanted))
        .group_by(PlateLot.lot_id)
    )
    pieces = {lot_id: int(number) for lot_id, number in await session.execute(query)}
    skipped = (
        select(Skip.lot_id, func.count())
        .join(Run, Run.id == Skip.run_id)
        .where(Skip.lot_id.in_(lots), Run.state.in_(wanted))
        .group_by(Skip.lot_id)
    )
    for lot_id, number in await session.execute(skipped):
        pieces[lot_id] -= int(number)
    return pieces


async def runs_of_plate(session: AsyncSession, plate_id: str) -> Sequence[Run]:
    return (await session.scalars(select(Run).where(Run.plate_id == plate_id))).all()


async def skips(session: AsyncSession, run_id: str) -> Sequence[Skip]:
    return (await session.scalars(select(Skip).where(Skip.run_id == run_id).order_by(Skip.object))).all()


async def counts(session: AsyncSession, run_id: str) -> Sequence[Count]:
    return (await session.scalars(select(Count).where(Count.run_id == run_id))).all()


async def scrap_counts(session: AsyncSession, count_ids: Iterable[int]) -> Sequence[ScrapCount]:
    return (await session.scalars(select(ScrapCount).where(ScrapCount.count_id.in_(set(count_ids))))).all()


async def corrections_of(session: AsyncSession, lot_ids: Iterable[str]) -> Sequence[Correction]:
    """In the order in which they were made."""
    query = select(Correction).where(one_of(Correction.lot_id, lot_ids))
    return (await session.scalars(query.order_by(Correction.at, Correction.version))).all()


async def offered_documents(session: AsyncSession, workshop_id: str) -> Sequence[PlateRow]:
    """Plates that the workshop has been offered and may still make."""
    may_read = LIVE - {RunState.PLANNED}
    query = select(PlateRow).join(Run, Run.plate_id == PlateRow.id)
    return (await session.scalars(query.where(Run.workshop_id == workshop_id, Run.state.in_(may_read)))).all()


async def insert_events(session: AsyncSession, events: Sequence[KeptEvent]) -> None:
    """In one statement, without a row object each."""
    await _KEEP_EVENTS.execute(session, events)


async def inbox_event(session: AsyncSession, agent_id: str, epoch: str, seq: int) -> InboxEvent | None:
    return await session.get(InboxEvent, (agent_id, epoch, seq))


async def latest_epoch(session: AsyncSession) -> BrokerEpoch | None:
    """None for a database that was never restored."""
    return await session.scalar(select(BrokerEpoch).order_by(BrokerEpoch.number.desc()).limit(1))


async def any_behind(session: AsyncSession) -> bool:
    """Whether an agent has still to send again what a backup lacked."""
    query = select(Agent.id).where(Agent.behind, Agent.revoked_at.is_(None)).limit(1)
    return await session.scalar(query) is not None


async def record_was_used(session: AsyncSession, record_id: str) -> bool:
    return await session.get(UsedRecord, record_id) is not None


async def runs_of_order(session: AsyncSession, order_id: str) -> Sequence[Run]:
    plates_of_order = (
        select(PlateLot.plate_id)
        .join(Lot, Lot.id == PlateLot.lot_id)
        .join(Line, Line.id == Lot.line_id)
        .where(Line.order_id == order_id)
    )
    query = select(Run).where(Run.plate_id.in_(plates_of_order)).order_by(Run.planned_start, Run.id)
    return (await session.scalars(query)).all()


async def lines_of_lots(session: AsyncSession, lot_ids: Iterable[str]) -> dict[str, Line]:
    """The line of each lot."""
    query = select(Lot.id, Line).join(Line, Line.id == Lot.line_id).where(one_of(Lot.id, lot_ids))
    return dict(iter(await session.execute(query)))


async def machines_of_runs(session: AsyncSession, runs: Iterable[Run]) -> dict[str, tuple[Machine, Workshop]]:
    """Machine and workshop by machine id."""
    query = (
        select(Machine, Workshop)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(Machine.id.in_({run.machine_id for run in runs}))
    )
    return {machine.id: (machine, workshop) for machine, workshop in await session.execute(query)}


async def scrap_by_reason(session: AsyncSession, lot_ids: Iterable[str]) -> dict[str, dict[ScrapReason, int]]:
    query = (
        select(Count.lot_id, ScrapCount.reason, func.sum(ScrapCount.pieces))
        .join(ScrapCount, ScrapCount.count_id == Count.id)
        .where(one_of(Count.lot_id, lot_ids))
        .group_by(Count.lot_id, ScrapCount.reason)
    )
    skipped = (
        select(Skip.lot_id, Skip.reason, func.count())
        .where(one_of(Skip.lot_id, lot_ids))
        .group_by(Skip.lot_id, Skip.reason)
    )
    found: dict[str, dict[ScrapReason, int]] = defaultdict(lambda: defaultdict(int))
    for one in (query, skipped):
        for lot_id, reason, pieces in await session.execute(one):
            found[lot_id][reason] += int(pieces)
    return {lot_id: {reason: pieces for reason, pieces in scrap.items() if pieces} for lot_id, scrap in found.items()}


async def steps_into(
    session: AsyncSession, states: Iterable[RunState], since: datetime
) -> Sequence[tuple[RunStep, Run]]:
    """Steps into one of the states since then, with their runs."""
    query = (
        select(RunStep, Run)
        .join(Run, Run.id == RunStep.run_id)
        .where(RunStep.state.in_(set(states)), RunStep.at >= since)
        .order_by(RunStep.at)
    )
    return [(step, run) for step, run in await session.execute(query)]


async def taken_back(session: AsyncSession, among: Workshops, since: datetime) -> Sequence[Run]:
    """Runs that the broker took back from the workshops since then, after it had offered them."""
    query = (
        select(Run)
        .join(RunStep, (RunStep.run_id == Run.id) & (RunStep.version == Run.version))
        .where(
            Run.state.in_({RunState.WITHDRAWN, RunState.EXPIRED, RunState.RELEASED}),
            Run.fence > 1,
            RunStep.actor == Actor.BROKER,
            RunStep.at >= since,
        )
        .order_by(Run.id)
    )
    if among is not None:
        query = query.where(one_of(Run.workshop_id, among))
    return (await session.scalars(query)).all()

"""What each durable event changes: rows, and nothing but rows, in the caller's transaction."""

from datetime import datetime
from typing import Protocol, assert_never

from broker.errors import BrokerError
from broker.orders import lots
from broker.orders.models import Lot, LotState
from broker.runs import history
from broker.runs.book import Book
from broker.runs.errors import NotApplied
from broker.runs.lifecycle.events import TakeBack
from broker.runs.moves import happen
from broker.runs.quantities import remeasure
from broker.runs.remarks import apply_remark
from broker.runs.run_events import apply_run_event
from broker.wire.messages import (
    Corrected,
    Counted,
    Envelope,
    HandedOver,
    LotAccepted,
    LotDeclined,
    MachineChanged,
    RunBody,
    Settled,
    Skipped,
)
from broker.wire.shop import Inventory
from broker.wire.states import RunState
from broker.workshops.models import Agent
from broker.workshops.service import change_machine, take_inventory

COMMITTED = frozenset(RunState) - {RunState.PLANNED, RunState.OFFERED}


class Shipping(Protocol):
    """What happens when lots go out of the door; `broker.shipping` fills it in."""

    async def hand_over(self, book: Book, lot: Lot, now: datetime) -> None:
        """Whatever its line lacks: a person says that it has gone."""
        ...

    async def close(self, book: Book, order_id: str, now: datetime) -> None:
        """The order is delivered, if all of it has gone."""
        ...


async def apply_event(book: Book, agent: Agent, envelope: Envelope, shipping: Shipping, now: datetime) -> None:
    """Raises NotApplied; then the caller rolls back what was changed, and keeps the event."""
    body = envelope.body
    try:
        match body:
            case Counted() | Settled():
                await apply_run_event(book, agent, envelope, body, now)
                await _close(book, envelope.run, shipping, now)
            case _ if isinstance(body, RunBody):
                await apply_run_event(book, agent, envelope, body, now)
            case Inventory():
                await take_inventory(book, agent.workshop_id, body, now)
            case MachineChanged():
                await _change_machine(book, agent, body)
            case LotAccepted():
                if await history.adopt_lot(book, agent, body) is None:
                    lots.accept(await _open_lot(book, agent, body.lot), body.quantity)
            case LotDeclined():
                await _decline(book, await _open_lot(book, agent, body.lot), body.reason, now)
            case HandedOver():
                await _hand_over(book, await _open_lot(book, agent, body.lot), shipping, now)
            case Corrected():
                await apply_remark(book, agent, envelope, body, now)
                await _close(book, envelope.run, shipping, now)
            case Skipped():
                await apply_remark(book, agent, envelope, body, now)
            case _:
                assert_never(body)
    except BrokerError as error:
        raise NotApplied(error.detail) from error


async def _change_machine(book: Book, agent: Agent, body: MachineChanged) -> None:
    if not await change_machine(book, agent.workshop_id, body.machine, body.availability, body.reason):
        raise NotApplied(f"the workshop has no machine {body.machine!r}")


async def _hand_over(book: Book, lot: Lot, shipping: Shipping, now: datetime) -> None:
    await shipping.hand_over(book, lot, now)
    await remeasure(book, await _take_back(book, lot, "its lot has gone", now))


async def _close(book: Book, run_id: str | None, shipping: Shipping, now: datetime) -> None:
    """After a restore lots may have gone before the last of what they hold is counted again."""
    run = await book.locked_run(run_id) if run_id else None
    lines = await _lines_of(book, run.plate_id) if run is not None else ()
    gone = {lot.line_id for lot in await book.lots_of_lines(lines) if lot.state is LotState.DELIVERED}
    for order_id in {(await book.line(line_id)).order_id for line_id in gone}:
        await shipping.close(book, order_id, now)


async def _open_lot(book: Book, agent: Agent, lot_id: str) -> Lot:
    lot = await book.locked_lot(lot_id)
    if lot is None or lot.workshop_id != agent.workshop_id:
        raise NotApplied(f"the workshop has no lot {lot_id!r}")
    if lot.state is LotState.DELIVERED:
        raise NotApplied(f"lot {lot_id} was delivered before")
    return lot


async def _decline(book: Book, lot: Lot, reason: str, now: datetime) -> None:
    """Plates of the lot that the shop hasn't claimed are taken back; what they held is planned elsewhere."""
    affected = await _take_back(book, lot, "the shop declined a lot of it", now)
    live = await book.live_pieces([lot.id])
    lots.decline(lot, reason, live.get(lot.id, 0))
    await remeasure(book, affected)


async def _take_back(book: Book, lot: Lot, why: str, now: datetime) -> set[str]:
    """Plates of the lot that nobody has claimed; the lines that they were for."""
    affected = {lot.line_id}
    for run in await book.live_runs_with_lot(lot.id):
        if run.state not in COMMITTED:
            affected |= await _lines_of(book, run.plate_id)
            await happen(book, run, TakeBack(why), now)
    return affected


async def _lines_of(book: Book, plate_id: str) -> set[str]:
    held = (await book.plate_lots([plate_id]))[plate_id]
    lines = await book.lines_of_lots([row.lot_id for row in held])
    return {line.id for line in lines.values()}

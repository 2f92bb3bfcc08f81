"""What an agent should be told, derived from the rows alone: a broker that restarts has forgotten nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from broker.orders.lots import payout
from broker.orders.models import Line, LotState, Order
from broker.runs.book import Book
from broker.runs.history import never_heard_of
from broker.runs.lifecycle.steps import RAISES_FENCE
from broker.runs.models import Run
from broker.runs.moves import broken_off
from broker.wire.messages import LotOffer, LotPieces, LotReady, RunOffer, RunUnsettled, StopRequest, Withdrawn
from broker.wire.plates import Plate
from broker.wire.states import AFTER_PERMIT, FINAL, UNSETTLED, RunState

Told = LotOffer | RunOffer | StopRequest | Withdrawn | RunUnsettled | LotReady
_WITHDRAWN_FOR = timedelta(minutes=15)
"""How long a withdrawal is repeated; an agent that comes back later hears of it by its leases."""
TAKEN_BACK = RAISES_FENCE & FINAL


async def briefing(book: Book, workshop_id: str, now: datetime) -> tuple[Told, ...]:
    """Everything that the workshop's agent should know now; it tolerates repeats."""
    return (
        *[_withdrawn(run) for run in await book.taken_back(workshop_id, now - _WITHDRAWN_FOR)],
        *await _lot_offers(book, workshop_id),
        *await _run_offers(book, workshop_id),
        *await _stop_requests(book, workshop_id),
        *await _unsettled(book, workshop_id),
        *await _lots_ready(book, workshop_id),
    )


async def lost_leases(book: Book, workshop_id: str, leases: Iterable[str]) -> tuple[Withdrawn, ...]:
    """Withdrawals of runs that the agent still holds and the broker has taken back."""
    lost = []
    for run_id in leases:
        run = await book.locked_run(run_id)
        if run is None:
            lost.append(never_heard_of(run_id))
        elif run.workshop_id == workshop_id and run.state in TAKEN_BACK:
            lost.append(_withdrawn(run))
    return tuple(lost)


def _withdrawn(run: Run) -> Withdrawn:
    return Withdrawn(run=run.id, fence=run.fence, reason=run.note or f"the run is {run.state}")


async def _lot_offers(book: Book, workshop_id: str) -> list[LotOffer]:
    offers = []
    for lot, line, order in await book.lots_in_state(workshop_id, LotState.OFFERED):
        part = await book.part(line.part_id)
        quote = await book.quote(order.quote_id)
        offers.append(
            LotOffer(
                lot=lot.id,
                order=order.id,
                line=line.id,
                part=part.name,
                process=line.process,
                material=line.material,
                quantity=lot.quantity,
                payout=payout(line.amount, line.quantity, lot.quantity),
                currency=quote.currency,
                due=order.due_at,
            )
        )
    return offers


async def _run_offers(book: Book, workshop_id: str) -> list[RunOffer]:
    runs = await book.runs_in({RunState.OFFERED}, workshop_id)
    if not runs:
        return []
    plates = await book.plates([run.plate_id for run in runs])
    held = await book.plate_lots(plates)
    machines = {machine.id: machine.name for machine in await book.all_machines_of(workshop_id)}
    offers = []
    for run in runs:
        plate = Plate.model_validate_json(plates[run.plate_id].document)
        offers.append(
            RunOffer(
                run=run.id,
                fence=run.fence,
                version=run.version,
                machine=machines[run.machine_id],
                plate_sha256=plates[run.plate_id].sha256,
                lots=tuple(row.lot_id for row in held[run.plate_id]),
                pieces=tuple(LotPieces(lot=row.lot_id, pieces=row.pieces) for row in held[run.plate_id]),
                process=plate.process,
                material=plate.material,
            )
        )
    return offers


async def _stop_requests(book: Book, workshop_id: str) -> list[StopRequest]:
    live = await book.runs_in(AFTER_PERMIT | {RunState.UNKNOWN}, workshop_id)
    return [StopRequest(run=run.id, reason=run.stop_requested) for run in live if run.stop_requested is not None]


async def _unsettled(book: Book, workshop_id: str) -> list[RunUnsettled]:
    """Runs that the shop's people must settle, and of which its agent may know nothing: its journal began later."""
    runs = await book.runs_in(UNSETTLED, workshop_id)
    if not runs:
        return []
    runs = [run for agent in await book.agents() if agent.workshop_id == workshop_id for run in broken_off(runs, agent)]
    plates = await book.plates([run.plate_id for run in runs])
    held = await book.plate_lots(plates)
    machines = {machine.id: machine.name for machine in await book.all_machines_of(workshop_id)}
    return [
        RunUnsettled(
            run=run.id,
            fence=run.fence,
            version=run.version,
            state=run.state,
            machine=machines[run.machine_id],
            material=Plate.model_validate_json(plates[run.plate_id].document).material,
            plate_sha256=plates[run.plate_id].sha256,
            pieces=tuple((row.lot_id, row.pieces) for row in held[run.plate_id]),
            reason=run.note,
        )
        for run in runs
    ]


async def _lots_ready(book: Book, workshop_id: str) -> list[LotReady]:
    """Lots are packed once their whole line is made: until then the shop might have to make more of it."""
    made = await book.lots_in_state(workshop_id, LotState.MADE)
    good = await book.good_by_line([line.id for _, line, _ in made])
    return [
        LotReady(lot=lot.id, pieces=lot.good, ship_to=await _address(book, order))
        for lot, line, order in made
        if is_complete(line, good.get(line.id, 0))
    ]


def is_complete(line: Line, good: int) -> bool:
    return good >= line.quantity


async def _address(book: Book, order: Order) -> str:
    account = await book.account(order.account_id)
    return f"{account.name}, {account.address}" if account.address else account.name

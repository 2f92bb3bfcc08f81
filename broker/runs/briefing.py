"""What agents should be told, derived from the rows alone: a broker that restarts has forgotten nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.accounts.models import Account
from broker.database import Workshops
from broker.orders.lots import payout
from broker.orders.models import Line, LotState
from broker.runs.book import Book
from broker.runs.history import never_heard_of, to_forbid
from broker.runs.lifecycle.steps import RAISES_FENCE
from broker.runs.models import PlateLot, Run
from broker.runs.moves import broken_off
from broker.runs.plate_facts import pieces_left
from broker.wire.messages import LotOffer, LotReady, RunOffer, RunUnsettled, StopRequest, Withdrawn
from broker.wire.states import AFTER_PERMIT, FINAL, UNSETTLED, RunState

Told = LotOffer | RunOffer | StopRequest | Withdrawn | RunUnsettled | LotReady
_WITHDRAWN_FOR = timedelta(minutes=15)
"""How long a withdrawal is repeated; an agent that comes back later hears of it by its leases."""
TAKEN_BACK = RAISES_FENCE & FINAL


_For = tuple[str, Told]
"""A workshop's id, and what its agent is told."""


async def briefing(book: Book, workshop_id: str, now: datetime) -> tuple[Told, ...]:
    """Everything that the workshop's agent should know now; it tolerates repeats."""
    return (await briefings(book, [workshop_id], now)).get(workshop_id, ())


async def briefings(book: Book, among: Workshops, now: datetime) -> Mapping[str, tuple[Told, ...]]:
    """By workshop, with as few look-ups for thousands as for one; what isn't there has nothing to be told.

    After a restore an agent is told nothing before it has told the broker what that lacks.
    """
    found: defaultdict[str, list[Told]] = defaultdict(list)
    for frames in (
        await _forbidden(book, among),
        [(run.workshop_id, _withdrawn(run)) for run in await book.taken_back(among, now - _WITHDRAWN_FOR)],
        await _lot_offers(book, among),
        await _run_offers(book, among),
        await _stop_requests(book, among),
        await _unsettled(book, among),
        await _lots_ready(book, among),
    ):
        for workshop_id, frame in frames:
            found[workshop_id].append(frame)
    behind = await book.behind() if found else ()
    return {workshop_id: tuple(frames) for workshop_id, frames in found.items() if workshop_id not in behind}


async def _forbidden(book: Book, among: Workshops) -> list[_For]:
    doubted = {run.workshop_id for run in await book.runs_of(among, {RunState.UNKNOWN})}
    if not doubted:
        return []
    return [
        (agent.workshop_id, frame) for agent in await book.agents_in(doubted) for frame in await to_forbid(book, agent)
    ]


def lost_lease(run_id: str, run: Run | None, workshop_id: str) -> Withdrawn | None:
    """The withdrawal of a run that its agent still holds, and the broker has taken back or never heard of."""
    if run is None:
        return never_heard_of(run_id)
    if run.workshop_id != workshop_id or run.state not in TAKEN_BACK:
        return None
    return _withdrawn(run)


def _withdrawn(run: Run) -> Withdrawn:
    return Withdrawn(run=run.id, fence=run.fence, reason=run.note or f"the run is {run.state}")


async def _lot_offers(book: Book, among: Workshops) -> list[_For]:
    offered = await book.lots_in_state(among, LotState.OFFERED)
    if not offered:
        return []
    parts = await book.parts(line.part_id for _, line, _ in offered)
    quotes = await book.quotes(order.quote_id for _, _, order in offered)
    return [
        (
            lot.workshop_id,
            LotOffer(
                lot=lot.id,
                order=order.id,
                line=line.id,
                part=parts[line.part_id].name,
                process=line.process,
                material=line.material,
                quantity=lot.quantity,
                payout=payout(line.amount, line.quantity, lot.quantity),
                currency=quotes[order.quote_id].currency,
                due=order.due_at,
            ),
        )
        for lot, line, order in offered
    ]


@dataclass(frozen=True, slots=True)
class _Plates:
    """What is told of the plates of some runs."""

    hashes: Mapping[str, str]
    held: Mapping[str, Sequence[PlateLot]]
    lines: Mapping[str, Line]
    """By lot; what lies on a plate is all made of the same."""
    machines: Mapping[str, str]
    """Names by id."""

    def line(self, run: Run) -> Line:
        return self.lines[self.held[run.plate_id][0].lot_id]


async def _plates(book: Book, runs: Sequence[Run]) -> _Plates:
    plates = {run.plate_id for run in runs}
    held = await book.plate_lots(plates)
    machines = await book.machines_in({run.workshop_id for run in runs})
    return _Plates(
        hashes=await book.plate_hashes(plates),
        held=held,
        lines=await book.lines_of_lots(row.lot_id for rows in held.values() for row in rows),
        machines={machine.id: machine.name for machine in machines},
    )


async def _run_offers(book: Book, among: Workshops) -> list[_For]:
    runs = await book.runs_of(among, {RunState.OFFERED})
    if not runs:
        return []
    plates = await _plates(book, runs)
    return [(run.workshop_id, _run_offer(run, plates)) for run in runs]


def _run_offer(run: Run, plates: _Plates) -> RunOffer:
    line = plates.line(run)
    return RunOffer(
        run=run.id,
        fence=run.fence,
        version=run.version,
        machine=plates.machines[run.machine_id],
        plate_sha256=plates.hashes[run.plate_id],
        lots=tuple(row.lot_id for row in plates.held[run.plate_id]),
        pieces=tuple((row.lot_id, row.pieces) for row in plates.held[run.plate_id]),
        process=line.process,
        material=line.material,
    )


async def _unsettled(book: Book, among: Workshops) -> list[_For]:
    """Runs that the shop's people must settle, and of which its agent may know nothing: its journal began later."""
    by_workshop: defaultdict[str, list[Run]] = defaultdict(list)
    for run in await book.runs_of(among, UNSETTLED):
        by_workshop[run.workshop_id].append(run)
    if not by_workshop:
        return []
    runs = []
    for agent in await book.agents_in(by_workshop):
        runs += broken_off(by_workshop[agent.workshop_id], agent)
    if not runs:
        return []
    plates = await _plates(book, runs)
    return [(run.workshop_id, await _run_unsettled(book, run, plates)) for run in runs]


async def _run_unsettled(book: Book, run: Run, plates: _Plates) -> RunUnsettled:
    return RunUnsettled(
        run=run.id,
        fence=run.fence,
        version=run.version,
        state=run.state,
        machine=plates.machines[run.machine_id],
        material=plates.line(run).material,
        plate_sha256=plates.hashes[run.plate_id],
        pieces=tuple((await pieces_left(book, run)).pieces.items()),
        reason=run.note,
    )


async def _stop_requests(book: Book, among: Workshops) -> list[_For]:
    live = await book.runs_of(among, AFTER_PERMIT | {RunState.UNKNOWN})
    return [
        (run.workshop_id, StopRequest(run=run.id, reason=run.stop_requested))
        for run in live
        if run.stop_requested is not None
    ]


async def _lots_ready(book: Book, among: Workshops) -> list[_For]:
    """Lots are packed once their whole line is made: until then the shop might have to make more of it."""
    made = await book.lots_in_state(among, LotState.MADE)
    if not made:
        return []
    good = await book.good_by_line([line.id for _, line, _ in made])
    complete = [(lot, order) for lot, line, order in made if is_complete(line, good.get(line.id, 0))]
    accounts = await book.accounts(order.account_id for _, order in complete)
    return [
        (lot.workshop_id, LotReady(lot=lot.id, pieces=lot.good, ship_to=_address(accounts[order.account_id])))
        for lot, order in complete
    ]


def is_complete(line: Line, good: int) -> bool:
    return good >= line.quantity


def _address(account: Account) -> str:
    return f"{account.name}, {account.address}" if account.address else account.name

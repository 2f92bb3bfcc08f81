"""A broker that was restored from a backup can't know what has happened since: its agents tell.

What the backup holds as not yet permitted may have started since, so it becomes unknown, and never acts again: an
agent's signed word says that it started, or that it never will. What has started goes on by the agents' resent
events. Runs that the backup has never heard of are taken from what the agents said when they claimed them.
"""

import hashlib
import logging
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders.models import Lot, LotState
from broker.runs import repository
from broker.runs.book import Book
from broker.runs.errors import Refused
from broker.runs.lifecycle.events import Restored
from broker.runs.lifecycle.restoring import RESTORED, may_correct
from broker.runs.models import BrokerEpoch, PlateLot, PlateRow, Run, RunStep
from broker.runs.moves import facts, happen
from broker.runs.quantities import remeasure
from broker.wire.messages import (
    Availability,
    Claimed,
    Counted,
    Envelope,
    LotAccepted,
    RunBody,
    Settled,
    Withdrawn,
)
from broker.wire.plates import Plate
from broker.wire.shop import MachineSpec
from broker.wire.states import BEFORE_PERMIT, LIVE, Actor, RunState
from broker.workshops.models import Agent
from broker.workshops.service import is_working

_log = logging.getLogger(__name__)
AGENTS_KEEP = timedelta(days=30)
"""Acknowledged events stay with the agents for so long; an older backup can't be caught up with."""
WAITS_FOR_AGENTS = timedelta(minutes=10)
"""After a restore nothing is planned for so long while agents are missing: they may have made it already."""
_FIRST = "1"
_AWAITED = "the broker was restored from a backup, and waits for what the workshop's agent has said since"
_ASK = "the broker was restored from a backup: this run must not start any more"
_UNHEARD = "nothing was heard of this run since its permit: it must not start any more"
_NO_SUCH_RUN = "the broker was restored from a backup that doesn't know this run"
_ABOVE_ALL = 1_000_000_000
"""A fence for runs of which no row says one."""


# Epochs ---------------------------------------------------------------------------------------------


async def broker_epoch(session: AsyncSession) -> str:
    return _name(await repository.latest_epoch(session))


async def current_epoch(book: Book) -> str:
    return _name(await book.latest_epoch())


def _name(epoch: BrokerEpoch | None) -> str:
    return _FIRST if epoch is None else epoch.name


async def begin(book: Book, backup_at: datetime, now: datetime) -> None:
    """The rows are a backup's: call it once, before any broker serves them."""
    before = await book.latest_epoch()
    number = 2 if before is None else before.number + 1
    book.add(BrokerEpoch(number=number, name=f"{number}-{book.new_id('his')}", backup_at=backup_at, began_at=now))
    for agent in await book.agents():
        agent.connection, agent.last_seen_at = None, None
        agent.behind, agent.behind_until = True, None
        await hold_back(book, agent)
    journals = {agent.workshop_id: agent.epoch for agent in await book.agents()}
    for run in await book.runs_in(LIVE):
        run.restored = True
        if run.state in BEFORE_PERMIT:
            # A permit may have been given since: to this journal, or to one that comes later and knows nothing of it.
            run.permit_epoch = journals.get(run.workshop_id)
        await happen(book, run, Restored(), now)
    await book.flush()


# Agents that catch up -------------------------------------------------------------------------------


def greet(agent: Agent, last_seq: int | None) -> None:
    """At its hello. Raises Refused for an agent that can't say what the broker lacks."""
    if not agent.behind:
        return
    if last_seq is None:
        raise Refused("this broker was restored from a backup, and needs to know what it lacks: update the agent")
    agent.behind_until = last_seq
    catch_up(agent)


async def went_on(book: Book, agent: Agent) -> None:
    """Call it when events were stored."""
    if agent.behind:
        catch_up(agent)
        await hold_back(book, agent)


def catch_up(agent: Agent) -> None:
    if agent.behind and agent.behind_until is not None and agent.acked_seq >= agent.behind_until:
        agent.behind = False
        _log.info("agent %s has sent again what the backup lacked", agent.id)


async def hold_back(book: Book, agent: Agent) -> None:
    """Nothing is planned on machines of an agent that is behind, whatever its events say of them."""
    if agent.behind:
        for machine in await book.all_machines_of(agent.workshop_id):
            if is_working(machine):
                machine.availability, machine.reason = Availability.OFFLINE, _AWAITED


async def waits_for_agents(session: AsyncSession, now: datetime) -> bool:
    """Whether it is too early after a restore to plan anything."""
    epoch = await repository.latest_epoch(session)
    if epoch is None or now - epoch.began_at >= WAITS_FOR_AGENTS:
        return False
    return await repository.any_behind(session)


# Their events ---------------------------------------------------------------------------------------


async def adopt_lot(book: Book, agent: Agent, accepted: LotAccepted) -> Lot | None:
    """A lot that was opened after the backup, of a line that the backup has; None for any other."""
    if not (agent.behind and accepted.line) or await book.locked_lot(accepted.lot) is not None:
        return None
    line = await book.find_line(accepted.line)
    if line is None or await book.lot_of(line.id, agent.workshop_id) is not None:
        return None
    lot = Lot(id=accepted.lot, line_id=line.id, workshop_id=agent.workshop_id, state=LotState.ACCEPTED)
    lot.quantity = lot.accepted_quantity = accepted.quantity
    lot.good, lot.scrap, lot.surplus, lot.reason = 0, 0, 0, ""
    book.add(lot)
    await book.flush()
    return lot


async def adopt_run(book: Book, agent: Agent, envelope: Envelope, now: datetime) -> Run | None:
    """A run that was planned after the backup, with what of it the backup knows; None where that is nothing."""
    body = envelope.body
    if not (agent.behind and isinstance(body, Claimed) and envelope.run):
        return None
    machine = await book.machine_of(agent.workshop_id, body.machine)
    pieces = {lot: number for lot, number in body.pieces if number > 0 and await _is_theirs(book, agent, lot)}
    if machine is None or not pieces:
        return None
    lines = await book.lines_of_lots(pieces)
    line = next(iter(lines.values()))
    width, depth, _ = MachineSpec.model_validate_json(machine.spec).volume_mm
    # Nobody makes it any more by what is written here: only its lots and their pieces count.
    plate = Plate(
        process=line.process, material=line.material, size_mm=(width, depth), usable_mm=(0, 0, width, depth), parts=()
    )
    text = plate.model_dump_json()
    row = PlateRow(
        id=book.new_id("plt"), sha256=hashlib.sha256(text.encode()).hexdigest(), document=text, created_at=now
    )
    book.add(row)
    await book.flush()
    for lot, number in pieces.items():
        book.add(PlateLot(plate_id=row.id, lot_id=lot, pieces=number))
    run = _found(envelope.run, row.id, machine.id, agent.workshop_id, envelope, now)
    book.add(run)
    await book.flush()
    book.add(RunStep(run_id=run.id, version=run.version, state=run.state, actor=run.moved_by, at=now, note=RESTORED))
    await book.flush()
    await remeasure(book, {line.id for line in lines.values()})
    _log.warning("run %s is not in the backup: it is taken from what agent %s says", run.id, agent.id)
    return run


async def _is_theirs(book: Book, agent: Agent, lot_id: str) -> bool:
    lot = await book.locked_lot(lot_id)
    return lot is not None and lot.workshop_id == agent.workshop_id and lot.state is not LotState.DELIVERED


def _found(run: str, plate: str, machine: str, workshop: str, envelope: Envelope, now: datetime) -> Run:
    return Run(
        id=run,
        plate_id=plate,
        machine_id=machine,
        workshop_id=workshop,
        state=RunState.UNKNOWN,
        version=envelope.version,
        fence=envelope.fence,
        planned_start=now,
        planned_end=now,
        moved_by=Actor.BROKER,
        permit_epoch=envelope.epoch,
        note=RESTORED,
        restored=True,
    )


async def countable(book: Book, run: Run, body: RunBody) -> RunBody:
    """Of a run that was adopted: the counts of those lots that the backup knows."""
    if not (run.restored and isinstance(body, Counted | Settled)):
        return body
    held = {row.lot_id for row in (await book.plate_lots([run.plate_id]))[run.plate_id]}
    return body.model_copy(update={"counts": tuple(count for count in body.counts if count.lot in held)})


# What they are asked --------------------------------------------------------------------------------


async def to_forbid(book: Book, agent: Agent) -> list[Withdrawn]:
    """Runs of which the agent's unbroken journal has told nothing that ends them: it sees that they never start.

    What has started goes on. What it gave back while the permit was on its way it has forgotten, and never starts.
    """
    if agent.behind or agent.epoch is None:
        return []
    return [
        Withdrawn(run=run.id, fence=run.fence + 1, reason=_ASK if run.restored else _UNHEARD, version=run.version)
        for run in await book.runs_in({RunState.UNKNOWN}, agent.workshop_id)
        if may_correct(facts(run), agent.epoch)
    ]


def never_heard_of(run_id: str) -> Withdrawn:
    """For a run that an agent holds before its permit, and no row knows."""
    return Withdrawn(run=run_id, fence=_ABOVE_ALL, reason=_NO_SUCH_RUN)

"""What an agent's event about a run changes beside its state: estimate, record, counts, the machine."""

from datetime import datetime
from typing import assert_never

from broker.runs import history
from broker.runs.book import Book
from broker.runs.counting import check_counts, write_counts
from broker.runs.errors import NotApplied
from broker.runs.lifecycle import Kind, Said, StaleEvent, armed_note, heed
from broker.runs.models import Run
from broker.runs.moves import facts, move
from broker.runs.retries import try_again
from broker.wire.messages import (
    Armed,
    Availability,
    Claimed,
    Counted,
    Envelope,
    Faulted,
    Finished,
    Lapsed,
    NotStarted,
    Paused,
    Rejected,
    Released,
    Resumed,
    RunBody,
    Running,
    Settled,
    SetupRecord,
    Staged,
    Starting,
    Stopped,
    Unknown,
)
from broker.wire.plates import Plate
from broker.wire.shop import Process
from broker.wire.states import IllegalTransition, RunState
from broker.workshops.models import Agent


async def apply_run_event(book: Book, agent: Agent, envelope: Envelope, body: RunBody, now: datetime) -> None:
    """Raises NotApplied for a run of another shop, a stale or impossible event, or one whose content doesn't hold."""
    run = await book.locked_run(envelope.run) if envelope.run else None
    run = run or await history.adopt_run(book, agent, envelope, now)
    if run is None or run.workshop_id != agent.workshop_id:
        raise NotApplied(f"the workshop has no run {envelope.run!r}")
    known = await history.renumbered(book, run, await facts(book, run, agent), envelope)
    if await history.heard_early(book, run, known, envelope, now):
        return
    body = await history.countable(book, run, body)
    good = sum(count.good for count in body.counts) if isinstance(body, Settled) else 0
    said = Said(Kind(body.kind), envelope.version, envelope.fence, good)
    try:
        steps = heed(known, said)
    except (StaleEvent, IllegalTransition) as error:
        raise NotApplied(str(error)) from error
    await _check(book, run, body)
    for step in steps:
        await move(book, run, step, now, _note(body))
    await _follow_up(book, run, body, now)
    await book.flush()


async def _check(book: Book, run: Run, body: RunBody) -> None:
    match body:
        case Armed(record=record):
            await _check_record(book, run, record)
        case Counted(counts=counts):
            await check_counts(book, run, counts, whole=True)
        case Settled(counts=counts):
            await check_counts(book, run, counts, whole=False)
        case _:
            return


async def _check_record(book: Book, run: Run, record: SetupRecord) -> None:
    """I3: a record is used once, and says what the plate asks for."""
    plate = Plate.model_validate_json((await book.plate(run.plate_id)).document)
    if await book.record_was_used(record.id):
        raise NotApplied(f"setup record {record.id} was used before")
    if record.material != plate.material:
        raise NotApplied(f"the plate needs {plate.material}; loaded is {record.material}")
    if plate.process is Process.FDM and not record.bed_clear:
        raise NotApplied("the setup record doesn't say that the bed is clear")
    run.record_id = record.id


async def _follow_up(book: Book, run: Run, body: RunBody, now: datetime) -> None:
    machine = await book.machine(run.machine_id)
    match body:
        case Staged():
            run.estimate_s, run.lines_total = body.estimate_s, body.lines
        case Starting() | Running() | Resumed():
            machine.availability, machine.reason = Availability.BUSY, ""
        case Finished():
            run.lines_done = body.lines
            machine.availability, machine.reason = Availability.OCCUPIED, ""
        case Stopped():
            run.lines_done = body.lines
            machine.availability, machine.reason = Availability.OCCUPIED, body.reason
        case Faulted():
            run.lines_done = body.lines
            stands = Availability.OCCUPIED if body.first_layer else Availability.QUARANTINED
            machine.availability, machine.reason = stands, body.reason
        case Unknown():
            machine.availability, machine.reason = Availability.QUARANTINED, body.reason
        case Counted() | Settled():
            if isinstance(body, Settled) and body.first_layer and run.state is RunState.SCRAPPED:
                await try_again(book, run, now)
            await write_counts(book, run, body.counts, body.operator, now)
        case Claimed() | Rejected() | Released() | Armed() | Lapsed() | NotStarted() | Paused():
            return
        case _:
            assert_never(body)


def _note(body: RunBody) -> str:
    match body:
        case Rejected() | Released() | Lapsed() | NotStarted() | Paused() | Faulted() | Stopped() | Unknown():
            return body.reason
        case Running():
            return body.evidence
        case Settled():
            return f"{body.operator}: {body.note}"
        case Armed(record=record):
            return armed_note(record.id)
        case _:
            return ""

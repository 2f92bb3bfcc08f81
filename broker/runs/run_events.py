"""What an agent says of a run, between the wire and the rules."""

from datetime import datetime

from broker.runs import history
from broker.runs.book import Book
from broker.runs.counting import told_counts, write_counts
from broker.runs.errors import NotApplied
from broker.runs.lifecycle.events import Counts, Done, Kind, Program, Record, Said
from broker.runs.lifecycle.facts import PlateFacts
from broker.runs.lifecycle.handle import NOT_HEEDED
from broker.runs.lifecycle.instructions import AddCounts, TryAgain
from broker.runs.models import Run
from broker.runs.moves import happen
from broker.runs.plate_facts import needs, pieces_left
from broker.runs.retries import try_again
from broker.wire.messages import (
    Armed,
    Counted,
    Envelope,
    Faulted,
    Finished,
    Lapsed,
    NotStarted,
    Paused,
    Rejected,
    Released,
    RunBody,
    Running,
    Settled,
    SetupRecord,
    Staged,
    Stopped,
    Unknown,
)
from broker.workshops.models import Agent

Told = Program | Record | Done | Counts | None


async def apply_run_event(book: Book, agent: Agent, envelope: Envelope, body: RunBody, now: datetime) -> None:
    """Raises NotApplied for a run of another shop, a stale or impossible event, or one whose content doesn't hold."""
    run = await book.locked_run(envelope.run) if envelope.run else None
    run = run or await history.adopt_run(book, agent, envelope, now)
    if run is None or run.workshop_id != agent.workshop_id:
        raise NotApplied(f"the workshop has no run {envelope.run!r}")
    body = await history.countable(book, run, body)
    said = Said(
        kind=Kind(body.kind),
        version=envelope.version,
        fence=envelope.fence,
        epoch=envelope.epoch,
        note=_note(body),
        told=await _told(book, body),
        first_layer=isinstance(body, Faulted | Settled) and body.first_layer,
    )
    try:
        left = await happen(book, run, said, now, await _plate(book, run, body))
    except NOT_HEEDED as error:
        raise NotApplied(str(error)) from error
    if TryAgain() in left:
        await try_again(book, run, now)
    if AddCounts() in left and isinstance(body, Counted | Settled):
        await write_counts(book, run, body.counts, body.operator, now)


async def _plate(book: Book, run: Run, body: RunBody) -> PlateFacts:
    """What the event speaks of: what is to be loaded, or the pieces."""
    match body:
        case Armed():
            return await needs(book, run)
        case Counted() | Settled():
            return await pieces_left(book, run)
        case _:
            return PlateFacts()


async def _told(book: Book, body: RunBody) -> Told:
    match body:
        case Staged():
            return Program(body.lines, body.estimate_s)
        case Armed(record=record):
            return _record(record, was_used=await book.record_was_used(record.id))
        case Finished() | Faulted() | Stopped():
            return Done(body.lines)
        case Counted() | Settled():
            return told_counts(body, whole=isinstance(body, Counted))
        case _:
            return None


def _record(record: SetupRecord, *, was_used: bool) -> Record:
    return Record(
        id=record.id,
        material=record.material,
        bed_clear=record.bed_clear,
        clamps_clear=record.clamps_clear is True,
        extraction_on=record.extraction_on is True,
        was_used=was_used,
    )


def _note(body: RunBody) -> str:
    match body:
        case Rejected() | Released() | Lapsed() | NotStarted() | Paused() | Faulted() | Stopped() | Unknown():
            return body.reason
        case Running():
            return body.evidence
        case Settled():
            return f"{body.operator}: {body.note}"
        case Armed(record=record):
            return f"setup record {record.id}"
        case _:
            return ""

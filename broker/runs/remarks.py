"""What is said of a run without moving it: a piece that was left out, a count put right."""

from datetime import datetime
from typing import assert_never

from broker.runs.book import Book
from broker.runs.corrections import accounts_for_all, correct
from broker.runs.counting import skip, told_counts
from broker.runs.errors import NotApplied
from broker.runs.lifecycle.events import Counts, PieceSkipped, Remarked
from broker.runs.lifecycle.handle import NOT_HEEDED
from broker.runs.models import Run
from broker.runs.moves import happen
from broker.runs.plate_facts import pieces_left
from broker.wire.messages import Corrected, Envelope, Remark, Skipped
from broker.workshops.models import Agent


async def apply_remark(book: Book, agent: Agent, envelope: Envelope, body: Remark, now: datetime) -> None:
    """Raises NotApplied for a run of another shop, a stale remark, or one that doesn't hold."""
    run = await book.locked_run(envelope.run) if envelope.run else None
    if run is None or run.workshop_id != agent.workshop_id:
        raise NotApplied(f"the workshop has no run {envelope.run!r}")
    said = Remarked(envelope.version, envelope.fence, envelope.epoch, await _told(book, run, body))
    try:
        await happen(book, run, said, now, await pieces_left(book, run))
    except NOT_HEEDED as error:
        raise NotApplied(str(error)) from error
    match body:
        case Skipped():
            await skip(book, run, body, now)
        case Corrected():
            await correct(book, run, body, now)
        case _:
            assert_never(body)
    await book.flush()


async def _told(book: Book, run: Run, body: Remark) -> PieceSkipped | Counts:
    if isinstance(body, Skipped):
        return PieceSkipped(body.lot, body.object)
    return told_counts(body, whole=await accounts_for_all(book, run))

"""What is said of a run without moving it: a piece that was left out, a count put right. Each raises its version."""

from datetime import datetime
from typing import assert_never

from broker.runs.book import Book
from broker.runs.corrections import correct
from broker.runs.counting import skip
from broker.runs.errors import NotApplied
from broker.runs.lifecycle import RunFacts
from broker.runs.moves import ON_MACHINE, facts
from broker.wire.messages import Corrected, Envelope, Remark, Skipped
from broker.wire.states import Actor, RunState
from broker.workshops.models import Agent

_COUNTED = frozenset({RunState.ACCEPTED, RunState.SCRAPPED})


async def apply_remark(book: Book, agent: Agent, envelope: Envelope, body: Remark, now: datetime) -> None:
    """Raises NotApplied for a run of another shop, a stale remark, or one that doesn't hold."""
    run = await book.locked_run(envelope.run) if envelope.run else None
    if run is None or run.workshop_id != agent.workshop_id:
        raise NotApplied(f"the workshop has no run {envelope.run!r}")
    _require_fresh(await facts(book, run, agent), envelope, body)
    match body:
        case Skipped():
            await skip(book, run, body, now)
        case Corrected():
            await correct(book, run, body, now)
        case _:
            assert_never(body)
    run.version += 1
    await book.flush()


def _require_fresh(run: RunFacts, envelope: Envelope, body: Remark) -> None:
    if envelope.fence != run.fence:
        raise NotApplied(f"fence {envelope.fence} is not the run's {run.fence}")
    if envelope.version not in (run.version, run.version - run.silent_steps):
        raise NotApplied(f"version {envelope.version} is not the run's {run.version}")
    if not _may_be_said(run, body):
        raise NotApplied(f"nothing can be {body.kind} of a run that is {run.state}")


def _may_be_said(run: RunFacts, body: Remark) -> bool:
    if isinstance(body, Corrected):
        return run.state in _COUNTED
    silent = run.state is RunState.UNKNOWN and run.unknown_by is Actor.BROKER and run.unbroken
    return run.state in ON_MACHINE or silent

"""The one place where a run changes: the rules' instructions become rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from broker.runs.book import Book
from broker.runs.lifecycle.events import Event, Heard, Progressed
from broker.runs.lifecycle.facts import PlateFacts, RunFacts
from broker.runs.lifecycle.handle import handle
from broker.runs.lifecycle.instructions import (
    AddCounts,
    CallPerson,
    Grant,
    Instruction,
    KeepPermit,
    KeepProgram,
    KeepProgress,
    KeepRemark,
    KeepStop,
    Move,
    Refuse,
    Renumber,
    SetMachine,
    SetTimer,
    TryAgain,
    UseRecord,
)
from broker.runs.models import Run, RunStep, UsedRecord
from broker.workshops.models import Agent

Left = AddCounts | CallPerson | Grant | Refuse | TryAgain
"""What only whoever heard of the event can do."""
_NO_PLATE = PlateFacts()


async def happen(book: Book, run: Run, event: Event, now: datetime, plate: PlateFacts = _NO_PLATE) -> tuple[Left, ...]:
    """Let the event have its effect on the rows, and return what is left to do.

    Raises Stale, Unfit or IllegalTransition for an event that changes nothing.
    """
    instructions = handle(facts(run, plate), event, now)
    return tuple([one for each in instructions if (one := await _carry_out(book, run, each, now)) is not None])


def facts(run: Run, plate: PlateFacts = _NO_PLATE) -> RunFacts:
    planned = run.planned_end - run.planned_start
    return RunFacts(
        state=run.state,
        version=run.version,
        fence=run.fence,
        moved_by=run.moved_by,
        silent_steps=run.silent_steps,
        exit_at=run.exit_at,
        expected=planned if run.estimate_s is None else timedelta(seconds=run.estimate_s),
        record=run.record_id,
        permit_request=run.permit_request,
        permit_epoch=run.permit_epoch,
        lines_done=run.lines_done,
        lines_total=run.lines_total,
        stop_requested=run.stop_requested,
        restored=run.restored,
        plate=plate,
    )


def hear(run: Run, event: Heard | Progressed, now: datetime) -> None:
    """Let a sign of life have its effect, which is on the run's own row alone."""
    for instruction in handle(facts(run), event, now):
        _keep(run, instruction)


async def _carry_out(book: Book, run: Run, instruction: Instruction, now: datetime) -> Left | None:
    match instruction:
        case Move():
            _move(book, run, instruction, now)
        case SetMachine(availability, reason):
            machine = await book.machine(run.machine_id)
            machine.availability, machine.reason = availability, reason
        case UseRecord(record):
            run.record_id = record
            book.add(UsedRecord(id=record, run_id=run.id, at=now))
        case AddCounts() | CallPerson() | Grant() | Refuse() | TryAgain():
            return instruction
        case _:
            _keep(run, instruction)
    return None


def _keep(run: Run, instruction: Instruction) -> None:
    match instruction:
        case SetTimer(exit_at):
            run.exit_at = exit_at
        case KeepProgram(lines, estimate_s):
            run.lines_total, run.estimate_s = lines, estimate_s
        case KeepProgress(done, total):
            run.lines_done, run.lines_total = done, total
        case KeepStop(reason):
            run.stop_requested = reason
        case KeepPermit(request, epoch):
            run.permit_request, run.permit_epoch = request, epoch
        case KeepRemark(version):
            run.version = version
        case Renumber(version, fence):
            run.version, run.fence = version, fence
        case _:
            raise TypeError(f"more than a run's own row: {instruction}")


def _move(book: Book, run: Run, move: Move, now: datetime) -> None:
    run.state, run.moved_by = move.state, move.actor
    run.version, run.fence, run.silent_steps = move.version, move.fence, move.silent_steps
    run.exit_at = move.exit_at
    run.note = move.note or run.note
    book.add(RunStep(run_id=run.id, version=move.version, state=move.state, actor=move.actor, at=now, note=move.note))


def waiting(left: Iterable[Left]) -> tuple[str, ...]:
    """What persons are called for."""
    return tuple(one.why for one in left if isinstance(one, CallPerson))


def broken_off(runs: Iterable[Run], agent: Agent) -> list[Run]:
    """Those whose permit another journal was given than the agent has now."""
    return [run for run in runs if run.permit_epoch != agent.epoch]

"""The one place where a run changes its state."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from broker.runs.book import Book
from broker.runs.lifecycle import RAISES_FENCE, RESTORED, RUN_SILENCE, RunFacts, Step, exit_at
from broker.runs.models import Run, RunStep
from broker.wire.states import Actor, RunState, check
from broker.workshops.models import Agent

ON_MACHINE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.PAUSED})


async def move(book: Book, run: Run, step: Step, now: datetime, note: str = "") -> None:
    """Take the step: state, version, fence, exit timer and the record of it. Raises IllegalTransition."""
    check(run.state, step.after, step.actor)
    run.exit_at = exit_at(step.after, now, _expected_end(run, now))
    run.state = step.after
    run.version += 1
    run.fence += step.after in RAISES_FENCE
    run.note = note or run.note
    book.add(RunStep(run_id=run.id, version=run.version, state=step.after, actor=step.actor, at=now, note=note))
    await book.flush()


def _expected_end(run: Run, now: datetime) -> datetime:
    if run.state in ON_MACHINE and run.exit_at is not None:
        return run.exit_at - RUN_SILENCE
    planned = run.planned_end - run.planned_start
    return now + (timedelta(seconds=run.estimate_s) if run.estimate_s is not None else planned)


async def facts(book: Book, run: Run, agent: Agent) -> RunFacts:
    """The run as the rules want it, for an event of this agent."""
    steps = (await book.steps([run.id])).get(run.id, [])
    silent = [step for step in steps if step.state is RunState.UNKNOWN and step.actor is Actor.BROKER]
    return RunFacts(
        state=run.state,
        version=run.version,
        fence=run.fence,
        silent_steps=len(silent),
        unbroken=await _is_unbroken(book, agent, steps),
        unknown_by=steps[-1].actor if steps and run.state is RunState.UNKNOWN else None,
    )


async def broken_off(book: Book, runs: Sequence[Run], agent: Agent) -> list[Run]:
    """Those of which the agent's journal as it is now doesn't reach back to their permit."""
    steps = await book.steps([run.id for run in runs])
    return [run for run in runs if not await _is_unbroken(book, agent, steps.get(run.id, []))]


async def _is_unbroken(book: Book, agent: Agent, steps: Sequence[RunStep]) -> bool:
    permitted = [step.at for step in steps if step.state is RunState.PERMITTED or step.note == RESTORED]
    if not permitted:
        return True
    first = None if agent.epoch is None else await book.inbox_event(agent.id, agent.epoch, 1)
    return first is not None and first.received_at <= permitted[-1]

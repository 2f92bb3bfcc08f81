"""One step of a run: its new state, version, fence and exit timer."""

from dataclasses import replace
from datetime import datetime

from broker.runs.lifecycle.facts import ON_MACHINE, RunFacts
from broker.runs.lifecycle.instructions import Move
from broker.wire.standings import RUN_SILENCE, STANDINGS, Since
from broker.wire.states import Actor, RunState, check

RAISES_FENCE = frozenset({RunState.OFFERED, RunState.WITHDRAWN, RunState.EXPIRED, RunState.RELEASED})
"""An offer, and every way back from one: nothing older may act."""


def step(run: RunFacts, after: RunState, actor: Actor, now: datetime, note: str = "") -> Move:
    """Raises IllegalTransition."""
    check(run.state, after, actor)
    return Move(
        state=after,
        actor=actor,
        version=run.version + 1,
        fence=run.fence + (after in RAISES_FENCE),
        silent_steps=run.silent_steps + (after is RunState.UNKNOWN and actor is Actor.BROKER),
        exit_at=exit_at(run, after, now),
        note=note,
    )


def moved(run: RunFacts, move: Move) -> RunFacts:
    """The run after the step."""
    return replace(
        run,
        state=move.state,
        moved_by=move.actor,
        version=move.version,
        fence=move.fence,
        silent_steps=move.silent_steps,
        exit_at=move.exit_at,
    )


def exit_at(run: RunFacts, after: RunState, now: datetime) -> datetime | None:
    """When the timer of its next state runs out if nobody speaks."""
    timer = STANDINGS[after].timer
    if timer is None:
        return None
    if timer.since is Since.END:
        return max(now, _expected_end(run, now)) + timer.after
    return now + timer.after


def _expected_end(run: RunFacts, now: datetime) -> datetime:
    if run.state in ON_MACHINE and run.exit_at is not None:
        return run.exit_at - RUN_SILENCE
    return now + run.expected

"""Everything that decides what becomes of a run: facts and an event in, instructions out."""

from datetime import datetime
from typing import assert_never

from broker.runs.lifecycle.errors import Stale, Unfit
from broker.runs.lifecycle.events import (
    BrokerEvent,
    Event,
    Heard,
    JournalLost,
    Offer,
    PermitAsked,
    Progressed,
    Remarked,
    Restored,
    Said,
    StopAsked,
    TakeBack,
    TimeIsUp,
)
from broker.runs.lifecycle.facts import LEASED, ON_MACHINE, RunFacts
from broker.runs.lifecycle.granting import grant
from broker.runs.lifecycle.instructions import CallPerson, Instruction, KeepProgress, KeepStop, SetTimer
from broker.runs.lifecycle.remarking import remark
from broker.runs.lifecycle.restoring import restored
from broker.runs.lifecycle.saying import say
from broker.runs.lifecycle.steps import step
from broker.wire.standings import CLAIM_LEASE, RUN_SILENCE, STANDINGS
from broker.wire.states import AFTER_PERMIT, Actor, IllegalTransition, RunState

NOT_HEEDED = (Stale, Unfit, IllegalTransition)
"""What `handle` raises for an event that changes nothing."""
MAY_STOP = AFTER_PERMIT | {RunState.UNKNOWN}
_LOST = "the agent's journal began anew"


def handle(run: RunFacts, event: Event, now: datetime) -> tuple[Instruction, ...]:
    """Raises Stale, Unfit or IllegalTransition for an event that changes nothing; an empty answer is no error."""
    match event:
        case Said():
            return say(run, event, now)
        case Remarked():
            return remark(run, event)
        case PermitAsked():
            return grant(run, event, now)
        case Heard(leased):
            return _heard(run, now, leased=leased)
        case Progressed():
            return _progressed(run, event, now)
        case _:
            return _from_broker(run, event, now)


def _from_broker(run: RunFacts, event: BrokerEvent, now: datetime) -> tuple[Instruction, ...]:
    match event:
        case TimeIsUp():
            return _time_is_up(run, now)
        case JournalLost():
            return _journal_lost(run, now)
        case Restored():
            return restored(run, now)
        case Offer():
            return (step(run, RunState.OFFERED, Actor.PLANNER, now),)
        case TakeBack(reason):
            return _take_back(run, reason, now)
        case StopAsked(reason):
            return _stop_asked(run, reason)
        case _:
            assert_never(event)


def _heard(run: RunFacts, now: datetime, *, leased: bool) -> tuple[Instruction, ...]:
    if run.state in LEASED and leased:
        return (SetTimer(now + CLAIM_LEASE),)
    if run.state in ON_MACHINE:
        return (SetTimer(max(run.exit_at or now, now + RUN_SILENCE)),)
    return ()


def _progressed(run: RunFacts, progress: Progressed, now: datetime) -> tuple[Instruction, ...]:
    """It may come late or twice: what was done isn't undone."""
    if run.state not in ON_MACHINE:
        return ()
    done = max(run.lines_done, min(progress.lines_done, progress.lines_total))
    return KeepProgress(done, progress.lines_total), *_heard(run, now, leased=False)


def _time_is_up(run: RunFacts, now: datetime) -> tuple[Instruction, ...]:
    timer = STANDINGS[run.state].timer
    if timer is None or run.exit_at is None or run.exit_at > now:
        return ()
    if timer.then is None:
        return SetTimer(now + timer.after), CallPerson(timer.why)
    return (step(run, timer.then, Actor.BROKER, now, timer.why),)


def _journal_lost(run: RunFacts, now: datetime) -> tuple[Instruction, ...]:
    """Nobody can say any more what it did, or that it never will."""
    if run.state in AFTER_PERMIT:
        return (step(run, RunState.UNKNOWN, Actor.BROKER, now, _LOST),)
    if run.state in LEASED:
        return (step(run, RunState.RELEASED, Actor.BROKER, now, _LOST),)
    return ()


def _take_back(run: RunFacts, reason: str, now: datetime) -> tuple[Instruction, ...]:
    after = RunState.RELEASED if run.state in LEASED else RunState.WITHDRAWN
    return (step(run, after, Actor.BROKER, now, reason),)


def _stop_asked(run: RunFacts, reason: str) -> tuple[Instruction, ...]:
    """A wish; final once the agent confirms."""
    if run.state not in MAY_STOP:
        raise Unfit(f"the run is {run.state}: there is nothing to stop")
    return () if run.stop_requested else (KeepStop(reason or "asked to stop"),)

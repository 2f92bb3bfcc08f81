"""Runs of a backup that was restored: what the history that was lost has made of them, its agents tell again.

What wasn't permitted in the backup may have started since, so it is unknown, and never acts again.
"""

from dataclasses import replace
from datetime import datetime

from broker.runs.lifecycle.events import Kind, Program, Record, Remarked, Said
from broker.runs.lifecycle.facts import RunFacts
from broker.runs.lifecycle.instructions import Instruction, KeepProgram, Renumber, SetTimer, UseRecord
from broker.runs.lifecycle.steps import exit_at, step
from broker.wire.states import BEFORE_PERMIT, LIVE, Actor, RunState

RESTORED = "the broker was restored from a backup: only the workshop knows what has become of this since"
_GAVE_BACK = frozenset({Kind.RELEASED, Kind.REJECTED})
_EARLY = _GAVE_BACK | {Kind.CLAIMED, Kind.STAGED, Kind.ARMED, Kind.LAPSED}


def restored(run: RunFacts, now: datetime) -> tuple[Instruction, ...]:
    if run.state in BEFORE_PERMIT:
        return (step(run, RunState.UNKNOWN, Actor.BROKER, now, RESTORED),)
    due = exit_at(replace(run, exit_at=None, expected=now - now), run.state, now) if run.state in LIVE else None
    return () if due is None else (SetTimer(due),)


def may_correct(run: RunFacts, epoch: str) -> bool:
    """Whether a journal of this epoch can say what an unknown run did: it has all since the permit, and knows it."""
    return run.moved_by is Actor.BROKER and run.permit_epoch == epoch


def renumbered(run: RunFacts, said: Said | Remarked) -> RunFacts:
    """The agent goes on with numbers of the history that was lost: they become the run's, unless they are older."""
    if not run.restored or run.permit_epoch != said.epoch:
        return run
    if said.fence < run.fence or said.version < run.version - run.silent_steps:
        return run
    return replace(run, fence=said.fence, version=max(run.version, said.version))


def renumber(run: RunFacts, before: RunFacts) -> tuple[Instruction, ...]:
    is_new = (run.version, run.fence) != (before.version, before.fence)
    return (Renumber(run.version, run.fence),) if is_new else ()


def is_early(run: RunFacts, said: Said) -> bool:
    """What was said of a run before its permit, now that it is unknown."""
    unknown = run.restored and run.state is RunState.UNKNOWN and may_correct(run, said.epoch)
    return unknown and said.kind in _EARLY and said.fence == run.fence


def early(run: RunFacts, said: Said, now: datetime) -> tuple[Instruction, ...]:
    if said.kind in _GAVE_BACK:
        return (step(run, RunState.CANCELLED, Actor.AGENT, now, said.note),)
    match said.told:
        case Program(lines, estimate_s):
            return (KeepProgram(lines, estimate_s),)
        case Record(id=record, was_used=False):
            return (UseRecord(record),)
        case _:
            return ()

"""What an agent's word does to a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from broker.runs.lifecycle.content import require_content
from broker.runs.lifecycle.errors import Stale
from broker.runs.lifecycle.events import Counts, Done, Kind, Program, Record, Remarked, Said
from broker.runs.lifecycle.facts import RunFacts
from broker.runs.lifecycle.instructions import (
    AddCounts,
    Instruction,
    KeepProgram,
    KeepProgress,
    SetMachine,
    TryAgain,
    UseRecord,
)
from broker.runs.lifecycle.restoring import early, is_early, may_correct, renumber, renumbered
from broker.runs.lifecycle.steps import moved, step
from broker.wire.availability import Availability
from broker.wire.states import AFTER_PERMIT, Actor, IllegalTransition, RunState


@dataclass(frozen=True, slots=True)
class _Rule:
    after: RunState
    actor: Actor
    before: frozenset[RunState]


_S = RunState


def _rule(after: RunState, *before: RunState, actor: Actor = Actor.AGENT) -> _Rule:
    return _Rule(after, actor, frozenset(before))


_RULES: Mapping[Kind, _Rule] = {
    Kind.CLAIMED: _rule(_S.CLAIMED, _S.OFFERED),
    Kind.REJECTED: _rule(_S.REJECTED, _S.OFFERED),
    Kind.STAGED: _rule(_S.STAGED, _S.CLAIMED),
    Kind.RELEASED: _rule(_S.RELEASED, _S.CLAIMED, _S.STAGED, _S.ARMED),
    Kind.ARMED: _rule(_S.ARMED, _S.STAGED, actor=Actor.PERSON),
    Kind.LAPSED: _rule(_S.STAGED, _S.ARMED),
    Kind.NOT_STARTED: _rule(_S.CANCELLED, _S.PERMITTED, _S.UNKNOWN),
    Kind.STARTING: _rule(_S.STARTING, _S.PERMITTED, _S.UNKNOWN),
    Kind.RUNNING: _rule(_S.RUNNING, _S.STARTING, _S.UNKNOWN),
    Kind.PAUSED: _rule(_S.PAUSED, _S.RUNNING, _S.UNKNOWN),
    Kind.RESUMED: _rule(_S.RUNNING, _S.PAUSED, _S.UNKNOWN),
    Kind.FINISHED: _rule(_S.FINISHED, _S.RUNNING, _S.UNKNOWN),
    Kind.FAULTED: _rule(_S.FAULTED, _S.STARTING, _S.RUNNING, _S.PAUSED, _S.UNKNOWN),
    Kind.STOPPED: _rule(_S.STOPPED, _S.STARTING, _S.RUNNING, _S.PAUSED, _S.UNKNOWN),
    Kind.UNKNOWN: _rule(_S.UNKNOWN, *AFTER_PERMIT, _S.UNKNOWN),
    Kind.COUNTED: _rule(_S.ACCEPTED, _S.FINISHED, actor=Actor.PERSON),
    Kind.SETTLED: _rule(_S.SCRAPPED, _S.UNKNOWN, _S.FAULTED, _S.STOPPED, actor=Actor.PERSON),
}
_MACHINE: Mapping[Kind, Availability] = {
    Kind.STARTING: Availability.BUSY,
    Kind.RUNNING: Availability.BUSY,
    Kind.RESUMED: Availability.BUSY,
    Kind.FINISHED: Availability.OCCUPIED,
    Kind.STOPPED: Availability.OCCUPIED,
    Kind.FAULTED: Availability.QUARANTINED,
    Kind.UNKNOWN: Availability.QUARANTINED,
}
_TELLS_WHY = frozenset({Kind.STOPPED, Kind.FAULTED, Kind.UNKNOWN})


def say(run: RunFacts, said: Said, now: datetime) -> tuple[Instruction, ...]:
    """Raises Stale, IllegalTransition or Unfit for an event that changes nothing."""
    before, run = run, renumbered(run, said)
    if is_early(run, said):
        return (*renumber(run, before), *early(run, said, now))
    require_current(run, said)
    rule = _RULES[said.kind]
    if run.state not in rule.before:
        raise IllegalTransition(run.state, rule.after, rule.actor)
    if run.state is RunState.UNKNOWN and rule.actor is Actor.AGENT and not may_correct(run, said.epoch):
        raise IllegalTransition(run.state, rule.after, rule.actor)
    require_content(run, said)
    return (*renumber(run, before), *_steps(run, said, rule, now), *_told(run, said), *_on_machine(said))


def require_current(run: RunFacts, said: Said | Remarked) -> None:
    """Raises Stale for another fence or version. What the broker did in silence the agent may count, or not."""
    if said.fence != run.fence:
        raise Stale(f"fence {said.fence} is not the run's {run.fence}")
    if not run.version - run.silent_steps <= said.version <= run.version:
        raise Stale(f"version {said.version} is not the run's {run.version}")


def _steps(run: RunFacts, said: Said, rule: _Rule, now: datetime) -> tuple[Instruction, ...]:
    is_good = said.kind is Kind.SETTLED and isinstance(said.told, Counts) and any(lot.good for lot in said.told.lots)
    if not is_good:
        return (step(run, rule.after, rule.actor, now, said.note),)
    looked = step(run, RunState.FINISHED, Actor.PERSON, now, said.note)
    return looked, step(moved(run, looked), RunState.ACCEPTED, Actor.PERSON, now, said.note)


def _told(run: RunFacts, said: Said) -> tuple[Instruction, ...]:
    match said.told:
        case Program(lines, estimate_s):
            return (KeepProgram(lines, estimate_s),)
        case Record(id=record):
            return (UseRecord(record),)
        case Done(lines):
            return (KeepProgress(lines, run.lines_total),)
        case Counts(lots=lots):
            # The plate of a run that a restore brought back may be no more than its count of pieces.
            again = said.first_layer and not run.restored and not any(lot.good for lot in lots)
            return (TryAgain(), AddCounts()) if again else (AddCounts(),)
        case None:
            return ()
        case _:
            assert_never(said.told)


def _on_machine(said: Said) -> tuple[Instruction, ...]:
    availability = _MACHINE.get(said.kind)
    if availability is None:
        return ()
    if said.first_layer:
        # The machine is in order, and needs clearing.
        availability = Availability.OCCUPIED
    return (SetMachine(availability, said.note if said.kind in _TELLS_WHY else ""),)

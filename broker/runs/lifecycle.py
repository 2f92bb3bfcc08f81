"""What an agent's word does to a run: pure rules over `broker.wire.states`.

Everything that decides whether an event is applied, and what follows from it, is in this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broker.wire.states import AFTER_PERMIT, Actor, IllegalTransition, RunState, check

RESTORED = "the broker was restored from a backup: only the workshop knows what has become of this since"
"""The note of the step by which a restore makes a run unknown."""
OFFER_LIFE = timedelta(seconds=120)
CLAIM_LEASE = timedelta(minutes=10)
PERMIT_LIFE = timedelta(seconds=30)
PERMIT_SILENCE = timedelta(seconds=60)
"""After a permit's life: then nobody knows whether it was used."""
RUN_SILENCE = timedelta(minutes=30)
"""After the expected end, or the last word if that was later."""


class Kind(StrEnum):
    """The run events of `broker.wire.messages`, by their `kind`."""

    CLAIMED = "claimed"
    REJECTED = "rejected"
    STAGED = "staged"
    RELEASED = "released"
    ARMED = "armed"
    LAPSED = "lapsed"
    NOT_STARTED = "not_started"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    RESUMED = "resumed"
    FINISHED = "finished"
    FAULTED = "faulted"
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    COUNTED = "counted"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as the broker knows it."""

    state: RunState
    version: int
    fence: int
    silent_steps: int = 0
    """How often the broker set it to unknown; the agent's numbers don't count these."""
    unbroken: bool = True
    """The agent's journal reaches back beyond the permit: its epoch began before."""
    unknown_by: Actor | None = None
    """Whose word made it unknown, while it is."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the agent's event claims about the run before it."""

    kind: Kind
    version: int
    fence: int
    good: int = 0
    """Good pieces that a settlement attests."""


@dataclass(frozen=True, slots=True)
class Step:
    after: RunState
    actor: Actor


class StaleEvent(ValueError):
    """The event speaks of a run that is no longer so."""


@dataclass(frozen=True, slots=True)
class _Rule:
    after: RunState
    actor: Actor
    before: frozenset[RunState]


_S = RunState


def _rule(after: RunState, *before: RunState, actor: Actor = Actor.AGENT) -> _Rule:
    return _Rule(after, actor, frozenset(before))


RULES: Mapping[Kind, _Rule] = {
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
    Kind.UNKNOWN: _rule(_S.UNKNOWN, *AFTER_PERMIT),
    Kind.COUNTED: _rule(_S.ACCEPTED, _S.FINISHED, actor=Actor.PERSON),
}
_SETTLED_FROM = frozenset({_S.UNKNOWN, _S.FAULTED, _S.STOPPED})


def heed(run: RunFacts, said: Said) -> tuple[Step, ...]:
    """The steps that the event makes.

    Raises `StaleEvent` for another fence or version, and `IllegalTransition` for what can't follow.
    """
    if said.fence != run.fence:
        raise StaleEvent(f"fence {said.fence} is not the run's {run.fence}")
    if said.version not in (run.version, run.version - run.silent_steps):
        raise StaleEvent(f"version {said.version} is not the run's {run.version}")
    if said.kind is Kind.SETTLED:
        return _settle(run.state, said.good)
    rule = RULES[said.kind]
    if run.state not in rule.before:
        raise IllegalTransition(run.state, rule.after, rule.actor)
    if run.state is RunState.UNKNOWN and not (run.unknown_by is Actor.BROKER and run.unbroken):
        # The journal can't attest to what it has lost, nor take back that it doesn't know.
        raise IllegalTransition(run.state, rule.after, rule.actor)
    check(run.state, rule.after, rule.actor)
    return (Step(rule.after, rule.actor),)


def _settle(before: RunState, good: int) -> tuple[Step, ...]:
    afters = (RunState.FINISHED, RunState.ACCEPTED) if good else (RunState.SCRAPPED,)
    if before not in _SETTLED_FROM:
        raise IllegalTransition(before, afters[0], Actor.PERSON)
    check(before, afters[0], Actor.PERSON)
    return tuple(Step(after, Actor.PERSON) for after in afters)


def exit_at(state: RunState, now: datetime, expected_end: datetime | None) -> datetime | None:
    """When the state's exit timer runs out if nobody speaks; None where a person or nothing is waited for."""
    match state:
        case RunState.OFFERED:
            return now + OFFER_LIFE
        case RunState.CLAIMED | RunState.STAGED | RunState.ARMED:
            return now + CLAIM_LEASE
        case RunState.PERMITTED:
            return now + PERMIT_LIFE + PERMIT_SILENCE
        case RunState.STARTING | RunState.RUNNING | RunState.PAUSED:
            return max(now, expected_end or now) + RUN_SILENCE
        case _:
            return None


def lapse(state: RunState) -> RunState | None:
    """Where the broker takes a run whose exit timer ran out."""
    match state:
        case RunState.OFFERED:
            return RunState.EXPIRED
        case RunState.CLAIMED | RunState.STAGED | RunState.ARMED:
            return RunState.RELEASED
        case RunState.PERMITTED | RunState.STARTING | RunState.RUNNING | RunState.PAUSED:
            return RunState.UNKNOWN
        case _:
            return None


RAISES_FENCE = frozenset({RunState.OFFERED, RunState.WITHDRAWN, RunState.EXPIRED, RunState.RELEASED})
"""An offer, and every way back from one: nothing older may act."""


def armed_note(record_id: str) -> str:
    """What the step to armed says: by it a setup record is known to have been used."""
    return f"setup record {record_id}"

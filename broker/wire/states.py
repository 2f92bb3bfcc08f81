"""The life of a run, as broker and agent both see it: plain enums and one transition table.

Everything that says which state may follow which, and by whose hand, is in this file.
A pair that is not in the table does not exist: asking for it raises `IllegalTransition`.
"""

from collections.abc import Mapping
from enum import StrEnum


class RunState(StrEnum):
    PLANNED = "planned"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CLAIMED = "claimed"
    STAGED = "staged"
    ARMED = "armed"
    PERMITTED = "permitted"
    CANCELLED = "cancelled"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    FAULTED = "faulted"
    FINISHED = "finished"
    ACCEPTED = "accepted"
    SCRAPPED = "scrapped"
    RELEASED = "released"


class Actor(StrEnum):
    """Whose word makes a transition."""

    PLANNER = "planner"
    BROKER = "broker"
    AGENT = "agent"
    PERSON = "person"


class IllegalTransition(ValueError):
    """A run can't go from this state to that one by this actor's word."""

    def __init__(self, before: RunState, after: RunState, actor: Actor) -> None:
        super().__init__(f"a run can't go from {before} to {after} on the word of the {actor}")
        self.before = before
        self.after = after
        self.actor = actor


_S = RunState
_BROKER = frozenset({Actor.BROKER})
_AGENT = frozenset({Actor.AGENT})
_PERSON = frozenset({Actor.PERSON})
_EITHER = frozenset({Actor.AGENT, Actor.BROKER})
_AFTER_SILENCE = (_S.CANCELLED, _S.STARTING, _S.RUNNING, _S.PAUSED, _S.STOPPED, _S.FAULTED, _S.FINISHED)

TRANSITIONS: Mapping[tuple[RunState, RunState], frozenset[Actor]] = {
    (_S.PLANNED, _S.OFFERED): frozenset({Actor.PLANNER}),
    (_S.PLANNED, _S.WITHDRAWN): _BROKER,
    (_S.OFFERED, _S.WITHDRAWN): _BROKER,
    (_S.OFFERED, _S.CLAIMED): _AGENT,
    (_S.OFFERED, _S.REJECTED): _AGENT,
    (_S.OFFERED, _S.EXPIRED): _BROKER,
    (_S.CLAIMED, _S.STAGED): _AGENT,
    (_S.STAGED, _S.ARMED): _PERSON,
    (_S.ARMED, _S.STAGED): _AGENT,
    (_S.ARMED, _S.PERMITTED): _BROKER,
    **{(before, _S.RELEASED): _EITHER for before in (_S.CLAIMED, _S.STAGED, _S.ARMED)},
    (_S.PERMITTED, _S.STARTING): _AGENT,
    (_S.PERMITTED, _S.CANCELLED): _AGENT,
    (_S.STARTING, _S.RUNNING): _AGENT,
    (_S.RUNNING, _S.PAUSED): _AGENT,
    (_S.PAUSED, _S.RUNNING): _AGENT,
    (_S.RUNNING, _S.FINISHED): _AGENT,
    **{(before, _S.UNKNOWN): _EITHER for before in (_S.PERMITTED, _S.STARTING, _S.RUNNING, _S.PAUSED)},
    # By a restore alone: what a backup holds may have started since.
    **{(before, _S.UNKNOWN): _BROKER for before in (_S.PLANNED, _S.OFFERED, _S.CLAIMED, _S.STAGED, _S.ARMED)},
    **{(before, _S.STOPPED): _AGENT for before in (_S.STARTING, _S.RUNNING, _S.PAUSED)},
    **{(before, _S.FAULTED): _AGENT for before in (_S.STARTING, _S.RUNNING, _S.PAUSED)},
    **{(_S.UNKNOWN, after): _AGENT for after in _AFTER_SILENCE if after is not _S.FINISHED},
    (_S.UNKNOWN, _S.FINISHED): frozenset({Actor.AGENT, Actor.PERSON}),
    # The broker only didn't hear; now the agent says that it doesn't know either, and can't take that back.
    (_S.UNKNOWN, _S.UNKNOWN): _AGENT,
    **{(before, _S.FINISHED): _PERSON for before in (_S.FAULTED, _S.STOPPED)},
    **{(before, _S.SCRAPPED): _PERSON for before in (_S.UNKNOWN, _S.FAULTED, _S.STOPPED)},
    (_S.FINISHED, _S.ACCEPTED): _PERSON,
}

BEFORE_PERMIT = frozenset({_S.PLANNED, _S.OFFERED, _S.CLAIMED, _S.STAGED, _S.ARMED})
AFTER_PERMIT = frozenset({_S.PERMITTED, _S.STARTING, _S.RUNNING, _S.PAUSED})
"""Only the agent, or a person who attests to what they saw, says what happens from here on."""
UNSETTLED = frozenset({_S.UNKNOWN, _S.FAULTED, _S.STOPPED, _S.FINISHED})
"""The machine has done what it will do; a person has still to look."""
FINAL = frozenset({_S.WITHDRAWN, _S.REJECTED, _S.EXPIRED, _S.RELEASED, _S.CANCELLED, _S.ACCEPTED, _S.SCRAPPED})
LIVE = frozenset(RunState) - FINAL


def check(before: RunState, after: RunState, actor: Actor) -> None:
    """Let a legal transition pass; raise `IllegalTransition` for any other."""
    if actor not in TRANSITIONS.get((before, after), frozenset()):
        raise IllegalTransition(before, after, actor)

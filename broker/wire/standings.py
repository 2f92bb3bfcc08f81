"""Who has to act on a run in each state, and what its exit timer does if nobody does: one table.

A state that isn't final has an owner and a timer. A timer that runs out takes the run on, or calls its owner again:
nothing that may have started is ever freed by time alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from broker.wire.states import RunState

OFFER_LIFE = timedelta(seconds=120)
CLAIM_LEASE = timedelta(minutes=10)
PERMIT_LIFE = timedelta(seconds=30)
PERMIT_SILENCE = timedelta(seconds=60)
"""After a permit's life: then nobody knows whether it was used."""
RUN_SILENCE = timedelta(minutes=30)
"""After the expected end, or the last word if that was later."""
CALLED_AGAIN = timedelta(minutes=30)
"""How long a person may take before they are called, and between two calls."""


class Owner(StrEnum):
    PLANNER = "planner"
    AGENT = "agent"
    PERSON = "person"
    """At the machine."""
    NOBODY = "nobody"


class Since(StrEnum):
    """What a timer counts from."""

    BEGAN = "its beginning"
    HEARTBEAT = "the last heartbeat that names it"
    END = "the expected end, or the last word if that was later"
    CALL = "its beginning, and from each call"


@dataclass(frozen=True, slots=True)
class Timer:
    after: timedelta
    since: Since
    then: RunState | None
    """None: its owner is called, and the timer begins anew."""
    why: str
    """What is noted of it."""


@dataclass(frozen=True, slots=True)
class Standing:
    owner: Owner
    waits_for: str
    """What the owner has to do; "" in the end."""
    timer: Timer | None


_S = RunState
_UNANSWERED = "the offer wasn't answered in time"
_SILENT = "the agent has been silent for too long"
_PERMIT_ENDS = Timer(PERMIT_LIFE + PERMIT_SILENCE, Since.BEGAN, _S.UNKNOWN, _SILENT)


def _leased(waits_for: str, owner: Owner = Owner.AGENT) -> Standing:
    return Standing(owner, waits_for, Timer(CLAIM_LEASE, Since.HEARTBEAT, _S.RELEASED, "the claim's lease ran out"))


def _on_machine(waits_for: str, owner: Owner = Owner.AGENT) -> Standing:
    return Standing(owner, waits_for, Timer(RUN_SILENCE, Since.END, _S.UNKNOWN, _SILENT))


def _called(waits_for: str) -> Standing:
    return Standing(Owner.PERSON, waits_for, Timer(CALLED_AGAIN, Since.CALL, None, f"still waits: {waits_for}"))


_ENDED = Standing(Owner.NOBODY, "", None)
_LOOK = "look at the machine and say what became of the pieces"

STANDINGS: Mapping[RunState, Standing] = {
    # The planner looks at every planned run with each tick: no other timer is needed.
    _S.PLANNED: Standing(Owner.PLANNER, "offer it, or take it back", None),
    _S.OFFERED: Standing(Owner.AGENT, "claim or reject it", Timer(OFFER_LIFE, Since.BEGAN, _S.EXPIRED, _UNANSWERED)),
    _S.CLAIMED: _leased("make and check the program"),
    _S.STAGED: _leased("set the machine up", Owner.PERSON),
    _S.ARMED: _leased("ask for the permit"),
    _S.PERMITTED: Standing(Owner.AGENT, "start, or say that it didn't", _PERMIT_ENDS),
    _S.STARTING: _on_machine("see the machine run"),
    _S.RUNNING: _on_machine("see the machine finish"),
    _S.PAUSED: _on_machine("resume or cancel it", Owner.PERSON),
    _S.UNKNOWN: _called(_LOOK),
    _S.STOPPED: _called(_LOOK),
    _S.FAULTED: _called(_LOOK),
    _S.FINISHED: _called("count good and scrap"),
    _S.WITHDRAWN: _ENDED,
    _S.REJECTED: _ENDED,
    _S.EXPIRED: _ENDED,
    _S.RELEASED: _ENDED,
    _S.CANCELLED: _ENDED,
    _S.ACCEPTED: _ENDED,
    _S.SCRAPPED: _ENDED,
}

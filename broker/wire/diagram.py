"""The life of a run as a document: `python -m broker.wire.diagram > docs/run-states.md`.

Everything but the sentences on what a state means comes from `broker.wire.states` and `broker.wire.standings`.
"""

import sys
from collections.abc import Iterator

from broker.wire.standings import STANDINGS, Owner, Timer
from broker.wire.states import AFTER_PERMIT, BEFORE_PERMIT, FINAL, TRANSITIONS, UNSETTLED, Actor, RunState

MEANING = {
    RunState.PLANNED: "The plan has put a plate on a machine; nobody has been asked.",
    RunState.OFFERED: "The workshop's agent is asked to take it.",
    RunState.WITHDRAWN: "The broker took it back before it was claimed.",
    RunState.REJECTED: "The agent said no, with a reason.",
    RunState.EXPIRED: "The agent said nothing in time.",
    RunState.CLAIMED: "The agent has taken it under a lease, and makes the program.",
    RunState.STAGED: "The checked program is on the shop's disk; a person has to set up the machine.",
    RunState.ARMED: "A setup record holds; a permit is asked for.",
    RunState.PERMITTED: "The machine may start, within the permit's short life.",
    RunState.CANCELLED: "The permit was not used: the agent signed that nothing started.",
    RunState.STARTING: "The start is in the machine's journal; heating or motion may have begun.",
    RunState.RUNNING: "The machine has given evidence that it executes the program.",
    RunState.PAUSED: "Held: a spindle stands still, heaters stay warm.",
    RunState.UNKNOWN: "Nobody can say what the machine did. Time alone never sends it back to the pool.",
    RunState.STOPPED: "Ended on request, in order; something may lie on the machine.",
    RunState.FAULTED: "Machine or link failed; the machine is in quarantine.",
    RunState.FINISHED: "Every line was executed; the pieces wait for a count.",
    RunState.ACCEPTED: "A person counted good and scrap.",
    RunState.SCRAPPED: "A person looked: nothing of it is good.",
    RunState.RELEASED: "Given back before the permit; it may never start under that fence.",
}
_GROUPS = {
    "before the permit": BEFORE_PERMIT,
    "after the permit": AFTER_PERMIT,
    "a person has to look": UNSETTLED,
    "final": FINAL,
}
_HEAD = """# The life of a run

Written by `python -m broker.wire.diagram` from the tables that broker and agent share, `broker/wire/states.py` and
`broker/wire/standings.py`; a test compares them. A pair that is not below does not exist.

Until the permit the broker owns a run and may take it back. From `permitted` on only the agent, or a person who attests
to what they saw, says what happened: all that is left to the broker is to say that it doesn't know. After the broker's
`unknown` an agent is believed only if its journal is the one that got the permit, and until it says itself that it
doesn't know; those rules are in `broker/runs/lifecycle`. Before the permit a run becomes `unknown` only by a restore
from a backup: what the backup holds may have started since, and the agent tells (`broker/runs/history.py`)."""


def document() -> str:
    """The whole file, in markdown."""
    return "\n".join([_HEAD, "", *_diagram(), "", *_states(), "", *_standings(), "", *_transitions()]) + "\n"


def _diagram() -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2", f"    [*] --> {RunState.PLANNED}")
    for (before, after), actors in TRANSITIONS.items():
        yield f"    {before} --> {after}: {_names(actors)}"
    yield from (f"    {state} --> [*]" for state in RunState if state in FINAL)
    yield "```"


def _states() -> Iterator[str]:
    yield from ("| state | | what it means |", "| --- | --- | --- |")
    for state in RunState:
        group = next(name for name, states in _GROUPS.items() if state in states)
        yield f"| {state} | {group} | {MEANING[state]} |"


def _standings() -> Iterator[str]:
    yield "Every state that isn't final has somebody who must act, and a timer for when nobody does. Where it calls, it"
    yield "calls again and again: time alone frees nothing that may have started."
    yield ""
    yield from ("| state | who | has to | after | since | the broker |", "| --- | --- | --- | --- | --- | --- |")
    for state, standing in STANDINGS.items():
        if standing.owner is not Owner.NOBODY:
            yield f"| {state} | {standing.owner} | {standing.waits_for} | {_lapse(standing.timer)} |"


def _lapse(timer: Timer | None) -> str:
    if timer is None:
        return "2 s | its last look | plans: `broker.planning.tick`"
    seconds = int(timer.after.total_seconds())
    after = f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
    does = "calls them again" if timer.then is None else f"sets it to {timer.then}: {timer.why}"
    return f"{after} | {timer.since} | {does}"


def _transitions() -> Iterator[str]:
    yield from ("| from | to | on whose word |", "| --- | --- | --- |")
    for (before, after), actors in TRANSITIONS.items():
        yield f"| {before} | {after} | {_names(actors)} |"


def _names(actors: frozenset[Actor]) -> str:
    return " or ".join(actor for actor in Actor if actor in actors)


if __name__ == "__main__":
    sys.stdout.write(document())

"""A start permit: compare-and-set from armed to permitted, given once a request."""

from datetime import datetime

from broker.runs.lifecycle.events import PermitAsked
from broker.runs.lifecycle.facts import RunFacts
from broker.runs.lifecycle.instructions import Grant, Instruction, KeepPermit, Refuse
from broker.runs.lifecycle.steps import step
from broker.wire.states import Actor, RunState


def grant(run: RunFacts, asked: PermitAsked, now: datetime) -> tuple[Instruction, ...]:
    """The same request of the same journal gets the same permit again, for as long as nobody says that it was used."""
    if run.state is RunState.PERMITTED and _is_the_same(run, asked):
        return (Grant(run.version, run.fence),)
    if run.state is not RunState.ARMED:
        return (Refuse(f"the run is {run.state}, not armed"),)
    if (run.fence, run.version) != (asked.fence, asked.version):
        return (Refuse(f"the run is at fence {run.fence}, version {run.version}"),)
    if run.record != asked.record:
        return (Refuse("the run was armed with another setup record"),)
    move = step(run, RunState.PERMITTED, Actor.BROKER, now)
    return move, KeepPermit(asked.request, asked.epoch), Grant(move.version, move.fence)


def _is_the_same(run: RunFacts, asked: PermitAsked) -> bool:
    return (run.permit_request, run.permit_epoch, run.fence) == (asked.request, asked.epoch, asked.fence)

"""A broker that was restored from a backup: its permits of before are void, and it may need our word on a run."""

from broker.wire.states import RunState
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import ForbidStart, Instruction, Tell
from shop_agent.state.memory import BEFORE_PERMIT, Memory
from shop_agent.state.records import RunRecord

_VOID = "the broker was restored from a backup: its permits are void"


def restored(memory: Memory) -> list[Instruction]:
    """Whether a permitted run has started only its streamer knows."""
    memory.asked.clear()
    permitted = [run for run in memory.runs.values() if run.phase is RunState.PERMITTED]
    return [ForbidStart(run.machine, run.id, run.fence, _VOID) for run in permitted]


def withdrawn(memory: Memory, event: ev.RunWithdrawn) -> list[Instruction]:
    """A run that the broker took back. With a version it wants to hear for good that the run never starts."""
    run = memory.runs.get(event.run)
    if run is None:
        memory.bury(event.run, event.fence - 1)
        return [] if event.version is None else [_never(event, event.version)]
    if run.phase is RunState.PERMITTED and event.version is not None:
        return [ForbidStart(run.machine, run.id, run.fence, event.reason)]
    if run.phase not in BEFORE_PERMIT or run.fence >= event.fence:
        return []
    return _dropped(memory, run, event)


def _dropped(memory: Memory, run: RunRecord, event: ev.RunWithdrawn) -> list[Instruction]:
    out = memory.drop(run, fence=event.fence - 1)
    return out if event.version is None else [_never(event, event.version), *out]


def _never(event: ev.RunWithdrawn, version: int) -> Tell:
    return Tell(say.NotStarted(event.reason), event.run, event.fence - 1, version)

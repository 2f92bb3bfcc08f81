"""Runs that this journal knows nothing of, or too little: what became of them is a person's word alone."""

from dataclasses import replace

from broker.wire.states import RunState
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AbandonProgram, Instruction, Tell
from shop_agent.state.memory import BEFORE_PERMIT, DONE, UNSURE, Memory
from shop_agent.state.records import PlateNeeds, RunRecord

_S = RunState
_AGAIN = "as it was attested before: the broker had lost that"


def unsettled(memory: Memory, event: ev.RunUnsettled) -> list[Instruction]:
    """The broker repeats it until somebody has settled it."""
    known = memory.runs.get(event.run)
    if event.machine not in memory.machines or event.state in DONE:
        return []
    if known is not None and known.phase in DONE:
        return _told_again(memory, known, event)
    if known is not None and known.phase is event.state:
        return []
    memory.keep_run(
        RunRecord(
            id=event.run,
            fence=event.fence,
            version=event.version,
            machine=event.machine,
            plate_sha256=event.plate_sha256,
            lots=tuple(lot for lot, _ in event.pieces),
            material=event.material,
            order=known.order if known is not None else memory.next_order(),
            phase=event.state,
            needs=PlateNeeds(event.pieces, ()),
            tries=known.tries + 1 if known is not None else 0,
            note=event.reason,
        )
    )
    memory.forget_permit(event.run)
    if event.state in UNSURE:
        memory.quarantine(event.machine, f"run {event.run} {event.state}: {event.reason}")
    if known is not None and known.phase in BEFORE_PERMIT:
        return [AbandonProgram(event.run)]
    return []


def _told_again(memory: Memory, known: RunRecord, event: ev.RunUnsettled) -> list[Instruction]:
    """What was attested stands, and nobody has to count again; where it is on its way yet, it is taken once."""
    run = replace(known, fence=event.fence, version=event.version + 1)
    memory.keep_run(run)
    if event.state is _S.FINISHED and known.whole:
        return [Tell(say.Counted(known.counted_by, known.counts), run.id, run.fence, event.version)]
    return [Tell(say.Settled(known.counted_by, _AGAIN, known.counts), run.id, run.fence, event.version)]

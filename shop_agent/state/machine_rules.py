"""Machines: what their streamers see and have written, and what people say of them."""

from collections.abc import Mapping
from dataclasses import replace

from broker.wire.states import Actor, IllegalTransition, RunState
from shop_agent.state import count_rules, lot_rules, spool_rules
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import Instruction, Tell
from shop_agent.state.memory import AFTER_PERMIT, ENDED, UNSURE, Memory
from shop_agent.state.records import RunRecord

_S = RunState
_PHASE_OF: Mapping[type, RunState] = {
    say.Starting: _S.STARTING,
    say.Running: _S.RUNNING,
    say.Paused: _S.PAUSED,
    say.Resumed: _S.RUNNING,
    say.Finished: _S.FINISHED,
    say.Faulted: _S.FAULTED,
    say.Stopped: _S.STOPPED,
    say.Unknown: _S.UNKNOWN,
}
_JOURNAL_LOST = "the streamer's journal was lost: nobody knows what the machine did"
_CHANGED = "the machine was restarted, homed, zeroed, reset or its door opened since it was set up"


def seen(memory: Memory, event: ev.MachineSeen) -> list[Instruction]:
    memory.views[event.machine] = event.view
    memory.gone.pop(event.machine, None)
    wrong = event.view.quarantine
    if wrong and not memory.machines[event.machine].quarantine and not memory.on(event.machine, AFTER_PERMIT):
        memory.quarantine(event.machine, wrong)
    shut = event.view.ready or not memory.facts[event.machine].router

    def stale(run: RunRecord) -> bool:
        return not shut or run.setup is None or run.setup.boot_id != event.view.boot_id

    return memory.void(event.machine, stale, _CHANGED)


def gone(memory: Memory, event: ev.MachineGone) -> list[Instruction]:
    memory.views.pop(event.machine, None)
    memory.gone[event.machine] = event.reason
    return memory.void(event.machine, lambda run: True, f"the machine was lost: {event.reason}")


def cleared(memory: Memory, event: ev.MachineCleared) -> list[Instruction]:
    """Before or after its pieces were counted: until then they lie in a box with the run's name."""
    memory.keep_machine(replace(memory.machines[event.machine], occupied_by=""))
    return []


def released(memory: Memory, event: ev.MachineReleased) -> list[Instruction]:
    """Raises Refused."""
    memory.require_releasable(event.machine)
    memory.keep_machine(replace(memory.machines[event.machine], quarantine="", occupied_by=""))
    return []


def journal_lost(memory: Memory, event: ev.JournalLost) -> list[Instruction]:
    for name in memory.machines:
        memory.quarantine(name, event.reason)
    return lot_rules.told_again(memory)


def streamer_opened(memory: Memory, event: ev.StreamerOpened) -> list[Instruction]:
    """A journal of another id, or shorter than what we read of it, has lost its evidence."""
    machine = memory.machines[event.machine]
    if machine.journal_id == event.journal_id and event.last_seq >= machine.cursor:
        return []
    out: list[Instruction] = []
    for run in memory.on(machine.name, AFTER_PERMIT):
        out.append(memory.move(replace(run, note=_JOURNAL_LOST), _S.UNKNOWN, say.Unknown(_JOURNAL_LOST)))
        memory.quarantine(machine.name, _JOURNAL_LOST)
    memory.keep_machine(replace(memory.machines[machine.name], journal_id=event.journal_id, cursor=0))
    return out


def streamer_wrote(memory: Memory, event: ev.StreamerWrote) -> list[Instruction]:
    """Each entry counts once, whatever is read again."""
    machine = memory.machines[event.machine]
    if event.journal_id != machine.journal_id or event.seq <= machine.cursor:
        return []
    memory.keep_machine(replace(machine, cursor=event.seq))
    run = memory.runs.get(event.run)
    try:
        if run is None or run.machine != machine.name:
            raise IllegalTransition(_S.WITHDRAWN, _PHASE_OF.get(type(event.report), _S.RUNNING), Actor.AGENT)
        return _follow(memory, run, event.report)
    except IllegalTransition:
        memory.quarantine(machine.name, f"it worked on run {event.run}, which this agent did not start: look at it")
        return []


def _follow(memory: Memory, run: RunRecord, report: say.MachineReport) -> list[Instruction]:
    """Raises IllegalTransition, too for a run that was given up as unknown: what became of it a person says."""
    if run.phase is _S.UNKNOWN:
        raise IllegalTransition(run.phase, _PHASE_OF.get(type(report), _S.RUNNING), Actor.AGENT)
    match report:
        case say.ObjectSkipped():
            return count_rules.skipped(memory, run, report)
        case say.FirstLayerFailed():
            return _first_layer_failed(memory, run, report)
        case _:
            return [_move(memory, run, report)]


def _move(memory: Memory, run: RunRecord, report: say.StateReport) -> Tell:
    after = _PHASE_OF[type(report)]
    note = report.reason if isinstance(report, say.Faulted | say.Stopped | say.Unknown | say.Paused) else ""
    tell = memory.move(replace(run, note=note), after, report)
    memory.deadlines.pop(run.id, None)
    if after in ENDED:
        lines = report.lines if isinstance(report, say.Faulted | say.Stopped) else None
        spool_rules.use(memory, run, lines)
    if after in UNSURE:
        memory.quarantine(run.machine, f"run {run.id} {after}: {note}")
    elif after is _S.FINISHED:
        memory.keep_machine(replace(memory.machines[run.machine], occupied_by=run.id))
    return tell


def _first_layer_failed(memory: Memory, run: RunRecord, report: say.FirstLayerFailed) -> list[Instruction]:
    """Who said so has looked: the run is settled with nothing made, and its machine waits to be cleared."""
    reason = f"the first layer failed: {report.note or report.operator}"
    fault = memory.move(replace(run, note=reason), _S.FAULTED, say.Faulted(reason, report.lines, True, True))
    memory.deadlines.pop(run.id, None)
    spool_rules.use(memory, run, report.lines)
    memory.keep_machine(replace(memory.machines[run.machine], occupied_by=run.id))
    failed = replace(memory.runs[run.id], whole=False)
    settled = say.Settled(report.operator, reason, (), first_layer=True)
    return [fault, memory.move(failed, _S.SCRAPPED, settled, Actor.PERSON)]

"""What became of the pieces: counted, settled, corrected, and those that were left out while the others went on.

A piece that was skipped is scrap from that moment; a count accounts for the others.
"""

import re
from dataclasses import replace

from broker.wire.states import Actor, RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import Instruction, Tell
from shop_agent.state.memory import DONE, ON_MACHINE, UNSURE, Memory
from shop_agent.state.records import Count, RunRecord

_S = RunState
_NUMBERED = re.compile(r"(?<![a-z])id[ :_]\d+", re.IGNORECASE)
_NO_WORD = re.compile(r"[^0-9a-z]+")


def counted(memory: Memory, event: ev.CountGiven) -> list[Instruction]:
    """Raises Refused."""
    run = _run_of(memory, event.run, event.operator)
    if run.phase is not _S.FINISHED:
        raise Refused("this run is not finished, or was counted already")
    require_counts(run, event.counts, whole=True)
    machine = memory.machines[run.machine]
    if event.cleared and machine.occupied_by == run.id:
        memory.keep_machine(replace(machine, occupied_by=""))
    told = replace(run, counts=event.counts, counted_by=event.operator, whole=True)
    return [memory.move(told, _S.ACCEPTED, say.Counted(event.operator, event.counts), Actor.PERSON)]


def settled(memory: Memory, event: ev.SettleGiven) -> list[Instruction]:
    """Raises Refused."""
    run = _run_of(memory, event.run, event.operator)
    if run.phase not in UNSURE:
        raise Refused("this run waits for no verdict")
    if not event.note.strip():
        raise Refused("say what you found: the note is missing")
    require_counts(run, event.counts, whole=False)
    if event.first_layer and any(count.good for count in event.counts):
        raise Refused("where only the first layer failed no piece is good: count none, or settle it without")
    told = replace(run, counts=event.counts, counted_by=event.operator, whole=False)
    report = say.Settled(event.operator, event.note, event.counts, event.first_layer)
    return [memory.move(told, _S.SCRAPPED, report, Actor.PERSON)]


def corrected(memory: Memory, event: ev.CorrectionGiven) -> list[Instruction]:
    """Until a lot is handed over its counts may be put right. Raises Refused."""
    run = _run_of(memory, event.run, event.operator)
    if run.phase not in DONE:
        raise Refused("this run was neither counted nor settled yet")
    if not run.counts and run.whole:
        raise Refused("what was counted of this run is not known here any more")
    if not event.note.strip():
        raise Refused("say why the count changes: the note is missing")
    require_counts(run, event.counts, whole=run.whole)
    changed = changed_lots(run.counts, event.counts)
    if not changed:
        raise Refused("these are the counts as they are: nothing to correct")
    for lot in changed:
        known = memory.lots.get(lot)
        if known is not None and known.handed_over:
            raise Refused(f"lot {lot} was handed over: its count stands; tell the broker's administrator")
        if known is not None:
            memory.keep_lot(replace(known, ready_pieces=None))
    memory.keep_run(replace(run, counts=event.counts, uncorrected=run.counts, version=run.version + 1, note=""))
    return [Tell(say.Corrected(event.operator, event.note, event.counts), run.id, run.fence, run.version)]


def not_corrected(run: RunRecord, reason: str) -> RunRecord:
    """The broker took nothing of the last correction: the counts before it stand."""
    if run.uncorrected is None:
        return run
    return replace(run, counts=run.uncorrected, uncorrected=None, note=f"the correction was not taken: {reason}")


def not_skipped(run: RunRecord, reason: str) -> RunRecord:
    """Broker and shop agree on the state: what it didn't take was a remark, and that piece is to be counted."""
    return replace(run, skipped=run.skipped[:-1], note=reason) if run.skipped else run


def changed_lots(before: tuple[Count, ...], after: tuple[Count, ...]) -> list[str]:
    was, now = _by_lot(before), _by_lot(after)
    nothing = (0, ())
    return sorted(lot for lot in was | now if was.get(lot, nothing) != now.get(lot, nothing))


def _by_lot(counts: tuple[Count, ...]) -> dict[str, tuple[int, tuple[tuple[str, int], ...]]]:
    return {count.lot: (count.good, tuple(sorted(count.scrap))) for count in counts}


def skipped(memory: Memory, run: RunRecord, report: say.ObjectSkipped) -> list[Instruction]:
    """What belongs to no lot, as a wipe tower, costs no piece."""
    if run.phase not in ON_MACHINE:
        return []
    found = _named(run, report.object)
    if found is None or found in run.skipped:
        return []
    name, lot = found
    memory.keep_run(replace(run, skipped=(*run.skipped, found), version=run.version + 1))
    told = say.Skipped(lot, name, report.reason, report.operator)
    return [Tell(told, run.id, run.fence, run.version)]


def _named(run: RunRecord, name: str) -> tuple[str, str] | None:
    """Object and lot by a name as firmwares have it: some change case, and signs into underscores."""
    objects = run.needs.objects if run.needs else ()
    exact = [one for one in objects if one[0] == name]
    alike = [one for one in objects if _plain(one[0]) == _plain(name)]
    found = exact or alike
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    return _NO_WORD.sub("", _NUMBERED.sub("", name).lower())


def require_counts(run: RunRecord, counts: tuple[Count, ...], *, whole: bool) -> None:
    """Raises Refused unless good + scrap is what the plate holds and wasn't skipped (at most that, unless `whole`)."""
    left = run.left()
    given = {count.lot: count.total for count in counts}
    if len(given) != len(counts):
        raise Refused("a lot is counted twice")
    foreign = sorted(set(given) - set(left))
    if foreign:
        raise Refused(f"no piece of {', '.join(foreign)} is on this plate")
    for lot, pieces in left.items():
        total = given.get(lot, 0)
        if total > pieces or (whole and total != pieces):
            skips = sum(one == lot for _, one in run.skipped)
            but = f" ({skips} skipped, scrap already)" if skips else ""
            raise Refused(f"lot {lot}: good + scrap is {total}, the plate holds {pieces}{but}")


def _run_of(memory: Memory, run: str, operator: str) -> RunRecord:
    if run not in memory.runs:
        raise Refused("this run is not known here")
    if not operator.strip():
        raise Refused("say who counted: the operator's name is missing")
    return memory.runs[run]

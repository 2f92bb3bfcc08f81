"""What waits for a person. Tasks aren't stored: they follow from what the shop remembers."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from broker.wire.states import RunState
from shop_agent.state.memory import AFTER_PERMIT, UNSURE, Memory
from shop_agent.state.records import LotRecord, RunRecord


class TaskKind(StrEnum):
    LOT = "lot"
    """Accept or decline a lot."""
    SETUP = "setup"
    STARTED = "started"
    """By hand: download the program, start the machine, say so."""
    ENDED = "ended"
    """By hand: the machine is done, cold and still."""
    COUNT = "count"
    CLEAR = "clear"
    SETTLE = "settle"
    RELEASE = "release"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Task:
    """`id` is new for each time that something is asked; it names kind and subject."""

    id: str
    kind: TaskKind
    title: str
    machine: str = ""
    run: RunRecord | None = None
    lot: LotRecord | None = None
    note: str = ""
    """Why it is asked again, or what went before."""


def waiting(memory: Memory) -> list[Task]:
    """In the order in which a person should see them: machines first, and of each first what lets it go on."""
    found = [task for name in memory.machines for task in _of_machine(memory, name)]
    return [*found, *_of_lots(memory)]


def _of_machine(memory: Memory, name: str) -> Iterator[Task]:
    for run in memory.on(name, UNSURE):
        yield _run_task(TaskKind.SETTLE, run, f"{name}: run {run.phase}. What became of its pieces?")
    if memory.facts[name].attested:
        yield from _of_hands(memory, name)
    machine = memory.machines[name]
    if machine.quarantine and not memory.on(name, UNSURE | AFTER_PERMIT):
        title = f"{name}: look at it, clear it, then release it"
        yield Task(f"release-{name}-{machine.troubles}", TaskKind.RELEASE, title, name, note=machine.quarantine)
    elif machine.occupied_by and not memory.on(name, AFTER_PERMIT):
        lies = memory.runs.get(machine.occupied_by)
        title = f"{name}: take the parts off, into a box labelled {label(machine.occupied_by)}"
        yield Task(f"clear-{name}-{machine.occupied_by}", TaskKind.CLEAR, title, name, lies)
    ready = memory.next_setup(name)
    if ready is not None:
        yield _run_task(TaskKind.SETUP, ready, f"{name}: set up {ready.material} and clear the bed")
    for run in memory.on(name, frozenset({RunState.FINISHED})):
        yield _run_task(TaskKind.COUNT, run, f"{name}: count good and scrap of {label(run.id)}")


def label(run: str) -> str:
    """What stands on the box of a run's pieces, until somebody counts them."""
    return run.rpartition("_")[2][-6:].upper() or run


def _of_hands(memory: Memory, name: str) -> Iterator[Task]:
    for run in memory.on(name, frozenset({RunState.STARTING})):
        yield _run_task(TaskKind.STARTED, run, f"{name}: start the downloaded program by hand")
    for run in memory.on(name, frozenset({RunState.RUNNING, RunState.PAUSED})):
        stop = "asked to STOP: " if run.stop_asked else ""
        yield _run_task(TaskKind.ENDED, run, f"{name}: {stop}say when it is done, cold and still")


def _run_task(kind: TaskKind, run: RunRecord, title: str) -> Task:
    return Task(f"{kind}-{run.id}-{run.fence}-{run.tries}", kind, title, run.machine, run, note=run.note)


def _of_lots(memory: Memory) -> Iterator[Task]:
    for lot in memory.lots.values():
        if lot.accepted != lot.quantity and not lot.declined:
            title = f"Make {lot.quantity} × {lot.part} in {lot.material} for {lot.payout / 100:.2f} {lot.currency}?"
            yield Task(f"lot-{lot.id}-{lot.quantity}-{lot.asked}", TaskKind.LOT, title, lot=lot)
        if lot.ready_pieces is not None and not lot.handed_over:
            title = f"Pack {lot.ready_pieces} × {lot.part or lot.id} and hand them over"
            yield Task(f"handover-{lot.id}-{lot.ready_pieces}", TaskKind.HANDOVER, title, lot=lot)

"""Machines are shared with the shop's own work: one tap, no reason asked, no broker needed."""

from collections.abc import Mapping
from dataclasses import replace

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import ForbidStart, Instruction
from shop_agent.state.memory import BEFORE_PERMIT, Memory
from shop_agent.state.records import Mode, Now

_S = RunState
GIVEN_BACK: Mapping[Mode, frozenset[RunState]] = {
    Mode.NORMAL: frozenset(),
    Mode.NOTHING_NEW: frozenset(),
    Mode.MINE_AFTER: frozenset({_S.CLAIMED, _S.STAGED}),
    Mode.MINE_NOW: BEFORE_PERMIT,
}
"""A run that an operator has set up is the one under way: `mine-after` lets it start and finish."""
OWN_WORK = "the shop needs the machine for its own work"


def mode_set(memory: Memory, event: ev.ModeSet) -> list[Instruction]:
    """What has started goes on; a person may cancel it. Raises Refused."""
    if event.machine and event.machine not in memory.machines:
        raise Refused(f"there is no machine {event.machine} here")
    names = [event.machine] if event.machine else list(memory.machines)
    out: list[Instruction] = []
    for name in names:
        memory.keep_machine(replace(memory.machines[name], mode=event.mode, mode_until=event.until))
        if event.mode is Mode.MINE_NOW:
            permitted = memory.on(name, frozenset({_S.PERMITTED}))
            out += [ForbidStart(run.machine, run.id, run.fence, OWN_WORK) for run in permitted]
    return out


def end_of_day(memory: Memory, now: Now) -> None:
    """What was said for today alone is over by itself."""
    for machine in list(memory.machines.values()):
        if machine.mode_until is not None and now.at >= machine.mode_until:
            memory.keep_machine(replace(machine, mode=Mode.NORMAL, mode_until=None))


def give_back(memory: Memory) -> list[Instruction]:
    """What may not start any more goes back to the broker, whenever it came to be so."""
    out: list[Instruction] = []
    for machine in list(memory.machines.values()):
        for run in memory.on(machine.name, GIVEN_BACK[machine.mode]):
            out += memory.drop(run, say.Released(OWN_WORK))
    return out

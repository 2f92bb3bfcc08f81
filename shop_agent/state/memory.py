"""What the shop's mind remembers, and the few ways in which it changes; the rules are in the modules beside."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from broker.wire.states import Actor, RunState, check
from shop_agent.errors import Refused
from shop_agent.state import reports as say
from shop_agent.state.instructions import AbandonProgram, Instruction, Tell
from shop_agent.state.records import (
    LotRecord,
    MachineFacts,
    MachineRecord,
    MachineView,
    Mode,
    RunRecord,
    SpoolRecord,
    Standing,
)

_S = RunState
BEFORE_PERMIT = frozenset({_S.CLAIMED, _S.STAGED, _S.ARMED})
AFTER_PERMIT = frozenset({_S.PERMITTED, _S.STARTING, _S.RUNNING, _S.PAUSED})
ON_MACHINE = frozenset({_S.STARTING, _S.RUNNING, _S.PAUSED})
UNSURE = frozenset({_S.UNKNOWN, _S.FAULTED, _S.STOPPED})
"""A person settles these; the machine is quarantined."""
ENDED = UNSURE | {_S.FINISHED}
DONE = frozenset({_S.ACCEPTED, _S.SCRAPPED})


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the owner's policy the mind needs."""

    auto_accept_lots: bool
    record_life_s: float
    stock: frozenset[str]
    power_budget_w: float | None = None
    """What all heat-ups together may draw; None: no limit."""
    presence_interval_s: float = 600.0
    """Attended machines: a named operator confirms at least so often."""


@dataclass(slots=True)
class Changed:
    """Ids of what must be written down."""

    runs: set[str] = field(default_factory=set)
    machines: set[str] = field(default_factory=set)
    lots: set[str] = field(default_factory=set)
    spools: set[str] = field(default_factory=set)
    tombstones: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.runs or self.machines or self.lots or self.spools or self.tombstones)


@dataclass(slots=True)
class Asked:
    """A permit request: when it was made, when last sent, and when it was refused; monotonic seconds."""

    request: str
    made_s: float
    sent_s: float
    denied_s: float | None = None


class Memory:
    def __init__(self, machines: Iterable[MachineFacts], rules: Rules) -> None:
        self.facts: Mapping[str, MachineFacts] = {machine.name: machine for machine in machines}
        self.rules = rules
        self.runs: dict[str, RunRecord] = {}
        self.lots: dict[str, LotRecord] = {}
        self.spools: dict[str, SpoolRecord] = {}
        self.machines = {name: MachineRecord(name) for name in self.facts}
        self.tombstones: dict[str, int] = {}
        """Run → highest fence that is refused for ever."""
        self.changed = Changed()
        self.views: dict[str, MachineView] = {}
        self.gone: dict[str, str] = {}
        """Machine → why it can't be reached."""
        self.asked: dict[str, list[Asked]] = {}
        self.deadlines: dict[str, float] = {}
        """Permitted run → end of its permit, monotonic seconds; unknown for runs of an earlier process."""
        self.set_up_s: dict[str, float] = {}
        """Armed run of a machine that nobody may leave → when it was set up, monotonic seconds."""
        self.heating_since: dict[str, float] = {}
        """Started run → since when its heat-up is counted, monotonic seconds."""
        self.policy_fault = ""
        """Why nothing new may start: what is wrong with the owner's policy since it was changed."""
        self.slot_waits: dict[str, str] = {}
        """Armed run → which heat-ups it waits for."""

    # Runs -----------------------------------------------------------------------------------------

    def keep_run(self, run: RunRecord) -> None:
        self.runs[run.id] = run
        self.changed.runs.add(run.id)

    def move(self, run: RunRecord, after: RunState, report: say.RunReport, actor: Actor = Actor.AGENT) -> Tell:
        """Raises IllegalTransition, before anything has changed."""
        check(run.phase, after, actor)
        self.keep_run(replace(run, phase=after, version=run.version + 1))
        return Tell(report, run.id, run.fence, run.version)

    def bury(self, run: str, fence: int) -> None:
        """This fence and all before it never act again."""
        self.tombstones[run] = max(fence, self.tombstones.get(run, 0))
        self.changed.tombstones.add(run)

    def drop(self, run: RunRecord, report: say.RunReport | None = None, fence: int | None = None) -> list[Instruction]:
        """Forget a run that never started, telling the broker `report`."""
        self.bury(run.id, run.fence if fence is None else fence)
        del self.runs[run.id]
        self.changed.runs.add(run.id)
        self.forget_permit(run.id)
        told: list[Instruction] = [] if report is None else [Tell(report, run.id, run.fence, run.version)]
        return [*told, AbandonProgram(run.id)]

    def forget_permit(self, run: str) -> None:
        self.asked.pop(run, None)
        self.deadlines.pop(run, None)
        self.set_up_s.pop(run, None)

    def next_order(self) -> int:
        """Of a run that comes now."""
        return 1 + max((run.order for run in self.runs.values()), default=0)

    def lapse(self, run: RunRecord, reason: str) -> Tell:
        """An armed run goes back to wait for its setup."""
        self.asked.pop(run.id, None)
        return self.move(replace(run, setup=None, tries=run.tries + 1, note=reason), _S.STAGED, say.Lapsed(reason))

    def void(self, machine: str, stale: Callable[[RunRecord], bool], reason: str) -> list[Instruction]:
        return [self.lapse(run, reason) for run in self.on(machine, frozenset({_S.ARMED})) if stale(run)]

    def on(self, machine: str, phases: frozenset[RunState]) -> list[RunRecord]:
        """The machine's runs in these phases, in the order in which they came."""
        found = [run for run in self.runs.values() if run.machine == machine and run.phase in phases]
        return sorted(found, key=lambda run: run.order)

    # Machines and lots ----------------------------------------------------------------------------

    def keep_machine(self, machine: MachineRecord) -> None:
        self.machines[machine.name] = machine
        self.changed.machines.add(machine.name)

    def keep_lot(self, lot: LotRecord) -> None:
        self.lots[lot.id] = lot
        self.changed.lots.add(lot.id)

    def keep_spool(self, spool: SpoolRecord) -> None:
        self.spools[spool.id] = spool
        self.changed.spools.add(spool.id)

    def quarantine(self, name: str, reason: str) -> None:
        machine = self.machines[name]
        self.keep_machine(replace(machine, quarantine=reason, troubles=machine.troubles + (not machine.quarantine)))

    def standing(self, name: str) -> tuple[Standing, str]:
        """How a machine stands, and why; the shop's own work needs no reason."""
        machine = self.machines[name]
        live = self.on(name, AFTER_PERMIT)
        waiting = machine.mode is Mode.NOTHING_NEW and self.on(name, BEFORE_PERMIT)
        found = Standing.OWN_WORK, ""
        if machine.quarantine:
            found = Standing.QUARANTINED, machine.quarantine
        elif live:
            found = Standing.BUSY, f"run {live[0].id}"
        elif machine.occupied_by:
            found = Standing.OCCUPIED, f"the parts of run {machine.occupied_by} lie on it"
        elif name in self.gone:
            found = Standing.OFFLINE, self.gone[name]
        elif machine.mode is Mode.NORMAL or waiting:
            found = Standing.FREE, ""
        return found

    def reported(self, name: str) -> tuple[Standing, str]:
        """For the broker: of a machine that wasn't looked at since we began, what it was told before."""
        if self.looked_at(name):
            return self.standing(name)
        machine = self.machines[name]
        return machine.told or Standing.OFFLINE, machine.told_reason

    def looked_at(self, name: str) -> bool:
        return name in self.views or name in self.gone

    def next_setup(self, name: str) -> RunRecord | None:
        """The run that an operator may set up now on this machine."""
        if name not in self.views or self.standing(name)[0] is not Standing.FREE:
            return None
        if self.on(name, frozenset({_S.ARMED})):
            return None
        staged = self.on(name, frozenset({_S.STAGED}))
        return staged[0] if staged else None

    def require_releasable(self, name: str) -> None:
        """Raises Refused unless the machine's quarantine may end."""
        if self.on(name, UNSURE):
            raise Refused("first say what became of its last run")
        if self.on(name, AFTER_PERMIT):
            raise Refused("a run is under way on it")
        if not self.machines[name].quarantine:
            raise Refused("it is not in quarantine")

    def tell_machines(self) -> list[Instruction]:
        """What changed for the broker."""
        out: list[Instruction] = []
        for name, machine in list(self.machines.items()):
            standing, reason = self.reported(name)
            if self.looked_at(name) and (machine.told, machine.told_reason) != (standing, reason):
                self.keep_machine(replace(machine, told=standing, told_reason=reason))
                out.append(Tell(say.MachineChanged(name, standing, reason)))
        return out

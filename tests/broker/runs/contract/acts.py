"""What may happen to a world, as data: tests write it out, hypothesis makes it up, every store plays it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from broker.runs.models import Run
from broker.wire.messages import (
    Availability,
    Corrected,
    HandedOver,
    Heartbeat,
    LotAccepted,
    LotDeclined,
    MachineChanged,
    MachineReport,
    Progress,
    ScrapReason,
    Skipped,
)
from broker.wire.states import RunState
from tests.broker.runs.contract.seeded import KEYS, LOTS, MACHINES, RUNS, WORKSHOPS
from tests.broker.runs.contract.words import agent_of, body, counts
from tests.broker.runs.contract.world import World

_NEXT = {
    RunState.OFFERED: "claimed",
    RunState.CLAIMED: "staged",
    RunState.STAGED: "armed",
    RunState.PERMITTED: "starting",
    RunState.STARTING: "running",
    RunState.RUNNING: "finished",
    RunState.PAUSED: "resumed",
    RunState.FINISHED: "counted",
    RunState.UNKNOWN: "settled",
    RunState.FAULTED: "settled",
    RunState.STOPPED: "settled",
}


class Act(Protocol):
    async def play(self, world: World) -> object:
        """What was answered."""
        ...


async def play(world: World, acts: Iterable[Act]) -> list[object]:
    """What was answered to each."""
    return [await act.play(world) for act in acts]


@dataclass(frozen=True, slots=True)
class Next:
    """The run's next step on its way to good pieces, whoever takes it."""

    run: str

    async def play(self, world: World) -> object:
        run = await world.run(self.run)
        agent = agent_of(self.run)
        if run.state is RunState.PLANNED:
            return await world.offer()
        if run.state is RunState.ARMED:
            return await world.ask(agent, run, run.record_id or "", f"request-{run.version}")
        kind = _NEXT.get(run.state)
        good = min(RUNS[self.run][1].values())
        return await world.say(agent, body(self.run, kind, good), run) if kind else None


@dataclass(frozen=True, slots=True)
class Say:
    """Any event of any run, with numbers that may be off."""

    run: str
    kind: str
    agent: str = ""
    version: int = 0
    fence: int = 0
    good: int = 0
    record: str = ""

    async def play(self, world: World) -> object:
        run = await world.run(self.run)
        off = {"version": run.version + self.version, "fence": run.fence + self.fence}
        said = body(self.run, self.kind, self.good, self.record)
        return await world.say(self.agent or agent_of(self.run), said, run, **off)


@dataclass(frozen=True, slots=True)
class Skip:
    """An object of the run is left out."""

    run: str
    piece: str

    async def play(self, world: World) -> object:
        lot = min(RUNS[self.run][1])
        skipped = Skipped(lot=lot, object=self.piece, reason=ScrapReason.WARP, operator="eva")
        return await world.say(agent_of(self.run), skipped, await world.run(self.run))


@dataclass(frozen=True, slots=True)
class Correct:
    run: str
    good: int

    async def play(self, world: World) -> object:
        corrected = Corrected(operator="eva", note="looked again", counts=counts(self.run, self.good))
        return await world.say(agent_of(self.run), corrected, await world.run(self.run))


@dataclass(frozen=True, slots=True)
class Keep:
    """Sign an event, and don't send it: a gap."""

    agent: str

    async def play(self, world: World) -> object:
        speaker = world.speakers[self.agent]
        speaker.sent.append(speaker.sign(world.envelope(self.agent, _changed(self.agent))))
        return None


@dataclass(frozen=True, slots=True)
class Resend:
    """All that the agent has signed in this epoch."""

    agent: str

    async def play(self, world: World) -> object:
        return await world.hear(self.agent, world.speakers[self.agent].sent)


@dataclass(frozen=True, slots=True)
class Alter:
    """The agent's first event, with another content."""

    agent: str

    async def play(self, world: World) -> object:
        speaker = world.speakers[self.agent]
        envelope = world.envelope(self.agent, _changed(self.agent, "altered"), seq=1)
        speaker.seq -= 1
        return await world.hear(self.agent, [speaker.sign(envelope)])


@dataclass(frozen=True, slots=True)
class Forge:
    """An event that another key has signed."""

    agent: str

    async def play(self, world: World) -> object:
        envelope = world.envelope(self.agent, _changed(self.agent))
        world.speakers[self.agent].seq -= 1
        other = next(name for name in KEYS if name != self.agent)
        return await world.hear(self.agent, [world.speakers[other].sign(envelope)])


@dataclass(frozen=True, slots=True)
class Begin:
    agent: str
    epoch: int

    async def play(self, world: World) -> object:
        return await world.begin(self.agent, f"{self.agent}-epoch{self.epoch}")


@dataclass(frozen=True, slots=True)
class Ask:
    """For a permit, with the run's own record unless another is named."""

    run: str
    request: str
    record: str = ""
    version: int = 0
    fence: int = 0

    async def play(self, world: World) -> object:
        run = await world.run(self.run)
        seen = Run(id=run.id, fence=run.fence + self.fence, version=run.version + self.version)
        return await world.ask(agent_of(self.run), seen, self.record or f"record-{self.run}", self.request)


@dataclass(frozen=True, slots=True)
class Beat:
    agent: str
    leases: tuple[str, ...] = ()
    availability: Availability = Availability.FREE

    async def play(self, world: World) -> object:
        reports = tuple(
            MachineReport(machine=name, availability=self.availability) for name in _machines_of(self.agent)
        )
        return await world.beat(self.agent, Heartbeat(machines=reports, leases=self.leases))


@dataclass(frozen=True, slots=True)
class Report:
    """Progress."""

    run: str
    lines: int

    async def play(self, world: World) -> object:
        report = Progress(run=self.run, machine=RUNS[self.run][0], lines_done=self.lines, lines_total=1000)
        await world.progress(agent_of(self.run), report)
        return None


@dataclass(frozen=True, slots=True)
class TakeBack:
    machine: str

    async def play(self, world: World) -> object:
        return await world.withdraw(self.machine)


@dataclass(frozen=True, slots=True)
class Accept:
    lot: str
    quantity: int

    async def play(self, world: World) -> object:
        return await world.say(_shop_of(self.lot), LotAccepted(lot=self.lot, quantity=self.quantity))


@dataclass(frozen=True, slots=True)
class Decline:
    lot: str

    async def play(self, world: World) -> object:
        return await world.say(_shop_of(self.lot), LotDeclined(lot=self.lot, reason="no time"))


@dataclass(frozen=True, slots=True)
class Deliver:
    lot: str

    async def play(self, world: World) -> object:
        return await world.say(_shop_of(self.lot), HandedOver(lot=self.lot, operator="eva"))


@dataclass(frozen=True, slots=True)
class Wait:
    minutes: float

    async def play(self, world: World) -> object:
        return await world.pass_time(timedelta(minutes=self.minutes))


def _machines_of(agent: str) -> list[str]:
    return [name for name, (workshop, _) in MACHINES.items() if WORKSHOPS[workshop] == agent]


def _changed(agent: str, reason: str = "") -> MachineChanged:
    return MachineChanged(machine=_machines_of(agent)[0], availability=Availability.OWN_WORK, reason=reason)


def _shop_of(lot: str) -> str:
    return WORKSHOPS[LOTS[lot][1]]

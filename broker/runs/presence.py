"""What frames without a signature change: leases, signs of life, progress. All of it may be lost or repeated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.runs.book import Book
from broker.runs.briefing import lost_lease
from broker.runs.lifecycle.events import Heard, Progressed
from broker.runs.models import Run
from broker.runs.moves import hear
from broker.wire.messages import Heartbeat, Progress, Withdrawn
from broker.workshops.models import Agent, Machine
from broker.workshops.service import hear_of_machines


@dataclass(frozen=True, slots=True)
class Sign:
    """What one agent has said of itself, latest last."""

    agent_id: str
    at: datetime
    beat: Heartbeat | None = None
    progress: tuple[Progress, ...] = ()

    def run_ids(self) -> set[str]:
        return {one.run for one in self.progress} | (_held(self.beat) if self.beat is not None else set())


@dataclass(frozen=True, slots=True)
class Heeded:
    changed: bool
    """A machine is not as it was."""
    lost: tuple[Withdrawn, ...]
    """What the agent holds that is no longer its own."""


async def heed(book: Book, agents: Mapping[str, Agent], signs: Sequence[Sign]) -> dict[str, Heeded]:
    """Renew leases and timers of many agents with a few look-ups; by agent. `agents` are locked."""
    known = [sign for sign in signs if sign.agent_id in agents]
    machines: dict[str, list[Machine]] = {agents[sign.agent_id].workshop_id: [] for sign in known if sign.beat}
    for machine in await book.machines_in(machines) if machines else ():
        machines[machine.workshop_id].append(machine)
    run_ids = {run_id for sign in known for run_id in sign.run_ids()}
    runs = await book.locked_runs(run_ids) if run_ids else {}
    return {sign.agent_id: _heed(agents[sign.agent_id], sign, machines, runs) for sign in known}


async def hear_heartbeat(
    book: Book, agent: Agent, beat: Heartbeat, now: datetime
) -> tuple[bool, tuple[Withdrawn, ...]]:
    """One agent's; whether a machine changed, and what the agent holds that is no longer its own."""
    heeded = (await heed(book, {agent.id: agent}, [Sign(agent.id, now, beat)]))[agent.id]
    return heeded.changed, heeded.lost


async def hear_progress(book: Book, agent: Agent, progress: Progress, now: datetime) -> None:
    await heed(book, {agent.id: agent}, [Sign(agent.id, now, progress=(progress,))])


def _heed(agent: Agent, sign: Sign, machines: Mapping[str, Iterable[Machine]], runs: Mapping[str, Run]) -> Heeded:
    agent.last_seen_at = sign.at
    own = {run_id: run for run_id, run in runs.items() if run.workshop_id == agent.workshop_id}
    for progress in sign.progress:
        if progress.run in own:
            hear(own[progress.run], Progressed(progress.lines_done, progress.lines_total), sign.at)
    if sign.beat is None or agent.behind:
        return Heeded(changed=False, lost=())
    for run_id in _held(sign.beat) & own.keys():
        hear(own[run_id], Heard(leased=run_id in sign.beat.leases), sign.at)
    lost = [lost_lease(run_id, runs.get(run_id), agent.workshop_id) for run_id in sign.beat.leases]
    return Heeded(
        changed=hear_of_machines(machines[agent.workshop_id], sign.beat.machines),
        lost=tuple(one for one in lost if one is not None),
    )


def _held(beat: Heartbeat) -> set[str]:
    return {report.run for report in beat.machines if report.run} | set(beat.leases)

"""What frames without a signature change: leases, signs of life, progress. All of it may be lost or repeated."""

from datetime import datetime

from broker.runs.book import Book
from broker.runs.briefing import lost_leases
from broker.runs.lifecycle.events import Heard, Progressed
from broker.runs.moves import happen
from broker.wire.messages import Heartbeat, Progress, Withdrawn
from broker.workshops.models import Agent
from broker.workshops.service import hear_of_machines


async def hear_heartbeat(
    book: Book, agent: Agent, beat: Heartbeat, now: datetime
) -> tuple[bool, tuple[Withdrawn, ...]]:
    """Renew leases and timers; whether a machine changed, and what the agent holds that is no longer its own."""
    agent.last_seen_at = now
    if agent.behind:
        return False, ()
    changed = await hear_of_machines(book, agent.workshop_id, beat.machines)
    for run_id in {report.run for report in beat.machines if report.run} | set(beat.leases):
        run = await book.locked_run(run_id)
        if run is not None and run.workshop_id == agent.workshop_id:
            await happen(book, run, Heard(leased=run_id in beat.leases), now)
    return changed, await lost_leases(book, agent.workshop_id, beat.leases)


async def hear_progress(book: Book, agent: Agent, progress: Progress, now: datetime) -> None:
    agent.last_seen_at = now
    run = await book.locked_run(progress.run)
    if run is not None and run.workshop_id == agent.workshop_id:
        await happen(book, run, Progressed(progress.lines_done, progress.lines_total), now)

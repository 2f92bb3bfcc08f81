"""What frames without a signature change: leases, signs of life, progress. All of it may be lost or repeated."""

from datetime import datetime

from broker.runs.book import Book
from broker.runs.briefing import LEASED, lost_leases
from broker.runs.lifecycle import CLAIM_LEASE, RUN_SILENCE
from broker.runs.models import Run
from broker.runs.moves import ON_MACHINE
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
            _renew(run, now, leased=run_id in beat.leases)
    return changed, await lost_leases(book, agent.workshop_id, beat.leases)


async def hear_progress(book: Book, agent: Agent, progress: Progress, now: datetime) -> None:
    agent.last_seen_at = now
    run = await book.locked_run(progress.run)
    if run is None or run.workshop_id != agent.workshop_id or run.state not in ON_MACHINE:
        return
    run.lines_done = max(run.lines_done, min(progress.lines_done, progress.lines_total))
    run.lines_total = progress.lines_total
    _renew(run, now, leased=False)


def _renew(run: Run, now: datetime, *, leased: bool) -> None:
    if run.state in LEASED and leased:
        run.exit_at = now + CLAIM_LEASE
    elif run.state in ON_MACHINE:
        run.exit_at = max(run.exit_at or now, now + RUN_SILENCE)

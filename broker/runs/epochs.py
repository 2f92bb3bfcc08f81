"""An agent's journal epochs: a new one means that its journal was lost, so nobody knows about what it was running."""

import logging
from datetime import datetime

from broker.runs.book import Book
from broker.runs.lifecycle.events import JournalLost
from broker.runs.lifecycle.facts import LEASED
from broker.runs.moves import happen
from broker.wire.states import AFTER_PERMIT, UNSETTLED
from broker.workshops.models import Agent
from broker.workshops.service import JOURNAL_LOST, quarantine_all

_log = logging.getLogger(__name__)


OVER = 2**53 - 1
"""As the number that is acknowledged: more than any agent has said, so its journal is an older copy of itself."""


async def begin(book: Book, agent: Agent, epoch: str, now: datetime) -> bool:
    """Make `epoch` the agent's; False for one that was its epoch before, and is over."""
    if agent.epoch == epoch:
        return True
    if await book.inbox_event(agent.id, epoch, 1) is not None:
        _log.warning("agent %s came with epoch %s, which a later one has ended", agent.id, epoch)
        return False
    agent.epoch, agent.acked_seq = epoch, 0
    live = await book.runs_in(LEASED | AFTER_PERMIT | UNSETTLED, agent.workshop_id)
    for run in live:
        await happen(book, run, JournalLost(), now)
    if live:
        _log.warning("agent %s began epoch %s with %d runs under way", agent.id, epoch, len(live))
        await quarantine_all(book, agent.workshop_id, JOURNAL_LOST)
    return True

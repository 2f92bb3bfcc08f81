"""An agent's journal epochs: a new one means that its journal was lost, so nobody knows about what it was running."""

import logging
from datetime import datetime

from broker.runs.book import Book
from broker.runs.errors import Refused
from broker.runs.lifecycle import Step
from broker.runs.moves import move
from broker.wire.states import AFTER_PERMIT, Actor, RunState
from broker.workshops.models import Agent
from broker.workshops.service import JOURNAL_LOST, quarantine_all

_log = logging.getLogger(__name__)
_CLAIMED = frozenset({RunState.CLAIMED, RunState.STAGED, RunState.ARMED})
_LOST = "the agent's journal began anew"


async def begin(book: Book, agent: Agent, epoch: str, now: datetime) -> None:
    """Make `epoch` the agent's. Raises Refused for one that was its epoch before."""
    if agent.epoch == epoch:
        return
    if await book.inbox_event(agent.id, epoch, 1) is not None:
        raise Refused(f"epoch {epoch} was ended by a later one; begin a new epoch")
    agent.epoch, agent.acked_seq = epoch, 0
    live = await book.runs_in(AFTER_PERMIT | _CLAIMED | {RunState.UNKNOWN}, agent.workshop_id)
    for run in live:
        if run.state in AFTER_PERMIT:
            await move(book, run, Step(RunState.UNKNOWN, Actor.BROKER), now, _LOST)
        elif run.state in _CLAIMED:
            await move(book, run, Step(RunState.RELEASED, Actor.BROKER), now, _LOST)
    if live:
        _log.warning("agent %s began epoch %s with %d runs under way", agent.id, epoch, len(live))
        await quarantine_all(book, agent.workshop_id, JOURNAL_LOST)

"""The answer to an agent that asks for a start."""

from datetime import datetime

from broker.runs.book import Book
from broker.runs.history import current_epoch
from broker.runs.lifecycle.events import PermitAsked
from broker.runs.lifecycle.instructions import Grant, Refuse
from broker.runs.moves import happen
from broker.wire.messages import Permit, PermitRefused, PermitRequest
from broker.wire.standings import PERMIT_LIFE
from broker.workshops.models import Agent


async def grant(book: Book, agent: Agent, request: PermitRequest, now: datetime) -> Permit | PermitRefused:
    """The same request gets the same permit again; any other for a run that was permitted is refused."""
    run = await book.locked_run(request.run)
    if run is None or run.workshop_id != agent.workshop_id or agent.epoch is None:
        return _refused(request, "the workshop has no such run")
    asked = PermitAsked(request.request, request.record, request.version, request.fence, agent.epoch)
    [answer] = await happen(book, run, asked, now)
    match answer:
        case Grant(version, fence):
            return await _permit(book, request, version, fence)
        case Refuse(reason):
            return _refused(request, reason)
        case _:
            raise TypeError(f"no answer to a request for a permit: {answer}")


async def _permit(book: Book, request: PermitRequest, version: int, fence: int) -> Permit:
    return Permit(
        run=request.run,
        fence=fence,
        version=version,
        request=request.request,
        life_s=PERMIT_LIFE.total_seconds(),
        broker_epoch=await current_epoch(book),
    )


def _refused(request: PermitRequest, reason: str) -> PermitRefused:
    return PermitRefused(run=request.run, request=request.request, reason=reason)

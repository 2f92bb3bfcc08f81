"""A start permit: compare-and-set from armed to permitted, given once a request."""

from datetime import datetime

from broker.runs.book import Book
from broker.runs.history import current_epoch
from broker.runs.lifecycle import PERMIT_LIFE, Step
from broker.runs.models import Run
from broker.runs.moves import move
from broker.wire.messages import Permit, PermitRefused, PermitRequest
from broker.wire.states import Actor, RunState


async def grant(book: Book, workshop_id: str, request: PermitRequest, now: datetime) -> Permit | PermitRefused:
    """The same request gets the same permit again; any other for a run that was permitted is refused."""
    run = await book.locked_run(request.run)
    if run is None or run.workshop_id != workshop_id:
        return _refused(request, "the workshop has no such run")
    if run.state is RunState.PERMITTED and run.permit_request == request.request and run.fence == request.fence:
        return await _permit(book, run, request)
    if run.state is not RunState.ARMED:
        return _refused(request, f"the run is {run.state}, not armed")
    if (run.fence, run.version) != (request.fence, request.version):
        return _refused(request, f"the run is at fence {run.fence}, version {run.version}")
    if run.record_id != request.record:
        return _refused(request, "the run was armed with another setup record")
    run.permit_request = request.request
    await move(book, run, Step(RunState.PERMITTED, Actor.BROKER), now)
    return await _permit(book, run, request)


async def _permit(book: Book, run: Run, request: PermitRequest) -> Permit:
    return Permit(
        run=run.id,
        fence=run.fence,
        version=run.version,
        request=request.request,
        life_s=PERMIT_LIFE.total_seconds(),
        broker_epoch=await current_epoch(book),
    )


def _refused(request: PermitRequest, reason: str) -> PermitRefused:
    return PermitRefused(run=request.run, request=request.request, reason=reason)

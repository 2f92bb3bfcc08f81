from typing import Annotated

from fastapi import APIRouter, Depends, Response

from broker.accounts.authenticator import Authenticator
from broker.accounts.idempotency import IdempotencyKey, answer, earlier_answer, write_of
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.quotes.service import Quoter, quote_of
from broker.quotes.views import quote_view
from broker.wire.rest import Problem, QuoteRequest, QuoteView

_REFUSALS: dict[int | str, dict[str, object]] = {status: {"model": Problem} for status in (401, 404, 409, 422)}


def router(database: Database, clock: Clock, authenticator: Authenticator, quoter: Quoter) -> APIRouter:
    routes = APIRouter(prefix="/quotes", tags=["quotes"])

    @routes.post("", status_code=201, response_model=QuoteView, responses=_REFUSALS)
    async def ask(
        caller: Annotated[Caller, Depends(authenticator)], request: QuoteRequest, key: IdempotencyKey = None
    ) -> Response:
        """Itemised prices and promised dates, by lead time; each tier's lines sum to its total.

        `tiers` holds express, standard and economy as far as they differ: standard always, another only where it is
        sooner or cheaper. `total`, `due_at` and `lines` are standard's until a tier is accepted, then that tier's.
        """
        write = write_of(caller.id, key, "quotes", request.model_dump_json())
        async with database.reading() as session:
            earlier = await earlier_answer(session, write)
        if earlier is not None:
            return earlier
        draft = await quoter.draft(caller, request)
        async with database.writing() as session:
            earlier = await earlier_answer(session, write)
            if earlier is not None:
                return earlier
            quote = await quoter.keep(session, caller.id, draft)
            return await answer(session, write, 201, await quote_view(session, quote, clock.now()), clock.now())

    @routes.get("/{quote_id}", responses=_REFUSALS)
    async def show(caller: Annotated[Caller, Depends(authenticator)], quote_id: str) -> QuoteView:
        async with database.reading() as session:
            return await quote_view(session, await quote_of(session, caller, quote_id), clock.now())

    return routes

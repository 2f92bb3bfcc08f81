from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from broker.accounts.authenticator import Authenticator
from broker.accounts.idempotency import IdempotencyKey, answer, earlier_answer, write_of
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.orders.service import accept, order_of, orders_for
from broker.orders.views import order_view, summaries
from broker.wire.rest import AcceptRequest, OrderList, OrderView, Problem

_REFUSALS: dict[int | str, dict[str, object]] = {status: {"model": Problem} for status in (401, 402, 404, 409, 422)}


def router(database: Database, clock: Clock, authenticator: Authenticator) -> APIRouter:
    routes = APIRouter(tags=["orders"])

    @routes.post("/quotes/{quote_id}/accept", status_code=201, response_model=OrderView, responses=_REFUSALS)
    async def order(
        caller: Annotated[Caller, Depends(authenticator)],
        quote_id: str,
        request: AcceptRequest | None = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Order what the quote says, at one of its tiers: the standard one unless the body names another.

        That tier's total is held from now on, and its date is promised. May be repeated with the same tier.
        """
        tier = (request or AcceptRequest()).tier
        write = write_of(caller.id, key, "accept", quote_id, tier)
        async with database.writing() as session:
            earlier = await earlier_answer(session, write)
            if earlier is not None:
                return earlier
            now = clock.now()
            placed = await accept(session, caller, quote_id, tier, now)
            result = await answer(session, write, 201, await order_view(session, placed, now), now)
        database.waker.ring()
        return result

    @routes.get("/orders")
    async def mine(
        caller: Annotated[Caller, Depends(authenticator)], most: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> OrderList:
        async with database.reading() as session:
            return OrderList(orders=await summaries(session, await orders_for(session, caller, most)))

    @routes.get("/orders/{order_id}", responses=_REFUSALS)
    async def show(caller: Annotated[Caller, Depends(authenticator)], order_id: str) -> OrderView:
        async with database.reading() as session:
            return await order_view(session, await order_of(session, caller, order_id), clock.now())

    return routes

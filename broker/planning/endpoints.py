from typing import Annotated

from fastapi import APIRouter, Depends

from broker.accounts.authenticator import Authenticator
from broker.accounts.service import Caller
from broker.database import Database
from broker.orders.service import order_of
from broker.planning.excluded import Exclusions
from broker.planning.explaining import Explainer
from broker.wire.explanation import ExplanationView
from broker.wire.tracking import ExcludedView


def router(database: Database, authenticator: Authenticator, exclusions: Exclusions, explainer: Explainer) -> APIRouter:
    routes = APIRouter(tags=["planning"])

    @routes.get("/orders/{order_id}/excluded")
    async def excluded(caller: Annotated[Caller, Depends(authenticator)], order_id: str) -> list[ExcludedView]:
        """Machines that can't make a line of the order, and which limit stands against it."""
        async with database.reading() as session:
            order = await order_of(session, caller, order_id)
        return await exclusions.of_order(order)

    @routes.get("/orders/{order_id}/explanation")
    async def explanation(
        caller: Annotated[Caller, Depends(authenticator)], order_id: str
    ) -> tuple[ExplanationView, ...]:
        """Why what is left of each line is made where and when it is, and what would bring it earlier."""
        async with database.reading() as session:
            order = await order_of(session, caller, order_id)
        return (await explainer.of_order(order)).views

    return routes

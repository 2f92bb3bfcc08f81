from typing import Annotated

from fastapi import APIRouter, Depends, Query

from broker.accounts.authenticator import Authenticator
from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.orders.service import order_of
from broker.runs import repository
from broker.runs.service import ask_to_stop
from broker.runs.views import lot_views, plate_views, run_views
from broker.wire.states import LIVE, RunState
from broker.wire.tracking import LotView, PlateView, RunView, StopWish


def router(database: Database, clock: Clock, authenticator: Authenticator) -> APIRouter:
    routes = APIRouter(tags=["runs"])
    administrator = authenticator.only(Role.ADMIN)

    @routes.get("/orders/{order_id}/runs")
    async def runs_of_order(caller: Annotated[Caller, Depends(authenticator)], order_id: str) -> list[RunView]:
        """Every attempt to make something of the order, by planned start."""
        async with database.reading() as session:
            order = await order_of(session, caller, order_id)
            return await run_views(session, await repository.runs_of_order(session, order.id), order.id)

    @routes.get("/orders/{order_id}/plates")
    async def plates_of_order(caller: Annotated[Caller, Depends(authenticator)], order_id: str) -> list[PlateView]:
        """Every plate with outlines and placements, and where it was or will be made."""
        async with database.reading() as session:
            order = await order_of(session, caller, order_id)
            return await plate_views(session, await repository.runs_of_order(session, order.id), order.id)

    @routes.get("/orders/{order_id}/lots")
    async def lots_of_order(caller: Annotated[Caller, Depends(authenticator)], order_id: str) -> list[LotView]:
        """What each shop makes of each line."""
        async with database.reading() as session:
            order = await order_of(session, caller, order_id)
            return await lot_views(session, order.id)

    @routes.get("/runs")
    async def runs(
        _caller: Annotated[Caller, Depends(administrator)], live: Annotated[bool, Query()] = True
    ) -> list[RunView]:
        """Runs of all orders; `live=false` for those that have ended too."""
        async with database.reading() as session:
            return await run_views(session, await repository.runs_in(session, LIVE if live else RunState))

    @routes.post("/runs/{run_id}/stop", status_code=202)
    async def stop(caller: Annotated[Caller, Depends(authenticator)], run_id: str, wish: StopWish) -> RunView:
        """A remote stop request, no emergency stop: final once the shop's agent confirms. May be repeated."""
        async with database.writing() as session:
            run = await ask_to_stop(session, caller, run_id, wish.reason, clock.now())
            [view] = await run_views(session, [run])
        database.waker.ring()
        return view

    return routes

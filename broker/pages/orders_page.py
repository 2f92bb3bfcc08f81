"""All orders of whoever looks, newest first."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from broker.accounts.service import Caller
from broker.database import Database
from broker.ledger.money import as_text
from broker.orders.models import OrderState
from broker.orders.service import orders_for
from broker.orders.views import summaries
from broker.pages.controls import Text, link
from broker.pages.frame import BUILD_S, frame, title, to_sign_in
from broker.pages.live import LOOK_S, Section
from broker.pages.order_view import draw_made
from broker.pages.sessions import Sessions
from broker.pages.tables import state, table
from broker.pages.wording import tone, when
from broker.wire.rest import OrderSummary

PATH = "/orders"
_LOOK_S = 3 * LOOK_S
_MOST = 200


def declare(database: Database, sessions: Sessions) -> None:
    @ui.page(PATH, title=title("Orders"), response_timeout=BUILD_S)
    async def orders_page(request: Request) -> Response | None:
        viewer = await sessions.viewer(request)
        if viewer is None:
            return to_sign_in(request)
        with frame(viewer, PATH):
            Text("h1", "Orders")
            found = Section(_draw, "section", "card")

        async def look() -> None:
            found.show(await _orders(database, viewer))

        await look()
        ui.timer(_LOOK_S, look)
        return None


async def _orders(database: Database, viewer: Caller) -> tuple[OrderSummary, ...]:
    async with database.reading() as session:
        return await summaries(session, await orders_for(session, viewer, _MOST))


def _draw(orders: tuple[OrderSummary, ...]) -> None:
    if not orders:
        Text("p", "No order yet.", "quiet")
        link("Make the first one", "/")
        return
    heads = ("Order", "State", "Made", "Ordered on", "Promised by", "Price")
    table("Orders", heads, [_row(order) for order in orders], numbers=(5,))


def _row(order: OrderSummary) -> tuple[str | Callable[[], object], ...]:
    return (
        lambda: link(order.id, f"{PATH}/{order.id}"),
        lambda: state(order.state, tone(OrderState(order.state))),
        lambda: draw_made(order.ordered, order.good, order.scrap),
        when(order.created_at),
        when(order.due_at),
        as_text(order.total, order.currency),
    )

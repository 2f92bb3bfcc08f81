"""An order as it is made: looked at again every second, drawn anew only where something changed."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from broker.clock import Clock
from broker.database import Database
from broker.pages.explanation import Reasons
from broker.pages.frame import BUILD_S, frame, title, to_sign_in
from broker.pages.live import LOOK_S, Section
from broker.pages.order_seen import Seen, see
from broker.pages.order_view import draw_head, draw_ledger, draw_lines, draw_lots, draw_plates, draw_quote, draw_runs
from broker.pages.sessions import Sessions
from broker.planning.explaining import Explainer

PATH = "/orders/{order_id}"
_CARD = "card"


def declare(database: Database, clock: Clock, sessions: Sessions, explainer: Explainer) -> None:
    @ui.page(PATH, title=title("Order"), response_timeout=BUILD_S)
    async def order_page(request: Request, order_id: str) -> Response | None:
        viewer = await sessions.viewer(request)
        if viewer is None:
            return to_sign_in(request)
        seen = await see(database, clock, viewer, order_id)
        with frame(viewer, "/orders"):
            sections = _Sections(lambda: Reasons(database, explainer))
        sections.show(seen)

        async def look() -> None:
            sections.show(await see(database, clock, viewer, order_id))

        async def explain() -> None:
            await sections.reasons.look(viewer, order_id)

        ui.timer(LOOK_S, look)
        ui.timer(LOOK_S, explain)
        return None


class _Sections:
    def __init__(self, reasons: Callable[[], Reasons]) -> None:
        self._head = Section(draw_head, "section", "stack")
        self._lines = Section(draw_lines, "section", _CARD)
        self.reasons = reasons()
        self._lots = Section(draw_lots, "section", _CARD)
        self._runs = Section(draw_runs, "section", _CARD)
        self._plates = Section(draw_plates, "section")
        self._quote = Section(draw_quote, "section", "card stack")
        self._ledger = Section(draw_ledger, "section", _CARD)

    def show(self, seen: Seen) -> None:
        self.reasons.seen(seen)
        self._head.show(seen.order)
        self._lines.show(seen.order.lines)
        self._lots.show(seen.lots)
        self._runs.show(seen.runs)
        self._plates.show(seen.plates)
        self._quote.show(seen.order.quote)
        self._ledger.show(seen.order)

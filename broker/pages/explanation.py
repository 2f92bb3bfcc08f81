"""Why an order arrives when it does, in plain words: asked again when its runs change, and now and then."""

from collections.abc import Hashable
from dataclasses import dataclass

from broker.accounts.service import Caller
from broker.database import Database
from broker.drawing.network import network_svg
from broker.orders.service import order_of
from broker.pages.controls import Drawing, Text, box
from broker.pages.live import Section
from broker.pages.order_seen import Seen
from broker.pages.tables import table
from broker.pages.wording import when
from broker.planning.explaining import Explainer
from broker.wire.explained import alternative, levers, unplanned, what, where
from broker.wire.explanation import ExplanationView

_ANEW_LOOKS = 300
"""The same reasons move with the clock: they are asked for again after so many looks."""


@dataclass(frozen=True, slots=True)
class Said:
    views: tuple[ExplanationView, ...]
    chart: str
    """SVG of the machines' plan; "" for none."""


class Reasons:
    """A section that is looked after on its own, as finding reasons takes longer than reading rows."""

    def __init__(self, database: Database, explainer: Explainer) -> None:
        self._database = database
        self._explainer = explainer
        self._section = Section(draw_reasons)
        self._mark: Hashable = None
        self._asked: Hashable = None
        self._looks = 0

    def seen(self, seen: Seen) -> None:
        """While this is the same, so are the reasons."""
        self._mark = tuple((run.id, run.state) for run in seen.runs), seen.order.good, seen.order.state

    async def look(self, viewer: Caller, order_id: str) -> None:
        """Raises NotFound, also for somebody else's order."""
        self._looks += 1
        mark = self._mark, self._looks // _ANEW_LOOKS
        if mark == self._asked:
            return
        async with self._database.reading() as session:
            order = await order_of(session, viewer, order_id)
        explained = await self._explainer.of_order(order)
        chart = network_svg(explained.chart, title="What its machines do", width_px=1100) if explained.chart else ""
        self._section.show(Said(explained.views, chart))
        self._asked = mark


def draw_reasons(said: Said) -> None:
    if not said.views:
        return
    with box("div", "card stack"):
        Text("h2", "Why this date")
        for view in said.views:
            _view(view)
        if said.chart:
            with box("figure", "stack"):
                Drawing(said.chart)
                Text("figcaption", "What its machines are to do, in time from now.", "quiet")


def _view(view: ExplanationView) -> None:
    Text("p", where(view, when))
    if missing := unplanned(view):
        Text("p", missing, "warn")
    if view.waits:
        rows = [(when(wait.from_at), when(wait.until_at), what(wait)) for wait in view.waits]
        table(f"What {view.part} waits for", ("From", "Until", "What happens"), rows)
    helping = levers(view)
    if helping:
        with box("ul", "findings") as items:
            items.props["aria-label"] = f"What would bring {view.part} earlier"
            for words in helping:
                Text("li", words)
    if view.alternatives:
        ways = [(f"{way.workshop} · {way.machine}", alternative(view, way, when)) for way in view.alternatives]
        table(f"Where else {view.part} could be made", ("All of it on", "By the plan as it stands"), ways)

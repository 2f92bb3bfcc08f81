"""The first page: drop files, see what they are, get a price, order."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui
from nicegui.element import Element

from broker.accounts.models import Role
from broker.errors import BrokerError, Unauthorised
from broker.ledger.money import as_text
from broker.pages.controls import Entry, FileDrop, Text, box, button
from broker.pages.counter import Counter
from broker.pages.frame import BUILD_S, frame, title, to_sign_in
from broker.pages.order_form import ANY_MATERIAL, Form, Item
from broker.pages.part_facts import draw_facts, draw_sketch
from broker.pages.price import draw_left_out, draw_price
from broker.pages.sessions import SIGN_IN_PATH, Sessions, own_path
from broker.pages.tier_choice import draw_tiers
from broker.pages.uploads import UPLOAD_PATH
from broker.pages.wording import when
from broker.parts.suitability import usual_process
from broker.wire.compared import terms_at
from broker.wire.rest import QuoteView
from broker.wire.tiers import Tier

PATH = "/"


def declare(counter: Counter, sessions: Sessions) -> None:
    @ui.page(PATH, title=title("New order"), response_timeout=BUILD_S)
    async def order_page(request: Request, token: str | None = None, follow: str = PATH) -> Response | None:
        if token is not None:
            return await _sign_in(sessions, request, token, follow)
        viewer = await sessions.viewer(request)
        if viewer is None:
            return to_sign_in(request)
        if viewer.role is Role.WORKSHOP:
            return RedirectResponse("/workshops", status_code=303)
        with frame(viewer, PATH):
            Text("h1", "New order")
            _Desk(counter, sessions, request)
        return None


async def _sign_in(sessions: Sessions, request: Request, token: str, follow: str) -> RedirectResponse:
    """The token leaves the address at once, so that it stays in no history."""
    try:
        await sessions.remember(request, token)
    except Unauthorised:
        return RedirectResponse(f"{SIGN_IN_PATH}?refused=1", status_code=303)
    return RedirectResponse(own_path(follow), status_code=303)


class _Desk:
    """The page's content and what its buttons do."""

    def __init__(self, counter: Counter, sessions: Sessions, request: Request) -> None:
        self._counter = counter
        self._sessions = sessions
        self._request = request
        self._form = Form()
        self._quote: QuoteView | None = None
        FileDrop(UPLOAD_PATH, counter.settings.upload_cap_bytes, self._uploaded, self._refused)
        self._faults = box("div", "stack")
        self._faults.props["aria-live"] = "polite"
        self._parts = box("div", "stack")
        with box("div", "row"):
            self._ask = button("Get a price", self._price, "main")
        self._answer = box("section", "stack")
        self._answer.props["aria-live"] = "polite"
        self._changed()

    def _changed(self) -> None:
        """What is asked for is another thing now: a price shown before no longer stands for it."""
        self._form.changes += 1
        self._ask.set_visibility(bool(self._form.items))
        self._quote = None
        self._answer.clear()

    async def _uploaded(self, part_id: str) -> None:
        async def show() -> None:
            part = await self._counter.part(await self._sessions.buyer(self._request), part_id)
            known = await self._counter.materials(usual_process(part.facts))
            item = Item(part)
            self._form.items.append(item)
            with self._parts:
                self._draw_item(item, known)
            self._changed()

        await self._try(self._faults, show)

    def _refused(self, name: str, detail: str, fix: str) -> None:
        with self._faults:
            _draw_fault(detail if name in detail else f"{name}: {detail}", fix)

    def _draw_item(self, item: Item, known: tuple[str, ...]) -> None:
        with box("section", "card part") as card:
            card.props["aria-label"] = item.part.name
            draw_sketch(item.part.name, item.part.facts)
            with box("div", "stack grow"):
                Text("h3", item.part.name)
                draw_facts(item.part.facts)
                with box("div", "row"):
                    self._entries(item, known)
                    button("Remove", lambda: self._remove(item, card), "plain")

    def _entries(self, item: Item, known: tuple[str, ...]) -> None:
        def set_quantity(typed: str) -> None:
            item.quantity = typed
            self._changed()

        def set_material(chosen: str) -> None:
            item.material = chosen
            self._changed()

        Entry(
            "Pieces",
            item.quantity,
            set_quantity,
            kind="number",
            smallest=1,
            largest=self._counter.settings.max_quantity,
        )
        Entry("Material", item.material, set_material, options=(ANY_MATERIAL, *known))

    def _remove(self, item: Item, card: Element) -> None:
        self._form.items.remove(item)
        card.delete()
        self._changed()

    async def _price(self) -> None:
        self._changed()
        asked = self._form.changes

        async def ask() -> None:
            quote = await self._counter.price(await self._sessions.buyer(self._request), self._form)
            if self._form.changes == asked:
                self._draw_quote(quote)

        self._ask.props["disabled"] = True
        with self._answer:
            Text("p", "Asking the workshops' plan …", "quiet").props["role"] = "status"
        await self._try(self._answer, ask, instead=True)
        self._ask.props["disabled"] = False

    def _draw_quote(self, quote: QuoteView) -> None:
        self._quote = quote
        self._answer.clear()
        with self._answer, box("section", "card stack") as card:
            card.props["id"] = "price"
            Text("h2", "Price")
            draw_tiers(quote, Tier.STANDARD, lambda tier: self._draw_terms(quote, tier, shown))
            shown = box("div", "stack")
            self._draw_terms(quote, Tier.STANDARD, shown)
            Text("small", "The price is held from your balance now and paid out when the parts are delivered.")

    def _draw_terms(self, quote: QuoteView, tier: Tier, place: Element) -> None:
        """What the tier costs line by line, and the button that orders at it."""
        terms = terms_at(quote, tier)
        place.clear()
        with place:
            draw_price(quote, terms)
            draw_left_out(quote)
            words = f"Order for {as_text(terms.total, quote.currency)}, by {when(terms.due_at)}"
            with box("div", "row"):
                button(words, lambda: self._order(quote, tier), "main")

    async def _order(self, quote: QuoteView, tier: Tier) -> None:
        if self._quote is not quote:
            return

        async def place() -> None:
            buyer = await self._sessions.buyer(self._request)
            ui.navigate.to(f"/orders/{await self._counter.order(buyer, quote.id, tier)}")

        await self._try(self._answer, place)

    async def _try(self, place: Element, act: Callable[[], Awaitable[None]], *, instead: bool = False) -> None:
        """What the broker refuses is said at `place`, `instead` of what stood there or below it."""
        try:
            await act()
        except BrokerError as error:
            if instead:
                place.clear()
            with place:
                _draw_fault(error.detail if error.where is None else f"{error.where}: {error.detail}", error.fix or "")


def _draw_fault(words: str, remedy: str) -> None:
    with box("div", "card stack") as card:
        card.props["role"] = "alert"
        Text("strong", words, "fault")
        if remedy:
            Text("span", f"What to do: {remedy}")

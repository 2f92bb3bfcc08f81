"""The workshops and their machines, for everybody who is signed in."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from broker.clock import Clock
from broker.database import Database
from broker.pages.controls import Drawing, Text, box
from broker.pages.frame import BUILD_S, frame, title, to_sign_in
from broker.pages.live import LOOK_S, Section
from broker.pages.sessions import Sessions
from broker.pages.shops import Shop, ShopMachine, shops
from broker.pages.tables import state, table
from broker.pages.town_map import town_map
from broker.pages.wording import PROCESSES, sizes, tone

PATH = "/workshops"
_LOOK_S = 3 * LOOK_S


def declare(database: Database, clock: Clock, sessions: Sessions) -> None:
    @ui.page(PATH, title=title("Workshops"), response_timeout=BUILD_S)
    async def workshops_page(request: Request) -> Response | None:
        viewer = await sessions.viewer(request)
        if viewer is None:
            return to_sign_in(request)
        with frame(viewer, PATH):
            Text("h1", "Workshops")
            places = Section(_draw_map)
            details = Section(_draw_shops, "div", "cards")

        async def look() -> None:
            async with database.reading() as session:
                found = await shops(session, clock.now())
            places.show(town_map(found))
            details.show(found)

        await look()
        ui.timer(_LOOK_S, look)
        return None


def _draw_map(drawn: str | None) -> None:
    if drawn is not None:
        Drawing(drawn)


def _draw_shops(found: tuple[Shop, ...]) -> None:
    if not found:
        Text("p", "No workshop has joined yet.", "quiet")
    for shop in found:
        with box("section", "card stack"):
            with box("div", "head"):
                Text("h2", shop.name, "name grow")
                state(shop.link, tone(shop.link))
            Text("p", shop.place or "no place given", "quiet")
            Text("p", f"In stock: {', '.join(shop.materials) or 'nothing yet'}")
            table("Machines", ("Machine", "Makes", "State"), [_row(machine) for machine in shop.machines])


def _row(machine: ShopMachine) -> tuple[Callable[[], object], Callable[[], object], Callable[[], object]]:
    return lambda: _what(machine), lambda: _makes(machine), lambda: _how(machine)


def _what(machine: ShopMachine) -> None:
    Text("strong", machine.name)
    Text("div", "by hand: attested" if machine.spec.attested else machine.spec.driver, "quiet")


def _makes(machine: ShopMachine) -> None:
    Text("span", PROCESSES[machine.spec.process])
    Text("div", sizes(machine.spec.volume_mm), "quiet")


def _how(machine: ShopMachine) -> None:
    state(machine.availability, tone(machine.availability))
    if machine.reason:
        Text("div", machine.reason, "quiet")

"""The pages on the broker's own application: one NiceGUI, so one broker, a process."""

from fastapi import FastAPI, Request
from fastapi.responses import Response
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.exceptions import HTTPException

from broker.clock import Clock
from broker.database import Database
from broker.errors import BrokerError
from broker.pages import one_order, order_page, orders_page, sign_in, uploads, workshops
from broker.pages.counter import Counter
from broker.pages.frame import STYLE_FOLDER, STYLE_PATH, plain_page, share_assets
from broker.pages.policy import PageNonce, SafeHeaders
from broker.pages.sessions import COOKIE, COOKIE_LIFE_S, Sessions, cookie_key
from broker.parts.intake import Intake
from broker.planning.explaining import Explainer
from broker.quotes.service import Quoter
from broker.settings import Settings

API = "/api/"
_RECONNECT_S = 10.0
"""How long the server keeps a page whose browser is out of sight."""


def mount(
    app: FastAPI,
    database: Database,
    clock: Clock,
    settings: Settings,
    *,
    intake: Intake,
    quoter: Quoter,
    explainer: Explainer,
) -> None:
    """Put the pages under `app`, after all its other routes. Once a process: NiceGUI's application is global."""
    sessions = Sessions(database)
    sign_in.declare(sessions)
    order_page.declare(Counter(database, clock, quoter, settings), sessions)
    orders_page.declare(database, sessions)
    one_order.declare(database, clock, sessions, explainer)
    workshops.declare(database, clock, sessions)
    nicegui_app.include_router(sessions.router())
    nicegui_app.include_router(uploads.router(database, clock, sessions, intake))
    _refuse_in_words()
    _answer_for_the_api(app)
    share_assets()
    nicegui_app.add_static_files(STYLE_PATH, STYLE_FOLDER)
    nicegui_app.add_middleware(PageNonce)
    app.add_middleware(SafeHeaders)
    ui.run_with(
        app,
        title="Llagar",
        dark=None,
        language="en-GB",
        tailwind=False,
        reconnect_timeout=_RECONNECT_S,
        storage_secret=cookie_key(settings.files),
        session_middleware_kwargs={"session_cookie": COOKIE, "max_age": COOKIE_LIFE_S, "same_site": "lax"},
        show_welcome_message=False,
        binding_refresh_interval=None,
    )


def _refuse_in_words() -> None:
    """NiceGUI's own error pages need eval in the browser."""
    nicegui_app.add_exception_handler(BrokerError, _broker_error)
    nicegui_app.add_exception_handler(404, _not_found)
    nicegui_app.add_exception_handler(Exception, _unexpected)


def _answer_for_the_api(app: FastAPI) -> None:
    """What is no route of the API is not a page either: it gets the API's own answer."""

    @app.api_route(f"{API}{{rest:path}}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def no_such_route(rest: str) -> Response:
        raise HTTPException(404, f"there is no {API}{rest}")


async def _broker_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BrokerError)
    return plain_page(error.status, error.title, error.detail, error.fix or "")


async def _not_found(request: Request, _error: Exception) -> Response:
    return plain_page(404, "There is no such page", f"Nothing is at {request.url.path}.")


async def _unexpected(_request: Request, error: Exception) -> Response:
    return plain_page(500, "The broker failed", f"An unexpected {type(error).__name__}; the broker's log says more.")

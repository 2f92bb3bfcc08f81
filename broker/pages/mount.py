"""The pages on the broker's own application: one NiceGUI, so one broker, a process."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.exceptions import HTTPException

from broker.errors import BrokerError
from broker.pages.frame import STYLE_FOLDER, STYLE_PATH, plain_page, share_assets
from broker.pages.policy import PageNonce, SafeHeaders
from broker.pages.sessions import COOKIE, COOKIE_LIFE_S

API = "/api/"
_RECONNECT_S = 10.0
"""How long the server keeps a page whose browser is out of sight."""


def mount(app: FastAPI, cookie_key: str, routers: tuple[APIRouter, ...]) -> None:
    """Put NiceGUI under `app`, after every other route. The pages themselves are declared before, once a process."""
    share_assets()
    nicegui_app.add_static_files(STYLE_PATH, STYLE_FOLDER)
    for router in routers:
        nicegui_app.include_router(router)
    nicegui_app.add_exception_handler(BrokerError, _broker_error)
    nicegui_app.add_exception_handler(404, _not_found)
    nicegui_app.add_exception_handler(Exception, _unexpected)
    nicegui_app.add_middleware(PageNonce)
    app.add_middleware(SafeHeaders)
    _forward_api_errors(app)
    ui.run_with(
        app,
        title="Llagar",
        dark=None,
        language="en-GB",
        tailwind=False,
        reconnect_timeout=_RECONNECT_S,
        storage_secret=cookie_key,
        session_middleware_kwargs={"session_cookie": COOKIE, "max_age": COOKIE_LIFE_S, "same_site": "lax"},
        show_welcome_message=False,
        binding_refresh_interval=None,
    )


def _forward_api_errors(app: FastAPI) -> None:
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

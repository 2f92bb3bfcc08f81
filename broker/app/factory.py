"""The composition root: the only place where the broker's parts are wired together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from broker.accounts.authenticator import Authenticator
from broker.app.body_cap import BodyCap
from broker.app.problems import add_handlers
from broker.clock import Clock, SystemClock
from broker.database import Database
from broker.migrations.upgrade import require_head, upgrade
from broker.orders.endpoints import router as orders
from broker.parts.blobs import BlobStore
from broker.parts.endpoints import router as parts
from broker.parts.intake import Intake
from broker.quotes.endpoints import router as quotes
from broker.quotes.live_plan import LivePlan
from broker.quotes.service import Quoter
from broker.settings import Settings
from broker.wire.rest import Health
from broker.workshops.endpoints import router as workshops

API = "/api/v1"


def create_app(settings: Settings, clock: Clock | None = None, plan: LivePlan | None = None) -> FastAPI:
    """The broker as an ASGI application; its lifespan owns the database and all background work.

    Without a `plan` nothing is quoted.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    clock = clock or SystemClock()
    database = Database(settings.url)
    authenticator = Authenticator(database)
    blobs = BlobStore(settings.data / "blobs")
    intake = Intake(blobs, settings.data / "work", settings.upload_cap_bytes)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            await open_database(database, settings)
            if settings.database_url is None:
                intake.clear()
                blobs.clear_halves()
            yield
        finally:
            await database.close()

    app = FastAPI(
        title="Llagar broker",
        version=version("llagar"),
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=f"{API}/docs",
        redoc_url=None,
    )
    add_handlers(app)
    app.add_middleware(BodyCap, upload_cap_bytes=settings.upload_cap_bytes)
    routers = [
        _health(),
        parts(database, clock, authenticator, intake),
        orders(database, clock, authenticator),
        workshops(database, clock, authenticator),
    ]
    if plan is not None:
        routers.append(quotes(database, clock, authenticator, Quoter(database, clock, plan, settings)))
    for router in routers:
        app.include_router(router, prefix=API)
    return app


async def open_database(database: Database, settings: Settings) -> None:
    """The embedded database is brought up to date by itself; a shared one by `llagar-broker migrate`."""
    if settings.database_url is None:
        await upgrade(database)
    else:
        await require_head(database)


def _health() -> APIRouter:
    router = APIRouter(tags=["broker"])

    @router.get("/health")
    async def health() -> Health:
        return Health(status="ok", version=version("llagar"))

    return router

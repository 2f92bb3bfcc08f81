"""The composition root: the only place where the broker's parts are wired together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from broker.accounts.authenticator import Authenticator
from broker.app.body_cap import BodyCap
from broker.app.opening import open_database
from broker.app.problems import add_handlers
from broker.clock import Clock, SystemClock
from broker.database import Database
from broker.orders.endpoints import router as orders
from broker.parts.blobs import BlobStore
from broker.parts.endpoints import router as parts
from broker.parts.intake import Intake
from broker.planning.background import Background
from broker.planning.endpoints import router as planning
from broker.planning.excluded import Exclusions
from broker.planning.solving import Solver
from broker.planning.tick import Planner
from broker.planning.whatif import WhatIf
from broker.quotes.endpoints import router as quotes
from broker.quotes.live_plan import LivePlan
from broker.quotes.service import Quoter
from broker.runs.documents import router as documents
from broker.runs.endpoints import router as runs
from broker.runs.inbox import Inbox
from broker.runs.socket import router as agents
from broker.runs.timers import Timers
from broker.settings import Settings
from broker.shipping.service import hand_over
from broker.wire.rest import Health
from broker.workshops.endpoints import router as workshops
from broker.workshops.signed_requests import SignedGet

API = "/api/v1"


def create_app(
    settings: Settings,
    clock: Clock | None = None,
    plan: LivePlan | None = None,
    *,
    solver: Solver | None = None,
    pages: bool = False,
) -> FastAPI:
    """The broker as an ASGI application; its lifespan owns the database and all background work.

    With a `plan` of the caller's own the broker's planner and timers stay off. `pages` at most once a process.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    clock = clock or SystemClock()
    database = Database(settings.url)
    authenticator = Authenticator(database)
    blobs = BlobStore(settings.data / "blobs")
    intake = Intake(blobs, settings.data / "work", settings.upload_cap_bytes)
    if solver is None:
        solver = Solver()
    background = None
    if plan is None:
        plan = WhatIf(database, clock, solver)
        background = Background(Planner(database, clock, solver), Timers(database, clock), database.waker)
    quoter = Quoter(database, clock, plan, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _opened(database, settings, blobs, intake), _at_work(background, solver):
            yield

    app = FastAPI(
        title="Llagar broker",
        version=version("llagar"),
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its scripts would come from another host
        redoc_url=None,
    )
    add_handlers(app)
    app.add_middleware(BodyCap, upload_cap_bytes=settings.upload_cap_bytes)
    for router in (
        _health(),
        parts(database, clock, authenticator, intake),
        quotes(database, clock, authenticator, quoter),
        orders(database, clock, authenticator),
        workshops(database, clock, authenticator),
        runs(database, clock, authenticator),
        planning(database, authenticator, Exclusions(database, clock, solver)),
        documents(database, SignedGet(database, clock), blobs),
        agents(database, clock, Inbox(database, clock, hand_over)),
    ):
        app.include_router(router, prefix=API)
    if pages:
        from broker.pages.mount import mount  # NiceGUI is large, and no application without pages needs it

        mount(app, database, clock, settings, intake=intake, quoter=quoter)
    return app


@asynccontextmanager
async def _opened(database: Database, settings: Settings, blobs: BlobStore, intake: Intake) -> AsyncIterator[None]:
    try:
        await open_database(database, settings)
        if settings.database_url is None:
            intake.clear()
            blobs.clear_halves()
        yield
    finally:
        await database.close()


@asynccontextmanager
async def _at_work(background: Background | None, solver: Solver) -> AsyncIterator[None]:
    if background is not None:
        solver.warm_up()
        await background.start()
    try:
        yield
    finally:
        if background is not None:
            await background.stop()
        await solver.close()


def _health() -> APIRouter:
    router = APIRouter(tags=["broker"])

    @router.get("/health")
    async def health() -> Health:
        return Health(status="ok", version=version("llagar"))

    return router

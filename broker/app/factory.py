"""The composition root: the only place where the broker's parts are wired together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from broker.accounts.authenticator import Authenticator
from broker.accounts.models import Role
from broker.app.body_cap import BodyCap
from broker.app.opening import open_database
from broker.app.problems import add_handlers
from broker.clock import Clock, SystemClock
from broker.database import Database, new_id
from broker.orders.endpoints import router as orders
from broker.parts.blobs import BLOBS_NAME, BlobStore
from broker.parts.endpoints import router as parts
from broker.parts.intake import Intake
from broker.planning.background import Background, Work
from broker.planning.endpoints import router as planning
from broker.planning.excluded import Exclusions
from broker.planning.explaining import Explainer
from broker.planning.solving import Solver
from broker.planning.tick import Planner
from broker.planning.whatif import WhatIf
from broker.processes.leadership import Leadership, leadership
from broker.processes.wakeups import WakeUps
from broker.quotes.endpoints import router as quotes
from broker.quotes.live_plan import LivePlan
from broker.quotes.service import Quoter
from broker.runs.documents import router as documents
from broker.runs.endpoints import router as runs
from broker.runs.inbox import Inbox
from broker.runs.link.polling import router as polling
from broker.runs.link.router import router as agents
from broker.runs.link.switchboard import Switchboard
from broker.runs.sql_book import SqlBooks
from broker.runs.timers import Timers
from broker.settings import Settings
from broker.shipping import service as shipping
from broker.wire.rest import Health
from broker.workshops.checking import Checker
from broker.workshops.endpoints import router as workshops
from broker.workshops.signed_requests import SignedGet

API = "/api/v1"
_OLD_HALF_S = 24 * 3600.0
"""What was half-copied so long ago, beside other brokers: nobody copies it any more."""


@dataclass(frozen=True, slots=True)
class _Services:
    """What more than one router needs."""

    process: str
    settings: Settings
    clock: Clock
    database: Database
    blobs: BlobStore
    intake: Intake
    solver: Solver
    explainer: Explainer
    quoter: Quoter
    leadership: Leadership
    checker: Checker
    switchboard: Switchboard
    background: Background | None


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
    services = _services(settings, clock or SystemClock(), plan, solver or Solver())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _opened(services), _at_work(services):
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
    for router in _routers(services):
        app.include_router(router, prefix=API)
    if pages:
        from broker.pages.mount import mount  # NiceGUI is large, and no application without pages needs it

        mount(
            app,
            services.database,
            services.clock,
            settings,
            intake=services.intake,
            quoter=services.quoter,
            explainer=services.explainer,
        )
    return app


def _services(settings: Settings, clock: Clock, plan: LivePlan | None, solver: Solver) -> _Services:
    settings.data.mkdir(parents=True, exist_ok=True)
    process = new_id("prc")
    database = Database(settings.url)
    blobs = BlobStore(settings.files / BLOBS_NAME)
    books = SqlBooks(database)
    checker = Checker()
    lead = leadership(database, process)
    background = None
    if plan is None:
        plan = WhatIf(database, clock, solver)
        background = Background(lead, lambda: _work(database.guarded(lead.guard), clock, solver), database.waker)
    return _Services(
        process=process,
        settings=settings,
        clock=clock,
        database=database,
        blobs=blobs,
        intake=Intake(blobs, settings.data / "work", settings.upload_cap_bytes),
        solver=solver,
        explainer=Explainer(database, clock, solver),
        quoter=Quoter(database, clock, plan, settings),
        leadership=lead,
        checker=checker,
        switchboard=Switchboard(database.waker, books, clock, Inbox(books, clock, shipping, checker.check)),
        background=background,
    )


def _work(led: Database, clock: Clock, solver: Solver) -> Work:
    return Work(Planner(led, clock, solver), Timers(SqlBooks(led), clock))


def _routers(services: _Services) -> tuple[APIRouter, ...]:
    database, clock = services.database, services.clock
    anybody = Authenticator(database)
    buyer = anybody.only(Role.PRODUCER, Role.ADMIN)
    return (
        _health(services.process, services.leadership),
        parts(database, clock, buyer, services.intake, services.blobs),
        quotes(database, clock, buyer, services.quoter),
        orders(database, clock, buyer),
        workshops(database, clock, anybody),
        runs(database, clock, anybody),
        planning(database, anybody, Exclusions(database, clock, services.solver), services.explainer),
        documents(database, SignedGet(database, clock), services.blobs),
        agents(services.switchboard),
        polling(services.switchboard),
    )


@asynccontextmanager
async def _opened(services: _Services) -> AsyncIterator[None]:
    try:
        await open_database(services.database, services.settings)
        if services.database.is_shared:
            services.blobs.clear_halves(_OLD_HALF_S)
        else:
            services.intake.clear()
            services.blobs.clear_halves()
        yield
    finally:
        await services.database.close()


@asynccontextmanager
async def _at_work(services: _Services) -> AsyncIterator[None]:
    listener = None
    if services.database.is_shared:
        listener = asyncio.create_task(WakeUps(services.database, services.process).run())
    if services.background is not None:
        services.solver.warm_up()
        await services.background.start()
    try:
        async with services.switchboard.at_work():
            yield
    finally:
        await services.checker.close()
        if listener is not None:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):  # it was asked to
                await listener
        services.solver.hurry()
        if services.background is not None:
            await services.background.stop()
        await services.solver.close()


def _health(process: str, lead: Leadership) -> APIRouter:
    router = APIRouter(tags=["broker"])

    @router.get("/health")
    async def health() -> Health:
        return Health(status="ok", version=version("llagar"), process=process, leader=lead.leader)

    return router

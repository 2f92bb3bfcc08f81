"""The bench over HTTP: loopback only, with a token that only the agent's user can read."""

import os
import secrets
import socket
from collections.abc import Callable
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse

from shop_agent.agent import Agent
from shop_agent.bench import schemas
from shop_agent.bench.counted import CountedRuns
from shop_agent.bench.desk import Desk
from shop_agent.bench.errors import AnsweredOtherwise, NoSuchThing
from shop_agent.bench.shelf import Shelf
from shop_agent.errors import Refused
from shop_agent.identity import write_private
from shop_agent.settings import AgentConfig
from shop_agent.streamer import wire

ADDRESS_FILE = "bench.json"
Make = Callable[[schemas.Act], wire.Request]

_VERBS: dict[str, Make] = {
    "hold": lambda act: wire.Hold(reason=act.reason or f"held by {act.operator or 'the bench'}"),
    "resume": lambda act: wire.Resume(operator=act.operator),
    "cancel": lambda act: wire.Cancel(reason=act.reason or f"cancelled by {act.operator or 'the bench'}"),
    "stop": lambda act: wire.StopNow(reason=act.reason),
    "presence": lambda act: wire.Presence(operator=act.operator),
    "first-layer": lambda act: wire.FailFirstLayer(operator=act.operator, note=act.reason),
}
_OTHERS = ("home", "zero", "probe", "skip", "override", "mode")
_NAMED = frozenset({"resume", "presence", "first-layer"})


class Unauthorised(Exception):
    """The token is missing or another."""


def application(desk: Desk, shelf: Shelf, counted: CountedRuns, token: str) -> FastAPI:
    def allowed(authorization: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise Unauthorised("give the token of bench.json as a bearer token")

    app = FastAPI(title="Llagar bench", docs_url=None, redoc_url=None, dependencies=[Depends(allowed)])
    _add_errors(app)
    _add_tasks(app, desk)
    _add_shop(app, desk)
    _add_spools(app, shelf)
    _add_runs(app, counted)
    _add_machines(app, desk)
    return app


def _add_tasks(app: FastAPI, desk: Desk) -> None:
    @app.get("/tasks")
    async def tasks() -> list[schemas.TaskView]:
        return desk.tasks()

    @app.post("/tasks/{task}")
    async def answer(task: str, answer: schemas.Answer) -> schemas.Taken:
        """The same answer may be sent again: it is taken once."""
        return await desk.answer(task, answer)


def _add_shop(app: FastAPI, desk: Desk) -> None:
    @app.get("/shop")
    async def shop() -> schemas.ShopView:
        return desk.shop()

    @app.post("/mode")
    async def mode(change: schemas.ModeChange) -> list[schemas.MachineView]:
        """Of all machines."""
        return desk.set_all_modes(change.mode)


def _add_spools(app: FastAPI, shelf: Shelf) -> None:
    @app.get("/spools")
    async def spools() -> list[schemas.SpoolView]:
        return shelf.spools()

    @app.post("/spools")
    async def put(spool: schemas.SpoolNow) -> schemas.SpoolView:
        return shelf.put(spool)

    @app.post("/spools/away")
    async def put_away(spool: schemas.SpoolOut) -> list[schemas.SpoolView]:
        return shelf.put_away(spool.id)


def _add_runs(app: FastAPI, counted: CountedRuns) -> None:
    @app.get("/runs")
    async def runs() -> list[schemas.CountedRun]:
        """Counted or settled, and still known here."""
        return counted.runs()

    @app.post("/runs/{run}/correct")
    async def correct(run: str, correction: schemas.Correction) -> schemas.CountedRun:
        return counted.correct(run, correction)


def _add_machines(app: FastAPI, desk: Desk) -> None:
    @app.get("/machines")
    async def machines() -> list[schemas.MachineView]:
        return desk.machines()

    @app.post("/machines/{name}/mode")
    async def mode(name: str, change: schemas.ModeChange) -> schemas.MachineView:
        return desk.set_mode(name, change.mode)

    @app.post("/machines/{name}/home")
    async def home(name: str) -> schemas.MachineView:
        return await desk.home(name)

    @app.post("/machines/{name}/zero")
    async def zero(name: str, at: schemas.ZeroAt) -> schemas.Offset:
        return await desk.offset(name, wire.SetWorkZero(machine_mm=at.machine_mm))

    @app.post("/machines/{name}/probe")
    async def probe(name: str, by: schemas.ProbeBy) -> schemas.Offset:
        request = wire.Probe(travel_mm=by.travel_mm, feed_mm_s=by.feed_mm_s, plate_mm=by.plate_mm)
        return await desk.offset(name, request)

    @app.post("/machines/{name}/skip")
    async def skip(name: str, which: schemas.Skip) -> schemas.MachineView:
        await desk.act(name, wire.SkipObject(name=which.object, operator=which.operator, reason=which.reason.value))
        return desk.machine(name)

    @app.post("/machines/{name}/override")
    async def override(name: str, to: schemas.OverrideTo) -> schemas.MachineView:
        await desk.act(name, wire.Override.model_validate(to.model_dump(exclude={"operator"})))
        return desk.machine(name)

    @app.get("/machines/{name}/program")
    async def program(name: str) -> FileResponse:
        """The program that this machine runs, or is to run next: for machines run by hand."""
        path = desk.program(name)
        return FileResponse(path, media_type="application/octet-stream", filename=f"{name}-{path.name}")

    @app.post("/machines/{name}/{verb}")
    async def act(name: str, verb: str, act: schemas.Act) -> schemas.MachineView:
        """hold, resume, cancel, stop, presence, first-layer."""
        if verb not in _VERBS:
            raise NoSuchThing(f"no verb {verb}; there are: {', '.join((*_VERBS, *_OTHERS))}")
        if verb in _NAMED and not act.operator.strip():
            raise Refused("say who is there: the operator's name is missing")
        await desk.act(name, _VERBS[verb](act))
        return desk.machine(name)


def _add_errors(app: FastAPI) -> None:
    statuses: dict[type[Exception], tuple[int, str]] = {
        Unauthorised: (401, "Unauthorised"),
        NoSuchThing: (404, "Not found"),
        AnsweredOtherwise: (409, "Answered before"),
        Refused: (422, "Refused"),
    }

    def problem(status: int, title: str, detail: str) -> JSONResponse:
        body = schemas.Problem(title=title, status=status, detail=detail)
        return JSONResponse(body.model_dump(), status, media_type="application/problem+json")

    async def known(_request: Request, error: Exception) -> JSONResponse:
        status, title = statuses[type(error)]
        return problem(status, title, str(error))

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
        return problem(422, "Not understood", reasons)

    for kind in statuses:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)


class BenchServer:
    """Opens its port before the agent runs, so that a taken port is an error at once."""

    def __init__(self, config: AgentConfig, agent: Agent) -> None:
        """Raises OSError if the port is taken."""
        self._socket = socket.create_server(("127.0.0.1", config.bench_port))
        token = secrets.token_urlsafe(24)
        port = self._socket.getsockname()[1]
        address = schemas.Address(url=f"http://127.0.0.1:{port}", token=token, pid=os.getpid())
        self._file = config.data / ADDRESS_FILE
        write_private(self._file, address.model_dump_json())
        settings = uvicorn.Config(
            application(Desk(agent), Shelf(agent), CountedRuns(agent), token),
            log_level="warning",
            access_log=False,
            lifespan="off",
        )
        self._server = uvicorn.Server(settings)

    async def serve(self) -> None:
        """Until a signal or `stop`. uvicorn takes SIGINT and SIGTERM meanwhile."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        self._server.should_exit = True

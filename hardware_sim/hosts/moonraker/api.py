"""Moonraker's HTTP and WebSocket. Source: docs/external_api/introduction.md, components/application.py."""

import asyncio
import json
import shlex
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from hardware_sim.hosts.disk import BadPath, Stored, cleaned
from hardware_sim.hosts.moonraker.callers import API_KEY_USER, Call, ServerError
from hardware_sim.hosts.moonraker.connection import Connection
from hardware_sim.hosts.moonraker.gcode import GcodeError
from hardware_sim.hosts.moonraker.methods import Methods
from hardware_sim.hosts.moonraker.rpc import answer
from hardware_sim.hosts.moonraker.server import Server
from hardware_sim.hosts.web import Json

OTHER_PATHS = {"server.history.get_job": "/server/history/job", "access.get_api_key": "/access/api_key"}
GETS = frozenset({
    "server.info", "server.files.list", "server.files.metadata", "server.history.list", "server.history.get_job",
    "access.oneshot_token", "access.get_api_key", "access.info", "printer.info", "printer.objects.list",
})  # fmt: skip
SOCKETS_ONLY = frozenset({"server.connection.identify", "server.websocket.id", "printer.objects.subscribe"})
BOTH = "printer.objects.query"


def application(server: Server) -> Starlette:
    api = _Api(server)
    routes = [
        Route(path, api.over_http(method), methods=_verbs(method))
        for method in api.methods.table
        if method not in SOCKETS_ONLY and method != "server.files.delete_file"
        for path in (OTHER_PATHS.get(method, "/" + method.replace(".", "/")),)
    ]
    return Starlette(
        routes=[
            *routes,
            Route("/server/files/upload", api.upload, methods=["POST"]),
            Route("/server/files/{path:path}", api.delete, methods=["DELETE"]),
            WebSocketRoute("/websocket", api.socket),
        ],
        exception_handlers={ServerError: _as_json},
    )


def _verbs(method: str) -> list[str]:
    return ["GET", "POST"] if method == BOTH else ["GET"] if method in GETS else ["POST"]


async def _as_json(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServerError)
    return JSONResponse({"error": {"code": error.code, "message": str(error), "traceback": ""}}, error.code)


class _Api:
    def __init__(self, server: Server) -> None:
        self._server = server
        self.methods = Methods(server)

    def _admitted(self, request: Request | WebSocket) -> bool:
        return self._server.door.admits(request.headers.get("X-Api-Key"), request.query_params.get("token"))

    def over_http(self, method: str) -> Callable[[Request], Awaitable[Response]]:
        return _Endpoint(self, method).answer

    async def call(self, method: str, params: Json, request: Request) -> Response:
        return JSONResponse({"result": await self.methods.call(Call(method, params), self._admitted(request))})

    async def delete(self, request: Request) -> Response:
        return await self.call("server.files.delete_file", {"path": request.path_params["path"]}, request)

    async def socket(self, socket: WebSocket) -> None:
        connection = Connection(socket, self._admitted(socket))
        await socket.accept()
        self._server.connections.add(connection)
        tasks: set[asyncio.Task[None]] = {asyncio.create_task(connection.send_all())}
        try:
            while True:
                task = asyncio.create_task(self._answer(await socket.receive_text(), connection))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except WebSocketDisconnect:
            return
        finally:
            self._server.connections.discard(connection)
            for task in tasks:
                task.cancel()

    async def _answer(self, text: str, connection: Connection) -> None:
        """Each in its own time: a script that takes minutes keeps no emergency stop waiting."""
        reply = await answer(self.methods, text, connection)
        if reply is not None:
            connection.put(reply)

    # Uploads.

    async def upload(self, request: Request) -> Response:
        if not self._admitted(request):
            raise ServerError("Unauthorized", 401)
        async with request.form() as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise ServerError("No file name specified in upload form")
            path = _path(str(form.get("path", "")), file.filename or "", str(form.get("root", "gcodes")))
            data = await file.read()
            stored = self._store(path, data, form.get("checksum"))
            wanted = form.get("print") == "true"
        started = wanted and await self._start(stored)
        item = self._server.item(stored)
        self._server.changed_file("create_file", item)
        body = {"item": item, "print_started": started, "print_queued": False, "action": "create_file"}
        return JSONResponse(body, 201, {"Location": f"{request.base_url}server/files/gcodes/{stored.path}"})

    def _store(self, path: str, data: bytes, checksum: object) -> Stored:
        if self._server.in_use(path):
            raise ServerError("File is loaded, upload not permitted", 403)
        before = self._server.disk.files.get(path)
        stored = self._server.disk.put(path, data)
        if checksum is not None and str(checksum).lower() != stored.sha256:
            if before is None:
                self._server.disk.remove(path)
            raise ServerError(f"File checksum mismatch: expected {checksum}, calculated {stored.sha256}", 422)
        return stored

    async def _start(self, stored: Stored) -> bool:
        """What can't be started is uploaded all the same."""
        if self._server.printing():
            return False
        try:
            await self._server.klippy.script(f"SDCARD_PRINT_FILE FILENAME={shlex.quote(stored.path)}")
        except GcodeError:
            return False
        self._server.history.requested_by(API_KEY_USER)
        return True


class _Endpoint:
    """One method behind a path; parameters come in the query or as a JSON body."""

    def __init__(self, api: _Api, method: str) -> None:
        self._api = api
        self._method = method

    async def answer(self, request: Request) -> Response:
        params: Json = {key: value for key, value in request.query_params.items() if key != "token"}
        body = await request.body()
        if body:
            try:
                params.update(json.loads(body))
            except (ValueError, TypeError) as error:
                raise ServerError("Invalid JSON in request body") from error
        elif self._method == BOTH:
            params = {"objects": {name: fields.split(",") if fields else None for name, fields in _texts(params)}}
        return await self._api.call(self._method, params, request)


def _texts(params: Json) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in params.items()]


def _path(folder: str, name: str, root: str) -> str:
    if root != "gcodes":
        raise ServerError(f"Root {root} not available")
    try:
        return cleaned(f"{folder}/{name}")
    except BadPath as error:
        raise ServerError(f"Cannot write to path: {folder}/{name}") from error

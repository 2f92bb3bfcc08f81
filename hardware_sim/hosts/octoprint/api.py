"""OctoPrint's REST API, as far as printing needs it. Source: OctoPrint 1.11 server/api/, docs/api/.

What it accepts it answers with 204 and no more: whether anything came of it, only the state tells.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hardware_sim.hosts.octoprint import shown
from hardware_sim.hosts.octoprint.files import FileRoutes
from hardware_sim.hosts.octoprint.printer import Printer
from hardware_sim.hosts.octoprint.states import BUSY, OPERATIONAL, State
from hardware_sim.hosts.web import json_object

USER = "rig"
Handler = Callable[[Request], Awaitable[Response]]


def application(printer: Printer, api_key: str) -> Starlette:
    api = _Api(printer, api_key)
    files = FileRoutes(printer, USER)
    guarded: list[tuple[str, str, Handler]] = [
        ("GET", "/api/version", api.version),
        ("GET", "/api/server", api.server),
        ("GET", "/api/connection", api.connection),
        ("POST", "/api/connection", api.connect),
        ("GET", "/api/job", api.job),
        ("POST", "/api/job", api.control_job),
        ("GET", "/api/printer", api.printer_state),
        ("POST", "/api/printer/command", api.command),
        ("GET", "/api/printerprofiles", api.profiles),
        ("GET", "/api/files", files.listing),
        ("GET", "/api/files/{target}", files.listing),
        ("POST", "/api/files/{target}", files.upload),
        ("GET", "/api/files/{target}/{path:path}", files.one),
        ("POST", "/api/files/{target}/{path:path}", files.command),
        ("DELETE", "/api/files/{target}/{path:path}", files.delete),
    ]
    routes = [Route(path, api.guard(handler), methods=[method]) for method, path, handler in guarded]
    routes += [
        Route("/api/login", api.login, methods=["POST"]),
        Route("/api/currentuser", api.current_user, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _as_json})


async def _as_json(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


class _Api:
    def __init__(self, printer: Printer, api_key: str) -> None:
        self._printer = printer
        self._api_key = api_key

    def guard(self, handler: Handler) -> Handler:
        """Without a key, or with a wrong one, everything answers 403."""

        async def guarded(request: Request) -> Response:
            if not self._known(request):
                raise HTTPException(403, "You don't have the permission to access the requested resource.")
            return await handler(request)

        return guarded

    def _known(self, request: Request) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = request.headers.get("X-Api-Key") or request.query_params.get("apikey") or bearer
        return not self._api_key or given == self._api_key

    async def version(self, _: Request) -> Response:
        return JSONResponse({"api": "0.1", "server": shown.VERSION, "text": f"OctoPrint {shown.VERSION}"})

    async def server(self, _: Request) -> Response:
        return JSONResponse({"version": shown.VERSION, "safemode": None})

    async def login(self, request: Request) -> Response:
        """Passive only: whoever brings a key is told who he is."""
        body = await json_object(request)
        if "passive" not in body:
            if "user" in body and "pass" in body:
                raise HTTPException(403, "You don't have the permission to access the requested resource.")
            raise HTTPException(400, "Neither user and pass attributes nor passive flag present")
        return JSONResponse(shown.user(USER if self._known(request) else None))

    async def current_user(self, request: Request) -> Response:
        known = self._known(request)
        return JSONResponse({
            "name": USER if known else None,
            "permissions": list(shown.PERMISSIONS) if known else [],
            "groups": ["admins", "users"] if known else ["guests"],
        })  # fmt: skip

    async def connection(self, _: Request) -> Response:
        return JSONResponse(shown.connection(self._printer))

    async def connect(self, request: Request) -> Response:
        body = await json_object(request)
        match body.get("command"):
            case "connect":
                if body.get("port", "AUTO") not in (str(self._printer.serial), "AUTO", None):
                    raise HTTPException(400, "port is invalid")
                if not Path(self._printer.serial).exists():
                    raise HTTPException(400, "port is invalid")
                self._printer.connect()
            case "disconnect":
                self._printer.disconnect()
            case "fake_ack":
                pass
            case _:
                raise HTTPException(400, "command is invalid")
        return Response(status_code=204)

    async def job(self, _: Request) -> Response:
        return JSONResponse(shown.job(self._printer))

    async def control_job(self, request: Request) -> Response:
        printer = self._printer
        self._operational()
        body = await json_object(request)
        busy = printer.state in BUSY
        match body.get("command"):
            case "start":
                if busy:
                    raise HTTPException(409, "Printer already has an active print job, did you mean 'restart'?")
                printer.start(USER)
            case "restart":
                if printer.state is not State.PAUSED:
                    raise HTTPException(409, "Printer does not have an active print job or is not paused")
                printer.restart(USER)
            case "pause" | "cancel" as command if not busy:
                raise HTTPException(
                    409, f"Printer is neither printing nor paused, '{command}' command cannot be performed"
                )
            case "pause":
                self._pause(body.get("action", "toggle"))
            case "cancel":
                printer.cancel()
            case _:
                raise HTTPException(400, "command is invalid")
        return Response(status_code=204)

    def _pause(self, action: object) -> None:
        printer = self._printer
        match action:
            case "pause":
                printer.pause()
            case "resume":
                printer.resume()
            case "toggle" if printer.state is State.PAUSED:
                printer.resume()
            case "toggle":
                printer.pause()
            case _:
                raise HTTPException(400, "Unknown action")

    async def printer_state(self, request: Request) -> Response:
        self._operational()
        excluded = request.query_params.get("exclude", "").split(",")
        state = shown.printer(self._printer)
        return JSONResponse({name: value for name, value in state.items() if name not in excluded})

    async def command(self, request: Request) -> Response:
        self._operational()
        body = await json_object(request)
        given = body.get("commands", [body["command"]] if "command" in body else None)
        if given is None or ("command" in body and "commands" in body):
            raise HTTPException(400, "Need one of 'command', 'commands' or 'script'")
        if not isinstance(given, list) or not all(isinstance(line, str) for line in given):
            raise HTTPException(400, "commands is invalid")
        for line in given:
            self._printer.command(line)
        return Response(status_code=204)

    async def profiles(self, _: Request) -> Response:
        return JSONResponse(shown.profiles())

    def _operational(self) -> None:
        if self._printer.state not in OPERATIONAL:
            raise HTTPException(409, "Printer is not operational")

"""PrusaLink's API v1. Source: Prusa-Link-Web spec/openapi.yaml, Prusa-Link web/main.py, web/files.py, web/lib/auth.py.

A key opens it; logging in by HTTP digest, which the original offers too, doesn't work here.
"""

import shutil
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hardware_sim.hosts.disk import BadPath, Stored, cleaned
from hardware_sim.hosts.prusalink.printer import ACTIVE, PRINTABLE, Job, Printer, State
from hardware_sim.hosts.web import Json

VERSION = "0.8.1"
NOZZLE_MM = 0.4
Handler = Callable[[Request], Awaitable[Response]]


def application(printer: Printer, api_key: str, name: str) -> Starlette:
    api = _Api(printer, name)
    file = "/api/v1/files/{storage}/{path:path}"
    handlers: list[tuple[str, str, Handler]] = [
        ("GET", "/api/version", api.version),
        ("GET", "/api/v1/info", api.info),
        ("GET", "/api/v1/status", api.status),
        ("GET", "/api/v1/storage", api.storage),
        ("GET", "/api/v1/job", api.job),
        ("DELETE", "/api/v1/job/{number:int}", api.stop),
        ("PUT", "/api/v1/job/{number:int}/{command}", api.command),
        ("HEAD", file, api.head),
        ("GET", file, api.file),
        ("PUT", file, api.upload),
        ("POST", file, api.start),
        ("DELETE", file, api.delete),
    ]
    routes = [Route(path, _guarded(handler, api_key), methods=[verb]) for verb, path, handler in handlers]
    return Starlette(routes=routes, exception_handlers={HTTPException: _as_json})


async def _as_json(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {"title": error.detail, "message": error.detail, "text": error.detail}
    return JSONResponse(body, error.status_code, error.headers)


def _guarded(handler: Handler, api_key: str) -> Handler:
    """No key: 401, asking for a digest; a wrong one: 403."""

    async def guarded(request: Request) -> Response:
        given = request.headers.get("X-Api-Key")
        if api_key and given is None:
            challenge = 'Digest realm="Administrator", nonce="rig", algorithm="MD5-sess", qop="auth"'
            raise HTTPException(401, "Unauthorized", {"WWW-Authenticate": challenge})
        if api_key and given != api_key:
            raise HTTPException(403, "Bad X-Api-Key.")
        return await handler(request)

    return guarded


class _Api:
    def __init__(self, printer: Printer, name: str) -> None:
        self._printer = printer
        self._disk = printer.disk
        self._name = name

    async def version(self, _: Request) -> Response:
        return JSONResponse({
            "api": "2.0.0",
            "version": VERSION,
            "printer": "1.3.1",
            "text": f"PrusaLink {VERSION}",
            "firmware": "3.14.1",
            "sdk": "0.8.1",
            "capabilities": {"upload-by-put": True},
        })  # fmt: skip

    async def info(self, _: Request) -> Response:
        return JSONResponse({
            "name": self._name,
            "mmu": False,
            "farm_mode": False,
            "nozzle_diameter": NOZZLE_MM,
            "min_extrusion_temp": 170,
            "serial": "CZPX0000X004XC00000",
            "sd_ready": False,
            "hostname": "prusalink",
        })  # fmt: skip

    async def status(self, _: Request) -> Response:
        printer, heat = self._printer, self._printer.board.temperatures
        shown: Json = {
            "storage": [{"name": "PrusaLink gcodes", "path": "/local", "read_only": False}],
            "printer": {
                "state": printer.state.value,
                "temp_nozzle": heat.hotend,
                "target_nozzle": heat.hotend_target,
                "temp_bed": heat.bed,
                "target_bed": heat.bed_target,
                "status_printer": {"ok": printer.state is not State.ERROR, "message": printer.error or "OK"},
            },
        }
        if printer.job is not None and printer.state is not State.IDLE:
            shown["job"] = {"id": printer.job.number, **_progress(printer.job)}
        return JSONResponse(shown)

    async def storage(self, _: Request) -> Response:
        self._disk.folder.mkdir(parents=True, exist_ok=True)
        usage = shutil.disk_usage(self._disk.folder)
        local: Json = {
            "type": "LOCAL",
            "path": "/local",
            "name": "PrusaLink gcodes",
            "available": True,
            "read_only": False,
            "free_space": usage.free,
            "total_space": usage.total,
            "print_files": sum(stored.size_bytes for stored in self._disk.files.values()),
        }
        return JSONResponse({"storage_list": [local, {"type": "SDCARD", "path": "/sdcard", "available": False}]})

    # The job.

    async def job(self, _: Request) -> Response:
        """204 without one; the last one is shown until the printer is idle again."""
        printer = self._printer
        if printer.job is None or printer.state is State.IDLE:
            return Response(status_code=204)
        file = {**_described(printer.job.file), "path": f"/local/{printer.job.file.path}"}
        shown: Json = {"id": printer.job.number, "state": printer.state.value, "file": file}
        return JSONResponse({**shown, **_progress(printer.job), "inaccurate_estimates": True})

    async def command(self, request: Request) -> Response:
        self._is_current(request)
        match request.path_params["command"]:
            case "pause":
                if not self._printer.pause():
                    raise HTTPException(409, "Printer is not printing")
            case "resume":
                if not self._printer.resume():
                    raise HTTPException(409, "Printer is not paused")
            case "continue":
                pass  # after a timelapse's picture; there is none
            case _:
                raise HTTPException(404, "Not Found")
        return Response(status_code=204)

    async def stop(self, request: Request) -> Response:
        self._is_current(request)
        if not self._printer.stop():
            raise HTTPException(409, "Printer is not printing")
        return Response(status_code=204)

    def _is_current(self, request: Request) -> None:
        job = self._printer.job
        if job is None or job.number != request.path_params["number"]:
            raise HTTPException(404, "Not current job")

    # Files.

    async def file(self, request: Request) -> Response:
        stored = self._stored(request)
        return JSONResponse(
            {**_described(stored), "type": "PRINT_FILE", "read_only": False}, headers=self._marks(stored)
        )

    async def head(self, request: Request) -> Response:
        return Response(headers=self._marks(self._stored(request)))

    async def upload(self, request: Request) -> Response:
        path = self._path(request)
        data = await request.body()
        if not data:
            raise HTTPException(411, "Length Required")
        if path in self._disk.files and request.headers.get("Overwrite") != "?1":
            raise HTTPException(409, "File already exists")
        self._not_printed(path)
        stored = self._disk.put(path, data)
        if request.headers.get("Print-After-Upload") == "?1":
            self._printer.start(stored)
        return JSONResponse(_described(stored), 201, {"Location": f"/api/v1/files/local/{stored.path}"})

    async def start(self, request: Request) -> Response:
        stored = self._stored(request)
        if self._printer.state not in PRINTABLE:
            raise HTTPException(409, "Not state to print")
        self._printer.start(stored)
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        stored = self._stored(request)
        self._not_printed(stored.path)
        self._disk.remove(stored.path)
        return Response(status_code=204)

    def _path(self, request: Request) -> str:
        if request.path_params["storage"] != "local":
            raise HTTPException(404, "Storage not found")
        try:
            path = cleaned(request.path_params["path"])
        except BadPath as error:
            raise HTTPException(400, "Forbidden characters") from error
        if not path.lower().endswith((".gcode", ".gco", ".g")):
            raise HTTPException(415, "Unsupported media type")
        return path

    def _stored(self, request: Request) -> Stored:
        stored = self._disk.files.get(request.path_params["path"])
        if stored is None or request.path_params["storage"] != "local":
            raise HTTPException(404, "File not found")
        return stored

    def _is_printed(self, path: str) -> bool:
        job = self._printer.job
        return job is not None and job.file.path == path and self._printer.state in ACTIVE

    def _not_printed(self, path: str) -> None:
        if self._is_printed(path):
            raise HTTPException(409, "File is currently printed")

    def _marks(self, stored: Stored) -> dict[str, str]:
        return {"Read-Only": "False", "Currently-Printed": str(self._is_printed(stored.path))}


def _described(stored: Stored) -> Json:
    return {
        "name": stored.name,
        "display_name": stored.name,
        "size": stored.size_bytes,
        "m_timestamp": int(stored.date),
        "refs": {"download": f"/api/files/local/{stored.path}/raw"},
    }


def _progress(job: Job) -> Json:
    share, printing_s = job.program.share, job.printing_s()
    shown: Json = {"progress": round(share * 100, 2), "time_printing": int(printing_s)}
    if share:
        shown["time_remaining"] = int(printing_s / share - printing_s)
    return shown

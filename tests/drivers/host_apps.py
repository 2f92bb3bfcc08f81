"""The scripted printer as OctoPrint and PrusaLink show it over HTTP, and how either is put in trouble."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.drivers.hosts import KEY, ScriptedPrinter

Handler = Callable[[Request], Awaitable[Response]]
YES = 204


def guarded(printer: ScriptedPrinter, handler: Handler, wrong_key: int) -> Handler:
    async def guard(request: Request) -> Response:
        await asyncio.to_thread(printer.answering.wait)
        if printer.status:
            return Response("as scripted", printer.status)
        if request.headers.get("X-Api-Key") != KEY:
            return JSONResponse({"error": "who are you?"}, wrong_key)
        if printer.garbage:
            return HTMLResponse("<html>Starting up…</html>")
        return await handler(request)

    return guard


class _OctoPrint:
    WORDS = {  # noqa: RUF012
        "idle": "Operational",
        "printing": "Printing",
        "paused": "Paused",
        "cancelling": "Cancelling",
        "attention": "Paused",
        "offline": "Offline after error",
        "halted": "Offline after error",
    }

    def __init__(self, printer: ScriptedPrinter) -> None:
        self.printer = printer
        self.time = 1000

    async def version(self, _: Request) -> Response:
        return JSONResponse({"api": "0.1", "server": "1.11.8", "text": "OctoPrint 1.11.8"})

    async def connection(self, request: Request) -> Response:
        if request.method == "POST":
            self.printer.asked.append("connect")
            self.printer.state = "idle"
            return Response(status_code=YES)
        return JSONResponse({"current": {"state": "Operational", "port": "/dev/ttyACM0", "baudrate": 115200}})

    async def profiles(self, _: Request) -> Response:
        volume = {"width": 250, "depth": 210, "height": 200, "formFactor": "rectangular"}
        return JSONResponse({"profiles": {"_default": {"current": True, "volume": volume}}})

    async def job(self, request: Request) -> Response:
        printer = self.printer
        if request.method == "POST":
            body = await request.json()
            if printer.state not in ("printing", "paused"):
                return JSONResponse({"error": "Printer is neither printing nor paused"}, 409)
            printer.ask(body["action"] if body["command"] == "pause" else body["command"])
            return Response(status_code=YES)
        lost = printer.state in ("offline", "halted")
        path = None if lost or not printer.path else printer.path
        size = len(printer.files.get(printer.path, b"")) or None
        shown = {
            "job": {"file": {"path": path, "origin": "local" if path else None, "size": size}, "user": printer.owner},
            "progress": {"filepos": size and int(printer.share * size), "printTimeLeft": 60 if path else None},
            "state": self.WORDS[printer.state],
        }
        return JSONResponse({**shown, "error": printer.error} if printer.error else shown)

    async def state(self, _: Request) -> Response:
        if self.printer.state in ("offline", "halted"):
            return JSONResponse({"error": "Printer is not operational"}, 409)
        self.time += self.printer.reporting
        temperature = {
            "tool0": {"actual": self.printer.tool_c, "target": self.printer.targets["tool"], "offset": 0},
            "bed": {"actual": 20.0, "target": self.printer.targets["bed"] or None, "offset": 0},
            "history": [{"time": self.time}],
        }
        return JSONResponse({"temperature": temperature})

    async def command(self, request: Request) -> Response:
        body = await request.json()
        for line in body.get("commands") or [body["command"]]:
            if line == "M112":
                self.printer.ask("stop")
            else:
                self.printer.command(line)
        return Response(status_code=YES)

    async def upload(self, request: Request) -> Response:
        form = await request.form()
        file = form["file"]
        assert not isinstance(file, str)
        self.printer.put(file.filename or "", await file.read())
        await form.close()
        return JSONResponse({"done": True}, 201)

    async def file(self, request: Request) -> Response:
        name, printer = request.path_params["name"], self.printer
        if name not in printer.files:
            return JSONResponse({"error": "not found"}, 404)
        if request.method == "DELETE":
            del printer.files[name]
            return Response(status_code=YES)
        if request.method == "POST":
            body = await request.json()
            assert (body["command"], body["print"]) == ("select", True)
            printer.ask("start", name)
            return Response(status_code=YES)
        data, how = printer.files[name], printer.history.get(name)
        prints = {"success": int(how == "finished"), "failure": int(how != "finished")} if how else None
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return JSONResponse({"name": name, "size": len(data), "hash": digest, **({"prints": prints} if prints else {})})


def octoprint(printer: ScriptedPrinter) -> ASGIApp:
    host = _OctoPrint(printer)
    routes: list[tuple[str, Handler, list[str]]] = [
        ("/api/version", host.version, ["GET"]),
        ("/api/printerprofiles", host.profiles, ["GET"]),
        ("/api/connection", host.connection, ["GET", "POST"]),
        ("/api/job", host.job, ["GET", "POST"]),
        ("/api/printer", host.state, ["GET"]),
        ("/api/printer/command", host.command, ["POST"]),
        ("/api/files/local", host.upload, ["POST"]),
        ("/api/files/local/{name}", host.file, ["GET", "POST", "DELETE"]),
    ]
    return Starlette(routes=[Route(path, guarded(printer, handler, 403), methods=how) for path, handler, how in routes])


class _PrusaLink:
    WORDS = {  # noqa: RUF012
        "idle": "IDLE",
        "printing": "PRINTING",
        "paused": "PAUSED",
        "cancelling": "BUSY",
        "attention": "ATTENTION",
        "offline": "ERROR",
        "halted": "ERROR",
    }
    ENDS = {"finished": "FINISHED", "cancelled": "STOPPED", "failed": "ERROR"}  # noqa: RUF012

    def __init__(self, printer: ScriptedPrinter) -> None:
        self.printer = printer
        self.unlisted = 1
        """Questions for a file that come before it is listed."""

    def _word(self) -> str:
        printer = self.printer
        ended = self.ENDS[printer.history[printer.path]] if printer.path in printer.history else "IDLE"
        return ended if printer.state == "idle" else self.WORDS[printer.state]

    async def version(self, _: Request) -> Response:
        return JSONResponse({"api": "2.0.0", "server": "2.1.2", "text": "PrusaLink", "hostname": ""})

    async def storage(self, _: Request) -> Response:
        sd = {"type": "SDCARD", "path": "/sdcard", "available": False}
        return JSONResponse({"storage_list": [sd, {"type": "USB", "path": "/usb/", "available": True}]})

    async def status(self, _: Request) -> Response:
        printer = self.printer
        targets = {"target_nozzle": printer.targets["tool"], "target_bed": printer.targets["bed"]}
        return JSONResponse({"printer": {"state": self._word(), "temp_nozzle": 21.0, "temp_bed": 20.0, **targets}})

    async def job(self, _: Request) -> Response:
        printer = self.printer
        if not printer.path:
            return Response(status_code=YES)
        file = {"name": "LLAGAR~1.GCO", "display_name": printer.path, "path": "/usb"}
        return JSONResponse({"id": 7, "state": self._word(), "progress": printer.share * 100, "file": file})

    async def control(self, request: Request) -> Response:
        printer, verb = self.printer, request.path_params.get("verb", "cancel")
        assert request.path_params["id"] == 7
        if printer.state not in ("printing", "paused", "attention"):
            return Response(status_code=409)
        if printer.ask(verb) and verb == "cancel":
            printer.targets.update(tool=0.0, bed=0.0)  # the firmware ends every job cold
        return Response(status_code=YES)

    async def file(self, request: Request) -> Response:
        name, printer = request.path_params["name"], self.printer
        if request.method == "PUT":
            assert request.headers["Print-After-Upload"] == "?0"
            printer.put(name, await request.body())
            return Response(status_code=201)
        if request.method == "GET" and self.unlisted:
            self.unlisted -= 1
            return Response(status_code=404)
        if request.method == "POST":
            printer.ask("start", name)
            return Response(status_code=YES)
        if request.method == "DELETE":
            del printer.files[name]
            return Response(status_code=YES)
        return JSONResponse({"name": "LLAGAR~1.GCO", "display_name": name, "size": len(printer.files[name])})


def prusalink(printer: ScriptedPrinter) -> ASGIApp:
    host = _PrusaLink(printer)
    routes: list[tuple[str, Handler, list[str]]] = [
        ("/api/version", host.version, ["GET"]),
        ("/api/v1/storage", host.storage, ["GET"]),
        ("/api/v1/status", host.status, ["GET"]),
        ("/api/v1/job", host.job, ["GET"]),
        ("/api/v1/job/{id:int}", host.control, ["DELETE"]),
        ("/api/v1/job/{id:int}/{verb}", host.control, ["PUT"]),
        ("/api/v1/files/usb/{name}", host.file, ["GET", "PUT", "POST", "DELETE"]),
    ]
    return Starlette(routes=[Route(path, guarded(printer, handler, 401), methods=how) for path, handler, how in routes])

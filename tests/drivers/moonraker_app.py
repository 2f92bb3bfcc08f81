"""The scripted printer as Moonraker shows it: JSON-RPC over a WebSocket, uploads and the emergency stop over HTTP."""

import asyncio
from contextlib import suppress

from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.drivers.host_apps import guarded
from tests.drivers.hosts import KEY, ScriptedPrinter

PUSH_S = 0.02
KLIPPY = {"offline": "disconnected", "halted": "shutdown"}
ENDS = {"finished": "complete", "cancelled": "cancelled", "failed": "error"}
HISTORY = {"finished": "completed", "cancelled": "cancelled", "failed": "klippy_shutdown"}
Json = dict[str, JsonValue]


class _Refused(Exception):
    pass


class _Moonraker:
    def __init__(self, printer: ScriptedPrinter, components: list[str]) -> None:
        self.printer = printer
        self.components = components

    # What it shows --------------------------------------------------------------------------------

    def klippy(self) -> str:
        return KLIPPY.get(self.printer.state, "ready")

    def objects(self) -> dict[str, JsonValue]:
        printer = self.printer
        states = {"printing": "printing", "paused": "paused", "cancelling": "printing", "attention": "paused"}
        how = printer.history.get(printer.path)
        size = len(printer.files.get(printer.path, b"")) + printer.added_bytes
        names: list[JsonValue] = [{"name": name} for name in printer.objects]
        return {
            "print_stats": {
                "state": states.get(printer.state, ENDS[how] if how else "standby"),
                "filename": printer.path,
                "message": "",
                "print_duration": 10.0,
            },
            "virtual_sdcard": {"file_position": int(printer.share * size), "file_size": size},
            "extruder": {"temperature": printer.tool_c, "target": printer.targets["tool"]},
            "heater_bed": {"temperature": 20.0, "target": printer.targets["bed"]},
            "toolhead": {
                "position": [1.0, 2.0, 3.0, 0.0],
                "axis_minimum": [0.0, -4.0, -2.0, 0.0],
                "axis_maximum": [250.0, 206.0, 198.0, 0.0],
            },
            "exclude_object": {"objects": names, "excluded_objects": list[JsonValue](printer.skipped)},
        }

    def answer(self, method: str, params: Json) -> JsonValue:
        if method == "server.connection.identify" and params.get("api_key") != KEY:
            raise _Refused("Unauthorized")
        printer = self.printer
        history: list[JsonValue] = [{"filename": name, "status": HISTORY[how]} for name, how in printer.history.items()]
        told: dict[str, JsonValue] = {
            "server.connection.identify": {"connection_id": 1},
            "server.info": {
                "klippy_state": self.klippy(),
                "components": list[JsonValue](self.components),
                "moonraker_version": "v0.9.3",
            },
            "printer.info": {"state": "", "state_message": printer.error, "software_version": "v0.13.0"},
            "printer.objects.list": {"objects": [*self.objects(), "fan", "webhooks"]},
            "printer.objects.subscribe": {"eventtime": 1.0, "status": self.objects()},
            "server.files.metadata": {"estimated_time": 100.0},
            "server.history.list": {"count": len(history), "jobs": history},
        }
        return told[method] if method in told else self.obey(method, params)

    def obey(self, method: str, params: Json) -> JsonValue:
        if self.klippy() != "ready":
            raise _Refused("Klippy Host not connected")
        match method.split("."):
            case ["printer", "print", "start"]:
                self.printer.ask("start", str(params["filename"]))
            case ["printer", "print", verb]:
                self.printer.ask(verb)
            case ["printer", "gcode", "script"]:
                self.printer.command(str(params["script"]))
            case ["server", "files", "delete_file"]:
                del self.printer.files[str(params["path"]).removeprefix("gcodes/")]
            case _:
                raise _Refused(f"Method not found: {method}")
        return "ok"

    # What is heard --------------------------------------------------------------------------------

    async def websocket(self, socket: WebSocket) -> None:
        await socket.accept()
        pushing = asyncio.create_task(self._push(socket))
        with suppress(WebSocketDisconnect):
            while True:
                request = await socket.receive_json()
                await asyncio.to_thread(self.printer.answering.wait)
                await self._reply(socket, request)
        pushing.cancel()

    async def _reply(self, socket: WebSocket, request: Json) -> None:
        if self.printer.garbage:
            await socket.send_text("<html>Starting up…</html>")
            return
        answer: Json = {"jsonrpc": "2.0", "id": request["id"]}
        params = request.get("params") or {}
        assert isinstance(params, dict)
        try:
            answer["result"] = self.answer(str(request["method"]), params)
        except _Refused as refused:
            answer["error"] = {"code": 401 if "Unauth" in str(refused) else 400, "message": str(refused)}
        await socket.send_json(answer)

    async def _push(self, socket: WebSocket) -> None:
        """Tell what has changed, as Moonraker does unasked."""
        told, klippy = self.objects(), self.klippy()
        while True:
            await asyncio.sleep(PUSH_S)
            now, state = self.objects(), self.klippy()
            if state != klippy:
                klippy = state
                await socket.send_json({"jsonrpc": "2.0", "method": f"notify_klippy_{state}"})
            news = {name: fields for name, fields in now.items() if fields != told[name]}
            told = now
            if news and state == "ready":
                await socket.send_json({"jsonrpc": "2.0", "method": "notify_status_update", "params": [news, 1.0]})

    async def upload(self, request: Request) -> Response:
        form = await request.form()
        file = form["file"]
        assert not isinstance(file, str)
        name, checksum = file.filename or "", form["checksum"]
        stored = self.printer.put(name, await file.read())
        await form.close()
        if stored != checksum:
            return JSONResponse({"error": {"code": 422, "message": "File checksum mismatch"}}, 422)
        item = {"path": name, "root": "gcodes", "size": len(self.printer.files[name])}
        return JSONResponse({"item": item, "print_started": False, "print_queued": False}, 201)

    async def stop(self, _: Request) -> Response:
        self.printer.ask("stop")
        return JSONResponse({"result": "ok"})


def _app(printer: ScriptedPrinter, components: list[str]) -> ASGIApp:
    host = _Moonraker(printer, components)
    return Starlette(
        routes=[
            Route("/server/files/upload", guarded(printer, host.upload, 401), methods=["POST"]),
            Route("/printer/emergency_stop", guarded(printer, host.stop, 401), methods=["POST"]),
            WebSocketRoute("/websocket", host.websocket),
        ]
    )


def moonraker(printer: ScriptedPrinter) -> ASGIApp:
    return _app(printer, ["file_manager", "history"])


def moonraker_without_history(printer: ScriptedPrinter) -> ASGIApp:
    return _app(printer, ["file_manager"])

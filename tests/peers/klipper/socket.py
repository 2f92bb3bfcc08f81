"""Klipper's API server: JSON objects, each ended by 0x03, on a Unix socket. Source: Klipper's API_Server.md."""

import json
import os
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.peers.klipper.printer import CommandError, Printer, Status

_END = b"\x03"
_PUSH_S = 0.1
_SCRIPTS = {"pause_resume/pause": "PAUSE", "pause_resume/resume": "RESUME", "pause_resume/cancel": "CANCEL_PRINT"}
_ENDPOINTS = [
    "info",
    "list_endpoints",
    "emergency_stop",
    "objects/list",
    "objects/query",
    "objects/subscribe",
    "gcode/script",
    "gcode/help",
    "gcode/subscribe_output",
    "register_remote_method",
    *_SCRIPTS,
]
Json = dict[str, Any]


def _chosen(status: Status, objects: Mapping[str, list[str] | None]) -> Status:
    """What was asked for: of each object the named fields, or all."""
    return {
        name: {key: value for key, value in status[name].items() if fields is None or key in fields}
        for name, fields in objects.items()
        if name in status
    }


def _changed(now: Status, before: Status) -> Status:
    changed = {
        name: {key: value for key, value in fields.items() if before.get(name, {}).get(key) != value}
        for name, fields in now.items()
    }
    return {name: fields for name, fields in changed.items() if fields}


class _Connection(socketserver.BaseRequestHandler):
    printer: Printer
    server: "_Server"

    def setup(self) -> None:
        self.server.connections.append(self.request)
        self._sending = threading.Lock()
        self._objects: Mapping[str, list[str] | None] = {}
        self._template: Json = {}
        self._told: Status = {}
        self._gone = threading.Event()
        self._pusher = threading.Thread(target=self._push)
        self._pusher.start()

    def finish(self) -> None:
        self._gone.set()
        self._pusher.join()

    def handle(self) -> None:
        received = b""
        while data := self.request.recv(65536):
            *requests, received = (received + data).split(_END)
            for request in requests:
                # A script may take long; what stops it must not wait behind it.
                threading.Thread(target=self._answer, args=(json.loads(request),)).start()

    def _send(self, message: Json) -> None:
        with self._sending:
            self.request.sendall(json.dumps(message).encode() + _END)

    def _answer(self, request: Json) -> None:
        try:
            result = self._result(request["method"], request.get("params") or {})
        except CommandError as error:
            answer = {"id": request["id"], "error": {"error": "WebRequestError", "message": str(error)}}
        else:
            answer = {"id": request["id"], "result": result}
        if not self._gone.is_set():
            self._send(answer)

    def _result(self, method: str, params: Json) -> Json:
        match method:
            case "info":
                return self._info()
            case "list_endpoints":
                return {"endpoints": _ENDPOINTS}
            case "objects/list":
                return {"objects": list(self.printer.status())}
            case "objects/query":
                return self._status(params["objects"])
            case "objects/subscribe":
                self._template = params.get("response_template", {})
                answer = self._status(params["objects"])
                self._told, self._objects = answer["status"], params["objects"]
                return answer
            case "gcode/script":
                self.printer.script(params["script"])
            case "emergency_stop":
                self.printer.emergency_stop()
            case _ if method in _SCRIPTS:
                self.printer.script(_SCRIPTS[method])
            case "gcode/help" | "gcode/subscribe_output" | "register_remote_method":
                pass
            case _:
                raise CommandError(f"webhooks: No registered callback for path '{method}'")
        return {}

    def _info(self) -> Json:
        return {
            "state": self.printer.state,
            "state_message": self.printer.message,
            "hostname": "rig",
            "software_version": "v0.12.0-rig",
            "cpu_info": "",
            "klipper_path": str(Path(__file__).parent),
            "python_path": sys.executable,
            "process_id": os.getpid(),
            "user_id": os.getuid(),
            "group_id": os.getgid(),
            "log_file": "",
            "config_file": "",
        }

    def _status(self, objects: Mapping[str, list[str] | None]) -> Json:
        return {"eventtime": time.monotonic(), "status": _chosen(self.printer.status(), objects)}

    def _push(self) -> None:
        while not self._gone.wait(_PUSH_S):
            if not self._objects:
                continue
            now = _chosen(self.printer.status(), self._objects)
            changed = _changed(now, self._told)
            self._told = now
            if changed:
                try:
                    self._send({**self._template, "params": {"eventtime": time.monotonic(), "status": changed}})
                except OSError:
                    return


class _Server(socketserver.ThreadingUnixStreamServer):
    def __init__(self, path: str, handler: type[_Connection]) -> None:
        self.connections: list[socket.socket] = []
        super().__init__(path, handler)

    def hang_up(self) -> None:
        for connection in self.connections:
            # Moonraker may have been the first to go.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def klippy(socket_path: Path, port: str, gcodes: Path) -> Iterator[Printer]:
    """A Klipper on the machine behind this port, for one Moonraker."""
    printer = Printer(port, gcodes)
    printer.start()
    try:
        handler = type("_Handler", (_Connection,), {"printer": printer})
        with _Server(str(socket_path), handler) as server:
            listener = threading.Thread(target=server.serve_forever, args=(0.05,))
            listener.start()
            try:
                yield printer
            finally:
                server.shutdown()
                listener.join()
                server.hang_up()
                socket_path.unlink(missing_ok=True)
    finally:
        printer.end()

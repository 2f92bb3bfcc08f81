"""Moonraker's methods, as JSON-RPC names them; HTTP has the same behind paths.

Source: docs/external_api/, klippy/webhooks.py, klippy_apis.py.
"""

import time
from collections.abc import Awaitable, Callable

from hardware_sim.hosts.moonraker.callers import API_KEY_USER, Call, ServerError
from hardware_sim.hosts.moonraker.connection import Connection, Subscription, chosen
from hardware_sim.hosts.moonraker.gcode import GcodeError
from hardware_sim.hosts.moonraker.klippy import KlippyState
from hardware_sim.hosts.moonraker.server import Server

VERSION = "v0.9.3-120-gd5ee171"
API_VERSION = [1, 5, 0]
CLIENT_TYPES = ("web", "mobile", "desktop", "display", "bot", "agent", "other")
OPEN_TO_ALL = frozenset({"server.connection.identify", "access.info"})

Method = Callable[[Call], Awaitable[object]]


class Methods:
    def __init__(self, server: Server) -> None:
        self._server = server
        self.table: dict[str, Method] = {
            "server.info": self._server_info,
            "server.connection.identify": self._identify,
            "server.websocket.id": self._websocket_id,
            "server.files.list": self._list_files,
            "server.files.metadata": self._metadata,
            "server.files.delete_file": self._delete_file,
            "server.history.list": self._list_history,
            "server.history.get_job": self._get_job,
            "access.oneshot_token": self._oneshot_token,
            "access.get_api_key": self._api_key,
            "access.info": self._access_info,
            "printer.info": self._printer_info,
            "printer.objects.list": self._list_objects,
            "printer.objects.query": self._query,
            "printer.objects.subscribe": self._subscribe,
            "printer.gcode.script": self._script,
            "printer.print.start": self._start,
            "printer.print.pause": self._pause,
            "printer.print.resume": self._resume,
            "printer.print.cancel": self._cancel,
            "printer.emergency_stop": self._emergency_stop,
            "printer.restart": self._restart,
            "printer.firmware_restart": self._restart,
        }

    async def call(self, call: Call, admitted: bool) -> object:
        """Raises ServerError; KeyError for a method that there isn't."""
        method = self.table[call.method]
        if not admitted and call.method not in OPEN_TO_ALL:
            raise ServerError("Unauthorized", 401)
        if call.method.startswith("printer.") and self._server.klippy.state is KlippyState.DISCONNECTED:
            raise ServerError("Klippy Host not connected", 503)
        return await method(call)

    # The server.

    async def _server_info(self, _: Call) -> object:
        state = self._server.klippy.state
        return {
            "klippy_connected": state is not KlippyState.DISCONNECTED,
            "klippy_state": state.value,
            "components": ["file_manager", "klippy_apis", "history", "job_state", "authorization", "websockets"],
            "failed_components": [],
            "registered_directories": ["gcodes"],
            "warnings": [],
            "websocket_count": len(self._server.connections),
            "moonraker_version": VERSION,
            "missing_klippy_requirements": [],
            "api_version": API_VERSION,
            "api_version_string": ".".join(str(part) for part in API_VERSION),
        }

    async def _identify(self, call: Call) -> object:
        connection = _connection(call)
        if connection.identified:
            raise ServerError("Connection already identified")
        for name in ("client_name", "version", "type", "url"):
            call.text(name)
        key = call.params.get("api_key")
        if key is not None:
            if not self._server.door.admits(str(key), None):
                raise ServerError("Invalid API Key", 401)
            connection.admitted = True
        if call.text("type").lower() not in CLIENT_TYPES:
            raise ServerError(f"Invalid Client Type: {call.text('type')}")
        connection.identified = True
        return {"connection_id": connection.number}

    async def _websocket_id(self, call: Call) -> object:
        return {"websocket_id": _connection(call).number}

    async def _oneshot_token(self, _: Call) -> object:
        return self._server.door.new_token()

    async def _api_key(self, _: Call) -> object:
        return self._server.door.api_key

    async def _access_info(self, _: Call) -> object:
        required = bool(self._server.door.api_key)
        return {"default_source": "moonraker", "available_sources": ["moonraker"], "login_required": required}

    # Files.

    async def _list_files(self, _: Call) -> object:
        return [
            {"path": stored.path, "modified": stored.date, "size": stored.size_bytes, "permissions": "rw"}
            for stored in self._server.disk.files.values()
        ]

    async def _metadata(self, call: Call) -> object:
        name = call.text("filename")
        stored = self._server.disk.files.get(name)
        if stored is None:
            raise ServerError(f"Metadata not available for <{name}>", 404)
        return self._server.metadata(stored)

    async def _delete_file(self, call: Call) -> object:
        path = call.text("path").removeprefix("gcodes/")
        if path not in self._server.disk.files:
            raise ServerError(f"Invalid file path: {call.text('path')}")
        if self._server.in_use(path):
            raise ServerError("File currently in use", 403)
        self._server.disk.remove(path)
        item = {"path": path, "root": "gcodes", "size": 0, "modified": 0, "permissions": ""}
        self._server.changed_file("delete_file", dict(item))
        return {"item": item, "action": "delete_file"}

    # The history.

    async def _list_history(self, call: Call) -> object:
        before, since = call.number("before", -1), call.number("since", -1)
        limit, start = int(call.number("limit", 50)), int(call.number("start", 0))
        order = call.text("order", "desc").lower()
        if order not in ("asc", "desc"):
            raise ServerError(f"Invalid `order` value: {order}")
        jobs = [
            job
            for job in self._server.records.jobs
            if (before == -1 or (job.end_time is not None and job.end_time < before))
            and (since == -1 or job.start_time > since)
        ]
        jobs = jobs if order == "asc" else jobs[::-1]
        chosen_jobs = jobs[start : start + limit] if limit > 0 else jobs
        return {"count": len(chosen_jobs), "jobs": [self._server.record(job) for job in chosen_jobs]}

    async def _get_job(self, call: Call) -> object:
        job = self._server.records.find(call.text("uid"))
        if job is None:
            raise ServerError(f"Invalid job uid: {call.text('uid')}", 404)
        return {"job": self._server.record(job)}

    # Klipper.

    async def _printer_info(self, _: Call) -> object:
        klippy = self._server.klippy
        return {
            "state": klippy.state.value,
            "state_message": klippy.message,
            "hostname": "rig",
            "klipper_path": "/home/pi/klipper",
            "python_path": "/home/pi/klippy-env/bin/python",
            "log_file": "/home/pi/printer_data/logs/klippy.log",
            "config_file": "/home/pi/printer_data/config/printer.cfg",
            "software_version": "v0.13.0-300-g84104bbb",
            "cpu_info": "2 core ?",
        }

    async def _list_objects(self, _: Call) -> object:
        return {"objects": list(self._server.status())}

    async def _query(self, call: Call) -> object:
        found = chosen(_subscription(call), self._server.status())
        return {"eventtime": time.monotonic(), "status": found}

    async def _subscribe(self, call: Call) -> object:
        found = _connection(call).subscribe(_subscription(call), self._server.status())
        return {"eventtime": time.monotonic(), "status": found}

    async def _script(self, call: Call) -> object:
        return await self._run(call.text("script"))

    async def _run(self, script: str) -> str:
        try:
            await self._server.klippy.script(script)
        except GcodeError as error:
            raise ServerError(str(error)) from error
        return "ok"

    async def _start(self, call: Call) -> object:
        name = call.text("filename").replace('"', '\\"')
        done = await self._run(f'SDCARD_PRINT_FILE FILENAME="{name}"')
        self._server.history.requested_by(API_KEY_USER)
        return done

    async def _pause(self, _: Call) -> object:
        return await self._run("PAUSE")

    async def _resume(self, _: Call) -> object:
        return await self._run("RESUME")

    async def _cancel(self, _: Call) -> object:
        return await self._run("CANCEL_PRINT")

    async def _emergency_stop(self, _: Call) -> object:
        self._server.klippy.shut_down("Shutdown due to webhooks request")
        return "ok"

    async def _restart(self, _: Call) -> object:
        self._server.klippy.restart()
        return "ok"


def _connection(call: Call) -> Connection:
    if call.connection is None:
        raise ServerError("No connection associated with this request")
    return call.connection


def _subscription(call: Call) -> Subscription:
    objects = call.params.get("objects")
    if not isinstance(objects, dict):
        raise ServerError("Missing Argument [objects]")
    if not all(fields is None or isinstance(fields, list) for fields in objects.values()):
        raise ServerError("Invalid argument [objects]")
    return objects

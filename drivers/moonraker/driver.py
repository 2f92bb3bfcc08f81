"""Printers with Klipper, behind Moonraker: its WebSocket for what is asked and told, HTTP for the upload and for the
emergency stop, which must not queue behind anything.

Klipper that has shut down needs a `firmware_restart`; that is a person's step, and never done here.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from drivers.base import Capabilities, LostLink, PortSettings
from drivers.errors import HostRefused, LinkLost, NoAnswer, UploadFailed
from drivers.hosting.driver import HostedDriver
from drivers.hosting.host import Heater, Host, Outcome, View
from drivers.hosting.web import Web, read, shown
from drivers.moonraker.answers import (
    History,
    Metadata,
    ObjectList,
    Objects,
    PrinterInfo,
    ServerInfo,
    Told,
    Uploaded,
    changes,
    klippy_view,
    merge,
    outcome_by_history,
    outcome_by_stats,
    view,
    volume_mm,
    watched,
)
from drivers.moonraker.rpc import Message, Rpc

CHECKSUM_MISMATCH = 422
FAN_COMMANDS = ("M106", "M107")
READY = "ready"
STARTUP = "startup"
STARTUP_LOOK_S = 0.1
Model = TypeVar("Model", bound=BaseModel)


class MoonrakerHost(Host):
    name = "Moonraker"
    poll_s = 0.25

    def __init__(self, port: PortSettings) -> None:
        self._port = port
        self._rpc = Rpc(port.url, port.api_key, port.answer_s)
        self._open = False
        self._klippy = "disconnected"
        self._message = ""
        self._boots = 0
        self._names: list[str] = []
        self._objects: Objects = {}
        self._has_history = False
        self._estimated_s: float | None = None

    # Connecting -----------------------------------------------------------------------------------

    def open(self) -> Capabilities:
        self._open = True
        self._connect()
        self._await_startup()
        server = self._call(ServerInfo, "server.info")
        klipper = self._klipper_version()
        history = "completion by Moonraker's history" if self._has_history else "no history: completion by Klipper"
        return Capabilities(
            firmware=f"Klipper {klipper} on Moonraker {server.moonraker_version}",
            hold=True,
            skip_object="exclude_object" in self._names,
            executed_lines=False,
            lost_link=LostLink.HOST_GOES_ON,
            volume_mm=volume_mm(self._objects),
            details=(history, "after an emergency stop a person restarts the firmware"),
        )

    def _await_startup(self) -> None:
        """Until Klipper is ready its objects, and so its abilities, aren't known; a board takes seconds to boot."""
        deadline_s = time.monotonic() + self._port.answer_s
        while self._klippy == STARTUP and time.monotonic() < deadline_s:
            time.sleep(STARTUP_LOOK_S)
            self._ask_klippy()

    def _klipper_version(self) -> str:
        try:
            return self._call(PrinterInfo, "printer.info").software_version
        except HostRefused:
            return "(not connected)"

    def _connect(self) -> None:
        if not self._open:
            raise LinkLost(f"{self.name} is not open")
        self._rpc.connect()
        self._objects = {}
        identity: dict[str, JsonValue] = {
            "client_name": "llagar",
            "version": "1",
            "type": "other",
            "url": "llagar",
        }
        if self._port.api_key:
            identity["api_key"] = self._port.api_key
        try:
            self._rpc.call("server.connection.identify", identity)
            self._ask_klippy()
        except BaseException:
            self._rpc.close()
            raise

    def _ensure(self) -> None:
        if not self._rpc.connected:
            self._connect()

    def _call(self, model: type[Model], method: str, params: Mapping[str, JsonValue] | None = None) -> Model:
        self._ensure()
        return self._read(model, method, params)

    def _read(self, model: type[Model], method: str, params: Mapping[str, JsonValue] | None = None) -> Model:
        result = self._rpc.call(method, params)
        try:
            return model.model_validate(result)
        except ValidationError as error:
            raise NoAnswer(f"{self.name} answers {method} with something else: {shown(str(result))}") from error

    def _ask(self, method: str, params: Mapping[str, JsonValue] | None = None) -> None:
        self._ensure()
        self._rpc.ask(method, params)

    # Looking --------------------------------------------------------------------------------------

    def look(self) -> View:
        self._ensure()
        messages, refusal = self._rpc.drain()
        for message in messages:
            self._heed(message)
        silent_s = time.monotonic() - self._rpc.heard_s
        if self._klippy != READY or silent_s >= self._port.answer_s / 2:
            self._ask_klippy()
        boot = str(self._boots)
        if self._klippy != READY:
            return klippy_view(self._klippy, self._message, boot)
        return view(self._objects, self._estimated_s, boot, refusal)

    def _heed(self, message: Message) -> None:
        match message.method:
            case "notify_status_update":
                merge(self._objects, changes(message.params))
            case "notify_klippy_ready":
                self._klippy = "startup"
            case "notify_klippy_shutdown":
                self._klippy, self._message = "shutdown", ""
            case "notify_klippy_disconnected":
                self._klippy, self._message = "disconnected", ""
            case _:
                pass

    def _ask_klippy(self) -> None:
        """What Klipper is about; a Klipper that is ready again has forgotten what it was to tell."""
        before = self._klippy
        server = self._read(ServerInfo, "server.info")
        self._has_history = "history" in server.components
        self._klippy, self._message = server.klippy_state, ""
        if self._klippy == READY and (before != READY or not self._objects):
            self._boots += 1
            self._subscribe()
        elif self._klippy in ("shutdown", "error", "startup"):
            self._message = self._trouble()

    def _subscribe(self) -> None:
        self._names = self._read(ObjectList, "printer.objects.list").objects
        wanted: JsonValue = dict.fromkeys(watched(self._names))
        told = self._read(Told, "printer.objects.subscribe", {"objects": wanted})
        self._objects = told.status

    def _trouble(self) -> str:
        try:
            return self._read(PrinterInfo, "printer.info").state_message
        except HostRefused as error:
            return str(error)

    # A job ----------------------------------------------------------------------------------------

    def upload(self, name: str, program: bytes) -> None:
        web = self._web()
        checksum = hashlib.sha256(program).hexdigest()
        try:
            answer = web.send(
                "POST",
                "/server/files/upload",
                files={"file": (name, program)},
                data={"root": "gcodes", "checksum": checksum, "print": "false"},
                timeout_s=self._port.long_s,
            )
            stored = read(Uploaded, answer.text, web.what).item
        except HostRefused as error:
            if error.status == CHECKSUM_MISMATCH:
                raise UploadFailed(f"{self.name} got other bytes of {name} than were sent") from error
            raise
        finally:
            web.close()
        # More is no fault: Moonraker may add the definitions of objects once the checksum is compared.
        if stored.path != name or stored.size < len(program):
            raise UploadFailed(f"{self.name} holds {stored.size} of {len(program)} bytes as {stored.path}")

    def start(self, name: str) -> None:
        self._ensure()
        self._estimated_s = None
        self._rpc.call("printer.print.start", {"filename": name})
        try:
            self._estimated_s = self._call(Metadata, "server.files.metadata", {"filename": name}).estimated_time
        except HostRefused:
            self._estimated_s = None  # it hasn't read the file yet, or found nothing in it

    def pause(self) -> None:
        self._ask("printer.print.pause")

    def resume(self) -> None:
        self._ask("printer.print.resume")

    def cancel(self) -> None:
        self._ask("printer.print.cancel")

    def skip(self, name: str) -> None:
        self._ask("printer.gcode.script", {"script": f"EXCLUDE_OBJECT NAME={name}"})

    def stop_now(self) -> None:
        web = self._web()
        try:
            web.send("POST", "/printer/emergency_stop")
        finally:
            web.close()

    def outcome(self, name: str) -> Outcome | None:
        if not self._has_history:
            return outcome_by_stats(self._objects, name)
        return outcome_by_history(self._call(History, "server.history.list", {"limit": 50, "order": "desc"}), name)

    def discard(self, name: str) -> None:
        self._ensure()
        self._rpc.call("server.files.delete_file", {"path": f"gcodes/{name}"})

    def heaters_off(self, heaters: tuple[Heater, ...]) -> None:
        self._ask("printer.gcode.script", {"script": "TURN_OFF_HEATERS"})

    def command(self, line: str) -> None:
        if line.startswith(FAN_COMMANDS) and "fan" not in self._names:
            return
        self._ensure()
        self._rpc.call("printer.gcode.script", {"script": line})

    def close(self) -> None:
        self._open = False
        self._rpc.close()

    def _web(self) -> Web:
        headers = {"X-Api-Key": self._port.api_key} if self._port.api_key else {}
        return Web(self.name, self._port.url, self._port.answer_s, headers)


class MoonrakerDriver(HostedDriver):
    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(MoonrakerHost(port), port, clock)

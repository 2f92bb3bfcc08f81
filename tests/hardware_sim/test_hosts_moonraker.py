"""The simulated Moonraker and Klipper over HTTP and WebSocket."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.hardware_sim.served import KEY, PATIENCE_S, Served, program
from tests.waiting import eventually

Json = dict[str, object]
UPLOAD = "/server/files/upload"


class Refused(Exception):
    """A JSON-RPC error: code and message."""


class Rpc:
    """One WebSocket; what comes unasked is kept in `told`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.told: list[Json] = []
        self._socket = socket
        self._numbers = itertools.count(1)

    def call(self, method: str, **params: object) -> object:
        number = next(self._numbers)
        self._socket.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": number}))
        while True:
            message = self._receive()
            if message.get("id") == number:
                break
        if "error" in message:
            error = message["error"]
            assert isinstance(error, dict)
            raise Refused(error["code"], error["message"])
        return message["result"]

    def _receive(self) -> Json:
        message: Json = json.loads(self._socket.recv(timeout=PATIENCE_S))
        if "id" not in message:
            self.told.append(message)
        return message

    def until(self, method: str) -> object:
        """The first notification of this name that isn't read yet."""
        while True:
            for index, message in enumerate(self.told):
                if message["method"] == method:
                    del self.told[: index + 1]
                    return message.get("params")
            self._receive()

    def raw(self, text: str) -> Json:
        self._socket.send(text)
        while "id" not in (message := self._receive()):
            pass
        return message

    def objects(self, *names: str) -> dict[str, Json]:
        found = self.call("printer.objects.query", objects=dict.fromkeys(names))
        assert isinstance(found, dict)
        status: dict[str, Json] = found["status"]
        return status

    def print_state(self) -> object:
        return self.objects("print_stats")["print_stats"]["state"]

    def history(self) -> list[Json]:
        found = self.call("server.history.list")
        assert isinstance(found, dict)
        jobs: list[Json] = found["jobs"]
        return jobs


class Shop:
    def __init__(self, served: Served, rpc: Rpc, web: httpx.Client) -> None:
        self.served, self.rpc, self.web = served, rpc, web
        self.is_ready()

    def klippy(self) -> object:
        info = self.web.get("/server/info").json()["result"]
        return info["klippy_state"]

    def is_ready(self) -> None:
        eventually(lambda: self.klippy() == "ready")

    def upload(self, text: str, **form: str) -> httpx.Response:
        checksum = hashlib.sha256(text.encode()).hexdigest()
        return self.web.post(UPLOAD, files={"file": ("part.gcode", text)}, data={"checksum": checksum, **form})

    def print(self, moves: int) -> None:
        assert self.upload(program(moves)).status_code == 201
        assert self.rpc.call("printer.print.start", filename="part.gcode") == "ok"

    def becomes(self, state: str) -> None:
        eventually(lambda: self.rpc.print_state() == state)

    def extruding(self) -> None:
        eventually(lambda: self.served.count("deposits") > 0)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, link="http", host="moonraker", api_key=KEY, speed=200)
    yield served
    assert served.end() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["truth"]


def socket_of(served: Served, query: str = "", key: str = KEY) -> ClientConnection:
    url = served.url.replace("http:", "ws:") + "/websocket" + query
    return connect(url, additional_headers={"X-Api-Key": key} if key else None, proxy=None)


@pytest.fixture
def shop(served: Served) -> Iterator[Shop]:
    with socket_of(served) as socket, served.web() as web:
        yield Shop(served, Rpc(socket), web)


def test_a_print_from_upload_to_its_entry_in_the_history(shop: Shop) -> None:
    rpc = shop.rpc
    shop.print(60)
    added = rpc.until("notify_history_changed")
    assert isinstance(added, list)
    assert (added[0]["action"], added[0]["job"]["status"]) == ("added", "in_progress")
    finished = rpc.until("notify_history_changed")
    assert isinstance(finished, list)
    job = finished[0]["job"]
    assert (finished[0]["action"], job["status"], job["filename"]) == ("finished", "completed", "part.gcode")
    assert (job["user"], job["exists"], job["filament_used"]) == ("_API_KEY_USER_", True, pytest.approx(29.5))
    assert rpc.call("server.history.get_job", uid=job["job_id"]) == {"job": job}
    eventually(shop.served.at_rest)
    assert shop.served.count("deposits") == 59
    stats = rpc.objects("print_stats", "virtual_sdcard")
    assert (stats["print_stats"]["state"], stats["virtual_sdcard"]["progress"]) == ("complete", 1.0)


def test_an_upload_is_checked_and_may_begin_the_print(shop: Shop) -> None:
    wrong = shop.upload(program(10), checksum="00")
    assert wrong.status_code == 422
    assert shop.rpc.call("server.files.list") == []
    right = shop.upload(program(4000), print="true")
    assert (right.status_code, right.json()["print_started"]) == (201, True)
    shop.becomes("printing")
    assert shop.upload(program(10)).status_code == 403
    metadata = shop.rpc.call("server.files.metadata", filename="part.gcode")
    assert isinstance(metadata, dict)
    assert metadata["size"] == len(program(4000))
    with pytest.raises(Refused, match="SD busy"):
        shop.rpc.call("printer.print.start", filename="part.gcode")


def test_what_is_subscribed_to_is_told_when_it_changes(shop: Shop) -> None:
    first = shop.rpc.call("printer.objects.subscribe", objects={"print_stats": ["state"], "nothing": None})
    assert isinstance(first, dict)
    assert first["status"] == {"print_stats": {"state": "standby"}}
    shop.print(60)
    seen: list[object] = []
    while not seen or seen[-1] != "complete":
        update = shop.rpc.until("notify_status_update")
        assert isinstance(update, list)
        assert update[0].keys() == {"print_stats"}
        seen.append(update[0]["print_stats"]["state"])
    assert seen == ["printing", "complete"]


def test_a_pause_is_reached_and_left_again(shop: Shop) -> None:
    shop.print(400)
    shop.extruding()
    assert shop.rpc.call("printer.print.pause") == "ok"
    assert shop.rpc.print_state() == "paused"
    assert shop.rpc.objects("pause_resume") == {"pause_resume": {"is_paused": True}}
    assert shop.rpc.call("printer.print.pause") == "ok"
    assert shop.rpc.call("printer.print.resume") == "ok"
    shop.becomes("complete")
    eventually(shop.served.at_rest)
    assert shop.served.count("deposits") == 399


def test_a_cancelled_print_stays_hot_until_the_heaters_are_turned_off(shop: Shop) -> None:
    shop.print(4000)
    shop.extruding()
    assert shop.rpc.call("printer.print.cancel") == "ok"
    assert shop.rpc.print_state() == "cancelled"
    assert shop.rpc.objects("extruder")["extruder"]["target"] == 200.0
    assert shop.rpc.call("printer.gcode.script", script="TURN_OFF_HEATERS") == "ok"
    eventually(shop.served.at_rest)
    assert [job["status"] for job in shop.rpc.history()] == ["cancelled"]


def test_an_object_is_left_out(shop: Shop) -> None:
    begin = "G28\nM109 S200\nM83\nEXCLUDE_OBJECT_DEFINE NAME=one CENTER=20,20\nEXCLUDE_OBJECT_DEFINE NAME=two\n"
    wait = "G4 P1000\n"
    one = "EXCLUDE_OBJECT_START NAME=one\nG1 X20 Y20 Z0.2 F6000\nG1 X30 E1\nEXCLUDE_OBJECT_END NAME=one\n"
    two = "EXCLUDE_OBJECT_START NAME=two\nG1 X80 Y80 Z0.2 F6000\nG1 X90 E1\nEXCLUDE_OBJECT_END NAME=two\n"
    assert shop.upload(begin + (one + two + wait) * 400 + "M400\nTURN_OFF_HEATERS\n", print="true").status_code == 201
    shop.extruding()
    assert shop.rpc.objects("exclude_object")["exclude_object"]["objects"] == [
        {"name": "ONE", "center": [20, 20]},
        {"name": "TWO"},
    ]
    shop.rpc.call("printer.gcode.script", script="EXCLUDE_OBJECT NAME=two")
    assert shop.rpc.objects("exclude_object")["exclude_object"]["excluded_objects"] == ["TWO"]
    shop.becomes("complete")
    eventually(shop.served.at_rest)
    assert 400 < shop.served.count("deposits") < 800


def test_an_emergency_stop_ends_in_shutdown_until_the_firmware_is_restarted(shop: Shop) -> None:
    shop.print(4000)
    shop.extruding()
    assert shop.rpc.call("printer.emergency_stop") == "ok"
    shop.rpc.until("notify_klippy_shutdown")
    assert shop.served.ask("summary")["state"] == "killed"
    assert shop.rpc.history()[0]["status"] == "klippy_shutdown"
    info = shop.rpc.call("printer.info")
    assert isinstance(info, dict)
    assert info["state"] == "shutdown"
    assert info["state_message"].startswith("Shutdown due to webhooks request")
    with pytest.raises(Refused, match="Shutdown due to webhooks request"):
        shop.rpc.call("printer.gcode.script", script="G28")
    assert shop.rpc.call("printer.firmware_restart") == "ok"
    shop.rpc.until("notify_klippy_disconnected")
    with pytest.raises(Refused, match="503"):
        shop.rpc.call("printer.info")
    shop.rpc.until("notify_klippy_ready")
    assert shop.rpc.print_state() == "standby"
    assert shop.served.count("after_fault") == 0


def test_an_emergency_stop_overtakes_a_script_that_waits(shop: Shop) -> None:
    with socket_of(shop.served) as other:
        other.send(json.dumps({"jsonrpc": "2.0", "method": "printer.gcode.script", "params": {"script": "M190 S100"}}))
        eventually(lambda: shop.rpc.objects("heater_bed")["heater_bed"]["target"] == 100.0)
        shop.rpc.call("printer.gcode.script", script="M112")
        shop.rpc.until("notify_klippy_shutdown")
    eventually(shop.served.at_rest)


def test_a_runaway_shuts_down(shop: Shop) -> None:
    shop.print(4000)
    shop.extruding()
    shop.served.does("fault", fault={"kind": "thermal_runaway"})
    shop.rpc.until("notify_klippy_shutdown")
    info = shop.rpc.call("printer.info")
    assert isinstance(info, dict)
    assert "not heating at expected rate" in info["state_message"]


@pytest.mark.parametrize("command", ["unplug_serial", "reset"])
def test_a_lost_board_shuts_down(shop: Shop, command: str) -> None:
    shop.print(4000)
    shop.extruding()
    shop.served.does(command)
    shop.rpc.until("notify_klippy_shutdown")
    info = shop.rpc.call("printer.info")
    assert isinstance(info, dict)
    assert info["state_message"].startswith("Lost communication with MCU 'mcu'")
    assert shop.rpc.history()[0]["status"] == "klippy_shutdown"


def test_a_program_that_klipper_refuses_ends_in_an_error_with_the_heaters_off(shop: Shop) -> None:
    for text, says in (
        ("M104 S200\nG1 X10\n", "Must home axis first"),
        ("M104 S200\nG28\nG1 X9999\n", "Move out of range"),
        ("M140 S50\nG28\nG1 X10 E5\n", "Extrude below minimum temp"),
    ):
        assert shop.upload(text, print="true").status_code == 201
        shop.becomes("error")
        assert str(shop.rpc.objects("print_stats")["print_stats"]["message"]).startswith(says)
        assert shop.rpc.objects("extruder")["extruder"]["target"] == 0.0
        assert shop.rpc.call("printer.gcode.script", script="SDCARD_RESET_FILE") == "ok"
    assert shop.served.count("out_of_frame") == shop.served.count("unhomed_moves") == 0


def test_somebody_prints_at_the_screen(shop: Shop) -> None:
    assert shop.served.ask("press", button="cancel")["ok"] is False
    shop.served.does("press", button="print", file="own.gcode", program=program(4000))
    shop.becomes("printing")
    added = shop.rpc.until("notify_history_changed")
    assert isinstance(added, list)
    assert (added[0]["job"]["filename"], added[0]["job"]["user"]) == ("own.gcode", "No User")
    shop.served.does("press", button="pause")
    shop.becomes("paused")
    shop.served.does("press", button="cancel")
    shop.becomes("cancelled")


def test_a_power_cycle_of_the_host_interrupts_the_job(shop: Shop) -> None:
    shop.print(4000)
    eventually(shop.rpc.history)
    shop.served.does("restart_host")
    with pytest.raises(ConnectionClosed):
        shop.rpc.call("server.info")
    with socket_of(shop.served) as socket:
        rpc = Rpc(socket)
        eventually(lambda: shop.klippy() == "ready")
        assert [job["status"] for job in rpc.history()] == ["interrupted"]
        assert rpc.print_state() == "standby"


def test_the_network_goes_and_comes(shop: Shop) -> None:
    shop.served.does("unplug")
    with pytest.raises(ConnectionClosed):
        shop.rpc.call("server.info")
    with pytest.raises(httpx.TransportError):
        shop.web.get("/server/info")
    shop.served.does("plug")
    assert shop.klippy() == "ready"


def test_who_has_no_key_is_told_nothing(served: Served) -> None:
    with served.web("WRONG") as web:
        assert web.get("/server/info").status_code == 401
        assert web.post(UPLOAD, files={"file": ("a.gcode", "G28\n")}).status_code == 401
    with socket_of(served, key="") as socket:
        rpc = Rpc(socket)
        with pytest.raises(Refused, match="Unauthorized"):
            rpc.call("server.info")
        who = {"client_name": "rig", "version": "1", "type": "other", "url": "http://localhost"}
        with pytest.raises(Refused, match="Invalid API Key"):
            rpc.call("server.connection.identify", **who, api_key="WRONG")
        assert rpc.call("server.connection.identify", **who, api_key=KEY)
        assert rpc.call("server.info")
        with pytest.raises(Refused, match="already identified"):
            rpc.call("server.connection.identify", **who)
    with served.web() as web:
        token = web.get("/access/oneshot_token").json()["result"]
    with socket_of(served, f"?token={token}", key="") as socket:
        assert Rpc(socket).call("server.info")
    with socket_of(served, f"?token={token}", key="") as socket, pytest.raises(Refused, match="Unauthorized"):
        Rpc(socket).call("server.info")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", -32700),
        ('{"method": "server.info", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "method": "no.such", "id": 1}', -32601),
        ('{"jsonrpc": "2.0", "method": "server.info", "params": [1], "id": 1}', -32602),
        ('{"jsonrpc": "2.0", "method": "printer.print.start", "id": 1}', 400),
        ('{"jsonrpc": "2.0", "method": "server.history.get_job", "params": {"uid": "0F"}, "id": 1}', -32601),
    ],
)
def test_what_makes_no_sense_is_answered_by_the_right_code(shop: Shop, text: str, code: int) -> None:
    error = shop.rpc.raw(text)["error"]
    assert isinstance(error, dict)
    assert error["code"] == code


def test_http_says_the_same_as_the_socket(shop: Shop) -> None:
    by_query = shop.web.get("/printer/objects/query?webhooks=state&extruder").json()["result"]["status"]
    assert by_query["webhooks"] == {"state": "ready"}
    assert by_query["extruder"]["can_extrude"] is False
    by_body = shop.web.post("/printer/objects/query", json={"objects": {"webhooks": ["state"]}}).json()["result"]
    assert by_body["status"] == {"webhooks": {"state": "ready"}}
    assert shop.web.post("/printer/gcode/script", json={"script": "G28"}).json() == {"result": "ok"}
    missing = shop.web.get("/server/files/metadata?filename=none.gcode")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, 404)

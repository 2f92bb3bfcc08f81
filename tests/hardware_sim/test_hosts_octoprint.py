"""The simulated OctoPrint over HTTP, and through the client that others wrote for the real one."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from octorest import OctoRest

from tests.hardware_sim.served import KEY, Served, program
from tests.waiting import eventually

FILES = "/api/files/local"


class Shop:
    def __init__(self, served: Served) -> None:
        self.served = served
        self.web = served.web()
        eventually(lambda: self.state == "Operational")

    def job(self) -> dict[str, object]:
        found: dict[str, object] = self.web.get("/api/job").json()
        return found

    @property
    def state(self) -> object:
        return self.job()["state"]

    @property
    def completion(self) -> object:
        progress = self.job()["progress"]
        assert isinstance(progress, dict)
        return progress["completion"]

    def upload(self, moves: int, name: str = "part.gcode") -> None:
        answer = self.web.post(FILES, files={"file": (name, program(moves))})
        assert answer.status_code == 201
        assert answer.json()["files"]["local"]["path"] == name

    def print(self, moves: int) -> None:
        self.upload(moves)
        assert self.web.post(f"{FILES}/part.gcode", json={"command": "select", "print": True}).status_code == 204

    def tell(self, command: str, **more: str) -> int:
        return self.web.post("/api/job", json={"command": command, **more}).status_code

    def prints(self) -> dict[str, object]:
        found: dict[str, object] = self.web.get(f"{FILES}/part.gcode").json().get("prints", {})
        return found

    def becomes(self, state: str) -> None:
        eventually(lambda: self.state == state)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, link="http", host="octoprint", api_key=KEY, speed=200)
    yield served
    assert served.end() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["truth"]


@pytest.fixture
def shop(served: Served) -> Iterator[Shop]:
    shop = Shop(served)
    yield shop
    shop.web.close()


def test_a_print_from_upload_to_its_entry_in_the_history(shop: Shop) -> None:
    shop.print(60)
    eventually(lambda: shop.completion == 100.0 and shop.state == "Operational")
    job = shop.job()["job"]
    assert isinstance(job, dict)
    assert (job["file"]["path"], job["file"]["name"], job["user"]) == ("part.gcode", "part.gcode", "rig")
    prints = shop.prints()
    assert (prints["success"], prints["failure"]) == (1, 0)
    assert shop.served.count("deposits") == 59
    assert shop.served.count("lost_bytes") == 0
    eventually(shop.served.at_rest)


def test_start_without_a_file_is_accepted_and_does_nothing(shop: Shop) -> None:
    assert shop.tell("start") == 204
    assert shop.state == "Operational"
    job = shop.job()["job"]
    assert isinstance(job, dict)
    assert job["file"]["path"] is None
    assert shop.served.count("jobs") == 0


def test_pause_and_cancel_with_nothing_to_pause_are_conflicts(shop: Shop) -> None:
    assert [shop.tell("pause"), shop.tell("cancel"), shop.tell("restart")] == [409, 409, 409]
    assert shop.tell("dance") == 400


def test_a_pause_is_reached_and_left_again(shop: Shop) -> None:
    shop.print(400)
    shop.becomes("Printing")
    assert shop.tell("start") == 409
    assert shop.tell("pause", action="pause") == 204
    shop.becomes("Paused")
    flags = shop.web.get("/api/printer").json()["state"]["flags"]
    assert (flags["paused"], flags["printing"], flags["operational"], flags["ready"]) == (True, False, True, False)
    deposits = shop.served.count("deposits")
    assert shop.tell("pause", action="pause") == 204
    assert shop.served.count("deposits") == deposits
    assert shop.tell("pause", action="resume") == 204
    shop.becomes("Operational")
    assert shop.served.count("deposits") == 399


def test_a_cancelled_print_leaves_the_heaters_off_and_counts_as_failed(shop: Shop) -> None:
    shop.print(4000)
    shop.becomes("Printing")
    assert shop.tell("cancel") == 204
    shop.becomes("Operational")
    assert shop.prints()["failure"] == 1
    eventually(shop.served.at_rest)


def test_m112_closes_the_port_and_the_file_is_forgotten(shop: Shop) -> None:
    shop.print(4000)
    shop.becomes("Printing")
    assert shop.web.post("/api/printer/command", json={"command": "M112"}).status_code == 204
    shop.becomes("Offline after error")
    assert shop.served.ask("summary")["state"] == "killed"
    assert shop.web.get("/api/connection").json()["current"]["state"] == "Closed"
    job = shop.job()
    assert isinstance(job["job"], dict)
    assert job["job"]["file"]["path"] is None
    assert "M112" in str(job["error"])
    assert shop.web.get("/api/printer").status_code == 409
    assert shop.served.count("after_fault") == 0
    assert shop.web.post("/api/connection", json={"command": "connect"}).status_code == 204
    shop.becomes("Operational")


def test_a_runaway_ends_in_an_error_that_names_it(shop: Shop) -> None:
    shop.print(4000)
    shop.becomes("Printing")
    shop.served.does("fault", fault={"kind": "thermal_runaway"})
    shop.becomes("Offline after error")
    error = str(shop.job()["error"])
    assert "system stopped" in error
    assert error.endswith(" - Printer halted. kill() called!")
    assert shop.prints() == {"success": 0, "failure": 1, "last": shop.prints()["last"]}


def test_the_serial_cable_comes_off_and_on(shop: Shop) -> None:
    shop.print(4000)
    shop.becomes("Printing")
    shop.served.does("unplug_serial")
    shop.becomes("Offline after error")
    assert shop.completion is None
    assert shop.web.post("/api/connection", json={"command": "connect"}).status_code == 400
    shop.served.does("plug_serial")
    assert shop.state == "Offline after error"
    shop.web.post("/api/connection", json={"command": "connect"})
    shop.becomes("Operational")


def test_a_reset_in_mid_print_cancels_it(shop: Shop) -> None:
    shop.print(4000)
    shop.becomes("Printing")
    shop.served.does("reset")
    shop.becomes("Operational")
    assert shop.prints()["failure"] == 1


def test_damaged_lines_are_sent_again(shop: Shop) -> None:
    shop.served.does("fault", fault={"kind": "corrupt_byte", "at": 20})
    shop.print(60)
    eventually(lambda: shop.completion == 100.0 and shop.state == "Operational")
    assert shop.served.count("deposits") == 59


def test_somebody_prints_at_the_screen(shop: Shop) -> None:
    assert shop.served.ask("press", button="pause")["ok"] is False
    shop.served.does("press", button="print", file="own.gcode", program=program(4000))
    shop.becomes("Printing")
    job = shop.job()["job"]
    assert isinstance(job, dict)
    assert (job["file"]["path"], job["user"]) == ("own.gcode", "somebody")
    shop.upload(10)
    answer = shop.web.post(f"{FILES}/part.gcode", json={"command": "select", "print": True})
    assert answer.status_code == 409
    shop.served.does("press", button="pause")
    shop.becomes("Paused")
    shop.served.does("press", button="cancel")
    shop.becomes("Operational")


def test_the_network_goes_and_comes(shop: Shop) -> None:
    url = shop.served.url
    shop.print(4000)
    shop.becomes("Printing")
    shop.served.does("unplug")
    with pytest.raises(httpx.TransportError):
        shop.web.get("/api/version")
    deposits = shop.served.count("deposits")
    eventually(lambda: shop.served.count("deposits") > deposits)
    shop.served.does("plug")
    assert shop.served.url == url
    assert shop.state == "Printing"


def test_a_hung_host_answers_nobody_until_it_is_restarted(shop: Shop) -> None:
    shop.upload(10)
    shop.served.does("hang_host")
    with pytest.raises(httpx.ReadTimeout):
        shop.web.get("/api/version", timeout=0.3)
    assert shop.served.ask("press", button="pause")["ok"] is False
    shop.served.does("restart_host")
    shop.becomes("Operational")
    assert shop.web.get(f"{FILES}/part.gcode").status_code == 200


def test_without_the_key_all_is_forbidden(served: Served) -> None:
    for key in ("", "WRONG"):
        with served.web(key) as stranger:
            for path in ("/api/version", "/api/job", "/api/files", "/api/connection"):
                assert stranger.get(path).status_code == 403
            assert stranger.get("/api/currentuser").json()["name"] is None


@pytest.mark.parametrize("name", ["../../etc/passwd.gcode", "..", ".gcode", ""])
def test_files_stay_where_they_belong(shop: Shop, name: str) -> None:
    assert shop.web.post(FILES, files={"file": (name, "G28\n")}).status_code in (400, 415)


def test_what_is_no_program_is_refused(shop: Shop) -> None:
    assert shop.web.post(FILES, files={"file": ("picture.png", "?")}).status_code == 415
    assert shop.web.post(FILES, data={"print": "true"}).status_code == 400
    assert shop.web.post(f"{FILES}/none.gcode", json={"command": "select"}).status_code == 404
    assert shop.web.post("/api/job", content="start").status_code == 400


def test_octorest_prints(served: Served) -> None:
    client = OctoRest(url=served.url, apikey=KEY)
    eventually(lambda: client.state() == "Operational")
    uploaded = client.upload(("part.gcode", io.BytesIO(program(60).encode())))
    assert uploaded["files"]["local"]["path"] == "part.gcode"
    client.select("part.gcode", print=True)
    eventually(lambda: client.job_info()["progress"]["completion"] == 100.0)
    eventually(lambda: client.state() == "Operational")
    assert client.files_info("local", "part.gcode")["prints"]["last"]["success"] is True
    with pytest.raises(RuntimeError, match="409"):
        client.cancel()
    assert client.printer()["temperature"]["tool0"]["target"] == 0.0
    client.session.close()

"""The simulated PrusaLink over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware_sim.served import KEY, Served, program
from tests.waiting import eventually

FILE = "/api/v1/files/local/part.gcode"


class Shop:
    def __init__(self, served: Served) -> None:
        self.served = served
        self.web = served.web()
        self.becomes("IDLE")

    def becomes(self, state: str) -> None:
        eventually(lambda: self.web.get("/api/v1/status").json()["printer"]["state"] == state)

    def put(self, moves: int, **headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.put(FILE, content=program(moves), headers=sent).status_code

    def job(self) -> dict[str, object]:
        found: dict[str, object] = self.web.get("/api/v1/job").json()
        return found

    def tell(self, command: str) -> int:
        return self.web.put(f"/api/v1/job/{self.job()['id']}/{command}").status_code

    def extruding(self) -> None:
        eventually(lambda: self.served.count("deposits") > 0)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, link="http", host="prusalink", api_key=KEY, speed=200)
    yield served
    assert served.end() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["truth"]


@pytest.fixture
def shop(served: Served) -> Iterator[Shop]:
    shop = Shop(served)
    yield shop
    shop.web.close()


def test_a_print_from_upload_to_its_end(shop: Shop) -> None:
    assert shop.web.get("/api/version").json()["capabilities"] == {"upload-by-put": True}
    assert shop.web.get("/api/v1/info").json()["name"] == "machine"
    assert shop.web.get("/api/v1/job").status_code == 204
    assert shop.put(60) == 201
    assert shop.web.get("/api/v1/storage").json()["storage_list"][0]["print_files"] == len(program(60))
    assert shop.web.post(FILE).status_code == 204
    shop.becomes("FINISHED")
    job = shop.job()
    assert (job["state"], job["progress"]) == ("FINISHED", 100.0)
    assert isinstance(job["file"], dict)
    assert (job["file"]["display_name"], job["file"]["path"]) == ("part.gcode", "/local/part.gcode")
    assert shop.served.count("deposits") == 59
    eventually(shop.served.at_rest)
    assert shop.web.put(f"/api/v1/job/{job['id']}/pause").status_code == 409


def test_a_pause_is_reached_and_left_again(shop: Shop) -> None:
    assert shop.put(400, Print_After_Upload="?1") == 201
    shop.extruding()
    assert shop.tell("resume") == 409
    assert shop.tell("pause") == 204
    shop.becomes("PAUSED")
    assert shop.tell("pause") == 409
    assert shop.web.post(FILE).status_code == 409
    assert shop.tell("resume") == 204
    shop.becomes("FINISHED")
    assert shop.served.count("deposits") == 399


def test_a_stopped_print_is_cold(shop: Shop) -> None:
    shop.put(4000, Print_After_Upload="?1")
    shop.extruding()
    number = shop.job()["id"]
    assert isinstance(number, int)
    assert shop.web.delete(f"/api/v1/job/{number + 1}").status_code == 404
    assert shop.web.delete(f"/api/v1/job/{number}").status_code == 204
    shop.becomes("STOPPED")
    eventually(shop.served.at_rest)
    assert shop.web.delete(f"/api/v1/job/{number}").status_code == 409


def test_files_are_kept_from_harm(shop: Shop) -> None:
    assert shop.put(4000) == 201
    assert shop.put(10) == 409
    assert shop.put(4000, Overwrite="?1") == 201
    assert shop.web.post(FILE).status_code == 204
    assert shop.web.head(FILE).headers["Currently-Printed"] == "True"
    assert shop.put(10, Overwrite="?1") == 409
    assert shop.web.delete(FILE).status_code == 409
    assert shop.web.put("/api/v1/files/sdcard/part.gcode", content="G28\n").status_code == 404
    assert shop.web.put("/api/v1/files/local/picture.png", content="?").status_code == 415
    assert shop.web.put("/api/v1/files/local/empty.gcode", content="").status_code == 411
    assert shop.web.put("/api/v1/files/local/..%2Fescaped.gcode", content="G28\n").status_code == 400
    assert shop.web.get("/api/v1/files/local/none.gcode").status_code == 404


def test_a_runaway_is_an_error_until_somebody_resets_the_printer(shop: Shop) -> None:
    shop.put(4000, Print_After_Upload="?1")
    shop.extruding()
    shop.served.does("fault", fault={"kind": "thermal_runaway"})
    shop.becomes("ERROR")
    printer = shop.web.get("/api/v1/status").json()["printer"]
    assert printer["status_printer"]["ok"] is False
    assert shop.web.post(FILE).status_code == 409
    shop.served.does("reset")
    shop.becomes("IDLE")


def test_a_lost_printer_is_found_again(shop: Shop) -> None:
    shop.put(4000, Print_After_Upload="?1")
    shop.extruding()
    shop.served.does("unplug_serial")
    shop.becomes("ERROR")
    shop.served.does("plug_serial")
    shop.becomes("IDLE")


def test_somebody_prints_at_the_screen(shop: Shop) -> None:
    assert shop.served.ask("press", button="pause")["ok"] is False
    shop.served.does("press", button="print", file="own.gcode", program=program(4000))
    shop.becomes("PRINTING")
    assert shop.put(10) == 201
    assert shop.web.post(FILE).status_code == 409
    shop.served.does("press", button="pause")
    shop.becomes("PAUSED")
    shop.served.does("press", button="cancel")
    shop.becomes("STOPPED")


def test_the_key_is_asked_for(served: Served) -> None:
    with served.web("WRONG") as web:
        assert web.get("/api/v1/status").status_code == 403
        del web.headers["X-Api-Key"]
        refused = web.get("/api/v1/status")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Digest ")

"""Machines are recognised at ports that may be anybody's, and nothing moves or heats meanwhile."""

import os
import pty
import socketserver
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from drivers import finding
from drivers.base import DriverEntry, PortSettings, WebSign
from drivers.finding import Outcome, Place, look_at, look_at_all
from drivers.grbl.answers import SIGN as GRBL
from drivers.marlin.abilities import Abilities
from drivers.marlin.answers import SIGN as MARLIN
from drivers.marlin.answers import Capability
from drivers.marlin.driver import MarlinDriver
from drivers.registry import DRIVERS
from drivers.transports import Port
from tests.drivers.peers import peer
from tests.shop_agent.machines import SimMachine, machine


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """A port at which nobody answers, and its other end."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    name = os.ttyname(theirs)
    os.close(theirs)
    try:
        yield name, ours
    finally:
        os.close(ours)


def moved(sim: SimMachine) -> bool:
    return sim.episodes() > 0


def test_each_machine_is_named_rightly_and_none_moves(tmp_path: Path) -> None:
    with (
        machine(tmp_path, "p", "marlin", boot_s=0.5) as printer,
        machine(tmp_path, "r", "grbl", boot_s=0.5) as router,
        silent() as (dumb, _),
    ):
        nobody = tmp_path / "nobody"
        places = [Place(str(one)) for one in (printer.port, router.port, dumb, nobody)]
        marlin, grbl, unknown, gone = look_at_all(places)
        assert (marlin.outcome, marlin.driver) == (Outcome.FOUND, "marlin")
        assert marlin.firmware.startswith("Marlin")
        assert marlin.capabilities is not None
        assert (grbl.outcome, grbl.driver) == (Outcome.FOUND, "grbl")
        assert grbl.firmware.lower().startswith("grbl 1.1")
        assert grbl.capabilities is not None
        assert grbl.capabilities.volume_mm == pytest.approx((600.0, 400.0, 80.0))
        assert grbl.baudrate is None
        assert "home" in grbl.detail
        assert unknown.outcome is Outcome.UNKNOWN
        assert gone.outcome is Outcome.GONE
        assert not moved(printer)
        assert not moved(router)


def test_a_port_in_use_is_not_touched(tmp_path: Path) -> None:
    with machine(tmp_path, "p", "marlin") as sim:
        port = Port(PortSettings(str(sim.port)))
        port.open()
        try:
            found = look_at(Place(str(sim.port)), {})
        finally:
            port.close()
        assert found.outcome is Outcome.IN_USE
        held = look_at(Place(str(sim.port)), {os.path.realpath(sim.port): "octoprint (process 7)"})
        assert (held.outcome, held.detail) == (Outcome.IN_USE, "octoprint (process 7) has it open")
        assert not moved(sim)


def test_whoever_has_a_device_open_is_known() -> None:
    with silent() as (name, _):
        code = (
            f"import os, sys; os.open({name!r}, os.O_RDWR | os.O_NOCTTY); print('open', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            assert f"(process {child.pid})" in finding.holders()[name]
            child.communicate()


class Recorder:
    """Answers as a GRBL does that runs a program of its own, and keeps all that it was sent."""

    def __init__(self, end: int, state: bytes) -> None:
        self._end = end
        self._state = state
        self.heard = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self.heard.endswith(b"quit"):
            try:
                data = os.read(self._end, 4096)
            except OSError:  # nobody has the other end open yet, or any more
                threading.Event().wait(0.01)
                continue
            self.heard += data
            for byte in data:
                if byte == ord("?"):
                    os.write(self._end, b"<" + self._state + b"|MPos:1.000,2.000,3.000|FS:500,8000>\r\n")
                elif byte == ord("\n"):
                    os.write(self._end, b"error:8\r\n")

    def end(self, name: str) -> None:
        ours = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.write(ours, b"quit")
        self._thread.join()
        os.close(ours)


@pytest.mark.parametrize("state", [b"Run", b"Hold:0", b"Door:1", b"Home"])
def test_a_router_at_work_is_not_reset(state: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "BOOT_S", 1.5)
    with silent() as (name, end):
        peer = Recorder(end, state)
        try:
            found = look_at(Place(name), {})
        finally:
            peer.end(name)
        assert (found.outcome, found.driver) == (Outcome.AT_WORK, "grbl")
        assert state.decode().split(":")[0] in found.detail
        assert not set(b"!~\x18\x84\x9e") & set(peer.heard)
        assert set(peer.heard.removesuffix(b"quit").split()) <= {b"M115", b"M27", b"$I", b"?"}


@pytest.mark.parametrize(
    ("text", "busy"),
    [
        ("ok\nNot SD printing\nok\n", ""),
        ("SD printing byte 12/900\nok\n", "card"),
        ("SD print paused\nok\n", "card"),
        ("FIRMWARE_NAME:Marlin 2.1\nCap:EEPROM:1\nok\n", "not told"),
        ("FIRMWARE_NAME:Marlin 2.1\nok\nNot SD printing\n", ""),
        ('FIRMWARE_NAME:Marlin 2.1\nok\necho:Unknown command: "M27"\nok\n', ""),
        ("echo:busy: processing\n", "busy"),
        ("echo:busy: processing\nok\n", ""),
    ],
)
def test_a_printer_at_work_is_known(text: str, busy: str) -> None:
    assert busy in MARLIN.busy(text)
    assert bool(MARLIN.busy(text)) == bool(busy)


@pytest.mark.parametrize(("told", "danger"), [(None, "doesn't say"), (False, "THERMAL PROTECTION IS OFF"), (True, "")])
def test_a_printer_that_could_burn_says_so(told: bool | None, danger: str) -> None:
    abilities = Abilities()
    if told is not None:
        abilities.take(Capability("THERMAL_PROTECTION", told))
    assert danger in "".join(abilities.dangers())
    assert bool(abilities.dangers()) == bool(danger)


def test_no_sign_takes_the_others_firmware_for_its_own() -> None:
    marlin = 'echo:Unknown command: "$I"\nFIRMWARE_NAME:Marlin 2.1.2 PROTOCOL_VERSION:1.0\nok\n'
    grbl = (
        "Grbl 1.1h ['$' for help]\nerror:20\n<Idle|MPos:0.000,0.000,0.000>\n[VER:1.1h.20190825:]\n[OPT:V,15,128]\nok\n"
    )
    assert (MARLIN.recognise(marlin), GRBL.recognise(marlin)) == ("Marlin 2.1.2", "")
    assert (MARLIN.recognise(grbl), GRBL.recognise(grbl)) == ("", "Grbl 1.1h.20190825")
    assert GRBL.busy(grbl) == ""


class Serial2Tcp(socketserver.BaseRequestHandler):
    """A printer behind a serial server."""

    def handle(self) -> None:
        while data := self.request.recv(4096):
            for line in filter(None, data.split(b"\n")):
                if b"M115" in line:
                    self.request.sendall(b"FIRMWARE_NAME:Marlin bugfix PROTOCOL_VERSION:1.0\n")
                self.request.sendall(b"ok T:20.0 /0.0 B:20.0 /0.0\n" if b"M105" in line else b"ok\n")


def test_a_serial_server_is_asked_at_one_speed() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Serial2Tcp) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            found = look_at(Place(f"socket://127.0.0.1:{server.server_address[1]}"), {})
        finally:
            server.shutdown()
            thread.join()
    assert (found.driver, found.firmware, found.baudrate) == ("marlin", "Marlin bugfix", None)


class Nodder(socketserver.BaseRequestHandler):
    """Says `ok` to whatever it is asked, but its name."""

    def handle(self) -> None:
        while data := self.request.recv(4096):
            for line in filter(None, data.split(b"\n")):
                self.request.sendall(b"FIRMWARE_NAME:Nodder\nok\n" if line == b"M115" else b"ok\n")


def test_whoever_only_nods_is_left_to_itself() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Nodder) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (found,) = look_at_all([Place(f"socket://127.0.0.1:{server.server_address[1]}")], patience_s=3.0)
        server.shutdown()
    assert found.outcome is Outcome.FAULT


# Hosts ------------------------------------------------------------------------------------------


class Host(BaseHTTPRequestHandler):
    """A host that wants a key, but at /api/version."""

    def do_GET(self) -> None:
        open_here = self.path == "/api/version"
        self.send_response(200 if open_here else 403)
        self.end_headers()
        self.wfile.write(b'{"text": "Test host 1.0"}' if open_here else b"no")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        return


@contextmanager
def host(monkeypatch: pytest.MonkeyPatch, path: str) -> Iterator[str]:
    sign = WebSign(path, lambda status, body: "Test host 1.0" if "Test host" in body else "", (1,))
    entry = DriverEntry(lambda port: MarlinDriver(PortSettings("/nowhere")), sign)
    monkeypatch.setattr(finding, "DRIVERS", {**{k: v for k, v in DRIVERS.items() if k == "marlin"}, "test": entry})
    with HTTPServer(("127.0.0.1", 0), Host) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_host_that_refuses_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with host(monkeypatch, "/other") as url:
        assert look_at(Place(url), {}).outcome is Outcome.NEEDS_KEY


def test_a_host_is_known_by_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with host(monkeypatch, "/api/version") as url:
        monkeypatch.setattr(finding, "make", lambda name, port: MarlinDriver(PortSettings("/nowhere")))
        found = look_at(Place(url), {})
    assert (found.driver, found.firmware) == ("test", "Test host 1.0")
    assert found.outcome is Outcome.FAULT
    assert "nowhere" in found.detail


@pytest.mark.parametrize(
    ("host", "firmware", "volume_mm"), [("octoprint", "OctoPrint", None), ("moonraker", "Klipper", (250, 210, 210))]
)
def test_a_simulated_host_is_known_and_wants_its_key(
    tmp_path: Path, host: str, firmware: str, volume_mm: tuple[float, float, float] | None
) -> None:
    with machine(tmp_path, "o", "marlin", link="http", host=host, api_key="secret") as sim:
        url = sim.port.read_text().strip()
        shut = look_at(Place(url), {})
        wrong = look_at(Place(url, "wrong"), {})
        found = look_at(Place(url, "secret"), {})
        assert not moved(sim)
    assert (shut.outcome, shut.driver) == (Outcome.NEEDS_KEY, host)
    assert (wrong.outcome, wrong.driver) == (Outcome.NEEDS_KEY, host)
    assert (found.outcome, found.driver) == (Outcome.FOUND, host)
    assert firmware in found.firmware
    assert found.capabilities is not None
    assert found.capabilities.volume_mm == volume_mm


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with host(monkeypatch, "/other"):
        found = look_at(Place("http://127.0.0.1:9"), {})
    assert (found.outcome, found.driver) == (Outcome.GONE, "")


def test_the_likeliest_speeds_come_first() -> None:
    signs = [GRBL, MARLIN]
    assert finding._speeds(Place("/dev/ttyUSB0"), signs)[:2] == (115200, 250000)
    assert finding._speeds(Place("/dev/ttyUSB0", baudrate=57600), signs)[:2] == (57600, 115200)
    assert finding._speeds(Place("socket://127.0.0.1:9", baudrate=57600), signs) == (57600,)


def test_a_host_that_names_itself_to_nobody_without_a_key_is_known_with_it(tmp_path: Path) -> None:
    with machine(tmp_path, "o", "marlin", link="http", host="prusalink", api_key="secret") as sim:
        url = sim.port.read_text().strip()
        shut, wrong, found = (look_at(Place(url, key), {}) for key in ("", "wrong", "secret"))
        assert not moved(sim)
    assert (shut.outcome, shut.detail) == (Outcome.NEEDS_KEY, "it answers nothing without a key")
    assert (wrong.outcome, wrong.detail) == (Outcome.NEEDS_KEY, "it does not accept the key")
    assert (found.outcome, found.driver) == (Outcome.FOUND, "prusalink")


def test_a_printer_that_prints_from_its_card_is_left_alone_however_its_answer_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "BOOT_S", 2.5)
    heard: list[bytes] = []
    named = threading.Event()

    def answer(line: bytes) -> bytes:
        heard.append(line)
        if line == b"M115":
            return b"FIRMWARE_NAME:Marlin 2.1 PROTOCOL_VERSION:1.0\nok\n"
        if line == b"M27" and not named.is_set():
            named.set()  # its answer is late: the next one tells
            return b""
        return b"SD printing byte 12/900\nok\n" if line == b"M27" else b"ok\n" if line else b""

    with peer(answer) as printer:
        found = look_at(Place(printer.url), {})
    assert (found.outcome, found.driver) == (Outcome.AT_WORK, "marlin")
    assert "own card" in found.detail
    assert not any(b"M110" in line for line in heard)

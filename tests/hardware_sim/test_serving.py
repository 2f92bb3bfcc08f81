"""A machine as a process: its pty opened with pyserial, its control socket, its files, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from hardware_sim.truth.store import read_bed, read_episodes, read_log, read_sheet

PATIENCE_S = 20.0


class Served:
    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.port = folder / "port"
        self.control = folder / "control"
        config = {
            "name": "machine",
            "port": str(self.port),
            "folder": str(folder / "truth"),
            "control": str(self.control),
            "speed": 600,
            "boot_s": 0.05,
            "idle_s": 0.2,
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hardware_sim.firmware", "serve", json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert b"serving" in self.process.stdout.readline()

    @property
    def truth(self) -> Path:
        return self.folder / "truth"

    def ask(self, command: str, **arguments: object) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as answers:
            link.connect(str(self.control))
            link.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            reply: dict[str, object] = json.loads(answers.readline())
            return reply

    def open(self) -> serial.Serial:
        return serial.Serial(str(self.port), 115200, timeout=PATIENCE_S, exclusive=True)

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE_S)


def until(link: serial.Serial, words: bytes) -> list[bytes]:
    """Lines up to the first that begins so."""
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith(words):
        line = link.readline()
        assert line, f"{words!r} never came: {lines!r}"
        lines.append(line)
    return lines


def send(link: serial.Serial, *lines: str) -> None:
    for line in lines:
        link.write(line.encode() + b"\n")
        until(link, b"ok")


def eventually(served: Served, events: int) -> None:
    """Until so many episodes have ended."""
    deadline = time.monotonic() + PATIENCE_S
    while sum(episode.ended_at is not None for episode in read_episodes(served.truth)) < events:
        assert time.monotonic() < deadline, read_log(served.truth)


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, firmware="marlin")
    yield served
    served.end()


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, firmware="grbl")
    yield served
    served.end()


def test_a_print_over_the_port_leaves_its_truth(printer: Served) -> None:
    with printer.open() as link:
        until(link, b"echo:Hardcoded")
        send(link, "G28", "M109 S200", "M83", "G1 Z0.2 F600", "G1 X50 F6000", "G1 X60 E0.4", "M104 S0", "M400")
        eventually(printer, 1)
    (episode,) = read_episodes(printer.truth)
    assert (episode.kind, episode.job, episode.reason_end, episode.deposits) == ("job", 1, "idle", 1)
    assert episode.ended_at is not None
    assert episode.started_at < episode.ended_at
    assert printer.ask("clear_bed") == {"ok": True, "bed": 1}
    rows = read_bed(printer.truth, 1)
    assert rows.shape == (1, 6)
    assert rows[0].tolist() == pytest.approx([50.0, 0.0, 60.0, 0.0, 0.2, 0.4])


def test_opening_the_port_again_restarts_the_board(printer: Served) -> None:
    for _ in range(2):
        with printer.open() as link:
            assert b"start\n" in until(link, b"echo:Hardcoded")
            send(link, "M140 S50")
    eventually(printer, 1)
    assert read_episodes(printer.truth)[0].reason_end == "port opened"


def test_a_cut_over_the_port_leaves_its_truth(router: Served) -> None:
    router.ask("load_sheet", x=-400, y=-300, z_top=-20, width=200, depth=100, thickness=6, material="plywood")
    with router.open() as link:
        until(link, b"[MSG:'$H'")
        send(link, "$H", "G10L2P1X-390Y-290Z-20", "M3S1000", "G0X0Y0", "G1Z-2F600", "G1X50", "M5", "M30")
        eventually(router, 2)
    sheet = read_sheet(router.truth, 1)
    assert sheet is not None
    assert (sheet.x, sheet.z_top, sheet.thickness, sheet.tool_diameter) == (-400.0, -20.0, 6.0, 3.175)
    assert [episode.kind for episode in read_episodes(router.truth)] == ["setup", "job"]
    router.ask("summary")
    assert read_bed(router.truth, 1)[-1].tolist() == pytest.approx([-390.0, -290.0, -22.0, -340.0, -290.0, -22.0])


def test_a_kill_by_hand_and_a_reset_by_hand(printer: Served) -> None:
    with printer.open() as link:
        until(link, b"echo:Hardcoded")
        send(link, "G28", "M109 S200")
        assert printer.ask("fault", fault={"kind": "thermal_runaway"}) == {"ok": True}
        until(link, b"Error:Printer halted")
        assert printer.ask("summary")["state"] == "killed"
        assert printer.ask("reset") == {"ok": True}
        until(link, b"start")
        assert printer.ask("summary")["state"] == "idle"


def test_a_pulled_cable_hangs_up_and_comes_back_when_plugged(printer: Served) -> None:
    with printer.open() as link:
        until(link, b"echo:Hardcoded")
        printer.ask("unplug")
        with pytest.raises((serial.SerialException, OSError)):
            until(link, b"never")
    assert not printer.port.exists()
    printer.ask("plug")
    with printer.open() as link:
        until(link, b"start")


def test_a_cable_that_comes_off_by_fault_is_plugged_again(printer: Served) -> None:
    with printer.open() as link:
        until(link, b"echo:Hardcoded")
        send(link, "G28", "M109 S200")
        printer.ask("fault", fault={"kind": "disconnect", "reconnect_s": 0.2})
        with pytest.raises((serial.SerialException, OSError)):
            until(link, b"never")
    deadline = time.monotonic() + PATIENCE_S
    while not printer.port.exists():
        assert time.monotonic() < deadline
    with printer.open() as link:
        until(link, b"start")


def test_a_person_s_acts_at_a_printer(printer: Served) -> None:
    with printer.open() as link:
        until(link, b"echo:Hardcoded")
        printer.ask("expect", material="PETG", nozzle_mm=0.4)
        assert printer.ask("load_spool", material="PLA", grams=50)["ok"] is True
        assert printer.ask("fit_nozzle", diameter_mm=0.6)["ok"] is True
        send(link, "M106 S200", "G28")
        link.write(b"M0\n")
        assert printer.ask("press_button")["ok"] is True
        until(link, b"ok")
        send(link, "M104 S50")
    details, counters = (printer.ask("summary")[name] for name in ("details", "counters"))
    assert isinstance(details, dict)
    assert isinstance(counters, dict)
    assert (details["fan"], details["spool_grams"]) == (200, 50.0)
    assert counters["mismatched_jobs"] == 1
    assert [line["event"] for line in read_log(printer.truth)].count("nozzle_fitted") == 1


def test_a_person_s_acts_at_a_router(tmp_path: Path) -> None:
    router = Served(tmp_path, firmware="grbl", router={"homing": False, "door_switch": True})
    with router.open() as link:
        until(link, b"Grbl")
        assert router.ask("nobody_there")["ok"] is True
        send(link, "M3S1000")
        assert router.ask("somebody_there", until_s=60)["ok"] is True
        assert router.ask("open_door")["ok"] is True
        until(link, b"[MSG:Check Door]")
        assert router.ask("close_door")["ok"] is True
        assert router.ask("fit_tool", length_mm=40, diameter_mm=6)["ok"] is True
        assert router.ask("lay_probe_plate", thickness_mm=20)["ok"] is True
        details, counters = (router.ask("summary")[name] for name in ("details", "counters"))
        assert isinstance(details, dict)
        assert isinstance(counters, dict)
        assert (details["tool_mm"], details["tool_length_mm"], details["probe_plate"]) == (6.0, 40.0, True)
        assert counters["spindle_alone_s"] > 0
        assert router.ask("take_probe_plate")["ok"] is True
    router.end()


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("dance", {}),
        ("fault", {"fault": {"kind": "earthquake"}}),
        ("load_sheet", {"x": 0, "y": 0, "z_top": 0, "width": -1, "depth": 1, "thickness": 1}),
        ("load_sheet", {"x": 0, "y": 0, "z_top": 0, "width": 1, "depth": 1, "thickness": 1}),
        ("fault", {"fault": {"kind": "sheet_slips"}}),
        ("fault", {"fault": {"kind": "miscount"}}),
        ("open_door", {}),
        ("expect", {"flavour": "vanilla"}),
    ],
)
def test_commands_that_make_no_sense_are_refused(printer: Served, command: str, arguments: dict[str, object]) -> None:
    reply = printer.ask(command, **arguments)
    assert reply["ok"] is False
    assert reply["error"]
    assert printer.ask("summary")["ok"] is True


def test_unknown_settings_are_refused(tmp_path: Path) -> None:
    config = {"name": "m", "firmware": "marlin", "port": "p", "folder": "f", "control": "c", "colour": "red"}
    done = subprocess.run(
        [sys.executable, "-m", "hardware_sim.firmware", "serve", json.dumps(config)],
        capture_output=True,
        cwd=Path(__file__).parent.parent.parent,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert b"colour" in done.stderr


def test_the_process_ends_with_its_standard_input(tmp_path: Path) -> None:
    served = Served(tmp_path, firmware="marlin")
    assert served.end() == 0
    assert not served.port.exists()
    assert not served.control.exists()


def test_the_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    config = {
        "name": "m",
        "firmware": "grbl",
        "port": str(tmp_path / "port"),
        "folder": str(tmp_path / "truth"),
        "control": str(tmp_path / "control"),
    }
    # The machine gets no pipe here, so that nothing but its parent's death can tell it.
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-m', 'hardware_sim.firmware', 'serve', sys.argv[1]],"
            " stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)\n"
            "child.stdout.readline()\n"
            "print(child.pid, flush=True)\n"
            "child.wait()\n",
            json.dumps(config),
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + PATIENCE_S
    while (tmp_path / "control").exists():
        assert time.monotonic() < deadline, f"{child} lives on"
    assert not os.path.lexists(tmp_path / "port")

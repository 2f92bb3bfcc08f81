"""`llagar-rig up`: machines that can be opened while it is up, and nothing at all once it isn't."""

import os
import re
import select
import signal
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from hardware_sim.rig.folder import STATE, read_state
from tests.rig.batch import RIG, left_behind
from tests.rig.workshops import ALONE_S, Terminal, kill, send, until, wait_until_up
from tests.waiting import eventually

WORKSHOP = """
speed = 600
[[machines]]
name = "router"
firmware = "grbl"
[[shops]]
name = "nava"
[[shops.machines]]
name = "printer"
firmware = "marlin"
count = 2
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_every_machine_can_be_opened_by_its_name(terminal: Terminal) -> None:
    rig = terminal.start(terminal.rig_file(WORKSHOP), "--ports", str(terminal.ports))
    said = wait_until_up(rig)
    assert f"router: grbl at {terminal.ports}/router" in said
    for name, greeting in (("router", b"Grbl"), ("printer-1", b"start"), ("printer-2", b"start")):
        port = terminal.ports / name
        assert stat.S_ISCHR(port.stat().st_mode)
        with serial.Serial(str(port), 115200, timeout=30, exclusive=True) as link:
            until(link, greeting)
    rig.send_signal(signal.SIGINT)
    out, err = rig.communicate(timeout=60)
    assert (rig.returncode, err) == (0, "")
    assert "llagar-rig report" in out
    assert list(terminal.ports.iterdir()) == []
    assert left_behind(terminal.word) == []


def test_happenings_are_told_as_they_come(terminal: Terminal) -> None:
    with terminal.workshop(WORKSHOP) as rig, serial.Serial(str(terminal.ports / "printer-1"), timeout=30) as link:
        until(link, b"echo:Hardcoded")
        send(link, "G28", "M109 S200", "M83", "G1 Z0.2 F600", "G1 X50 E1 F6000", "G1 X900 E1")
        assert rig.stdout is not None
        told = ""
        while "job started" not in told or not re.search(rf"printer-1: opened by .+ {os.getpid()}\n", told):
            told += rig.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(terminal: Terminal, number: signal.Signals) -> None:
    with terminal.workshop(WORKSHOP) as rig:
        assert len(left_behind(terminal.word)) > 4
        rig.send_signal(number)
        assert rig.wait(60) == 0
        assert left_behind(terminal.word) == []
        assert list(terminal.ports.iterdir()) == []


def test_no_machine_outlives_a_rig_that_is_killed(terminal: Terminal) -> None:
    with terminal.workshop(WORKSHOP) as rig:
        kill(rig)
        eventually(lambda: not left_behind(terminal.word))
        assert not any(path.is_symlink() for path in terminal.ports.iterdir())
        assert "no rig is running" in terminal.refuses("fault", "router", "hang")
        assert "has ended" in terminal.refuses("do", "router", "summary", "--rig", str(terminal.ports))
    with terminal.workshop(WORKSHOP):
        terminal.does("do", "router", "summary")


def test_many_come_up_together_and_end_after_their_time(terminal: Terminal) -> None:
    text = '[[machines]]\nname = "printer"\nfirmware = "marlin"\ncount = 40\n'
    done = terminal.run("up", terminal.rig_file(text), "--ports", str(terminal.ports), "--headless", "--for", "0.5")
    assert done.returncode == 0, done.stderr
    assert sum(" marlin at " in line for line in done.stdout.splitlines()) == 40
    assert list(terminal.ports.iterdir()) == []


def test_a_second_rig_keeps_off_the_first_ones_ports(terminal: Terminal) -> None:
    with terminal.workshop(WORKSHOP):
        said = terminal.refuses("up", terminal.rig_file(WORKSHOP), "--ports", str(terminal.ports), "--headless")
        assert "another rig that is running has its ports there" in said
        assert (terminal.ports / "router").is_symlink()


def test_somebodys_file_is_not_replaced(terminal: Terminal) -> None:
    terminal.ports.mkdir()
    (terminal.ports / "router").write_text("mine")
    said = terminal.refuses("up", terminal.rig_file(WORKSHOP), "--ports", str(terminal.ports), "--headless")
    assert "router is in the way" in said
    assert (terminal.ports / "router").read_text() == "mine"
    said = terminal.refuses("up", terminal.rig_file(WORKSHOP), "--ports", str(terminal.ports / "router"), "--headless")
    assert "router: can't be a folder for ports: File exists" in said


def test_a_machine_that_ends_by_itself_is_mourned(terminal: Terminal) -> None:
    with terminal.workshop(WORKSHOP) as rig:
        os.kill(process_of(terminal, "printer-2"), signal.SIGKILL)
        assert rig.stdout is not None
        while "printer-2 ended with -9" not in rig.stdout.readline():
            assert rig.poll() is None
        with serial.Serial(str(terminal.ports / "router"), timeout=30) as link:
            until(link, b"Grbl")
        rig.terminate()
        _, err = rig.communicate(timeout=60)
        assert rig.returncode == 1
        assert "printer-2 ended with -9" in err


def process_of(terminal: Terminal, machine: str) -> int:
    """The one that writes the machine's own log."""
    state = read_state(terminal.ports / STATE)
    assert state is not None
    log = str(state.log(machine))
    outputs = {int(path.parts[2]): path for path in Path("/proc").glob("[0-9]*/fd/1")}
    (pid,) = (pid for pid, path in outputs.items() if path.is_symlink() and str(path.readlink()) == log)
    return pid


def test_a_rig_that_can_not_be_is_refused(terminal: Terminal) -> None:
    assert "nothing.toml: can't be read" in terminal.refuses("up", "nothing.toml")
    assert "say which rig" in terminal.refuses("up")
    said = terminal.refuses("up", terminal.rig_file(WORKSHOP + "colour = 1"), "--headless")
    assert "rig.toml: shops.0.machines.0.colour" in said


LOGIN = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes its standard input the terminal that controls it."""


@pytest.fixture
def screen() -> Iterator[tuple[int, int]]:
    """A terminal: our end, which shows it, and the end that programs run on."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, 250))
    yield ours, theirs
    os.close(ours)


def at_terminal(terminal: Terminal, theirs: int) -> subprocess.Popen[bytes]:
    words = ["up", terminal.rig_file(WORKSHOP), "--ports", str(terminal.ports), "--for", ALONE_S]
    environment = {**terminal.environment, "TERM": "xterm", "COLUMNS": "250", "LINES": "40"}
    rig = subprocess.Popen([sys.executable, "-c", LOGIN, RIG, *words], env=environment, stdin=theirs)
    os.close(theirs)
    return rig


def require_shown(ours: int, *words: bytes) -> None:
    shown = b""
    deadline = time.monotonic() + 50
    while missing := [word for word in words if word not in shown]:
        ready, _, _ = select.select([ours], [], [], max(0.0, deadline - time.monotonic()))
        shown += os.read(ours, 65536) if ready else b""
        assert time.monotonic() < deadline, f"{missing} isn't shown: {shown.decode()}"


def test_a_terminal_shows_a_table_until_ctrl_c(terminal: Terminal, screen: tuple[int, int]) -> None:
    ours, theirs = screen
    rig = at_terminal(terminal, theirs)
    require_shown(ours, b"open it at", b"router", b"spindle off", b"printer-2", b"21/0", b"News")
    os.write(ours, b"\x03")
    require_shown(ours, b"llagar-rig report")
    assert rig.wait(60) == 0
    assert left_behind(terminal.word) == []


def test_a_closed_terminal_ends_it(terminal: Terminal, screen: tuple[int, int]) -> None:
    ours, theirs = screen
    rig = at_terminal(terminal, theirs)
    require_shown(ours, b"printer-2")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), ours)
    rig.wait(60)
    eventually(lambda: not left_behind(terminal.word))
    assert list(terminal.ports.iterdir()) == []

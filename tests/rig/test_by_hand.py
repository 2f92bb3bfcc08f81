"""A second terminal brings faults about on a rig that is up, and lends its hands; it is told plainly what can't be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from hardware_sim.faults import FaultKind
from hardware_sim.rig.by_hand import Deed, commands
from hardware_sim.rig.folder import STATE
from hardware_sim.rig.kinds import says
from tests.rig.workshops import Terminal, send, until

ONE = '[[machines]]\nname = "printer"\nfirmware = "marlin"\nspeed = 600\n'


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_a_fault_reaches_the_machine(terminal: Terminal) -> None:
    with terminal.workshop(ONE) as rig, serial.Serial(str(terminal.ports / "printer"), timeout=30) as link:
        until(link, b"echo:Hardcoded")
        send(link, "M109 S200")
        assert "thermal_runaway is on its way" in terminal.does("fault", "printer", "thermal_runaway")
        until(link, b"Error:Printer halted")
        assert '"state": "killed"' in terminal.does("do", "printer", "summary")
        assert rig.stdout is not None
        told = ""
        while "printer: killed" not in told:
            told += rig.stdout.readline()
        assert "printer: fault kind=thermal_runaway" in told
        terminal.does("do", "printer", "reset")
        until(link, b"start")


def test_a_fault_waits_for_its_place(terminal: Terminal) -> None:
    with terminal.workshop(ONE):
        words = ["detach", "island=2", "--job", "3", "--after", "height_mm", "--at", "1.5"]
        terminal.does("fault", "printer", *words)
        said = terminal.does("do", "printer", "summary")
        assert all(part in said for part in ('"kind": "detach"', '"island": 2', '"job": 3', '"at": 1.5', "height_mm"))


def test_hands_do_what_they_are_told(terminal: Terminal) -> None:
    with terminal.workshop(ONE):
        terminal.does("do", "printer", "load_spool", "material=PETG", "grams=20")
        assert '"material": "PETG"' in terminal.does("do", "printer", "summary")
        assert '"bed": 1' in terminal.does("do", "printer", "clear_bed")
        terminal.does("do", "printer", "unplug")
        assert not (terminal.ports / "printer").is_symlink()
        terminal.does("do", "printer", "plug")
        assert (terminal.ports / "printer").is_symlink()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fault", "router", "hang"], "there is no machine 'router'; there are: printer"),
        (["fault", "printer", "earthquake"], "earthquake"),
        (["fault", "printer", "hang", "island=x"], "hang: island"),
        (["fault", "printer", "hang", "colour=red"], "hang: colour: there is no such key; a fault has job"),
        (["fault", "printer", "wrong_spool"], "wrong_spool: people do this"),
        (["fault", "printer", "sheet_slips"], "sheet_slips: a marlin machine can't have this fault"),
        (["fault", "printer", "hang", "now"], "'now': say it as KEY=VALUE"),
        (["do", "printer"], "say what to do"),
        (["do", "printer", "dance"], "there is no command 'dance'; there are: choose, clear_bed"),
        (["do", "printer", "load_spool"], "load_spool: material: is missing"),
        (
            ["do", "printer", "load_sheet", "x=0", "y=0", "z_top=0", "width=1", "depth=1", "thickness=1"],
            "printer takes no",
        ),
        (["do", "printer", "plug", "--rig", "/nowhere"], "/nowhere: no rig has its ports there"),
    ],
)
def test_what_can_not_be_is_said(words: list[str], said: str, rig: Terminal) -> None:
    assert said in " ".join(rig.says(*words).split())


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("rig"))
    with terminal.workshop(ONE):
        yield terminal


def test_two_rigs_must_be_told_apart(rig: Terminal) -> None:
    with rig.up(rig.rig_file(ONE)):
        said = rig.refuses("fault", "printer", "hang")
        assert "several rigs are running" in said
        assert f"--rig {rig.ports}" in said
        assert '"state"' in rig.does("do", "printer", "summary", "--rig", str(rig.ports))


def test_without_a_rig_there_is_nothing_to_break(terminal: Terminal) -> None:
    assert "no rig is running; start one with: llagar-rig up" in terminal.refuses("fault", "printer", "hang")
    terminal.ports.mkdir()
    (terminal.ports / STATE).write_text("{}")
    assert "isn't the state of a rig" in terminal.refuses("do", "p", "plug", "--rig", str(terminal.ports))


def test_every_fault_and_command_is_listed_with_what_it_does(terminal: Terminal) -> None:
    listed = " ".join(terminal.does("faults").split())
    assert set(says()) == set(FaultKind)
    assert all(kind in listed for kind in FaultKind)
    listed = terminal.does("do")
    assert all(f"{name} " in listed for name in commands())
    assert [name for name, command in commands().items() if not command.__doc__] == []


@pytest.mark.parametrize(
    ("fault", "job", "moves", "after", "at"),
    [
        ({"kind": "hang"}, 4, 17, "moves", 17),
        ({"kind": "hang"}, 4, 0, None, 0),
        ({"kind": "hang", "at": 5, "after": "height_mm"}, 4, 17, "height_mm", 5),
        ({"kind": "corrupt_byte", "at": 9}, 4, 17, None, 9),
    ],
)
def test_a_deed_knows_its_place(fault: dict[str, object], job: int, moves: int, after: str | None, at: float) -> None:
    command = {"command": "fault", "fault": fault}
    deed = Deed.model_validate(
        {"at": "2026-01-01T00:00:00Z", "machine": "m", "command": command, "job": job, "moves": moves}
    )
    planned = deed.fault()
    assert planned is not None
    assert (planned.job, planned.after, planned.at) == (4, after, at)

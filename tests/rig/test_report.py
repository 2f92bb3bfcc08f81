"""`llagar-rig report`, and the rig that is started from it again."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import serial
from numpy.typing import NDArray

from hardware_sim.rig.folder import STATE, RigState, read_state
from hardware_sim.rig.report import read_bundle
from hardware_sim.rig.rig_file import plan_of
from hardware_sim.truth.store import read_bed, read_log
from tests.rig.workshops import Terminal, kill, send, until

RIG = """
seed = 5
[[machines]]
name = "printer"
firmware = "marlin"
speed = 600
idle_s = 0.2
[[machines.faults]]
kind = "corrupt_byte"
job = 1
at = 15
[[machines.faults]]
kind = "lost_byte"
job = 1
at = 20
"""
HEAD = ("G28", "M109 S200", "M83", "G1 X20 Y20 Z0.2 F6000")
LAYER = tuple(f"G1 X{20 + 10 * (row % 2)} Y{20 + 0.4 * row:.1f} E0.3" for row in range(1, 31))
LINES = (*LAYER, "G1 X20 Y20", "G1 Z0.4", *LAYER)
"""The second layer lies on the first, where it still stands."""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def state_of(terminal: Terminal) -> RigState:
    state = read_state(terminal.ports / STATE)
    assert state is not None
    return state


def print_on(terminal: Terminal, *, by_hand: bool) -> tuple[list[str], NDArray[np.float32]]:
    """One job; the kinds that fired in it, and what lies on the bed afterwards."""
    with serial.Serial(str(terminal.ports / "printer"), 115200, timeout=30) as link:
        until(link, b"echo:Hardcoded")
        send(link, *HEAD, *LINES[:25])
        if by_hand:
            terminal.does("fault", "printer", "detach")
        send(link, *LINES[25:], "M400")
        terminal.does("do", "printer", "summary")
    folder = state_of(terminal).folder / "machines" / "printer"
    return [str(line["kind"]) for line in read_log(folder) if line["event"] == "fault"], read_bed(folder, 1)


def test_a_replay_breaks_the_same_things_in_the_same_places(terminal: Terminal) -> None:
    bundle = terminal.folder / "rig.zip"
    with terminal.workshop(RIG):
        kinds, rows = print_on(terminal, by_hand=True)
        terminal.does("report", "--out", str(bundle))
    with terminal.up("--replay", str(bundle), "--ports", str(terminal.ports)):
        again, rows_again = print_on(terminal, by_hand=False)
    assert sorted(kinds) == ["corrupt_byte", "detach", "lost_byte"]
    assert sorted(again) == sorted(kinds)
    assert rows_again.tolist() == rows.tolist()
    with terminal.workshop(RIG.partition("[[machines.faults")[0]):
        _, whole = print_on(terminal, by_hand=False)
    assert len(whole) == 2 * len(LAYER) > len(rows) > 0


def members(bundle: Path) -> dict[str, str]:
    with zipfile.ZipFile(bundle) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def test_a_bundle_says_what_the_rig_was(terminal: Terminal) -> None:
    bundle = terminal.folder / "rig.zip"
    text = RIG.replace("speed", "random = 2\nspeed")
    with terminal.workshop(text, "--seed", "7"):
        terminal.does("fault", "printer", "hang", "--job", "2")
        said = terminal.does("report", "--out", str(bundle))
        assert f"llagar-rig up --replay {bundle}" in said
    held = members(bundle)
    about = json.loads(held["bundle.json"])
    assert (about["seed"], about["running"]) == (7, True)
    assert "--seed" in about["command"]
    assert about["versions"]["packages"]["llagar"]
    assert about["versions"]["python"]
    assert held["rig.toml"] == text
    assert json.loads(held["machines/printer/summary.json"])["counters"]["jobs"] == 0
    assert "serving" in held["machines/printer/process.log"]
    faults = [json.loads(line) for line in held["faults.jsonl"].splitlines()]
    assert [(one["what"], one["job"]) for one in faults if one["kind"] == "hang" and one["what"] == "by hand"] == [
        ("by hand", 2)
    ]
    assert sum(one["what"] == "planned" for one in faults) == 4
    _, plan = read_bundle(bundle)
    drawn = plan_of(text, "rig.toml", 7, None).machines[0].config.faults
    assert (plan.seed, plan.machines[0].config.faults[:-1]) == (7, drawn)
    assert plan.machines[0].config.faults[-1].kind == "hang"


def test_the_last_rig_can_be_reported_until_the_next(terminal: Terminal) -> None:
    with terminal.workshop(RIG):
        first = state_of(terminal)
    terminal.does("report", "--out", str(terminal.folder / "ended.zip"))
    held = members(terminal.folder / "ended.zip")
    assert json.loads(held["bundle.json"])["running"] is False
    assert json.loads(held["machines/printer/summary.json"])["state"] == "idle"
    with terminal.workshop(RIG, "--keep") as rig:
        kept = state_of(terminal)
        assert not first.folder.exists()
        kill(rig)
    terminal.does("report", "--out", str(terminal.folder / "killed.zip"))
    assert members(terminal.folder / "killed.zip")["machines/printer/summary.json"] == "null\n"
    with terminal.workshop(RIG):
        assert kept.folder.exists()
    kept.remove()


def test_what_is_no_bundle_is_refused(terminal: Terminal) -> None:
    assert "no rig is running" in terminal.refuses("report")
    assert "nothing.zip: can't be read" in terminal.refuses("up", "--replay", str(terminal.folder / "nothing.zip"))
    (terminal.folder / "text.zip").write_text("no zip at all")
    assert "no bundle" in terminal.refuses("up", "--replay", str(terminal.folder / "text.zip"))
    with zipfile.ZipFile(terminal.folder / "other.zip", "w") as other:
        other.writestr("rig.toml", RIG)
        other.writestr("plan.json", "{}")
        other.writestr("by_hand.jsonl", "")
    assert "other.zip: seed: is missing" in terminal.refuses("up", "--replay", str(terminal.folder / "other.zip"))
    assert "its own seed" in terminal.refuses("up", "--replay", str(terminal.folder / "other.zip"), "--seed", "1")

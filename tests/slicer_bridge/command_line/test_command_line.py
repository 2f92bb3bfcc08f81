import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slicer_bridge.command_line.main import BAD_INPUT, DONE, REFUSED
from tests.slicer_bridge.shapes import circle, dxf_text, rectangle, write_box, write_bracket

_ROOT = Path(__file__).parents[3]
_STRICT = '[sls.thin-wall]\nlimit = 0.75\nunit = "mm"\nseverity = "refuse"\nsource = "our own powder"\n'


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "slicer_bridge", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)


def test_measure_prints_facts_of_every_file(tmp_path: Path) -> None:
    files = [write_box(tmp_path / "box.stl", (30, 20, 10)), write_bracket(tmp_path / "bracket.dxf")]
    done = run("measure", *files, "--json", cwd=tmp_path)
    assert done.returncode == DONE, done.stderr
    mesh, drawing = json.loads(done.stdout)
    assert mesh["facts"]["mesh"]["size_mm"] == [30, 20, 10]
    assert drawing["facts"]["drawing"]["contours"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box.stl", "bracket.dxf"]


def test_bad_input_is_2_and_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.stl").write_bytes(b"")
    done = run("measure", "bad.stl", write_box(tmp_path / "box.stl", (30, 20, 10)), cwd=tmp_path)
    assert done.returncode == BAD_INPUT
    assert "bad.stl: bad input" in done.stdout
    assert "empty (0 bytes)" in done.stdout
    assert "box.stl: done" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["measure"], ["check", "x.gcode"], ["slice", "x.stl", "--bed", "1,2"]])
def test_bad_use_is_2(tmp_path: Path, arguments: list[str]) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == BAD_INPUT
    assert "usage:" in done.stderr


@pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="PrusaSlicer is not installed")
def test_slice_then_check(tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl", (20, 20, 3))
    assert run("slice", "box.stl", "--material", "PETG", cwd=tmp_path).returncode == DONE
    limits = _ROOT / "rigs" / "limits"
    assert run("check", "box.gcode", "--limits", limits / "marlin.toml", cwd=tmp_path).returncode == DONE
    assert run("check", "box.gcode", "--limits", limits / "klipper.toml", cwd=tmp_path).returncode == DONE
    done = run("check", "box.gcode", "--limits", limits / "grbl.toml", "--json", cwd=tmp_path)
    assert done.returncode == REFUSED
    (outcome,) = json.loads(done.stdout)
    assert not outcome["verdict"]["ok"]
    assert run("slice", "box.stl", "--bed", "10,10,10", cwd=tmp_path).returncode == REFUSED


def test_cut_then_check(tmp_path: Path) -> None:
    write_bracket(tmp_path / "bracket.dxf")
    assert run("cut", "bracket.dxf", "--thickness", "4", cwd=tmp_path).returncode == DONE
    grbl = _ROOT / "rigs" / "limits" / "grbl.toml"
    inside = run("check", "bracket.nc", "--limits", grbl, "--offset=-500,-300,-40", cwd=tmp_path)
    assert inside.returncode == DONE, inside.stdout
    outside = run("check", "bracket.nc", "--limits", grbl, "--offset=-20,-300,-40", cwd=tmp_path)
    assert outside.returncode == REFUSED
    assert "outside the machine's" in outside.stdout


def test_printability_refuses_what_the_tool_cannot_make(tmp_path: Path) -> None:
    (tmp_path / "fine.dxf").write_text(dxf_text(rectangle(0, 0, 60, 40) + circle(20, 20, 1)), encoding="ascii")
    done = run("printability", "fine.dxf", "--tool", "3.175", "--thickness", "3", cwd=tmp_path)
    assert done.returncode == REFUSED
    assert "tool-too-large" in done.stdout
    assert run("printability", "fine.dxf", "--tool", "1.5", cwd=tmp_path).returncode == DONE


def test_printability_says_where_in_json_and_in_a_picture(tmp_path: Path) -> None:
    write_box(tmp_path / "sheet.stl", (30, 20, 0.7))
    (tmp_path / "mine.toml").write_text(_STRICT, encoding="utf-8")
    rules = ["--process", "sls", "--material", "PA12", "--machine", "40,40,40", "--thresholds", "mine.toml"]
    done = run("printability", "sheet.stl", *rules, "--picture", ".", "--json", cwd=tmp_path)
    assert done.returncode == REFUSED, done.stderr
    (outcome,) = json.loads(done.stdout)
    (finding,) = outcome["findings"]
    assert (finding["rule"], finding["limit"], finding["source"]) == ("thin-wall", 0.75, "our own powder")
    assert finding["place"] == finding["places"][0]
    assert "<svg" in (tmp_path / "sheet.sls.svg").read_text(encoding="utf-8")
    assert run("printability", "sheet.stl", "--picture", "nowhere", cwd=tmp_path).returncode == BAD_INPUT
    assert run("printability", "sheet.stl", "--thresholds", "sheet.stl", cwd=tmp_path).returncode == BAD_INPUT


def test_cut_with_several_tools_and_with_a_laser(tmp_path: Path) -> None:
    write_bracket(tmp_path / "bracket.dxf")
    limits = Path(__file__).parents[3] / "rigs" / "limits" / "grbl.toml"
    done = run("cut", "bracket.dxf", "--tool", "3", "--tool", "drill:8", "--limits", limits, cwd=tmp_path)
    assert done.returncode == DONE, done.stdout
    assert sorted(path.name for path in tmp_path.glob("*.nc")) == ["bracket-1.nc", "bracket-2.nc"]
    assert "bracket-1.nc: drill 8 mm" in done.stdout
    done = run("cut", "bracket.dxf", "--process", "laser", "--limits", limits, "--json", cwd=tmp_path)
    (made,) = json.loads(done.stdout)
    assert made["cut"]["operations"] == [{"kind": "profile", "tool": "laser", "count": 4}]
    assert "M4 S19200" not in (tmp_path / "bracket.nc").read_text().splitlines()
    assert "S19200" in (tmp_path / "bracket.nc").read_text()


def test_cut_beyond_the_machine_writes_nothing(tmp_path: Path) -> None:
    write_bracket(tmp_path / "bracket.dxf")
    (tmp_path / "small.toml").write_text(
        'dialect = "grbl"\nmax_feed_mm_s = 50\nmax_spindle_rpm = 20000\n'
        "[envelope_mm]\nx = [-50, 0]\ny = [-50, 0]\nz = [-30, 0]\n"
    )
    done = run("cut", "bracket.dxf", "--limits", "small.toml", cwd=tmp_path)
    assert done.returncode == REFUSED
    assert "the machine has 50 mm" in done.stdout
    assert not list(tmp_path.glob("*.nc"))


def test_slice_several_copies_by_the_embedded_slicer(tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl", (20, 10, 2))
    how = ("--engine", "embedded", "--copies", "3", "--brim", "2", "--plate", "plate.3mf", "--json")
    done = run("slice", "box.stl", *how, cwd=tmp_path)
    assert done.returncode == DONE, done.stderr
    (outcome,) = json.loads(done.stdout)
    made = outcome["sliced"]
    assert made["provenance"]["engine"] == "embedded"
    assert made["provenance"]["embedded"]
    assert len(made["objects"]) == 3
    assert (tmp_path / "plate.3mf").read_bytes()[:2] == b"PK"
    assert run("slice", "box.stl", "--copies", "999", cwd=tmp_path).returncode == REFUSED
    assert run("slice", "box.stl", "--supports", "--engine", "embedded", cwd=tmp_path).returncode == BAD_INPUT

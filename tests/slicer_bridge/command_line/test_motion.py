"""`estimate` and `preview`: exit codes, words and JSON."""

import json
from pathlib import Path

import pytest

from slicer_bridge.command_line.main import BAD_INPUT, DONE, main
from tests.slicer_bridge.motion.programs import outline, ring

LIMITS = Path(__file__).parents[3] / "rigs" / "limits" / "marlin.toml"


def test_estimate_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ring.gcode").write_text(ring())
    assert main(["estimate", str(tmp_path / "ring.gcode"), "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)[0]["estimate"]
    assert found["planner"] == "marlin"
    assert found["total_s"] == pytest.approx(found["moving_s"] + found["waiting_s"] + found["heating_s"])
    assert len(found["layers"]) == 6
    assert found["filament"][0]["tool"] == 0


def test_estimate_by_the_machine_s_own_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plate.nc").write_text(outline())
    (tmp_path / "settings").write_text("$11=0.01\n$110=6000\n$111=6000\n$112=2000\n$120=500\n$121=500\n$122=200\n")
    assert main(["estimate", str(tmp_path / "plate.nc"), "--motion", str(tmp_path / "settings")]) == DONE
    said = capsys.readouterr().out
    assert "by grbl's rules" in said
    assert "waiting 4" in said


def test_preview_writes_one_picture(tmp_path: Path) -> None:
    (tmp_path / "ring.gcode").write_text(ring())
    command = ["preview", str(tmp_path / "ring.gcode"), "--out", str(tmp_path), "--limits", str(LIMITS)]
    assert main(command) == DONE
    assert (tmp_path / "ring.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("verb", ["estimate", "preview"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 500, b"hello\nworld\n", b"; only\n; words\n"])
def test_what_is_no_program_is_said(
    verb: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p").write_bytes(content)
    options = ["--out", str(tmp_path)] if verb == "preview" else []
    assert main([verb, str(tmp_path / "p"), *options]) == BAD_INPUT
    assert "not one move" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.svg"))


def test_a_file_that_is_not_there_and_settings_that_are_none(tmp_path: Path) -> None:
    assert main(["estimate", str(tmp_path / "none")]) == BAD_INPUT
    (tmp_path / "p").write_text(ring())
    (tmp_path / "motion.toml").write_text('planner = "warp"\n')
    assert main(["estimate", str(tmp_path / "p"), "--motion", str(tmp_path / "motion.toml")]) == BAD_INPUT

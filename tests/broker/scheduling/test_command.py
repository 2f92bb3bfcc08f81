"""`python -m broker.scheduling pack`, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

PARTS = {
    "plate": [250, 210],
    "spacing": 2,
    "parts": [
        {"id": "plate", "size": [40, 30], "quantity": 60},
        {"id": "angle", "polygon": [[100, 50], [160, 50], [160, 60], [110, 60], [110, 90], [100, 90]], "quantity": 30},
        {"id": "door", "size": [300, 300], "quantity": 2},
    ],
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "broker.scheduling", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("flags", [(), ("--rotate",)])
def test_every_piece_is_packed_in_the_file_s_own_coordinates(tmp_path: Path, flags: tuple[str, ...]) -> None:
    file, out = tmp_path / "parts.json", tmp_path / "out.json"
    file.write_text(json.dumps(PARTS))
    done = run("pack", str(file), *flags, "--seconds", "3", "--json", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(out.read_text())
    assert [(left["id"], left["quantity"]) for left in answer["left_out"]] == [("door", 2)]
    assert "larger than the plate" in answer["left_out"][0]["reason"]
    own = {"plate": shapely.box(0, 0, 40, 30), "angle": shapely.Polygon(PARTS["parts"][1]["polygon"])}  # type: ignore[index]
    counted = {"plate": 0, "angle": 0}
    for plate in answer["plates"]:
        laid = []
        for row in plate:
            counted[row["id"]] += 1
            turned = shapely.affinity.rotate(own[row["id"]], row["angle_deg"], origin=(0, 0))
            laid.append(shapely.affinity.translate(turned, row["x"], row["y"]))
            assert flags or row["angle_deg"] == 0
        assert all(shapely.box(-1e-4, -1e-4, 250.0001, 210.0001).covers(piece) for piece in laid)
        assert all(a.distance(b) >= 2 - 1e-4 for k, a in enumerate(laid) for b in laid[:k])
    assert counted == {"plate": 60, "angle": 30}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "Invalid JSON"),
        ('{"plate": [0, 5], "parts": []}', "greater than 0"),
        ('{"plate": [9, 9], "parts": [{"id": "x"}]}', "give a polygon or a size"),
        ('{"plate": [9, 9], "parts": [{"id": "x", "size": [1, -1]}]}', "greater than 0"),
        ('{"plate": [9, 9], "parts": [{"id": "x", "polygon": [[0,0],[1,1],[1,0],[0,1]]}]}', "no simple polygon"),
        ('{"plate": [9, 9], "parts": [{"id": "x", "size": [1, 1], "quantity": 1000000}]}', "over 100000 pieces"),
        ('{"plate": [9, 9], "parts": [], "plates": 3}', "Extra inputs"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "parts.json"
    file.write_text(content)
    done = run("pack", str(file))
    assert done.returncode == 2
    assert words in done.stderr
    assert str(file) in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run("pack", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert "No such file" in done.stderr


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
def test_no_number_of_seconds_is_refused(seconds: str) -> None:
    done = run("pack", "parts.json", f"--seconds={seconds}")
    assert done.returncode == 2
    assert "--seconds" in done.stderr

"""What a producer gets for files and wishes that can't be used: what is wrong, where, what to do, and exit code 2."""

import json
import sys
from pathlib import Path

import pytest

from hardware_sim.hostile import box_triangles, write_hostile, write_oversize
from hardware_sim.parts import write_parts, write_stl
from tests.rig.batch import executed

OVER_THE_CAP = 100_000_001


def asked(folder: Path, questions: list[list[str]]) -> list[dict[str, object]]:
    wanted, got = folder / "questions.json", folder / "answers.json"
    wanted.write_text(json.dumps(questions))
    done = executed(sys.executable, "-m", "tests.rig.questions", str(wanted), str(got), timeout_s=350)
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[dict[str, object]] = json.loads(got.read_text())
    return answers


@pytest.mark.proof(share=0.018)
def test_every_bad_file_gets_a_clear_word(tmp_path: Path) -> None:
    files = write_hostile(tmp_path / "bad")
    answers = asked(tmp_path, [["quote", str(one.path), "--quantity", "1", "--json"] for one in files])
    for file, answer in zip(files, answers, strict=True):
        said = json.loads(str(answer["out"]))
        if not file.refused:
            assert answer["code"] == 0, (file.name, said)
            assert said["items"][0]["findings"], file.name
            continue
        assert answer["code"] == 2, (file.name, answer)
        assert 400 <= said["status"] < 500
        assert file.path.name in f"{said['detail']} {said['where']}"
        assert any(word in json.dumps(said).lower() for word in file.says), (file.name, said)
        assert said["fix"]


@pytest.mark.proof(share=0.0145)
def test_wishes_that_can_not_be_fulfilled(tmp_path: Path) -> None:
    knob = str(write_parts(tmp_path / "parts")[0].path)
    over = tmp_path / "over.stl"
    write_oversize(over, OVER_THE_CAP)
    wishes = {
        "a quantity of 0": [knob, "--quantity", "0"],
        "a quantity of -1": [knob, "--quantity", "-1"],
        "1,000,000,000": [knob, "--quantity", "1000000000"],
        "unobtainium": [knob, "--quantity", "1", "--material", "unobtainium"],
        "over": [str(over), "--quantity", "1"],
        "no file": [str(tmp_path / "nothing.stl"), "--quantity", "1"],
    }
    answers = asked(tmp_path, [["quote", *words, "--json"] for words in wishes.values()] + [["orders", "--json"]])
    for word, answer in zip(wishes, answers, strict=False):
        assert answer["code"] == 2, (word, answer)
        said = json.loads(str(answer["out"]))
        assert word in f"{said['detail']} {said['where']}".lower(), said
        assert said["fix"], said
    assert json.loads(str(answers[-1]["out"])) == {"orders": []}


@pytest.mark.proof(share=0.0109)
def test_a_long_part_fits_the_first_bed_only_across(tmp_path: Path) -> None:
    """A leg of 294 × 20 × 20 mm, as a rack has."""
    leg = tmp_path / "leg.stl"
    write_stl(leg, box_triangles(294.0, 20.0, 20.0))
    (answer,) = asked(tmp_path, [["quote", str(leg), "--quantity", "2", "--material", "PLA", "--json"]])
    assert answer["code"] == 0, answer
    left_out = {one["machine"]: one["reason"] for one in json.loads(str(answer["out"]))["items"][0]["left_out"]}
    assert set(left_out) == {"printer-180", "printer-220", "router-600"}
    assert "8.0 mm too much" in left_out["printer-220"]


@pytest.mark.proof(share=0.0082)
def test_the_command_s_exit_code_is_handed_on() -> None:
    assert executed("sh", "-c", 'test -n "$LLAGAR_URL" -a -n "$LLAGAR_TOKEN" && exit 7').returncode == 7

"""`python -m broker.scheduling solve`, as a person runs it."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from broker.scheduling.__main__ import main
from tests.broker.scheduling.files.test_arrays import FORTNIGHT
from tests.broker.scheduling.files.test_problem_file import example


def answer(tmp_path: Path, file: Path, *flags: str) -> dict[str, Any]:
    out = tmp_path / "out.json"
    assert main(["solve", str(file), "--seconds", "0.2", *flags, "--json", str(out)]) == 0
    read: dict[str, Any] = json.loads(out.read_text())
    return read


@pytest.mark.parametrize("setups", [False, True])
def test_machines_and_times(tmp_path: Path, *, setups: bool) -> None:
    rng = np.random.default_rng(1)
    time, setup = rng.integers(1, 99, (12, 3)), rng.integers(1, 20, (3, 12, 12))
    file = tmp_path / "file.npz"
    arrays: dict[str, Any] = {"p": time, "s": setup} if setups else {"p": time}
    np.savez(file, **arrays)
    found = answer(tmp_path, file, "--objective", "makespan")
    assert sorted(job for jobs in found["sequences"] for job in jobs) == list(range(12))
    ends = []
    for machine, jobs in enumerate(found["sequences"]):
        changes = sum(int(setup[machine, a, b]) for a, b in pairwise(jobs)) if setups else 0
        ends.append(sum(int(time[job, machine]) for job in jobs) + changes)
    assert found["makespan"] == max(ends)
    assert found["bound"] <= found["makespan"]
    assert found["left_out"] == []


@pytest.mark.parametrize("shape", [(0, 2), (0, 0)])
def test_no_jobs_at_all(tmp_path: Path, shape: tuple[int, int]) -> None:
    file = tmp_path / "file.npz"
    np.savez(file, p=np.zeros(shape))
    found = answer(tmp_path, file)
    assert (found["makespan"], found["sequences"]) == (0.0, [[] for _ in range(shape[1])])


def test_a_network_by_arrays(tmp_path: Path) -> None:
    file = tmp_path / "file.npz"
    np.savez(file, **FORTNIGHT)
    found = answer(tmp_path, file, "--explain", "0")
    assert [[type(cell) for cell in row] for row in found["runs"]] == [[int, int, int, float]] * 2
    assert sorted(row[:3] for row in found["runs"]) == [[0, 0, 2], [0, 0, 2]]
    assert found["figures"]["lots_done"] == found["bounds"]["lots_done"] == 1
    assert "arrives at day 1" in found["explanation"][0]


def test_a_network_by_name(tmp_path: Path) -> None:
    """The guide's example."""
    file = tmp_path / "file.json"
    file.write_text(json.dumps(example()))
    found = answer(tmp_path, file, "--explain", "knobs")
    pieces = {"brackets": 0, "knobs": 0}
    for run in found["runs"]:
        assert run["begin_s"] < run["start_s"] < run["end_s"]
        assert run["workshop"] == "Lyon"
        for entry in run["lots"]:
            pieces[entry["lot"]] += entry["pieces"]
            assert (entry["lot"], run["machine"]) != ("knobs", "right")
    assert pieces == {"brackets": 12, "knobs": 3}
    assert found["unplanned"] == []
    said = "\n".join(found["explanation"])
    assert "Lot knobs is made on left (Lyon)" in said
    assert "Not on machine right: its owner declined." in said
    assert "Not on class router: the file names no way of making it there." in said


@pytest.mark.parametrize("objective", ["tardiness", "makespan", "utilisation"])
def test_a_network_by_each_objective(tmp_path: Path, objective: str) -> None:
    named, arrays = tmp_path / "file.json", tmp_path / "file.npz"
    named.write_text(json.dumps(example()))
    np.savez(arrays, **FORTNIGHT)
    for file in (named, arrays):
        found = answer(tmp_path, file, "--objective", objective)
        assert found["objective"] == objective
        figures, bounds = found["figures"], found["bounds"]
        if objective == "tardiness":
            assert (found["gap"] == 0) == (figures["tardiness"] == 0)
        elif objective == "makespan":
            assert found["gap"] == pytest.approx(figures["makespan_s"] / bounds["makespan_s"] - 1)
        else:
            assert found["gap"] == pytest.approx(1 - figures["earned_use"] / bounds["earned_use"])


def test_a_million_pieces(tmp_path: Path) -> None:
    file = tmp_path / "file.npz"
    np.savez(file, **{**FORTNIGHT, "quantity": np.array([10**6])})
    assert answer(tmp_path, file)["unplanned"][0][:2] == [0, 10**6]


def test_the_answer_goes_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file.npz"
    np.savez(file, p=np.ones((2, 2)))
    assert main(["solve", str(file), "--seconds", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["makespan"] >= 1


def test_nobody_s_problem(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text('{"horizon_s": 0, "families": [], "classes": [], "workshops": [], "machines": [], "lots": []}')
    assert answer(tmp_path, file)["runs"] == []


@pytest.mark.parametrize(
    ("name", "content", "flags", "words"),
    [
        ("a.json", "{", (), "Invalid JSON"),
        ("a.json", '{"horizon_s": 1, "lot": []}', (), "families: Field required"),
        ("a.json", json.dumps({**example(), "precedence": []}), (), "precedence: Extra inputs"),
        ("a.json", json.dumps(example()).replace("259200", "NaN", 1), (), "horizon_s"),
        ("a.json", json.dumps(example()), ("--explain", "nuts"), "--explain nuts: there is no such lot"),
        ("a.json", json.dumps(example()), ("--seconds", "nan"), "--seconds nan"),
        ("a.npz", "what", (), "is no .npz file"),
    ],
)
def test_a_bad_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, flags: tuple[str, ...], words: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    assert main(["solve", str(file), "--seconds", "0.1", *flags]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith(str(file))
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arrays", "flags", "words"),
    [
        ({"p": np.array([[np.nan]])}, (), "time: [0, 0] is nan"),
        ({"p": np.array([[-1.0]])}, (), "time: [0, 0] is -1"),
        ({"p": np.array([[1e300]])}, (), "time: [0, 0] is 1e+300"),
        ({"p": np.ones(3)}, (), "needs float64 of shape (n, m)"),
        ({"p": np.ones((2, 1)), "s": np.ones((1, 2, 3))}, (), "setup: is float64 of shape (1, 2, 3)"),
        ({"p": np.ones((2, 1))}, ("--objective", "tardiness"), "has no due dates"),
        ({"p": np.ones((2, 1))}, ("--explain", "0"), "no dates to explain"),
    ],
)
def test_bad_arrays_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arrays: dict[str, Any], flags: tuple[str, ...], words: str
) -> None:
    file = tmp_path / "file.npz"
    np.savez(file, **arrays)
    assert main(["solve", str(file), "--seconds", "0.1", *flags]) == 2
    assert words in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", str(tmp_path / "none.npz")]) == 2
    assert "No such file" in capsys.readouterr().err

"""Schedules keep every promise, a seed replays exactly, and the judges notice planted defects."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.defects import DEFECTS
from tests.simulation.mutants import hunted
from tests.simulation.schedule import run
from tests.simulation.tally import every_transition, tally

_ROOT = Path(__file__).parents[2]


def _simulate(*words: str) -> str:
    """What it says, once it has ended well; nothing of it goes on if the test ends before."""
    command = [sys.executable, "-m", "tests.simulation", *words]
    with subprocess.Popen(
        command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            told, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, told[-4000:]
    return told


def test_some_schedules_keep_every_promise() -> None:
    found = tally(range(1, 41))
    assert found.schedules == 40
    assert found.violations == []
    assert len(found.faults) > 20


def test_a_seed_replays_exactly() -> None:
    first, again = run(7, told=True), run(7, told=True)
    assert first.story == again.story
    assert first.story


def test_each_schedule_has_five_faults_of_three_kinds() -> None:
    for seed in range(1, 6):
        kinds = [fault.kind for fault in run(seed).faults]
        assert len(kinds) >= 5
        assert len(set(kinds)) >= 3


def test_there_are_defects_for_every_promise() -> None:
    planted = [defect.invariant for defect in DEFECTS]
    assert len(DEFECTS) >= 24
    assert all(planted.count(f"I{number}") >= (2 if number <= 4 else 1) for number in range(1, 11))
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)


def test_a_planted_defect_is_noticed() -> None:
    [number] = [number for number, defect in enumerate(DEFECTS) if "stopped when the link breaks" in defect.name]
    assert hunted(number, 1).seed is not None


@pytest.mark.proof(share=0.13)
def test_ten_thousand_schedules_keep_every_promise_and_see_every_transition() -> None:
    told = _simulate("--schedules", "10000", "--seed", "1")
    assert told.endswith("violations: 0\n")
    assert f"transitions seen: {len(every_transition())} of {len(every_transition())}\n" in told


@pytest.mark.proof(share=0.025)
def test_every_planted_defect_is_noticed() -> None:
    assert _simulate("--mutants").endswith("living: 0\n")

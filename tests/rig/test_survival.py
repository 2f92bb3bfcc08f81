"""SIGKILL of whatever talks to the network, at work or at rest: the machines go on, the order ends right."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hardware_sim.demo.kills import processes
from tests.rig.batch import RIG, demo, left_behind


@pytest.mark.proof(share=0.023)
@pytest.mark.parametrize(
    ("process", "when", "seed"),
    [
        ("broker", "running", 5),
        ("agent:Nava", "running", 7),
        ("agent:Gijon", "idle", 8),
        ("broker", "idle", 9),
    ],
)
def test_the_order_ends_right_after_a_kill(process: str, when: str, seed: int, tmp_path: Path) -> None:
    made = demo(tmp_path / "out.json", "--seed", str(seed), "--kill", process, "--when", when)

    (kill,) = made["kills"]
    assert kill["process"] == process
    assert kill["when"] == when
    assert kill["pid"] != kill["new_pid"]
    assert bool(kill["runs_under_way"]) == (when == "running")
    states = {run["id"]: run["states"] for run in made["runs"]}
    for run in kill["runs_under_way"]:
        assert "unknown" not in states[run], "a run that went on must not have been lost sight of"


@pytest.mark.proof(share=0.04)
@pytest.mark.parametrize("seed", [3])
def test_the_order_ends_right_after_the_death_of_every_process(seed: int, tmp_path: Path) -> None:
    made = demo(tmp_path / "out.json", "--seed", str(seed), "--chaos", str(seed))

    assert sorted(kill["process"] for kill in made["kills"]) == sorted(processes())
    assert all(kill["pid"] != kill["new_pid"] for kill in made["kills"])


@pytest.mark.proof(share=0.0109)
def test_nothing_outlives_the_rig_however_it_ends() -> None:
    word = f"LLAGAR_TEST_WORD=survival-{os.getpid()}"
    name, value = word.split("=")
    rig = subprocess.Popen(
        [RIG, "exec", "--", "sh", "-c", "echo up; sleep 600"],
        env={**os.environ, name: value},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert rig.stdout is not None
    assert rig.stdout.readline() == b"up\n"
    assert len(left_behind(word)) > 10
    os.kill(rig.pid, signal.SIGKILL)
    rig.wait()
    rig.stdout.close()
    deadline = time.monotonic() + 60
    while left_behind(word):
        assert time.monotonic() < deadline, left_behind(word)
        time.sleep(0.1)

"""The disk of a simulation: what a kill, or a cut of its power, leaves of a journal in memory."""

import pytest

from broker.wire.messages import Finished, Running
from tests.shop_agent.contract.places import Killed
from tests.simulation.journals import MemoryRunLog, RunDisk


def kill() -> None:
    raise Killed


def test_a_kill_before_the_commit_keeps_nothing_and_one_after_it_all() -> None:
    disk = RunDisk("j1")
    log = MemoryRunLog(disk)
    disk.before_commit = kill
    with pytest.raises(Killed):
        log.start("run1", 1, "rec1", "aa")
    assert not log.has_started("run1")
    assert log.last_seq == 0
    disk.before_commit = lambda: None
    disk.after_commit = kill
    with pytest.raises(Killed):
        log.start("run1", 1, "rec1", "aa")
    assert log.has_started("run1")
    assert [entry.report.kind for entry in log.after(0)] == ["starting"]


def test_a_power_cut_forgets_what_was_not_synced() -> None:
    disk = RunDisk("j1", synchronous=False)
    log = MemoryRunLog(disk)
    log.start("run1", 1, "rec1", "aa")
    disk.synchronous = True
    log.append("run1", Running(evidence="x"))
    disk.synchronous = False
    log.append("run1", Finished(lines=1, seconds=1.0))
    log.forbid("run2", 1, "late")
    log = log.power_cut()
    assert [entry.report.kind for entry in log.after(0)] == ["starting", "running"]
    assert not log.forbid("run2", 1, "anew")
    disk.synchronous = True
    log.start("run3", 1, "rec3", "aa")
    assert log.power_cut().has_started("run3")

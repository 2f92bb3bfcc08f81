"""A streamer's journal: at most one start, entries without gaps, quarantine until a person says otherwise."""

from pathlib import Path

import pytest

from broker.wire.messages import Faulted, Finished, Running
from shop_agent.streamer.journal import RunJournal
from shop_agent.streamer.run_log import RunUsed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def test_a_run_starts_at_most_once_even_after_a_crash(path: Path) -> None:
    journal = RunJournal(path)
    journal.start("run1", 1, "rec1", "aa")
    journal.close()
    journal = RunJournal(path)
    with pytest.raises(RunUsed, match="started before"):
        journal.start("run1", 2, "rec2", "aa")
    with pytest.raises(RunUsed, match="record"):
        journal.start("run2", 1, "rec1", "aa")
    assert journal.unended() == "run1"
    assert [entry.report.kind for entry in journal.after(0)] == ["starting"]
    journal.close()


def test_a_refused_start_leaves_no_trace(path: Path) -> None:
    journal = RunJournal(path)
    assert not journal.forbid("run1", 1, "late")
    with pytest.raises(RunUsed, match="late"):
        journal.start("run1", 1, "rec1", "aa")
    assert journal.last_seq == 0
    journal.start("run2", 1, "rec1", "aa")
    assert journal.forbid("run2", 1, "late")
    journal.close()


def test_quarantine_lasts_over_restarts_until_a_reset(path: Path) -> None:
    journal = RunJournal(path)
    journal.start("run1", 1, "rec1", "aa")
    journal.append("run1", Running(evidence="heating"))
    journal.append("run1", Faulted(reason="runaway", lines=3, safe=False))
    journal.close()
    journal = RunJournal(path)
    assert journal.unended() is None
    assert "run1" in journal.quarantine()
    journal.reset()
    assert journal.quarantine() == ""
    journal.start("run2", 1, "rec2", "aa")
    journal.append("run2", Finished(lines=3, seconds=1.0))
    assert journal.quarantine() == ""
    assert [entry.seq for entry in journal.after(3)] == [4, 5]
    journal.close()

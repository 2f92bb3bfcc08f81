"""A streamer's journal, on the disk or in memory: at most one start, no gaps, quarantine until a reset."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.wire.messages import Faulted, Finished, Paused, Resumed, Running, Stopped, Unknown
from shop_agent.streamer.run_log import RunLog, RunUsed
from shop_agent.streamer.wire import FirstLayerFailed, ObjectSkipped, Report
from tests.shop_agent.contract.places import MemoryRuns, RunPlace, SqliteRuns


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunPlace]:
    place: RunPlace = MemoryRuns() if request.param == "memory" else SqliteRuns(tmp_path)
    yield place
    place.close()


def test_a_run_starts_at_most_once_even_after_a_crash(place: RunPlace) -> None:
    log = place.open()
    log.start("run1", 1, "rec1", "aa")
    journal_id = log.journal_id
    log = place.open()
    assert log.journal_id == journal_id
    assert log.has_started("run1")
    with pytest.raises(RunUsed, match="started before"):
        log.start("run1", 2, "rec2", "aa")
    with pytest.raises(RunUsed, match="record"):
        log.start("run2", 1, "rec1", "aa")
    assert not log.has_started("run2")
    assert log.unended() == "run1"
    assert [(entry.seq, entry.run, entry.report.kind) for entry in log.after(0)] == [(1, "run1", "starting")]


def test_what_may_not_start_never_does(place: RunPlace) -> None:
    log = place.open()
    assert not log.forbid("run1", 1, "late")
    assert not log.forbid("run1", 2, "later")
    log = place.open()
    with pytest.raises(RunUsed, match=r"any more: late$"):
        log.start("run1", 3, "rec1", "aa")
    assert (log.last_seq, log.after(0), log.unended()) == (0, (), None)
    log.start("run2", 1, "rec1", "aa")
    assert log.forbid("run2", 1, "late")
    log.append("run2", Finished(lines=1, seconds=1.0))
    assert log.forbid("run2", 1, "late")
    assert [entry.seq for entry in log.after(0)] == [1, 2]


@pytest.mark.parametrize("end", [Faulted(reason="x", safe=False), Unknown(reason="x")])
def test_what_went_wrong_lasts_until_a_reset(place: RunPlace, end: Report) -> None:
    log = place.open()
    log.start("run1", 1, "rec1", "aa")
    log.append("run1", Running(evidence="heating"))
    assert log.quarantine() == ""
    log.append("run1", end)
    log = place.open()
    assert log.unended() is None
    assert log.quarantine() == f"run run1 {end.kind}"
    log.append("run2", Unknown(reason="y"))
    assert log.quarantine() == f"run run1 {end.kind}"
    log.reset()
    log = place.open()
    assert log.quarantine() == ""
    log.append("run3", Unknown(reason="z"))
    assert log.quarantine() == "run run3 unknown"


# The same everywhere ------------------------------------------------------------------------------------

RUNS = st.sampled_from(["run1", "run2", "run3"])
REPORTS: list[Report] = [
    Running(evidence="x"),
    Paused(reason="x"),
    Resumed(),
    Finished(lines=1, seconds=1.0),
    Faulted(reason="x", safe=True),
    Stopped(reason="x"),
    Unknown(reason="x"),
    ObjectSkipped(object="cube", operator="Ana"),
    FirstLayerFailed(operator="Ana"),
]


@dataclass(frozen=True)
class Step:
    """One call, and what it answered: the text of what it raised, if it did."""

    name: str
    call: Callable[[RunLog], object]

    def on(self, log: RunLog) -> object:
        try:
            return self.call(log)
        except RunUsed as error:
            return str(error)


def start(run: str, record: int) -> Step:
    return Step(f"start {run} {record}", lambda log: log.start(run, 1, f"rec{record}", "aa"))


def forbid(run: str, reason: str) -> Step:
    return Step(f"forbid {run}", lambda log: log.forbid(run, 1, reason))


def append(run: str, report: Report) -> Step:
    return Step(f"{run} {report.kind}", lambda log: log.append(run, report))


STEPS = st.one_of(
    st.builds(start, RUNS, st.integers(1, 3)),
    st.builds(forbid, RUNS, st.sampled_from(["late", "stopped"])),
    st.builds(append, RUNS, st.sampled_from(REPORTS)),
    st.just(Step("reset", lambda log: log.reset())),
    st.just("reopen"),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_disk_and_memory_tell_the_same(steps: list[Step | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places: list[RunPlace] = [MemoryRuns(), SqliteRuns(Path(folder))]
        logs = [place.open() for place in places]
        for step in steps:
            if isinstance(step, Step):
                memory, disk = (step.on(log) for log in logs)
                assert memory == disk
            else:
                logs = [place.open() for place in places]
            memory, disk = (observed(log) for log in logs)
            assert memory == disk
        for place in places:
            place.close()


def observed(log: RunLog) -> tuple[object, ...]:
    """All that can be asked, but the time of day."""
    entries = [(entry.seq, entry.run, entry.report) for entry in log.after(0)]
    started = [log.has_started(run) for run in ("run1", "run2", "run3")]
    part = [entry.seq for entry in log.after(1, 2)]
    return entries, started, part, log.last_seq, log.unended(), log.quarantine()

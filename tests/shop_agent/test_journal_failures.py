"""Journals that are damaged, and disks that are full: clear words, nothing half-made, and a machine made safe."""

import resource
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from broker.wire.messages import Running, Starting
from drivers.base import Capabilities, EndedBy, LineCheck, LostLink, RunReport, State, Status, Watch
from shop_agent.agent import Agent
from shop_agent.errors import JournalDamaged, JournalFailed, JournalTorn
from shop_agent.identity import Identity, Signer, own_key
from shop_agent.journal import Journal
from shop_agent.settings import load_config, load_policy, machine_limits
from shop_agent.state import events as ev
from shop_agent.streamer.journal import DAMAGED, RunJournal, open_journal
from shop_agent.streamer.power import PowerCut
from shop_agent.streamer.worker import Worker
from tests.shop_agent.shops import write_shop
from tests.shop_agent.test_journal import signer

PAGE = 4096


def agent_journal(folder: Path) -> Journal:
    return Journal(folder / "journal.sqlite", signer(folder))


def run_journal(folder: Path) -> RunJournal:
    return RunJournal(folder / "journal.sqlite")


JOURNALS: list[Callable[[Path], Journal | RunJournal]] = [agent_journal, run_journal]


def written(folder: Path, make: Callable[[Path], Journal | RunJournal] = run_journal) -> Path:
    with closing(make(folder)) as journal:
        if isinstance(journal, RunJournal):
            journal.start("run1", 1, "rec1", "aa")
            for number in range(200):
                journal.append("run1", Running(evidence=f"line {number}"))
    return folder / "journal.sqlite"


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """The journal's log grows no further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(path.name + "-wal").stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# Damage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", JOURNALS)
def test_a_file_that_is_no_journal_is_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], Journal | RunJournal]
) -> None:
    path = written(tmp_path, make)
    path.write_bytes(b"once upon a time" * 1000)
    with pytest.raises(JournalDamaged, match=r"journal\.sqlite is damaged .* move the file"):
        make(tmp_path)
    assert path.read_bytes() == b"once upon a time" * 1000


def test_a_page_that_rotted_is_found_before_anything_is_believed(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = bytearray(path.read_bytes())
    assert len(data) > 6 * PAGE
    data[-2 * PAGE : -PAGE] = bytes(PAGE)
    path.write_bytes(data)
    with pytest.raises(JournalDamaged):
        RunJournal(path)


@pytest.mark.parametrize("make", JOURNALS)
def test_an_empty_file_is_a_journal_that_was_never_written(
    tmp_path: Path, make: Callable[[Path], Journal | RunJournal]
) -> None:
    """As a crash leaves it that came before the first commit."""
    (tmp_path / "journal.sqlite").touch()
    with closing(make(tmp_path)) as journal:
        assert journal.last_seq == 0


def test_a_streamer_with_a_damaged_journal_begins_the_next_one_as_in_mid_run(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path)) as journal:
        journal.start("run1", 1, "rec1", "aa")
        first = journal.journal_id
    damaged = b"garbage" * 1000
    (tmp_path / "runs.sqlite").write_bytes(damaged)
    (tmp_path / "fresh.sqlite").write_bytes(b"of an attempt that was killed")
    for _ in range(2):
        with closing(open_journal(tmp_path)) as journal:
            assert journal.journal_id != first
            assert journal.unended() == DAMAGED
    assert (tmp_path / "runs.sqlite").read_bytes() == damaged
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs-2.sqlite", "runs.sqlite"]


# A full disk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", JOURNALS)
def test_what_finds_no_room_is_not_written_and_what_is_there_stays(
    tmp_path: Path, make: Callable[[Path], Journal | RunJournal]
) -> None:
    path = tmp_path / "journal.sqlite"

    def write(journal: Journal | RunJournal) -> None:
        if isinstance(journal, RunJournal):
            journal.append("run1", Running(evidence="x" * 9000))
        else:
            journal.set_meta("key", "x" * 9000)

    with closing(make(tmp_path)) as journal:
        with full_disk(path), pytest.raises(JournalFailed, match="make room"):
            write(journal)
        assert journal.last_seq == 0
        write(journal)
    with closing(make(tmp_path)) as journal:
        known = journal.last_seq if isinstance(journal, RunJournal) else len(journal.meta("key") or "")
        assert known == (1 if isinstance(journal, RunJournal) else 9000)


async def test_an_agent_whose_commit_fails_ends_and_knows_next_time_what_it_had_committed(tmp_path: Path) -> None:
    path = write_shop(tmp_path, tmp_path / "r", printer=tmp_path / "tty")
    config = load_config(path)
    identity = Identity(agent="agt_1", workshop="Nava", broker=config.broker)
    own = Signer(identity, own_key(config.data))

    def begun() -> Agent:
        return Agent(config, path, load_policy(config), own)

    agent = begun()
    agent.apply(offer("lot1"))
    with full_disk(config.data / "agent.sqlite"), pytest.raises(JournalFailed):
        agent.apply(offer("lot2"))
    with pytest.raises(JournalTorn) as torn:
        agent.apply(offer("lot3"))
    assert isinstance(torn.value.__cause__, JournalFailed)
    with pytest.raises(JournalFailed):
        await agent.run()
    await agent.close()
    agent = begun()
    assert set(agent.memory.lots) == {"lot1"}
    assert agent.journal.last_seq == 1
    agent.apply(offer("lot2"))
    await agent.close()


def offer(lot: str) -> ev.LotOffered:
    return ev.LotOffered(lot, "cube", "PLA", 2, 500, "EUR")


class SafeEnds:
    """A driver that counts how often its machine was made safe."""

    def __init__(self) -> None:
        self.safe_ends = 0

    def open(self) -> Capabilities:
        return Capabilities("x", False, False, False, LostLink.ALARM_ONLY)

    def status(self) -> Status:
        return Status(State.READY, boot_id="b1")

    def run(self, program: object, check: LineCheck, watch: Watch) -> RunReport:
        assert program == ()
        self.safe_ends += 1
        return RunReport(EndedBy.FINISHED, 0, safe=True)

    def hold(self, reason: str) -> None: ...

    def resume(self) -> None: ...

    def skip_object(self, name: str) -> None: ...

    def cancel(self) -> None: ...

    def stop_now(self) -> None: ...

    def close(self) -> None: ...


def test_a_machine_that_was_left_in_mid_run_is_made_safe_though_nothing_can_be_written(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    limits = machine_limits(config, load_policy(config), "printer")
    driver, path = SafeEnds(), tmp_path / "runs.sqlite"
    with closing(RunJournal(path)) as journal:
        journal.append("run1", Starting())
        worker = Worker(driver, journal, lambda: limits, lambda: None, PowerCut(()), lost_s=1.0)
        with full_disk(path), pytest.raises(JournalFailed):
            worker.begin()
        assert driver.safe_ends == 1
        assert journal.unended() == "run1"
        worker.begin()
        assert [entry.report.kind for entry in journal.after(0)] == ["starting", "unknown"]


async def test_an_agent_whose_journal_is_gone_has_every_machine_looked_at(tmp_path: Path) -> None:
    """What waited for people there, nobody else remembers; the very first journal finds machines as they are."""
    path = write_shop(tmp_path, tmp_path / "r", printer=tmp_path / "tty", router=tmp_path / "tty2")
    config = load_config(path)
    own = Signer(Identity(agent="agt_1", workshop="Nava", broker=config.broker), own_key(config.data))

    async def quarantines() -> set[str]:
        agent = Agent(config, path, load_policy(config), own)
        agent.begin()
        found = {machine.quarantine for machine in agent.memory.machines.values()}
        await agent.close()
        return found

    assert await quarantines() == {""}
    assert await quarantines() == {""}
    for file in config.data.glob("agent.sqlite*"):
        file.unlink()
    [lost] = await quarantines()
    assert "journal was lost" in lost
    assert await quarantines() == {lost}

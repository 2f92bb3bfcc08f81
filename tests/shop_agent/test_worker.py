"""The thread that owns a machine: what nobody waits for any more isn't done, and harms nothing."""

from pathlib import Path

from drivers.base import PortSettings
from drivers.registry import make
from shop_agent.settings import load_config, load_policy, machine_limits
from shop_agent.streamer.journal import RunJournal
from shop_agent.streamer.power import PowerCut
from shop_agent.streamer.worker import Worker
from tests.shop_agent.shops import write_shop


def test_a_job_that_was_given_up_is_skipped(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    journal = RunJournal(tmp_path / "runs.sqlite")
    driver = make("marlin", PortSettings(url=str(tmp_path / "tty"), baudrate=115200, answer_s=1.0))
    limits = machine_limits(config, load_policy(config), "printer")
    worker = Worker(driver, journal, lambda: limits, lambda: None, PowerCut(()), lost_s=1.0)
    done: list[str] = []
    assert worker.submit(lambda: done.append("given up")).cancel()
    wanted = worker.submit(lambda: done.append("wanted"))
    worker.begin()
    try:
        wanted.result(20)
    finally:
        worker.finish()
        journal.close()
    assert done == ["wanted"]

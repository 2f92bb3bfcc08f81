"""The thread that owns a machine: what nobody waits for any more isn't done, and harms nothing."""

import threading
from pathlib import Path

from broker.wire.messages import Starting
from drivers.base import PortSettings
from drivers.registry import make
from shop_agent.settings import load_config, load_policy, machine_limits
from shop_agent.streamer.journal import RunJournal
from shop_agent.streamer.power import PowerCut
from shop_agent.streamer.thread import WorkerThread
from shop_agent.streamer.worker import Worker
from tests.drivers.peers import peer
from tests.drivers.scripts import MarlinScript
from tests.shop_agent.shops import write_shop
from tests.shop_agent.test_power import relay_command


def test_a_job_that_was_given_up_is_skipped(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    journal = RunJournal(tmp_path / "runs.sqlite")
    driver = make("marlin", PortSettings(url=str(tmp_path / "tty"), baudrate=115200, answer_s=1.0))
    limits = machine_limits(config, load_policy(config), "printer")
    worker = WorkerThread(Worker(driver, journal, lambda: limits, lambda: None, PowerCut(()), lost_s=1.0))
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


def test_a_link_that_is_lost_again_while_a_left_machine_is_made_safe_costs_its_power(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    limits = machine_limits(config, load_policy(config), "printer")
    journal = RunJournal(tmp_path / "runs.sqlite")
    journal.append("run1", Starting())
    script, greeted, looked = MarlinScript(), threading.Event(), threading.Event()

    def answer(line: bytes) -> bytes:
        if b"M110" in line and b"M486" in script.texts:  # the machine is known by now: this begins the safe end
            greeted.set()
            return b""
        return script(line)

    with peer(answer) as machine:
        driver = make("marlin", machine.settings(0.5))
        power = PowerCut(relay_command(tmp_path))
        worker = Worker(driver, journal, lambda: limits, looked.set, power, lost_s=60.0)
        thread = WorkerThread(worker)
        thread.begin()
        try:
            assert greeted.wait(20)
            machine.unplug()
            while "power was cut" not in worker.status.reason:
                assert looked.wait(20)
                looked.clear()
        finally:
            thread.finish()
            journal.close()
    assert (tmp_path / "cuts").read_text() == "cut\n"

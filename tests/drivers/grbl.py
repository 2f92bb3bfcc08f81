"""A driver on a scripted GRBL, and its runs."""

from drivers.base import RunReport
from drivers.grbl.driver import GrblDriver
from tests.drivers.peers import Peer, Seen, allow


def opened(machine: Peer, answer_s: float = 2.0) -> GrblDriver:
    driver = GrblDriver(machine.settings(answer_s))
    driver.open()
    return driver


def run(driver: GrblDriver, *lines: str, seen: Seen | None = None) -> RunReport:
    return driver.run(lines, allow, (seen or Seen()).watch())

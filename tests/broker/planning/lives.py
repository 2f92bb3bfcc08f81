"""Live plans made by hand: boxes on printers, with runs that nobody was offered yet."""

from datetime import timedelta

from broker.planning.live import Live, PlannedRun
from broker.planning.situation import OpenLine, Situation, Station
from tests.broker.planning.situations import NOW


def planned(name: str, machine: Station, starts_h: float, lasts_h: float, **pieces: int) -> PlannedRun:
    start = NOW + timedelta(hours=starts_h)
    return PlannedRun(name, machine.machine_id, start, start + timedelta(hours=lasts_h), pieces)


def live(
    stations: tuple[Station, ...], lines: tuple[OpenLine, ...], runs: tuple[PlannedRun, ...], *opened: OpenLine
) -> Live:
    return Live(Situation(NOW, opened, stations), lines, runs, frozenset())

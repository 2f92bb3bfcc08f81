"""Our drivers with everything on: the line checker, journals' watch, time-outs, resends."""

import json
import resource
import sys
import time

from drivers.base import Driver, PortSettings, RunReport, Watch
from drivers.registry import make
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from tests.benchmarks.sample_programs import printer, router

LIMITS = {
    "marlin": MachineLimits(
        dialect=Dialect.MARLIN,
        envelope_mm=Envelope(x=(0.0, 250.0), y=(0.0, 210.0), z=(0.0, 210.0)),
        max_feed_mm_s=250.0,
        max_hotend_c=260.0,
        max_bed_c=110.0,
        max_flow_mm3_s=20.0,
    ),
    "grbl": MachineLimits(
        dialect=Dialect.GRBL,
        envelope_mm=Envelope(x=(-600.0, 600.0), y=(-400.0, 400.0), z=(-80.0, 80.0)),
        max_feed_mm_s=100.0,
        max_spindle_rpm=24000.0,
    ),
}


def main(firmware: str, which: str, port: str) -> None:
    """`which`: the `first` run of the program, or the one that comes `again` and needs no check by the firmware."""
    program = printer() if firmware == "marlin" else router()
    driver = make(firmware, PortSettings(port))
    driver.open()
    if which == "again":
        _run(driver, firmware, program)
    began = time.perf_counter()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    report = _run(driver, firmware, program)
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall_s = time.perf_counter() - began
    driver.close()
    cpu_s = used.ru_utime + used.ru_stime - spent.ru_utime - spent.ru_stime
    json.dump({"lines": report.lines_done, "cpu_s": cpu_s, "wall_s": wall_s}, sys.stdout)


def _run(driver: Driver, firmware: str, program: list[str]) -> RunReport:
    checker = ProgramChecker(LIMITS[firmware], (0.0, 0.0, 0.0) if firmware == "grbl" else None)
    watch = Watch(started=lambda _: None, progress=lambda _: None, held=lambda _: None, resumed=lambda: None)
    return driver.run(program, checker.feed, watch)


if __name__ == "__main__":
    main(*sys.argv[1:4])

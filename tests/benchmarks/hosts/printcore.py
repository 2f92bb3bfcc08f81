"""Printrun's printcore as its clients use it; run by an interpreter that has it, from the repository's root."""

import json
import resource
import sys
import time

from printrun.gcoder import LightGCode
from printrun.printcore import printcore

from tests.benchmarks.sample_programs import printer

LONGEST_S = 300.0


def main(port: str) -> None:
    program = printer()
    host = printcore()
    host.connect(port, 115200)
    until_s = time.monotonic() + LONGEST_S
    while not host.online and time.monotonic() < until_s:
        time.sleep(0.05)
    began = time.perf_counter()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    if not host.startprint(LightGCode(program)):
        raise ValueError("printcore does not start")
    while host.printing and time.monotonic() < until_s:
        time.sleep(0.02)
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall_s = time.perf_counter() - began
    host.disconnect()
    cpu_s = used.ru_utime + used.ru_stime - spent.ru_utime - spent.ru_stime
    json.dump({"lines": len(program), "cpu_s": cpu_s, "wall_s": wall_s}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])

"""Printrun's gcoder reads a program and estimates it, as its clients do; run by an interpreter that has it."""

import json
import sys
import time
from pathlib import Path

from printrun.gcoder import GCode


def main(path: str) -> None:
    began, spent = time.perf_counter(), time.process_time()
    with Path(path).open(encoding="utf-8") as file:
        layers, _ = GCode(file).estimate_duration()
    json.dump({"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent}, sys.stdout)
    assert layers


if __name__ == "__main__":
    main(sys.argv[1])

"""gcode_lib reads a program and estimates it; run by an interpreter that has it."""

import json
import sys
import time

from gcode_lib import estimate_print, load  # type: ignore[import-not-found]


def main(path: str) -> None:
    began, spent = time.perf_counter(), time.process_time()
    found = estimate_print(load(path).lines)
    json.dump({"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent}, sys.stdout)
    assert found is not None


if __name__ == "__main__":
    main(sys.argv[1])

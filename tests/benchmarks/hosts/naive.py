"""The least that streams: pyserial, numbered, one line in flight, no check and no time-out."""

import json
import resource
import sys
import time
from functools import reduce
from operator import xor

import serial

from tests.benchmarks.sample_programs import printer


def main(port: str) -> None:
    program = printer()
    with serial.Serial(port, 115200, timeout=5) as link:
        link.write(b"M110 N0\n")
        link.readline()
        began = time.perf_counter()
        spent = resource.getrusage(resource.RUSAGE_SELF)
        for number, line in enumerate(program, 1):
            body = f"N{number} {line}".encode()
            link.write(body + b"*%d\n" % reduce(xor, body))
            while not link.readline().startswith(b"ok"):
                pass
        used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime - spent.ru_utime - spent.ru_stime
    json.dump({"lines": len(program), "cpu_s": cpu_s, "wall_s": time.perf_counter() - began}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])

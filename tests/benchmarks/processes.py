"""Children of a benchmark: responders at ptys, hosts that are measured, and what a process has used so far."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One host's pass over a program."""

    lines: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_per_line_us(self) -> float:
        return self.cpu_s / self.lines * 1e6

    @property
    def lines_per_s(self) -> float:
        return self.lines / self.wall_s


@dataclass(slots=True)
class Server:
    """A child that prints ports, serves until its standard input ends, and prints its result."""

    process: "subprocess.Popen[str]"
    ports: tuple[str, ...]
    result: str = ""


@contextmanager
def serving(module: str, *arguments: str, ports: int = 1) -> Iterator[Server]:
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        server = Server(process, tuple(process.stdout.readline().strip() for _ in range(ports)))
        yield server
        process.stdin.close()
        server.result = process.stdout.read()
        process.wait(LONGEST_S)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def measured(firmware: str, command: Sequence[str]) -> Sample:
    """`command`, with a fresh responder's port as its last word. Raises CalledProcessError."""
    with serving("tests.benchmarks.responder", firmware) as responder:
        ended = subprocess.run([*command, *responder.ports], capture_output=True, timeout=LONGEST_S, check=False)
    if ended.returncode:
        sys.stderr.write(ended.stderr.decode(errors="replace"))
        ended.check_returncode()
    told = json.loads(ended.stdout.decode().strip().splitlines()[-1])
    if int(responder.result) < told["lines"]:
        raise ValueError(f"{command[-1]} tells of {told['lines']} lines, {responder.result.strip()} arrived")
    return Sample(told["lines"], told["cpu_s"], told["wall_s"])


def cpu_s(pid: int) -> float:
    """User and system time of a living process, threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def middle(values: Sequence[float]) -> float:
    return float(median(values))

"""OctoPrint printing on a responder's port: the CPU of its server process from the start of the print to its end."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.processes import Sample, cpu_s, serving
from tests.benchmarks.sample_programs import printer
from tests.peers.octoprint import OctoPrint, octoprint
from tests.waiting import eventually

NAME = "bench.gcode"
LONGEST_S = 300.0


@contextmanager
def server() -> Iterator[tuple[OctoPrint, Path]]:
    """OctoPrint, and the folder in which it looks for ports."""
    with tempfile.TemporaryDirectory(prefix="llagar-bench-") as folder:
        ports = Path(folder) / "ports"
        ports.mkdir()
        with octoprint(Path(folder) / "base", ports=[str(ports / "*")], serial_log=False) as running:
            yield running, ports


def measured(running: OctoPrint, ports: Path) -> Sample:
    """One print. Raises AssertionError if it never ends."""
    program = printer()
    with serving("tests.benchmarks.responder", "marlin") as responder:
        link = ports / "bench"
        link.symlink_to(responder.ports[0])
        running.connect(str(link), 115200)
        running.upload(NAME, program).raise_for_status()
        before_s, began_s = cpu_s(running.pid), time.monotonic()
        running.ask("POST", f"files/local/{NAME}", {"command": "select", "print": True}).raise_for_status()
        eventually(lambda: running.completion() == 100.0 and "printing" not in running.flags(), LONGEST_S)
        spent_s, wall_s = cpu_s(running.pid) - before_s, time.monotonic() - began_s
        running.disconnect()
        link.unlink()
    return Sample(len(program), spent_s, wall_s)
